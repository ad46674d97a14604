"""Sums over the pieces in which a source is read: as stored with its chunks, or made from the samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from powermeter.channel import Channel
from powermeter.recording import stretch_summary
from powermeter.recording.chunk_reading import Chunks
from powermeter.recording.copied_chunks import entries_of
from powermeter.recording.stored_summaries import Summaries


def of_pieces(chunks: Chunks, channels: Sequence[Channel]) -> Summaries:
    """Return what each piece of a source amounts to, from what is stored where that makes sense."""
    pairs = stretch_summary.products(channels)
    width = len(channels) + len(pairs)
    groups = chunks.pieces()
    entries = np.empty((len(groups), width), stretch_summary.ENTRY)
    for position, group in enumerate(groups):
        stored = [one for chunk in group if (one := entries_of(chunk, width)) is not None]
        if len(stored) < len(group):
            times, flags, codes = chunks.read(group)
            entries[position], _ = stretch_summary.summarise(times, codes, flags, pairs)
        else:
            entries[position] = (
                stored[0] if len(stored) == 1 else stretch_summary.merge(stretch_summary.stack(stored, width))
            )
    return Summaries(
        np.array([group[0].start_ns for group in groups], np.int64),
        np.array([group[-1].end_ns for group in groups], np.int64),
        np.array([sum(chunk.count for chunk in group) for group in groups], np.int64),
        tuple(channel.name for channel in channels),
        tuple((channels[a].name, channels[b].name) for a, b in pairs),
        entries,
    )
