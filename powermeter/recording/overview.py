"""A whole source at a glance: count, minimum, maximum and mean of about so many stretches, from what is stored.

The coarsest level that is fine enough is read, so that a day costs what a minute does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.recording import file, stretch_summary
from powermeter.recording.chunk_reading import Chunks
from powermeter.recording.rows import Rows, is_sound

_FAN_OUT = {1: 60, 2: stretch_summary.FAN_OUT}

DECODED = 1 << 19
"""Samples of a recording up to which they themselves are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """Stretches of one source in order of time; columns are its channels, then its products.

    Attributes:
        start_ns, end_ns: Shape (n,): times of the first and last sample of each stretch.
        count: Shape (n, columns): samples with a value that are not repeats.
        low, high, mean: Shape (n, columns), raw codes (products: code × code); NaN where `count` is 0.
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    count: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.start_ns)


_Part = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.void]]
"""Start and end of some stretches, and their entries or fine stretches (stretches, columns)."""


def _joined(parts: list[_Part], width: int) -> Overview:
    def cells(name: str) -> NDArray[np.float64]:
        listed = [entries[name].astype(np.float64) for *_, entries in parts]
        return np.concatenate([*listed, np.empty((0, width))])

    none = np.empty(0, np.int64)
    return Overview(
        np.concatenate([*(start for start, *_ in parts), none]),
        np.concatenate([*(end for _, end, _ in parts), none]),
        cells("count").astype(np.int64),
        cells("low"),
        cells("high"),
        cells("mean"),
    )


def from_levels(rows: Rows, source: int, width: int, least: int) -> Overview | None:
    """Return an overview from the levels of a long recording; None where it is short or a level has lost rows."""
    try:
        (chunks,) = rows.run("SELECT count(*) FROM chunk WHERE source = ?", (source,)).fetchone()
        counts = dict(
            rows.run("SELECT level, count(*) FROM level WHERE source = ? GROUP BY level LIMIT 64", (source,))
        )
    except file.UNREADABLE:
        return None
    usable = [
        level
        for level, count in counts.items()
        if isinstance(level, int) and 0 < level < 40 and count >= least
    ]
    if chunks < least or (chunks > least * _FAN_OUT[rows.version] and not usable):
        return None
    found: list[_Part] = []
    covered = 0  # of the level below, how many are already in
    for level in range(max(usable, default=0), -1, -1):
        read = _level(rows, source, level, covered, width)
        if read is None:
            return None
        found.append(read)
        covered = (covered + len(read[0])) * _FAN_OUT[rows.version]
    return _joined(found, width)


def _level(rows: Rows, source: int, level: int, first: int, width: int) -> _Part | None:
    """Return the stretches of a level (0: the chunks) from one on; None where one is lost or damaged."""
    layout = rows.tables["level" if level else "chunk"]
    condition = f"source = ? AND sequence >= ?{' AND level = ?' if level else ''}"
    values = (source, first, *([level] if level else []))
    starts: list[int] = []
    ends: list[int] = []
    entries: list[NDArray[np.void]] = []
    place = {name: position + 1 for position, name in enumerate(layout.columns)}
    try:
        for row in rows.run(f"{layout.select} WHERE {condition} ORDER BY id", values):
            if not is_sound(layout, row) or row[place["sequence"]] != first + len(entries):
                return None
            entries.append(_unpacked(rows.version, row[place["summary"]], width))
            starts.append(row[place["start_ns"]])
            ends.append(row[place["end_ns"]])
    except (*file.UNREADABLE, DataError):
        return None
    whole = stretch_summary.stack(entries, width)
    return np.array(starts, np.int64), np.array(ends, np.int64), whole


def _unpacked(version: int, data: bytes, width: int) -> NDArray[np.void]:
    if version > 1:
        return stretch_summary.unpack_entries(data, width)
    stretches = stretch_summary.unpack_stretches(data)
    if len(stretches) != width:
        raise DataError("a summary has the wrong length")
    entries = np.zeros(width, stretch_summary.ENTRY)
    for position, one in enumerate(stretches):
        for name in ("count", "low", "high", "mean"):
            entries[name][position] = getattr(one, name)
    return entries


def from_chunks(
    chunks: Chunks, version: int, pairs: list[tuple[int, int]], width: int, least: int
) -> Overview:
    """Return an overview of a recording of few chunks: from their fine stretches, or from the samples."""
    total = sum(chunk.count for chunk in chunks.sound)
    each = max(1, total // max(least, 1)) if total <= DECODED else stretch_summary.FINE
    found: list[_Part] = []
    for group in chunks.pieces():
        if version == 1 and total > DECODED:
            starts = np.array([chunk.start_ns for chunk in group], np.int64)
            ends = np.array([chunk.end_ns for chunk in group], np.int64)
            found.append(
                (
                    starts,
                    ends,
                    stretch_summary.stack([_unpacked(1, chunk.summary, width) for chunk in group], width),
                )
            )
            continue
        fine = chunks.fine(group[0]) if total > DECODED and len(group) == 1 else None
        if fine is not None:
            edges = np.linspace(group[0].start_ns, group[0].end_ns, len(fine) + 1).astype(np.int64)
            found.append((edges[:-1], edges[1:], fine))
            continue
        times, flags, codes = chunks.read(group)
        if len(times):
            first = np.arange(0, len(times), each)
            last = np.minimum(first + each, len(times)) - 1
            found.append((times[first], times[last], stretch_summary.binned(codes, flags, pairs, each)))
    return _joined(found, width)
