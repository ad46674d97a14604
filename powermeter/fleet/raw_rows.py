"""What a recording holds as it was recorded, as rows: readings, chunks, events, and all the rest as one JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from powermeter.events import Event
from powermeter.fleet import layout
from powermeter.recording import Recording

if TYPE_CHECKING:
    import pyarrow


def chunk_rows(recording: Recording) -> Iterator[dict[str, Any]]:
    """Yield count, range and mean of each channel in each chunk, SI."""
    for source in recording.sources:
        pieces = recording.summaries(source.id)
        for entries in pieces.entries:
            for channel, entry in zip(source.channels, entries[: len(source.channels)], strict=True):
                if not int(entry["count"]):
                    continue
                low, high, mean = (channel.value_of(entry[k]) for k in ("low", "high", "mean"))
                if low is None or high is None:
                    continue
                yield {
                    "source": source.id,
                    "channel": channel.name,
                    "start_ns": int(entry["first_ns"]),
                    "end_ns": int(entry["last_ns"]),
                    "count": int(entry["count"]),
                    "low": min(low, high),
                    "high": max(low, high),
                    "mean": mean,
                }


def reading_tables(recording: Recording, name: str, content: str) -> Iterator[pyarrow.Table]:
    """Yield every reading as rows, in pieces of bounded size."""
    import pyarrow as pa

    schema = layout.arrow_schema("readings")
    for source in recording.sources:
        first = 0
        for piece in recording.stream(source.id):
            n = len(piece)
            flat = np.ascontiguousarray(piece.table()).reshape(-1)
            width = len(source.channels)
            offsets = np.arange(0, n * width + 1, width, dtype=np.int32)
            yield pa.table(
                [
                    pa.array([name] * n, pa.string()),
                    pa.array([content] * n, pa.string()),
                    pa.array(np.full(n, source.id, np.int64)),
                    pa.array(np.arange(first, first + n, dtype=np.int64)),
                    pa.array(piece.times_ns),
                    pa.array(piece.flags.astype(np.int64)),
                    pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat)),
                ],
                schema=schema,
            )
            first += n


def event_columns(event: Event) -> dict[str, Any]:
    """Return an event's own columns of the table `events`."""
    return {
        "label": event.name,
        "start_ns": event.start_ns,
        "end_ns": event.end_ns,
        "process": event.process,
        "thread": event.thread,
        "task": event.task,
        "uid": event.uid,
        "parent": event.parent,
        "count": None if event.count is None else float(event.count),
        "attributes": json.dumps(dict(event.attributes), default=str),
        "measures": json.dumps(dict(event.measures), default=str),
        "peak_memory": event.peak_memory,
    }


def described(recording: Recording) -> dict[str, Any]:
    """Return, as plain values, what of a recording is neither a reading nor an event."""
    notes = recording.facts("recorder")
    facts = {name: recording.facts(name) for name in recording.fact_names() if name != "recorder"}
    return {
        "metadata": recording.metadata,
        "sources": [
            {
                "id": s.id,
                "url": s.url,
                "name": s.name,
                "driver": s.driver,
                "info": s.info,
                "channels": [channel.to_dict() for channel in s.channels],
            }
            for s in recording.sources
        ],
        "gaps": {
            str(s.id): [[g.start_ns, g.end_ns, g.reason, g.detail, g.lost] for g in recording.gaps(s.id)]
            for s in recording.sources
        },
        "ticks": {str(s.id): recording.ticks(s.id) for s in recording.sources},
        "facts": {**facts, "recorder": [notes[0], notes[-1]] if notes else []},
        "clock": recording.clock_pairs(),
    }
