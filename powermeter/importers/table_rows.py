"""Turns what was read of a table into samples: devices side by side, amounts added up, spikes and blanks missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Gap
from powermeter.importers.axis import Axis
from powermeter.importers.column_store import Store
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.holes import HoleLimits
from powermeter.importers.log import BLOCK, LogBlock, LogRows
from powermeter.importers.time_parts import LONGER

Codes = NDArray[np.int64]


@dataclass(slots=True)
class Stream:
    """One channel that is made from one column (of one device).

    Attributes:
        column: The name of its column in the store.
        device: Its device's number, or None.
        as_: A key of `kinds.KINDS`.
        missing: Values that stand for none.
        limit: The magnitude above which a reading is none.
        grid: Where its values lie; filled by `survey`.
        channel: Made after `survey`.
        spikes, marks: How many readings were above the limit, and how many stood for none.
        spike_lines, mark_lines: The first lines of them.
        valid: How many readings are left.
        blank: Of amounts, how many rows have none where another column has a reading.
        turned: Whether the sign of its values is turned.
    """

    column: str
    device: int | None
    as_: str
    missing: Sequence[float] = ()
    limit: float = float("inf")
    grid: DecimalGrid = field(default_factory=DecimalGrid)
    channel: Channel | None = None
    spikes: int = 0
    marks: int = 0
    spike_lines: list[int] = field(default_factory=list)
    mark_lines: list[int] = field(default_factory=list)
    valid: int = 0
    blank: int = 0
    turned: bool = False

    def clean(
        self, values: NDArray[np.float64], lines: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Return values with NaN for what is not a reading; counted where lines are given."""
        values = -values if self.turned else values
        marks = np.isin(values, self.missing) if len(self.missing) else None
        spikes = np.abs(values) > self.limit if np.isfinite(self.limit) else None
        bad = marks if spikes is None else spikes if marks is None else marks | spikes
        if bad is None or not bad.any():
            return values
        if lines is not None:
            if spikes is not None:
                self.spikes += int(spikes.sum())
                self.spike_lines += lines[spikes][: 5 - len(self.spike_lines)].tolist()
            if marks is not None:
                self.marks += int(marks.sum())
                self.mark_lines += lines[marks][: 5 - len(self.mark_lines)].tolist()
        return np.where(bad, np.nan, values)


