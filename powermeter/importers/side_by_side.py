"""Puts logs that ran at the same time into one recording: which of their rails is the whole, and a sum on one time axis.

Rails of several logs can be added up only at common times.  So their channels are brought onto the union of all stamps,
each by its own rule (a line between instants, the mean of its interval, the state that holds, a line between counts):
every log's own energy between its first and last reading stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Channel, Gap, Kind, Rail
from powermeter.errors import ConfigurationError
from powermeter.importers.hole_limits import pauses
from powermeter.importers.log import Choices, Log, LogRows
from powermeter.importers.whole_or_sum import Whole, decide
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration

MAX_CELLS = 50_000_000


def side_by_side(
    log: Log, labels: Sequence[str], choices: Choices, where: str, devices: str | None = None
) -> None:
    """Choose the whole among a log's sources, in place, and put them on one time axis where it is their sum.

    Args:
        log: Its sources ran at the same time.
        labels: What to call each source's rails.
        choices: `rail` and `add_up` count.
        where: The logs, for messages.
        devices: What distinguishes the sources, where they are known to add up.

    Raises:
        ConfigurationError: It cannot be known, or they do not overlap in time.
    """
    for rows, label in zip(log.sources, labels, strict=True):
        _rename(rows, label)
    rails = list(
        {c.rail.name: c.rail for rows in log.sources for c in rows.channels if c.rail is not None}.values()
    )
    if len(rails) < 2:
        return
    whole = decide(rails, where=where, rail=choices.rail, add_up=choices.add_up, devices=devices)
    for rows in log.sources:
        rows.channels = tuple(_decided(channel, whole) for channel in rows.channels)
    log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
    log.warnings.append(whole.note)
    if whole.is_sum:
        log.sources = [joined(log.sources, where)]


def labels_of(paths: Sequence[Path]) -> list[str]:
    """Return a name for each log, all different: its stem, with more of its name, its folder or a number where stems are the same."""
    found = [path.name.split(".")[0] or path.name for path in paths]
    longer = [
        [f"{path.resolve().parent.name}_{stem}" for path, stem in zip(paths, found, strict=True)],
        [f"{path.resolve().parent.name}_{path.stem}" for path in paths],
        [f"{stem}_{number}" for number, stem in enumerate(found, 1)],
    ]
    for other in longer:
        found = [name if found.count(name) == 1 else other[i] for i, name in enumerate(found)]
    return found


def _rename(rows: LogRows, label: str) -> None:
    """Put a label before a source's rails; it stands alone where there is one rail."""
    if not label:
        return
    names = {channel.rail.name for channel in rows.channels if channel.rail is not None}

    def named(rail: Rail) -> Rail:
        if len(names) == 1:
            return replace(rail, name=label, parent=None)
        return replace(
            rail,
            name=f"{label}.{rail.name}",
            parent=None if rail.parent is None else f"{label}.{rail.parent}",
        )

    rows.channels = tuple(
        replace(
            channel,
            name=f"{label}.{channel.name}",
            rail=None if channel.rail is None else named(channel.rail),
        )
        for channel in rows.channels
    )


def _decided(channel: Channel, whole: Whole) -> Channel:
    return channel if channel.rail is None else replace(channel, rail=whole.rails[channel.rail.name])


_EACH = "of several logs, --each makes a recording each"


