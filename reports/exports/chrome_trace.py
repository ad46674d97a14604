"""A recording as a trace of the Chrome trace event format, which Perfetto's and Chrome's viewers open.

Every channel is a counter (`"ph": "C"`) with all of its samples, every event a slice (`"ph": "X"`) on the track of its
thread or task, every mark an instant (`"ph": "i"`).  Times are microseconds from the first sample, with three decimals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from powermeter.recording import Recording, SourceInfo

from ..sample_tables import pieces

_BLOCK = 4096
SOURCES, PROGRAM = 1, 2
"""`pid` of the counters and of the events: the two groups of tracks that a viewer draws."""


def write_chrome_trace(recording: Recording, file: IO[bytes]) -> None:
    """Write every sample and every finished event of an open recording."""
    origin = min((int(t[0]) for s in recording.sources for t, _ in _first(recording, s)), default=0)
    file.write(b'{"displayTimeUnit":"ms","otherData":{"tool":"powermeter"},"traceEvents":[\n')
    waiting: list[str] = []
    before = ""
    for entry in _entries(recording, origin):
        waiting.append(json.dumps(entry, separators=(",", ":"), allow_nan=False))
        if len(waiting) >= _BLOCK:
            file.write((before + ",\n".join(waiting)).encode())
            before, waiting = ",\n", []
    if waiting:
        file.write((before + ",\n".join(waiting)).encode())
    file.write(b"\n]}\n")


def _first(recording: Recording, about: SourceInfo) -> Iterator[Any]:
    yield from (piece for piece, _ in zip(pieces(recording, about), range(1), strict=False))


def _entries(recording: Recording, origin: int) -> Iterator[dict[str, Any]]:
    yield _name(SOURCES, "process_name", "power")
    yield _name(PROGRAM, "process_name", "events")
    for about in recording.sources:
        yield from _counters(recording, about, origin)
    yield from _slices(recording, origin)


def _name(pid: int, what: str, name: str, tid: int = 0) -> dict[str, Any]:
    return {"ph": "M", "pid": pid, "tid": tid, "name": what, "args": {"name": name}}


def _counters(recording: Recording, about: SourceInfo, origin: int) -> Iterator[dict[str, Any]]:
    for times, samples in pieces(recording, about):
        stamps = ((times - origin) / 1000.0).tolist()
        for channel in about.channels:
            name = f"{about.name or about.url}/{channel.name}"
            for at, value in zip(stamps, samples.values(channel).tolist(), strict=True):
                if not math.isnan(value):
                    yield {"ph": "C", "pid": SOURCES, "name": name, "ts": at, "args": {channel.unit: value}}


def _slices(recording: Recording, origin: int) -> Iterator[dict[str, Any]]:
    tracks: dict[tuple[object, ...], int] = {}
    for event in recording.events():
        if event.end_ns is None:
            continue
        key = (event.process, event.thread, event.task)
        if key not in tracks:
            tracks[key] = len(tracks) + 1
            words = [f"process {event.process}", f"thread {event.thread}"]
            words += [f"task {event.task}"] if event.task is not None else []
            yield _name(PROGRAM, "thread_name", ", ".join(words), tracks[key])
        arguments = {str(k): _plain(v) for k, v in {**event.attributes, **event.measures}.items()}
        if event.count is not None:
            arguments["count"] = event.count
        entry: dict[str, Any] = {
            "pid": PROGRAM,
            "tid": tracks[key],
            "name": event.name,
            "cat": "event",
            "ts": (event.start_ns - origin) / 1000.0,
            "args": arguments,
        }
        if event.end_ns == event.start_ns:
            yield {**entry, "ph": "i", "s": "t"}
        else:
            yield {**entry, "ph": "X", "dur": (event.end_ns - event.start_ns) / 1000.0}


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
