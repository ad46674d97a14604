"""A recording as a Joulescope file (JLS version 2), which the Joulescope UI opens.

JLS knows one even sample rate per signal.  Each channel is put on the grid of its source's median
interval: the value at a grid point is interpolated between the samples beside it (the last one before
it for a marker or a counter), and not a number inside a gap.  Events become annotations.  Uneven
samples are therefore not given back exactly; the recording itself stays the original.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.channel import Kind, Quantity
from powermeter.errors import DataError, NotInstalledError
from powermeter.signals.alignment import host_times, instrument_times, shifted_gaps
from powermeter.signals.rails import alignment_of
from powermeter.units import NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from powermeter.events import Event
    from powermeter.recording.protocol import SourceInfo
    from powermeter.recording.reader import Recording

EPOCH_S = 1_514_764_800
"""2018-01-01, where JLS's clock of 2⁻³⁰ s begins."""
PIECE = 1 << 17
AROUND = 64
"""Samples beside a stretch that are read with it, so that a value that is missing at its edge is bridged."""
MAX_POINTS = 1 << 31
UNITS = {Quantity.TEMPERATURE: "°C", Quantity.MARKER: "", Quantity.LOAD: ""}


def write_jls(recording: Recording, path: Path) -> int:
    """Write every source of a recording that has samples; return the number of signals.

    Args:
        recording: Open.
        path: The file to write, `.jls` by custom; replaced where it exists.

    Raises:
        NotInstalledError: `pyjls` is missing.
        DataError: There is nothing to write, or too much of it.
    """
    try:
        from pyjls import Writer
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            "a JLS file needs pyjls; run: pip install 'powermeter[joulescope]'"
        ) from error
    grids = [(source, grid) for source in recording.sources if (grid := _grid(recording, source)) is not None]
    if not grids:
        raise DataError(f"{recording.path}: no source has two samples; there is nothing to write")
    signals = 0
    with Writer(str(path)) as writer:
        for number, (source, grid) in enumerate(grids, start=1):
            info = source.info
            writer.source_def(
                number,
                name=source.name,
                vendor="powermeter",
                model=str(info.get("model") or source.driver),
                version=str(info.get("firmware") or ""),
                serial_number=str(info.get("serial") or ""),
            )
            for signal, channel in enumerate(source.channels, start=signals + 1):
                writer.signal_def(
                    signal,
                    number,
                    sample_rate=grid.rate_hz,
                    name=channel.name,
                    units=UNITS.get(channel.quantity, channel.unit),
                )
            _write_values(writer, signals + 1, recording, source, grid)
            for signal in range(signals + 1, signals + 1 + len(source.channels)):
                _write_clock(writer, signal, grid, recording.clock_pairs())
            _annotate(writer, signals + 1, grid, recording.events())
            signals += len(source.channels)
    return signals


class Grid:
    """Even points in time over the samples of one source."""

    def __init__(self, start_ns: int, rate_hz: int, count: int) -> None:
        self.start_ns, self.rate_hz, self.count = start_ns, rate_hz, count

    def times_ns(self, first: int, last: int) -> NDArray[np.float64]:
        """Return the times of points `first` to `last` (excluded)."""
        points = np.arange(first, last, dtype=np.float64)
        return points * (NS / self.rate_hz) + self.start_ns

    def point(self, at_ns: int) -> int:
        """Return the point nearest to a time, within the grid."""
        return min(max(0, round((at_ns - self.start_ns) * self.rate_hz / NS)), self.count - 1)


def _grid(recording: Recording, source: SourceInfo) -> Grid | None:
    span = recording.span_ns(source.id)
    if span is None or span[0] == span[1]:
        return None
    typical = _typical_step(recording, source)
    fact = alignment_of(recording, source.id)
    start, end = (np.array(span) if fact is None else host_times(np.array(span, np.int64), fact)).tolist()
    rate = max(1, round(NS / typical))
    count = int((end - start) * rate / NS) + 1
    if count > MAX_POINTS:
        raise DataError(f"{source.name}: {count:,} points are more than a JLS file should hold")
    return Grid(int(start), rate, count)


def _typical_step(recording: Recording, source: SourceInfo) -> float:
    """Return the median distance of two samples in ns, of the pieces' own medians."""
    medians, last = [], None
    for piece in recording.stream(source.id, channels=()):
        times = piece.times_ns
        steps = np.diff(times if last is None else np.concatenate([[last], times]))
        if (steps > 0).any():
            medians.append((float(np.median(steps[steps > 0])), steps.size))
        last = times[-1] if len(times) else last
    listed = sorted(medians)
    half = np.searchsorted(np.cumsum([size for _, size in listed]), sum(size for _, size in listed) / 2)
    return listed[int(half)][0]


def _write_values(
    writer: Any, first_signal: int, recording: Recording, source: SourceInfo, grid: Grid
) -> None:
    """Write all channels of a source, a stretch of the grid at a time."""
    fact = alignment_of(recording, source.id)
    lost = recording.gaps(source.id)
    gaps = [(gap.start_ns, gap.end_ns) for gap in (lost if fact is None else shifted_gaps(lost, fact))]
    for first in range(0, grid.count, PIECE):
        last = min(first + PIECE, grid.count)
        wanted = grid.times_ns(first, last)
        ends = np.array([int(wanted[0]), math.ceil(wanted[-1])], np.int64)
        low, high = (ends if fact is None else instrument_times(ends, fact)).tolist()
        samples = recording.slice(source.id, low, high, around=AROUND)
        stamps = samples.times_ns if fact is None else host_times(samples.times_ns, fact)
        for signal, channel in enumerate(source.channels, start=first_signal):
            values = samples.values(channel)
            known = np.isfinite(values)
            held = channel.quantity is Quantity.MARKER or channel.kind is Kind.COUNTER
            writer.fsr_f32(signal, first, _on_grid(stamps[known], values[known], wanted, gaps, held))


def _write_clock(writer: Any, signal: int, grid: Grid, pairs: list[tuple[int, int]]) -> None:
    if pairs:
        for point in (0, grid.count - 1):
            writer.utc(signal, point, _jls_time(pairs, int(grid.times_ns(point, point + 1)[0])))


def _annotate(writer: Any, signal: int, grid: Grid, events: Iterable[Event]) -> None:
    """Write where each event begins and ends, on one signal, in order."""
    from pyjls import AnnotationType

    marks = []
    for event in events:
        marks.append((grid.point(event.start_ns), event.name if event.is_mark else f"{event.name} begins"))
        if event.end_ns is not None and not event.is_mark:
            marks.append((grid.point(event.end_ns), f"{event.name} ends"))
    for point, text in sorted(marks):
        writer.annotation(signal, point, float("nan"), AnnotationType.TEXT, 0, text)


def _on_grid(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    wanted: NDArray[np.float64],
    gaps: list[tuple[int, int]],
    held: bool,
) -> NDArray[np.float32]:
    if not len(times):
        return np.full(len(wanted), np.nan, np.float32)
    if held:
        before = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 1)
        found = values[before]
    else:
        found = np.interp(wanted, times, values)
    for start_ns, end_ns in gaps:
        found[(wanted > start_ns) & (wanted < end_ns)] = np.nan
    return found.astype(np.float32)


def _jls_time(pairs: list[tuple[int, int]], at_ns: int) -> int:
    """Return JLS's UTC of a monotonic time, by the nearest of the recording's clock pairs."""
    monotonic_ns, utc_ns = min(pairs, key=lambda pair: abs(pair[0] - at_ns))
    return round((utc_ns + at_ns - monotonic_ns - EPOCH_S * NS) / NS * 2**30)