def joined(sources: Sequence[LogRows], where: str, apart: str = _EACH) -> LogRows:
    """Return several sources as one, on the union of their stamps.

    Args:
        apart: How to read them one by one, for messages.

    Raises:
        ConfigurationError: No time is common to all of them, or the table would be too large.
    """
    start = max(rows.ends_ns[0] for rows in sources)
    end = min(rows.ends_ns[1] for rows in sources)
    if end <= start:
        raise ConfigurationError(
            f"{where}: no time is common to all of its {len(sources)} parts, so they cannot be added up; {apart}"
        )
    times = np.unique(np.concatenate([rows.times_ns for rows in sources]))
    width = sum(len(rows.channels) for rows in sources)
    if len(times) * width > MAX_CELLS:
        raise ConfigurationError(
            f"{where}: {len(sources)} parts of together {len(times)} different times are too many to add up; {apart}"
        )
    channels: list[Channel] = []
    codes: list[NDArray[np.int64]] = []
    gaps: list[Gap] = []
    for rows in sources:
        gaps += rows.gaps
        for channel, column in zip(rows.channels, rows.codes, strict=True):
            own, moved = _onto(times, rows.times_ns, np.asarray(column, np.int64), channel)
            channels.append(own)
            codes.append(moved)
    gaps.sort(key=lambda gap: (gap.start_ns, gap.end_ns))
    return LogRows(" + ".join(rows.name for rows in sources[:4]), tuple(channels), times, codes, gaps=gaps)


def on_one_axis(rows: LogRows, where: str) -> LogRows:
    """Return the rows of one table; of devices that were read at times of their own, on the union of those times.

    Raises:
        ConfigurationError: As `joined`.
    """
    places = [i for i, channel in enumerate(rows.channels) if channel.rail is not None]
    known = np.stack([np.asarray(rows.codes[i]) != MISSING for i in places])
    if known.all(axis=0).sum() * 2 >= known.any(axis=0).sum():
        return rows
    parts = []
    for i, channel in enumerate(rows.channels):
        column = np.asarray(rows.codes[i], np.int64)
        own = column != MISSING
        if own.any():
            times = rows.times_ns[own]
            parts.append(LogRows(rows.name, (channel,), times, [column[own]], gaps=pauses(times)))
    first = next(rail.name for part in parts if (rail := part.channels[0].rail) is not None)
    found = joined(parts, where, f"--rail {quote(first)} takes one of them (or another)")
    found.name, found.info = rows.name, rows.info
    return found


def ends_of_some(rows: LogRows) -> list[Note]:
    """Return a note where only some devices were read at the ends of a log: their sum leaves those stretches out."""
    known = np.stack(
        [np.asarray(c) != MISSING for c, of in zip(rows.codes, rows.channels, strict=True) if of.rail]
    )
    both = np.flatnonzero(known.all(axis=0))
    if not both.size:
        return []
    times = rows.times_ns
    open_ns = int(times[both[0]] - times[0] + times[-1] - times[both[-1]])
    if open_ns <= _SHORT * (times[-1] - times[0]):
        return []
    text = (
        f"{format_duration(open_ns / NS)} at its ends, in which not every device was read, count in no sum: the sum lasts "
        "from where all have a reading to where the first has none any more"
    )
    return [Note.warning("ends-without-readings", text)]


_SHORT = 0.01
_FINER = 1000


def _onto(
    times: NDArray[np.int64], own_ns: NDArray[np.int64], codes: NDArray[np.int64], channel: Channel
) -> tuple[Channel, NDArray[np.int64]]:
    """Return a channel and its codes at other times: `MISSING` before its first and after its last reading."""
    known = codes != MISSING
    own, values = own_ns[known], codes[known]
    found = np.full(len(times), MISSING, np.int64)
    if not len(own):
        return channel, found
    inside = (times >= own[0]) & (times <= own[-1])
    wanted = times[inside]
    if channel.kind is Kind.MEAN:
        found[inside] = values[np.searchsorted(own, wanted, side="left")]
        return channel, found
    if channel.kind is Kind.HELD:
        found[inside] = values[np.searchsorted(own, wanted, side="right") - 1]
        return channel, found
    finer = _FINER if not len(values) or int(np.abs(values).max()) < 2**52 // _FINER else 1
    since = (own - own[0]).astype(np.float64)
    base = int(values[0])
    between = np.interp(
        (wanted - own[0]).astype(np.float64), since, ((values - base) * finer).astype(np.float64)
    )
    found[inside] = np.rint(between).astype(np.int64) + base * finer
    return replace(channel, scale=channel.scale / finer), found
