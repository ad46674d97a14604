"""Pieces, parts and sums of samples that are held in memory, as a file's reader returns them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from powermeter.recording import stretch_summary
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.recording.stored_summaries import Summaries

PIECE = 1 << 16
"""Samples of a piece."""


class _Holds(Protocol):
    """What `InMemory` is mixed into."""

    @property
    def sources(self) -> Sequence[SourceInfo]: ...

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples: ...


def _part(samples: Samples, first: int, last: int, channels: Sequence[str] | None = None) -> Samples:
    part = slice(max(first, 0), last)
    names = samples.codes if channels is None else channels
    return Samples(
        samples.times_ns[part], {name: samples.codes[name][part] for name in names}, samples.flags[part]
    )


class InMemory:
    """Adds the methods `stream`, `slice` and `summaries` to a recording that has `sources` and `samples`."""

    def stream(
        self: _Holds,
        source: int,
        start_ns: int | None = None,
        end_ns: int | None = None,
        channels: Sequence[str] | None = None,
    ) -> Iterator[Samples]:
        """Yield the raw samples of a source in pieces of 65 536."""
        samples = self.samples(source, start_ns, end_ns)
        for first in range(0, len(samples), PIECE):
            yield _part(samples, first, first + PIECE, channels)

    def slice(self: _Holds, source: int, start_ns: int, end_ns: int, around: int = 0) -> Samples:
        """Return the raw samples with start ≤ time ≤ end, and `around` more on either side where there are."""
        samples = self.samples(source)
        low = int(np.searchsorted(samples.times_ns, start_ns, "left"))
        high = int(np.searchsorted(samples.times_ns, end_ns, "right"))
        return _part(samples, low - around, high + around)

    def flag_counts(self: _Holds, source: int) -> dict[int, int]:
        """Return, for each value that flags of samples have, how many have it."""
        known, count = np.unique(self.samples(source).flags, return_counts=True)
        return dict(zip(known.tolist(), count.tolist(), strict=True))

    def summaries(self: _Holds, source: int) -> Summaries:
        """Return what each piece of an unbounded `stream` amounts to."""
        (about,) = [one for one in self.sources if one.id == source]
        pairs = stretch_summary.products(about.channels)
        samples = self.samples(source)
        pieces = [_part(samples, first, first + PIECE) for first in range(0, len(samples), PIECE)]
        found = np.empty((len(pieces), len(about.channels) + len(pairs)), stretch_summary.ENTRY)
        for position, piece in enumerate(pieces):
            codes = [piece.codes[channel.name] for channel in about.channels]
            found[position], _ = stretch_summary.summarise(piece.times_ns, codes, piece.flags, pairs)
        return Summaries(
            np.array([piece.times_ns[0] for piece in pieces], np.int64),
            np.array([piece.times_ns[-1] for piece in pieces], np.int64),
            np.array([len(piece) for piece in pieces], np.int64),
            tuple(channel.name for channel in about.channels),
            tuple((about.channels[a].name, about.channels[b].name) for a, b in pairs),
            found,
        )