class TableRows(LogRows):
    """The samples of a table, made block by block whenever they are asked for.

    Attributes:
        lengths_ns: How long the interval is that each sample ends, by its row's own start and end; None where rows state none.
    """

    def __init__(
        self,
        name: str,
        streams: Sequence[Stream],
        store: Store,
        axis: Axis,
        sample_of_row: NDArray[np.int32] | None,
        *,
        starts_ns: int | None = None,
        info: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.streams = list(streams)
        self.store = store
        self.axis = axis
        self.sample_of_row = sample_of_row
        self.starts_ns = starts_ns
        self.lengths_ns: NDArray[np.int64] | None = None
        self.info = info or {}
        self.gaps: list[Gap] = []
        self._begins: dict[int, int] = {}
        self._codes: list[Codes] | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """One per stream."""
        return tuple(stream.channel for stream in self.streams if stream.channel is not None)

    @channels.setter
    def channels(self, changed: Sequence[Channel]) -> None:
        for stream, channel in zip(self.streams, changed, strict=True):
            stream.channel = channel

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.axis.times_ns) * (1 + self._holds) + (self.starts_ns is not None) + len(self._begins)

    @property
    def ends_ns(self) -> tuple[int, int]:
        """The times of the first and the last sample."""
        first = int(self.axis.times_ns[0]) if self.starts_ns is None else self.starts_ns
        return first, int(self.axis.times_ns[-1])

    @property
    def times_ns(self) -> NDArray[np.int64]:  # type: ignore[override]
        """All times at once; `blocks` is for long logs."""
        if self.starts_ns is None and not self._holds:
            return self.axis.times_ns
        return np.concatenate([block.times_ns for block in self.blocks()])

    @property
    def codes(self) -> Sequence[Codes]:  # type: ignore[override]
        """All codes at once; `blocks` is for long logs."""
        if self._codes is None:
            matrix = np.concatenate([block.codes for block in self.blocks()])
            self._codes = [np.ascontiguousarray(matrix[:, i]) for i in range(matrix.shape[1])]
        return self._codes

    @property
    def flags(self) -> NDArray[np.uint8] | None:  # type: ignore[override]
        """Flags of all samples, or None."""
        return self.axis.flags

    @property
    def _holds(self) -> bool:
        return any(stream.as_ == "held" for stream in self.streams)

    def parts(self) -> Iterator[tuple[slice, NDArray[np.int32] | None, slice]]:
        """Yield (rows of the store, their sample or None for one each, samples) in pieces of bounded size."""
        rows = self.store.rows
        if self.sample_of_row is None:
            for start in range(0, rows, BLOCK):
                piece = slice(start, min(start + BLOCK, rows))
                yield piece, None, piece
            return
        start = 0
        while start < rows:
            stop = min(start + BLOCK, rows)
            of = self.sample_of_row[start:stop]
            if stop < rows:  # a sample's rows stay together
                last = of[of >= 0]
                if len(last) and self.sample_of_row[stop:].size and self.sample_of_row[stop] == last[-1]:
                    same = np.flatnonzero(of == last[-1])[0]
                    if same > 0:
                        stop, of = start + int(same), of[:same]
            known = of[of >= 0]
            if len(known):
                yield slice(start, stop), of, slice(int(known[0]), int(known[-1]) + 1)
            start = stop

    def values(
        self, stream: Stream, rows: slice, of: NDArray[np.int32] | None, samples: slice
    ) -> NDArray[np.float64]:
        """Return the cleaned values of a stream, one per sample, NaN where it has none."""
        read = self.store.part(stream.column, rows.start, rows.stop)
        if of is None:
            if stream.device is not None:
                read = np.where(self.store.part("key", rows.start, rows.stop) == stream.device, read, np.nan)
            return stream.clean(read)
        pick = of >= 0
        if stream.device is not None:
            pick = pick & (self.store.part("key", rows.start, rows.stop) == stream.device)
        found = np.full(samples.stop - samples.start, np.nan)
        found[of[pick] - samples.start] = stream.clean(read[pick])
        return found

    def survey(self, counted: Sequence[Stream]) -> None:
        """Look at all values once: their grids, and the holes where none of the counted streams has a value."""
        limits = HoleLimits.of(self.axis.times_ns)
        held = self._holds
        last: int | None = None
        for rows, of, samples in self.parts():
            times = self.axis.times_ns[samples]
            lines = self.store.part("line", rows.start, rows.stop)
            alive = np.zeros(samples.stop - samples.start, bool)
            amounts: list[tuple[Stream, int]] = []
            for stream in self.streams:
                values = self.values(stream, rows, of, samples)
                stream.grid.add(values)
                good = np.isfinite(values)
                stream.valid += int(good.sum())
                if stream in counted:
                    alive |= good
                if stream.as_ == "per-row" and stream.device is None and stream in counted:
                    amounts.append((stream, int(good.sum())))
                self._count(stream, rows, of, lines)
            known = times[alive]
            for stream, count in amounts:
                stream.blank += len(known) - count
            if held:
                self._absent(times, alive, of)
            elif len(known):
                whole = known if last is None else np.concatenate(([last], known))
                wide = limits.exceeded(whole)
                if self.lengths_ns is not None:
                    own = self.lengths_ns[samples][alive][len(known) - len(whole) + 1 :]
                    wide = np.flatnonzero(np.diff(whole) > LONGER * own)
                for i in wide.tolist():
                    self._hole(int(whole[i]), int(whole[i + 1]))
            if len(known):
                last = int(known[-1])
        for stream in self.streams:
            if stream.as_ == "per-row":
                stream.grid.leave_room_for_sum(stream.valid)

    def open_holes(self) -> None:
        """Let each hole between amounts end where the row behind it begins, and totals begin anew: what was used in it is in no row."""
        usual = int(self.axis.times_ns[0]) - (self.starts_ns or 0)
        for i, gap in enumerate(self.gaps):
            at = int(np.searchsorted(self.axis.times_ns, gap.end_ns))
            begin = gap.end_ns - (usual if self.lengths_ns is None else int(self.lengths_ns[at]))
            if gap.reason == "missed" and begin > gap.start_ns:
                self._begins[gap.end_ns] = begin
                self.gaps[i] = Gap(gap.start_ns, begin, "lost setup", "the log has no amounts here")

    def _count(
        self, stream: Stream, rows: slice, of: NDArray[np.int32] | None, lines: NDArray[np.int64]
    ) -> None:
        if not len(stream.missing) and not np.isfinite(stream.limit):
            return
        read = self.store.part(stream.column, rows.start, rows.stop)
        if stream.device is not None:
            mine = self.store.part("key", rows.start, rows.stop) == stream.device
            read, lines = read[mine], lines[mine]
        stream.clean(read, lines)

    def _hole(self, start: int, end: int) -> None:
        if len(self.gaps) < 10_000:
            self.gaps.append(Gap(start, end, "missed", "the log has no reading here"))

    def _absent(
        self, times: NDArray[np.int64], alive: NDArray[np.bool_], of: NDArray[np.int32] | None
    ) -> None:
        """Note as gaps the stretches in which a state was not known."""
        for at in np.flatnonzero(~alive).tolist():
            after = np.flatnonzero(alive[at:])
            if len(after):
                self._hole(int(times[at]), int(times[at + int(after[0])]))

    def blocks(self) -> Iterator[LogBlock]:
        """Yield the samples in blocks of bounded size."""
        totals = [0] * len(self.streams)
        base = np.zeros(len(self.streams), np.int64)
        held = [MISSING] * len(self.streams)
        last: Codes | None = None  # each change of a state closes the stretch before it and opens its own
        if self.starts_ns is not None:
            first = np.array(
                [[0 if stream.as_ == "per-row" else MISSING for stream in self.streams]], np.int64
            )
            flags = None if self.axis.flags is None else np.zeros(1, np.uint8)
            yield LogBlock(np.array([self.starts_ns], np.int64), first, flags)
        for rows, of, samples in self.parts():
            codes = np.empty((samples.stop - samples.start, len(self.streams)), np.int64)
            opening = np.full_like(codes, MISSING)
            for i, stream in enumerate(self.streams):
                own = stream.grid.codes(self.values(stream, rows, of, samples))
                if stream.as_ == "per-row":
                    amounts = own
                    own, totals[i] = _running(own, totals[i])
                    opening[:, i] = np.where(own == MISSING, MISSING, own - amounts)
                elif stream.as_ == "level":
                    own = np.where(own == MISSING, MISSING, -own)
                elif stream.as_ == "held":
                    own, held[i] = _forward(own, held[i])
                codes[:, i] = own
            times = self.axis.times_ns[samples]
            flags = None if self.axis.flags is None else self.axis.flags[samples]
            if self._begins:
                at, begins, zeros = self._opened(times, codes, opening, base)
                times, codes = np.insert(times, at, begins), np.insert(codes, at, zeros, axis=0)
                flags = None if flags is None else np.insert(flags, at, 0)
            if self._holds:
                before, codes = codes, np.repeat(codes, 2, axis=0)
                codes[2::2] = before[:-1]
                codes[0] = before[0] if last is None else last
                times, last = np.repeat(times, 2), before[-1]
            yield LogBlock(times, codes, flags)

    def _opened(
        self, times: NDArray[np.int64], codes: Codes, opening: Codes, base: NDArray[np.int64]
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], Codes]:
        """Return (places, times, codes) of one sample more for each row behind a hole: there its interval begins, and its totals at 0.

        Args:
            times, codes: The samples; totals begin anew in `codes`, in place.
            opening: What was counted before each of them, `MISSING` where they are no amounts.
            base: What was counted before the last hole, by stream; kept up to date in place.
        """
        ends = np.array(sorted(self._begins), np.int64)
        at = np.unique(np.searchsorted(times, ends[(ends >= times[0]) & (ends <= times[-1])]))
        begins = np.array([self._begins[int(times[k])] for k in at], np.int64)
        begins = np.where(at > 0, np.maximum(begins, times[at - 1]), begins)
        bases = np.tile(base, (len(times), 1))
        for k in at:
            bases[k:] = np.where(opening[k] == MISSING, bases[k:], opening[k])
        base[:] = bases[-1]
        codes[:] = np.where((codes == MISSING) | (opening == MISSING), codes, codes - bases)
        return at, begins, np.where(opening[at] == MISSING, MISSING, 0)


def _running(codes: Codes, carry: int) -> tuple[Codes, int]:
    """Return the running totals of amounts, and the last one; missing amounts stay missing."""
    known = codes != MISSING
    total = carry + np.cumsum(np.where(known, codes, 0))
    return np.where(known, total, MISSING), int(total[-1]) if len(total) else carry


def _forward(codes: Codes, carry: int) -> tuple[Codes, int]:
    """Return codes in which a state stands until the next, and the last one."""
    if not len(codes):
        return codes, carry
    at = np.where(codes != MISSING, np.arange(len(codes)), -1)
    np.maximum.accumulate(at, out=at)
    found = np.where(at >= 0, codes[at], carry)
    return found, int(found[-1])


def lengths_of_samples(store: Store, sample_of_row: NDArray[np.int32] | None) -> NDArray[np.int64]:
    """Return how long the interval is that each sample ends, by its row's own start and end."""
    of_rows: NDArray[np.int64] = store.whole("length")
    if sample_of_row is None:
        return of_rows
    lengths = np.zeros(int(sample_of_row.max()) + 1, np.int64)
    lengths[sample_of_row[sample_of_row >= 0]] = of_rows[sample_of_row >= 0]
    return lengths
