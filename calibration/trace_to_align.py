"""Which trace of a meter's recording is aligned with the host: its best rail, of a long one means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording.protocol import RecordingLike, SourceInfo
from powermeter.signals.headline_rail import choose
from powermeter.signals.line import Line
from powermeter.signals.rails import lines
from powermeter.signals.trace import Trace, median_interval_ns

from .meter_trace import MeterTrace
from .stretches import HELD, RecordingPart, bounds, by_stretches, rows

_ENOUGH_NS = 1_000_000

_NONE_THERE = "the meter's recording has no sample in that part of it"


def what_was_seen(
    recording: RecordingLike,
    sources: Sequence[SourceInfo],
    rail: str | None = None,
    between_s: tuple[float, float] | None = None,
) -> MeterTrace:
    """Return what the best rail of a meter's recording read; of a long one, its means and where to read it.

    Raises:
        DataError: None of the sources measures power or current.
        ConfigurationError: They have no such rail, or nothing lies in the part that is asked for.
    """
    enough = partial(thinned, interval_ns=_ENOUGH_NS)
    if rows(recording, sources) <= HELD:
        trace = meter_trace(recording, sources, rail)
        return MeterTrace(trace if between_s is None else _part(trace, between_s), prepare=enough)
    first, last = bounds(recording, sources)
    if between_s is not None:
        start, end = (first + round(seconds * 1e9) for seconds in between_s)
        if end < first or start > last:
            raise ConfigurationError(_NONE_THERE)
        first, last = max(start, first), min(end, last)

    def between(start_ns: int, end_ns: int) -> Trace | None:
        try:
            return meter_trace(RecordingPart(recording, start_ns, end_ns), sources, rail)
        except DataError:
            return None

    long = by_stretches(first, last, between, "the meter's recording")
    interval = max(_ENOUGH_NS, (last - first) // HELD)
    windows = max(HELD // 4 * max(long.head.interval_ns, 1) // interval, 8)
    means = [thinned(piece, interval) for piece in long.pieces(windows * interval)]
    means = [piece for piece in means if piece.kind is means[0].kind]  # not a last one too short for a mean
    times = np.concatenate([piece.times_ns for piece in means])
    whole = replace(
        means[0],
        times_ns=times,
        values=np.concatenate([piece.values for piece in means]),
        interval_ns=median_interval_ns(times),
    )
    return MeterTrace(whole, long, enough)


def meter_trace(recording: RecordingLike, sources: Sequence[SourceInfo], rail: str | None = None) -> Trace:
    """Return the power (or the current, where no voltage is known) of the best rail, on its own clock.

    Raises:
        DataError: None of the sources measures power or current.
        ConfigurationError: They have no such rail.
    """
    wanted = {str(source.id) for source in sources}
    found = [line for line in lines(recording, aligned=False) if line.source in wanted]
    try:
        power = choose(found, rail).power()
        assert power is not None
        return power
    except DataError:
        for line in found:
            current = line.direct(Quantity.CHARGE) or line.direct(Quantity.CURRENT)
            if current is not None and _named(line, rail):
                return current
        raise


def _named(line: Line, rail: str | None) -> bool:
    return rail is None or rail in (line.key, line.rail.name)


def _part(trace: Trace, between_s: tuple[float, float]) -> Trace:
    start, end = (trace.start_ns + round(seconds * 1e9) for seconds in between_s)
    part = trace.between(start, end)
    if not len(part):
        raise ConfigurationError(_NONE_THERE)
    return part


def thinned(trace: Trace, interval_ns: int) -> Trace:
    """Return a trace with means over about `interval_ns`, or the trace itself where it is no faster.

    To find a load, a thousand samples a second are enough; a profiler takes a hundred times as many.
    """
    every = round(interval_ns / trace.interval_ns) if trace.interval_ns > 0 else 1
    if every < 2 or len(trace) < 2 * every:
        return trace
    if trace.kind is Kind.COUNTER:
        times, values = trace.times_ns[::every], trace.values[::every]
        return replace(trace, times_ns=times, values=values, interval_ns=median_interval_ns(times))
    starts = np.arange(0, len(trace) - every + 1, every)
    sums = np.concatenate([[0.0], np.cumsum(trace.values)])
    values = (sums[starts + every] - sums[starts]) / every
    # An instant speaks for half an interval on either side of it.
    late = trace.interval_ns // 2 if trace.kind is Kind.INSTANT else 0
    times = trace.times_ns[starts + every - 1] + late
    return replace(
        trace,
        times_ns=times,
        values=values,
        kind=Kind.MEAN,
        interval_ns=median_interval_ns(times),
        window_ns=None,
    )
