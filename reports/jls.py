"""A recording as a Joulescope file (JLS version 2), which the Joulescope UI opens.

JLS numbers the samples of a signal at one nominal rate and maps numbers to time by its clock track.  Each
reading is one sample, in order and with its own value; the clock track states its time, with an entry for
each reading wherever a straight line between entries would miss one by more than `TOLERANCE_NS`.  A gap is
samples that are not a number, and so is a reading inside one or one that is missing.  Events become annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.channel import Channel, Kind, Quantity
from powermeter.errors import DataError, NotInstalledError, clean
from powermeter.signals.alignment import host_times, shifted_gaps
from powermeter.signals.rails import alignment_of
from powermeter.units import NS

from .export_columns import utc_ns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from powermeter.recording.protocol import Samples, SourceInfo
    from powermeter.recording.reader import Recording

EPOCH_S = 1_514_764_800
"""2018-01-01, where JLS's clock of 2⁻³⁰ s begins."""
TOLERANCE_NS = 100
"""How far a reading's time may lie from the straight line between two entries of the clock track."""
BLOCK = 256
"""Readings that share the decision whether each needs an entry."""
MAX_POINTS = 1 << 31
MAX_ENTRIES = 8_000_000
"""Entries of all clock tracks together: about a minute of writing."""
CHANNELS_TAG = 0x50
"""Of the chunk of user data with each signal's channel, so that an import has its grade, limits and rail again."""
UNITS = {Quantity.TEMPERATURE: "°C", Quantity.MARKER: "", Quantity.LOAD: ""}
INSTEAD = "use .parquet, .arrow or .csv, which keep every reading"


def write_jls(recording: Recording, path: Path) -> int:
    """Write every source of a recording that has samples; return the number of signals.

    Args:
        recording: Open.
        path: The file to write, `.jls` by custom; replaced where it exists.

    Raises:
        NotInstalledError: `pyjls` is missing.
        DataError: There is nothing to write, too much of it, or readings are uneven and have no time of day.
    """
    try:
        from pyjls import DataType, Writer
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            "a JLS file needs pyjls; run: pip install 'powermeter[joulescope]'"
        ) from error
    tracks = [(source, track) for source in recording.sources if (track := _track(recording, source))]
    if not tracks:
        raise DataError(f"{recording.path}: no source has two samples; there is nothing to write")
    _allow(recording, sum(len(track.points) * len(source.channels) for source, track in tracks))
    signals = 0
    channels: dict[str, dict[str, Any]] = {}
    with Writer(str(path)) as writer:
        for number, (source, track) in enumerate(tracks, start=1):
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
                channels[str(signal)] = channel.to_dict()
                writer.signal_def(
                    signal,
                    number,
                    sample_rate=track.rate_hz,
                    data_type=DataType.F64 if channel.kind is Kind.COUNTER else DataType.F32,
                    name=channel.name,
                    units=UNITS.get(channel.quantity, channel.unit),
                )
            _write_values(writer, signals + 1, recording, source, track)
            utc = utc_ns(recording, track.times_ns)
            if utc is not None:
                for signal in range(signals + 1, signals + 1 + len(source.channels)):
                    write_clock(writer, signal, track.points, _jls_time(utc))
            _annotate(writer, signals + 1, track, recording)
            signals += len(source.channels)
        writer.user_data(CHANNELS_TAG, {"powermeter_channels": channels})
    return signals


def _allow(recording: Recording, entries: int) -> None:
    """Raise where clock tracks have more entries than a file should; asked as they are counted, for each takes memory."""
    if entries > MAX_ENTRIES:
        raise DataError(
            f"{recording.path}: its readings are unevenly spaced, and more than {MAX_ENTRIES:,} times are more than a "
            f"JLS file should hold; {INSTEAD}"
        )


def write_clock(writer: Any, signal: int, points: NDArray[np.int64], ticks: NDArray[np.int64]) -> None:
    """Write a signal's clock track; as numbers of Python, which take four times the memory, only a piece at a time."""
    for first in range(0, len(points), 1 << 16):
        piece = slice(first, first + (1 << 16))
        for point, tick in zip(points[piece].tolist(), ticks[piece].tolist(), strict=True):
            writer.utc(signal, point, tick)


class Track:
    """Which sample number each reading of a source has, and the entries of the clock track."""

    def __init__(
        self, rate_hz: int, count: int, points: NDArray[np.int64], times_ns: NDArray[np.int64]
    ) -> None:
        self.rate_hz, self.count, self.points, self.times_ns = rate_hz, count, points, times_ns

    def point(self, at_ns: int) -> int:
        """Return the sample number nearest to a time, within the source's own."""
        return round(
            float(np.interp(at_ns - self.times_ns[0], self.times_ns - self.times_ns[0], self.points))
        )

    def is_even(self) -> bool:
        """Return whether the nominal rate alone determines the time of every reading."""
        away = self.times_ns - self.times_ns[0] - self.points * (NS / self.rate_hz)
        return bool(np.abs(away).max() <= TOLERANCE_NS)


