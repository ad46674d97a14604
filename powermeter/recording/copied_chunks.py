"""What a copy takes over of a source's chunks: as they are stored where all of one is sound, else decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel
from powermeter.errors import DataError
from powermeter.recording import stretch_summary
from powermeter.recording.chunk_reading import Chunk, Chunks
from powermeter.recording.protocol import Samples
from powermeter.recording.stored_chunk import StoredChunk


def entries_of(chunk: Chunk, width: int) -> NDArray[np.void] | None:
    """Return a chunk's entries where they are there and make sense.

    Args:
        chunk: Of schema 2, or of a tail.
        width: Its channels and products.
    """
    if chunk.part >= 0:
        return None
    try:
        entries = stretch_summary.unpack_entries(chunk.summary, width)
    except DataError:
        return None
    return (
        entries if stretch_summary.are_plausible(entries, chunk.start_ns, chunk.end_ns, chunk.count) else None
    )


def pieces_of(
    chunks: Chunks, channels: Sequence[Channel]
) -> Iterator[StoredChunk | tuple[Samples, int | None]]:
    """Yield what is held of a source chunk by chunk: as stored where all of it is sound, else its samples and their `read_ns`.

    Samples are what a recorder had not made a chunk of, chunks of schema 1, and those whose summary makes no sense; of a
    chunk that cannot be decoded there are none, and it becomes a gap.
    """
    width = len(channels) + len(stretch_summary.products(channels))
    names = [channel.name for channel in channels]
    for chunk in list(chunks.sound):
        stored = chunks.stored(chunk) if entries_of(chunk, width) is not None else None
        if stored is not None:
            yield stored
            continue
        times_ns, flags, codes = chunks.read([chunk])
        yield Samples(times_ns, dict(zip(names, codes, strict=True)), flags), chunk.read_ns
