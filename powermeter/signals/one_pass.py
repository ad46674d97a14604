"""A long source read in one pass: the readings that are worth holding, and exact sums over all others.

Memory grows with the number of events, not with that of readings.  See `kept_readings.py` for what is held and why nothing is lost by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, REPEAT, Channel, Gap, Kind, Quantity, flags_of
from powermeter.recording.error_origins import instrument_of, origin_of
from powermeter.recording.impossible_readings import BEYOND, FAR
from powermeter.recording.protocol import RecordingLike, Samples, SourceInfo
from powermeter.signals.calibrations import correction_of, prefer_calibrated
from powermeter.signals.correction import Correction
from powermeter.signals.decimation import STRETCH, Around, ReadingChoice, ReadingPlan, even_starts
from powermeter.signals.decoding import Calibrated, at_range_ends, from_samples, read_channel, with_correction
from powermeter.signals.flat_top import with_flat_top
from powermeter.signals.growing_column import Growing
from powermeter.signals.kept_readings import Kept
from powermeter.signals.meter_refresh import refresh_found
from powermeter.signals.over_range import in_pieces, may_be
from powermeter.signals.summed_column import SummedColumn
from powermeter.signals.trace import Trace, median_interval_ns
from powermeter.signals.trace_arithmetic import multiply

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Bools = NDArray[np.bool_]

LONG = 1_000_000
"""Readings up to which all of them are held."""

_HEAD = 2
_NONE = np.zeros(1, bool)


@dataclass(slots=True, eq=False)
class _Pass:
    """What one pass found, piece by piece: `steady` are voltages, of which only the fair stretches are held."""

    times: Growing = field(default_factory=lambda: Growing(np.int64))
    places: Growing = field(default_factory=lambda: Growing(np.uint32))
    counters: dict[str, Growing] = field(default_factory=dict)
    columns: dict[str, SummedColumn] = field(default_factory=dict)
    steady: dict[str, Growing] = field(default_factory=dict)
    saturated: dict[str, int] = field(default_factory=dict)
    clipped: dict[str, list[Times]] = field(default_factory=dict)
    beyond: dict[str, int] = field(default_factory=dict)
    repeats: int = 0


def thinned(
    recording: RecordingLike, source: SourceInfo, corrections: Sequence[dict[str, Any]], around: Around
) -> dict[str, dict[Quantity, Trace]] | None:
    """Return the traces of every rail of a long source; None where it is short, or its readings are not plain.

    Readings that stand, instants that repeat, rows that lack some of their readings, and means over windows other than their interval must be
    seen in a row to be understood.  A rail's power is there also where it is voltage × current.
    """
    channels = [channel for channel in source.channels if channel.rail is not None]
    summaries = recording.summaries(source.id)
    rows = int(summaries.count.sum())
    if rows <= LONG or rows >= 1 << 32:
        return None
    counts = {int(summaries.of(channel.name)["count"].sum()) for channel in channels}
    if len(counts) != 1:
        return None
    if any(_far_apart(channel, summaries.of(channel.name)) for channel in channels):
        return None  # impossible readings: `impossible_readings.py` must see them beside the others
    if any(_over_range(recording, source, channel, rows, summaries.of(channel.name)) for channel in channels):
        return None
    gaps = tuple(sorted(recording.gaps(source.id), key=lambda gap: gap.start_ns))
    try:
        plan = _plan(recording, source, channels, list(corrections), counts.pop())
        if plan is None:
            return None
        found = _read(recording, source, plan, list(corrections), ReadingChoice(plan, around, gaps))
    except _NotPlain:
        return None
    return _traces(source, instrument_of(recording, source), plan, found, gaps)


def _far_apart(channel: Channel, entries: NDArray[np.void]) -> bool:
    """Return whether the readings of a channel are so far apart that some may be impossible."""
    if channel.kind is Kind.COUNTER:
        return False
    highest = max(abs(float(entries["high"].max())), abs(float(entries["low"].min())))
    ends = [code for code in (channel.low_code, channel.high_code) if code]
    if ends and highest > BEYOND * max(abs(code) for code in ends):
        return True
    return highest > FAR * max(float(np.median(np.abs(entries["mean"]))), 1.0)


def _over_range(
    recording: RecordingLike, source: SourceInfo, channel: Channel, rows: int, entries: NDArray[np.void]
) -> bool:
    """Return whether rows of a channel were over range, or may have been: `over_range.py` must see them beside the others."""
    highest = float(np.nanmax(entries["high"]))
    if not may_be(channel) or not highest > 0:
        return False
    if float(np.nanmin(entries["low"])) > 0 and int(entries["count"].sum()) == rows:
        return False
    return in_pieces((piece.codes[channel.name] for piece in recording.stream(source.id)), highest)


def _plan(
    recording: RecordingLike,
    source: SourceInfo,
    channels: Sequence[Channel],
    corrections: list[dict[str, Any]],
    rows: int,
) -> ReadingPlan | None:
    """Return how a source is read, from its first readings; None where they are not plain."""
    head = _joined(list(islice(_rows(recording, source, channels), _HEAD)))
    found: dict[str, dict[Quantity, Trace]] = {}
    by_rail: dict[str, dict[Quantity, Channel]] = {}
    calibrated: dict[str, set[Quantity]] = {}
    known: dict[str, Correction] = {}
    for channel in channels:
        assert channel.rail is not None
        correction, temperature = correction_of(corrections, source, channel, head)
        trace = read_channel(
            channel,
            head.times_ns,
            head.codes[channel.name],
            flags_of(channel, source.channels, head.flags),
            origin=channel.name,
            calibrated=Calibrated(correction=correction, temperature_c=temperature),
        )
        if trace is None or len(trace) != len(head) or trace.kind is not channel.kind or trace.window_ns:
            return None
        if trace.kind is Kind.HELD or trace.quantity is not channel.quantity:
            return None
        rail = channel.rail.name
        found.setdefault(rail, {}).setdefault(channel.quantity, trace)
        by_rail.setdefault(rail, {}).setdefault(channel.quantity, channel)
        if correction is not None and channel.kind is not Kind.COUNTER:
            known[channel.name] = correction
            calibrated.setdefault(rail, set()).add(channel.quantity)
    pairs: dict[str, tuple[Channel, Channel]] = {}
    peaks: list[str] = []
    for rail, traces in found.items():
        prefer_calibrated(traces, calibrated.get(rail, set()))
        volts, amps = traces.get(Quantity.VOLTAGE), traces.get(Quantity.CURRENT)
        own = [by_rail[rail][q].name for q in (Quantity.ENERGY, Quantity.POWER) if q in traces]
        if not own and volts is not None and amps is not None:
            if Kind.COUNTER in (volts.kind, amps.kind) or refresh_found(multiply(volts, amps)):
                return None
            pairs[rail] = by_rail[rail][Quantity.VOLTAGE], by_rail[rail][Quantity.CURRENT]
            own = [_product(rail)]
        elif (
            own
            and volts is not None
            and not {Quantity.ENERGY, Quantity.CURRENT, Quantity.CHARGE} & set(traces)
        ):
            return None  # its current is power over voltage, reading by reading
        peaks += own or [by_rail[rail][q].name for q in (Quantity.CHARGE, Quantity.CURRENT) if q in traces]
    return ReadingPlan(channels, known, pairs, peaks, median_interval_ns(head.times_ns), rows)


class _NotPlain(Exception):
    """Rows that lack some of their readings, or readings that stand: they must be seen in a row."""


def _rows(
    recording: RecordingLike, source: SourceInfo, channels: Sequence[Channel], found: _Pass | None = None
) -> Iterator[Samples]:
    """Yield the rows that hold readings, piece by piece, as `read_channel` takes them.

    Rows without any reading are left out.  Of means and counters, so are those that repeat the one before, but for the last of all.

    Raises:
        _NotPlain: A row lacks some of its readings, or an instant repeats.
    """
    names = [channel.name for channel in channels]
    instants = any(channel.kind is Kind.INSTANT for channel in channels)
    left = int(recording.summaries(source.id).count.sum())
    for piece in recording.stream(source.id):
        left -= len(piece)
        lacks = _lacking(piece, names)
        drop = lacks
        if piece.flags.any():
            again = (piece.flags & REPEAT).astype(bool)
            if instants and again.any():
                raise _NotPlain
            if left <= 0 and again.size:
                again[-1] = False
            drop = lacks | again
            if found is not None:
                found.repeats += int((again & ~lacks).sum())
        if drop is _NONE or not drop.any():
            yield piece
        elif not drop.all():
            keep = ~drop
            codes = {name: column[keep] for name, column in piece.codes.items()}
            yield Samples(piece.times_ns[keep], codes, piece.flags[keep])


def _lacking(piece: Samples, names: Sequence[str]) -> Bools:
    """Return which rows hold no reading; one false where all do.

    Raises:
        _NotPlain: A row lacks some of its readings.
    """
    if len(piece) and all(piece.codes[name].min() != MISSING for name in names):  # the lowest there is
        return _NONE
    lacks = np.asarray(piece.codes[names[0]] == MISSING)
    if any(((piece.codes[name] == MISSING) != lacks).any() for name in names[1:]):
        raise _NotPlain
    return lacks


def _product(rail: str) -> str:
    """Return the name of the column that is a rail's voltage × current; no channel has a zero byte in its name."""
    return f"{rail}\0"