def _track(recording: Recording, source: SourceInfo) -> Track | None:
    span = recording.span_ns(source.id)
    if span is None or span[0] == span[1]:
        return None
    step = _typical_step(recording, source)
    rate = max(1, round(NS / step))
    points, times, last, entries = [], [], -1, 0
    for _, stamps, numbers in _numbered(recording, source, NS / rate):
        kept = _entries(numbers, stamps)
        points.append(numbers[kept])
        times.append(stamps[kept])
        last = int(numbers[-1])
        entries += int(np.count_nonzero(kept)) * len(source.channels)
        _allow(recording, entries)
        if last >= MAX_POINTS:
            raise DataError(f"{source.name}: {last:,} points are more than a JLS file should hold; {INSTEAD}")
    track = Track(rate, last + 1, np.concatenate(points), np.concatenate(times))
    if not recording.clock_pairs() and not track.is_even():
        raise DataError(
            f"{source.name}: its readings are unevenly spaced and the recording has no time of day, without which "
            f"a JLS file loses their times; {INSTEAD}"
        )
    return track


def _numbered(
    recording: Recording, source: SourceInfo, step_ns: float
) -> Iterator[tuple[Samples, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield a source's samples with their times on the recording's clock and their sample numbers."""
    fact = alignment_of(recording, source.id)
    middles = np.array([(start + end) // 2 for start, end in _gaps(recording, source)], np.int64)
    last_ns: int | None = None
    number = -1
    for samples in recording.stream(source.id):
        if not len(samples.times_ns):
            continue
        stamps = samples.times_ns if fact is None else host_times(samples.times_ns, fact)
        before = np.concatenate([[stamps[0] if last_ns is None else last_ns], stamps[:-1]])
        steps = np.ones(len(stamps), np.int64)
        lost = np.searchsorted(middles, before) < np.searchsorted(middles, stamps)
        steps[lost] = np.maximum(1, np.rint((stamps - before)[lost] / step_ns).astype(np.int64))
        numbers = number + np.cumsum(steps)
        last_ns, number = int(stamps[-1]), int(numbers[-1])
        yield samples, stamps, numbers


def _gaps(recording: Recording, source: SourceInfo) -> list[tuple[int, int]]:
    fact = alignment_of(recording, source.id)
    lost = recording.gaps(source.id)
    return [(gap.start_ns, gap.end_ns) for gap in (lost if fact is None else shifted_gaps(lost, fact))]


def _entries(numbers: NDArray[np.int64], stamps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which readings of a piece need an entry of their own, its two ends among them."""
    kept = np.zeros(len(stamps), bool)
    kept[[0, -1]] = True
    if not _is_straight(numbers, stamps):
        for first in range(0, len(stamps), BLOCK):
            block = slice(first, first + BLOCK)
            if _is_straight(numbers[block], stamps[block]):
                kept[[first, min(first + BLOCK, len(stamps)) - 1]] = True
            else:
                kept[block] = True
    return kept


def _is_straight(numbers: NDArray[np.int64], stamps: NDArray[np.int64]) -> bool:
    x, y = numbers - numbers[0], stamps - stamps[0]
    return not x[-1] or bool(np.abs(y - x * (y[-1] / x[-1])).max() <= TOLERANCE_NS)


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
    writer: Any, first_signal: int, recording: Recording, source: SourceInfo, track: Track
) -> None:
    """Write all channels of a source, each reading at its number and nothing between."""
    gaps = _gaps(recording, source)
    written = 0
    for samples, stamps, numbers in _numbered(recording, source, NS / track.rate_hz):
        first, last = written, int(numbers[-1]) + 1
        lost = np.zeros(len(stamps), bool)
        for start_ns, end_ns in gaps:
            lost[
                np.searchsorted(stamps, start_ns, side="right") : np.searchsorted(stamps, end_ns, side="left")
            ] = True
        for signal, channel in enumerate(source.channels, start=first_signal):
            _write_piece(writer, signal, channel, first, last, numbers, _values(samples, channel, lost))
        written = last


def _values(samples: Samples, channel: Channel, lost: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(lost, np.nan, samples.values(channel))


def _write_piece(
    writer: Any,
    signal: int,
    channel: Channel,
    first: int,
    last: int,
    numbers: NDArray[np.int64],
    values: NDArray[np.float64],
) -> None:
    kind = np.float64 if channel.kind is Kind.COUNTER else np.float32
    longest = 1 << 20  # a gap of a day is written in parts
    for start in range(first, last, longest):
        end = min(start + longest, last)
        inside = slice(*np.searchsorted(numbers, [start, end]).tolist())
        part = np.full(end - start, np.nan, kind)
        part[numbers[inside] - start] = values[inside]
        writer.fsr(signal, start, part)


def _annotate(writer: Any, signal: int, track: Track, recording: Recording) -> None:
    """Write where each event begins and ends, on one signal, in order."""
    from pyjls import AnnotationType

    marks = []
    for event in recording.events():
        name = clean(event.name)
        marks.append((track.point(event.start_ns), name if event.is_mark else f"{name} begins"))
        if event.end_ns is not None and not event.is_mark:
            marks.append((track.point(event.end_ns), f"{name} ends"))
    for point, text in sorted(marks):
        writer.annotation(signal, point, float("nan"), AnnotationType.TEXT, 0, text)


def _jls_time(utc: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return times of ns since 1970 as JLS's ticks."""
    seconds, rest = np.divmod(utc - EPOCH_S * NS, NS)
    return np.asarray((seconds << 30) + np.rint(rest * (2**30 / NS)).astype(np.int64), np.int64)
