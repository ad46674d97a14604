"""Turns what was read of a table into samples: devices side by side, amounts added up, spikes and blanks missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Gap
from powermeter.importers.amount_totals import Blanks, Totals, blanks_of
from powermeter.importers.column_store import Store
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.hole_limits import HoleLimits
from powermeter.importers.log import BLOCK, LogBlock, LogRows
from powermeter.importers.missing_amounts import LONG, RowSteps, row_steps
from powermeter.importers.time_axis import Axis
from powermeter.importers.time_parts import LONGER
from powermeter.units import NS

Codes = NDArray[np.int64]

_NO_AMOUNT = "the log has no amounts here"


@dataclass(slots=True)
class Stream:
    """One channel that is made from one column (of one device).

    Attributes:
        column: The name of its column in the store.
        device: Its device's number, or None.
        as_: A key of `kinds.KINDS`.
        missing: Values that stand for none.
        limit: The magnitude above which a reading is none.
        grid: Where its values lie; filled by `find_grids_and_holes`.
        channel: Made after `find_grids_and_holes`.
        spikes, marks: How many readings were above the limit, and how many stood for none.
        spike_lines, mark_lines: The first lines of them.
        valid: How many readings are left.
        blanks: Of amounts, the rows that have none where another column has a reading.
        turned: Whether the sign of its values is turned.
        two_way: Whether some of its amounts are below 0, so that their total falls without having begun anew.
        by_length: Whether its values are means of power, each of which counts for its row's own interval.
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
    blanks: Blanks = field(default_factory=Blanks)
    turned: bool = False
    by_length: bool = False
    two_way: bool = False

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
        lengths_ns: How long the interval is that each sample ends, by its row's own start and end, or by the step of which all
            others are multiples; None where neither shows it.
        open_steps: Whether steps between rows of amounts may show that some are missing.
        alive: Of each block, which samples hold a reading of the whole; filled by `find_grids_and_holes`.
        steps: What longer steps between amounts mean, where the log is one of amounts.
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
        self.open_steps = True
        self.steps = RowSteps(None, False)
        self.info = info or {}
        self.gaps: list[Gap] = []
        self._begins: dict[int, int] = {}
        self._longer = LONGER
        self.alive: list[NDArray[np.bool_]] = []
        self._stated_ns: NDArray[np.int64] | None = None
        self._totals = [Totals() for _ in streams]
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
        read = stream.clean(self.store.part(stream.column, rows.start, rows.stop))
        if stream.by_length:
            read = read * (self.store.part("length", rows.start, rows.stop) / NS)
        if of is None:
            if stream.device is not None:
                read = np.where(self.store.part("key", rows.start, rows.stop) == stream.device, read, np.nan)
            return read
        pick = of >= 0
        if stream.device is not None:
            pick = pick & (self.store.part("key", rows.start, rows.stop) == stream.device)
        found = np.full(samples.stop - samples.start, np.nan)
        found[of[pick] - samples.start] = read[pick]
        return found

    def find_grids_and_holes(self, counted: Sequence[Stream]) -> None:
        """Look at all values once: their grids, and the holes where none of the counted streams has a value."""
        self._settle_steps(counted)
        limits = HoleLimits.of(self.axis.times_ns)
        held = self._holds
        last: int | None = None
        for rows, of, samples in self.parts():
            times = self.axis.times_ns[samples]
            lines = self.store.part("line", rows.start, rows.stop)
            alive = np.zeros(samples.stop - samples.start, bool)
            for stream in self.streams:
                values = self.values(stream, rows, of, samples)
                stream.grid.add(values)
                good = np.isfinite(values)
                stream.valid += int(good.sum())
                if stream in counted:
                    alive |= good
                self._count(stream, rows, of, lines)
            self.alive.append(alive)
            known = times[alive]
            if held:
                self._note_absences(times, alive, of)
            elif len(known):
                whole = known if last is None else np.concatenate(([last], known))
                wide = limits.exceeded(whole)
                if self.lengths_ns is not None:
                    own = self.lengths_ns[samples][alive][len(known) - len(whole) + 1 :]
                    wide = np.flatnonzero(np.diff(whole) > self._longer * own)
                for i in wide.tolist():
                    self._note_hole(int(whole[i]), int(whole[i + 1]))
            if len(known):
                last = int(known[-1])
        for stream in self.streams:
            if stream.as_ == "per-row":
                stream.grid.leave_room_for_sum(stream.valid)

    def _amounts(self, stream: Stream) -> NDArray[np.float64]:
        """Return the values of a stream, one per sample."""
        found = np.full(len(self.axis.times_ns), np.nan)
        for rows, of, samples in self.parts():
            found[samples] = self.values(stream, rows, of, samples)
        return found

    def _settle_steps(self, counted: Sequence[Stream]) -> None:
        """Settle how long the interval of each row is where its row does not state it, and whether longer steps lack rows."""
        self._stated_ns = self.lengths_ns
        amounts = [stream for stream in counted if stream.as_ == "per-row"]
        if not amounts or self.lengths_ns is not None or self._holds or not self.open_steps:
            return
        values = max(map(self._amounts, amounts), key=lambda values: int(np.isfinite(values).sum()))
        known, times = np.isfinite(values), self.axis.times_ns
        steps = row_steps(times[known], values[known])
        if steps is None:
            return
        self._longer, self.steps = LONG, steps
        if steps.all_held:
            self.lengths_ns = np.diff(
                times, prepend=times[:1] - (steps.row_ns or int(np.median(np.diff(times))))
            )
        elif steps.row_ns is not None:
            self.lengths_ns = np.broadcast_to(np.int64(steps.row_ns), times.shape)
        if self.starts_ns is not None and self.lengths_ns is not None:
            self.starts_ns = int(times[0] - self.lengths_ns[0])

    def find_blanks(self) -> None:
        """Find where single columns lack amounts, and let their totals begin anew behind; holes must be open by then."""
        times = self.axis.times_ns
        alive = np.flatnonzero(np.concatenate(self.alive)) if self.alive else np.empty(0, np.intp)
        stated = None if self._stated_ns is None else self._stated_ns[alive]
        holes = np.searchsorted(times, np.array(sorted(self._begins), np.int64))
        for i, stream in enumerate(self.streams):
            if stream.as_ == "per-row" and stream.valid < len(alive):
                found = blanks_of(times[alive], self._amounts(stream)[alive], stated, self.starts_ns or 0)
                stream.blanks = replace(found, behind=alive[found.behind], begins=alive[found.begins])
                inner = stream.blanks.begins[stream.blanks.begins > 0] if stream.two_way else ()
                self.gaps += [Gap(int(times[k - 1]), int(times[k]), "lost setup", _NO_AMOUNT) for k in inner]
            if stream.as_ == "per-row":
                self._totals[i] = Totals.of(stream.blanks, holes)

    def open_holes(self) -> None:
        """Let each hole between amounts end where the row behind it begins, and totals begin anew: what was used in it is in no row."""
        usual = int(self.axis.times_ns[0]) - (self.starts_ns or 0)
        for i, gap in enumerate(self.gaps):
            at = int(np.searchsorted(self.axis.times_ns, gap.end_ns))
            begin = gap.end_ns - (usual if self.lengths_ns is None else int(self.lengths_ns[at]))
            if gap.reason == "missed" and begin > gap.start_ns:
                self._begins[gap.end_ns] = begin
                self.gaps[i] = Gap(gap.start_ns, begin, "lost setup", _NO_AMOUNT)

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

    def _note_hole(self, start: int, end: int) -> None:
        if len(self.gaps) < 10_000:
            self.gaps.append(Gap(start, end, "missed", "the log has no reading here"))

    def _note_absences(
        self, times: NDArray[np.int64], alive: NDArray[np.bool_], of: NDArray[np.int32] | None
    ) -> None:
        """Note as gaps the stretches in which a state was not known."""
        for at in np.flatnonzero(~alive).tolist():
            after = np.flatnonzero(alive[at:])
            if len(after):
                self._note_hole(int(times[at]), int(times[at + int(after[0])]))

    def blocks(self) -> Iterator[LogBlock]:
        """Yield the samples in blocks of bounded size."""
        totals = [Totals(total.rows, total.begins) for total in self._totals]
        held = [MISSING] * len(self.streams)
        last: Codes | None = None  # each change of a state closes the stretch before it and opens its own
        if self.starts_ns is not None:
            first = np.array(
                [[0 if s.as_ == "per-row" and s.blanks.first else MISSING for s in self.streams]], np.int64
            )
            flags = None if self.axis.flags is None else np.zeros(1, np.uint8)
            yield LogBlock(np.array([self.starts_ns], np.int64), first, flags)
        for rows, of, samples in self.parts():
            codes = np.empty((samples.stop - samples.start, len(self.streams)), np.int64)
            for i, stream in enumerate(self.streams):
                own = stream.grid.codes(self.values(stream, rows, of, samples))
                if stream.as_ == "per-row":
                    own = totals[i].codes(own, samples.start)
                elif stream.as_ == "level":
                    own = np.where(own == MISSING, MISSING, -own)
                elif stream.as_ == "held":
                    own, held[i] = _forward(own, held[i])
                codes[:, i] = own
            times = self.axis.times_ns[samples]
            flags = None if self.axis.flags is None else self.axis.flags[samples]
            if self._begins:
                at, begins, opening = self._opened(times, codes, samples.start)
                times, codes = np.insert(times, at, begins), np.insert(codes, at, opening, axis=0)
                flags = None if flags is None else np.insert(flags, at, 0)
            if self._holds:
                before, codes = codes, np.repeat(codes, 2, axis=0)
                codes[2::2] = before[:-1]
                codes[0] = before[0] if last is None else last
                times, last = np.repeat(times, 2), before[-1]
            yield LogBlock(times, codes, flags)

    def _opened(
        self, times: NDArray[np.int64], codes: Codes, first: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int64], Codes]:
        """Return (places, times, codes) of one sample more for each row behind a hole: there its interval begins, and its totals anew."""
        ends = np.array(sorted(self._begins), np.int64)
        at = np.unique(np.searchsorted(times, ends[(ends >= times[0]) & (ends <= times[-1])]))
        begins = np.array([self._begins[int(times[k])] for k in at], np.int64)
        begins = np.where(at > 0, np.maximum(begins, times[at - 1]), begins)
        opening = np.full((len(at), len(self.streams)), MISSING, np.int64)
        for i, stream in enumerate(self.streams):
            if stream.as_ == "per-row":
                own = [self._totals[i].opening(first + int(k)) for k in at]
                opening[:, i] = np.where(codes[at, i] == MISSING, MISSING, own)
        return at, begins, opening


def _forward(codes: Codes, carry: int) -> tuple[Codes, int]:
    """Return codes in which a state stands until the next, and the last one."""
    if not len(codes):
        return codes, carry
    at = np.where(codes != MISSING, np.arange(len(codes)), -1)
    np.maximum.accumulate(at, out=at)
    found = np.where(at >= 0, codes[at], carry)
    return found, int(found[-1])


def lengths_vary(store: Store) -> bool:
    """Return whether rows state intervals of different lengths."""
    return "length" in store and float(np.ptp(store.whole("length"))) > (LONGER - 1) * float(
        np.median(store.whole("length"))
    )


def lengths_of_samples(store: Store, sample_of_row: NDArray[np.int32] | None) -> NDArray[np.int64]:
    """Return how long the interval is that each sample ends, by its row's own start and end."""
    of_rows: NDArray[np.int64] = store.whole("length")
    if sample_of_row is None:
        return of_rows
    lengths = np.zeros(int(sample_of_row.max()) + 1, np.int64)
    lengths[sample_of_row[sample_of_row >= 0]] = of_rows[sample_of_row >= 0]
    return lengths