def _joined(pieces: Sequence[Samples]) -> Samples:
    return Samples(
        np.concatenate([piece.times_ns for piece in pieces]),
        {name: np.concatenate([piece.codes[name] for piece in pieces]) for name in pieces[0].codes},
        np.concatenate([piece.flags for piece in pieces]),
    )


def _read(
    recording: RecordingLike,
    source: SourceInfo,
    plan: ReadingPlan,
    corrections: list[dict[str, Any]],
    choice: ReadingChoice,
) -> _Pass:
    """Read a source once.

    Raises:
        _NotPlain: Its readings must be seen in a row.
    """
    found = _Pass()
    for channel in plan.channels:
        if channel.kind is Kind.COUNTER:
            found.counters[channel.name] = Growing(np.int64)
        elif channel.quantity is Quantity.VOLTAGE:
            found.steady[channel.name] = Growing(np.float64)
        else:
            found.columns[channel.name] = SummedColumn(channel.kind)
    for rail, (volts, amps) in plan.pairs.items():
        found.columns[_product(rail)] = SummedColumn(amps.kind if amps.kind is volts.kind else Kind.INSTANT)
    first, last_ns = 0, None
    for piece in _rows(recording, source, plan.channels, found):
        times, flags = piece.times_ns, piece.flags if piece.flags.any() else None
        if not times.size:
            continue
        steps = np.empty(times.size)
        steps[0] = 0.0 if last_ns is None else (int(times[0]) - last_ns) * 1e-9
        np.multiply(np.diff(times), 1e-9, out=steps[1:])
        values = _values(source, plan, corrections, piece, found)
        upper: dict[str, Bools] = {}
        for channel in plan.channels:
            own = None if flags is None else flags_of(channel, source.channels, flags)
            ends = at_range_ends(channel, piece.codes[channel.name], own)
            if ends is not None:
                found.saturated[channel.name] = found.saturated.get(channel.name, 0) + int(ends[0].sum())
                upper[channel.name] = ends[1]
        series = [
            values[name] if name in values else np.diff(piece.codes[name], prepend=piece.codes[name][:1])
            for name in plan.peaks
        ]
        back = [np.diff(piece.codes[name], append=piece.codes[name][-1:]) < 0 for name in found.counters]
        kept = choice.of(first, times, steps, series, list(upper.values()))
        if any(one.any() for one in back):
            at = np.concatenate([np.flatnonzero(one) for one in back])
            kept = np.union1d(kept, np.concatenate([at, np.minimum(at + 1, times.size - 1)]))
        found.times.add(times[kept])
        found.places.add((first + kept).astype(np.uint32))
        for name, counted in found.counters.items():
            counted.add(piece.codes[name][kept])
        half_steps = steps * 0.5
        for name, column in found.columns.items():
            column.add(values[name], half_steps, kept)
        for name, steady in found.steady.items():
            for a, b in choice.fair(first, times.size):
                steady.add(values[name][a:b])
        for name, one in upper.items():
            found.clipped.setdefault(name, []).append(times[kept[one[kept]]])
        first += times.size
        last_ns = int(times[-1])
    return found


