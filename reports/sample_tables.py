"""Every sample of a recording as tables of bounded size, one after the other in order of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from powermeter.recording import Recording, Samples, SourceInfo
from powermeter.signals.alignment import host_times
from powermeter.signals.rails import alignment_of

from .export_columns import Table, in_order_of_time, is_simulated, made_by, placed, sample_columns


class _Source:
    """The samples of one source, a piece at a time, on the recording's clock."""

    def __init__(self, recording: Recording, about: SourceInfo) -> None:
        self.about = about
        self._fact = alignment_of(recording, about.id)
        self._pieces = recording.stream(about.id)
        self.waiting: list[tuple[NDArray[np.int64], Samples]] = []
        self.last_ns: int | None = None
        """The time up to which all samples are waiting or gone; None where there are no more."""
        self.read()

    def read(self) -> None:
        """Read one piece more."""
        piece = next((piece for piece in self._pieces if len(piece)), None)
        if piece is None:
            self.last_ns = None
            return
        times = piece.times_ns if self._fact is None else host_times(piece.times_ns, self._fact)
        self.waiting.append((times, piece))
        self.last_ns = int(times[-1])

    def first_ns(self) -> int | None:
        """Return the time of the first waiting sample."""
        return int(self.waiting[0][0][0]) if self.waiting else None

    def take(self, up_to_ns: int | None) -> list[tuple[NDArray[np.int64], Samples]]:
        """Return and forget the samples up to a time, all where it is None."""
        taken = []
        while self.waiting:
            times, piece = self.waiting[0]
            count = len(times) if up_to_ns is None else int(np.searchsorted(times, up_to_ns, "right"))
            if count == 0:
                break
            taken.append((times[:count], _part(piece, 0, count)))
            if count < len(times):
                self.waiting[0] = (times[count:], _part(piece, count, len(times)))
                break
            self.waiting.pop(0)
        return taken


def pieces(recording: Recording, about: SourceInfo) -> Iterator[tuple[NDArray[np.int64], Samples]]:
    """Yield (times on the recording's clock in ns, samples) of one source, of bounded size, as recorded.

    Raises:
        DataError: The stored alignment of the source is not usable.
    """
    fact = alignment_of(recording, about.id)
    for piece in recording.stream(about.id):
        if len(piece):
            yield piece.times_ns if fact is None else host_times(piece.times_ns, fact), piece


def _part(samples: Samples, first: int, last: int) -> Samples:
    part = slice(first, last)
    codes = {name: column[part] for name, column in samples.codes.items()}
    return Samples(samples.times_ns[part], codes, samples.flags[part])


def sample_tables(recording: Recording) -> Iterator[Table]:
    """Yield every sample of every source as recorded (no calibration applied), on the recording's clock.

    A row belongs to one source; the columns of the others are empty in it.  All tables have the same columns, those of
    `tables.samples`; each holds about as many samples as a piece of each source.

    Raises:
        DataError: The stored alignment of a source is not usable.
    """
    sources = [_Source(recording, about) for about in recording.sources]
    starts = [start for source in sources if (start := source.first_ns()) is not None]
    origin = min(starts, default=0)
    while True:
        open_ended = [source.last_ns for source in sources if source.last_ns is not None]
        up_to = min(open_ended, default=None)
        taken = [(source.about, source.take(up_to)) for source in sources]
        if any(pieces for _, pieces in taken) or not starts:
            yield _table(recording, taken, origin)
        if up_to is None:
            return
        for source in sources:
            if source.last_ns == up_to:
                source.read()


def _table(
    recording: Recording, taken: list[tuple[SourceInfo, list[tuple[NDArray[np.int64], Samples]]]], origin: int
) -> Table:
    times = np.concatenate([np.empty(0, np.int64), *(t for _, pieces in taken for t, _ in pieces)])
    table, order = in_order_of_time(recording, times, origin)
    first = 0
    for about, pieces in taken:
        count = sum(len(t) for t, _ in pieces)
        for name, channel in sample_columns(about):
            values = [np.empty(0)]
            for _, piece in pieces:
                values.append(piece.flags.astype(np.float64) if channel is None else piece.values(channel))
            table[name] = placed(np.concatenate(values), first, order)
        first += count
    if any(is_simulated(about) for about, _ in taken):
        of_rows = [made_by(about, sum(len(t) for t, _ in pieces)) for about, pieces in taken]
        table["grade"] = np.concatenate(of_rows)[order].tolist()
    return table