def _values(
    source: SourceInfo, plan: ReadingPlan, corrections: list[dict[str, Any]], piece: Samples, found: _Pass
) -> dict[str, Floats]:
    """Return the values of a piece in SI, corrected: of channels that do not count, and of products."""
    values: dict[str, Floats] = {}
    for channel in plan.channels:
        if channel.kind is Kind.COUNTER:
            continue
        plain = channel.in_si(piece.codes[channel.name])
        correction = plan.corrections.get(channel.name)
        if correction is not None:
            _, temperature = correction_of(corrections, source, channel, piece)
            outside = int(np.count_nonzero((plain < correction.low) | (plain > correction.high)))
            found.beyond[channel.name] = found.beyond.get(channel.name, 0) + outside
            plain = np.asarray(correction.apply(plain, temperature)).astype(np.float64)
        values[channel.name] = plain
    for rail, (volts, amps) in plan.pairs.items():
        values[_product(rail)] = values[volts.name] * values[amps.name]
    return values


def _traces(
    source: SourceInfo, instrument: str, plan: ReadingPlan, found: _Pass, gaps: Sequence[Gap]
) -> dict[str, dict[Quantity, Trace]]:
    times, place = found.times.whole(), found.places.whole()
    starts = even_starts(plan.rows)
    fair = tuple(zip(*np.searchsorted(place, [starts, starts + STRETCH]).tolist(), strict=True))
    held = Kept(place, None, fair)
    even = held.fair_index(plan.rows)
    by_rail: dict[str, dict[Quantity, Trace]] = {}
    calibrated: dict[str, set[Quantity]] = {}
    for channel in plan.channels:
        assert channel.rail is not None
        clipped = np.concatenate(found.clipped[channel.name]) if channel.name in found.clipped else None
        more: dict[str, Any] = {
            "repeats": found.repeats,
            "saturated": found.saturated.get(channel.name, 0),
            "saturated_ns": clipped if clipped is not None and clipped.size else None,
            "interval_ns": median_interval_ns(times[even]),
        }
        origin, at = origin_of(source, channel.name, instrument), times
        if channel.name in found.counters:
            codes = found.counters[channel.name].whole()
            trace = read_channel(channel, times, codes, None, origin=origin, source=str(source.id), gaps=gaps)
            assert trace is not None
            trace = replace(trace, kept=held, **more)
        else:
            kept: Kept | None = None
            if channel.name in found.steady:
                values = found.steady[channel.name].whole()
                at = times[even]
            else:
                column = found.columns[channel.name]
                kept = held.with_sums(column.sums.whole())
                values = column.values.whole()
                values = kept.means(times, values) if channel.kind is Kind.MEAN else values
            refresh = (channel.refresh_ns or 0) / math.sqrt(12)
            trace = from_samples(
                at,
                values,
                channel.quantity,
                kind=channel.kind,
                channel=channel,
                origin=origin,
                gaps=gaps,
                source=str(source.id),
                code=channel.scale,
                clock_ns=refresh,
                refresh_ns=refresh,
                kept=kept,
                **more,
            )
            trace = with_flat_top(trace)
        correction = plan.corrections.get(channel.name)
        if correction is not None:
            share = found.beyond.get(channel.name, 0) / plan.rows
            trace = with_correction(trace, correction, origin, trace.values, share)
            calibrated.setdefault(channel.rail.name, set()).add(channel.quantity)
        by_rail.setdefault(channel.rail.name, {}).setdefault(channel.quantity, trace)
    for rail, quantities in calibrated.items():
        prefer_calibrated(by_rail[rail], quantities)
    for rail in plan.pairs:
        traces = by_rail[rail]
        column = found.columns[_product(rail)]
        traces[Quantity.POWER] = _power(
            traces[Quantity.VOLTAGE], traces[Quantity.CURRENT], column, times, held, even
        )
    return by_rail


def _power(
    volts: Trace, amps: Trace, column: SummedColumn, times: Times, held: Kept, even: NDArray[np.int64]
) -> Trace:
    """Return voltage × current; what is known of its errors comes from the even stretches, where both are held."""
    some = replace(amps, times_ns=times[even], values=amps.values[even], kept=None)
    of_some = multiply(volts, some)
    kept = held.with_sums(column.sums.whole())
    values = column.values.whole()
    if column.kind is Kind.MEAN:
        values = kept.means(times, values)
    return replace(of_some, times_ns=times, values=values, kind=column.kind, kept=kept)
