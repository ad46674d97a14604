"""A trace holds every sample and every event, in the fields that the trace event format defines."""

from __future__ import annotations

import io
import json

import numpy as np

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.exports.chrome_trace import write_chrome_trace

PHASES = {"C": {"args"}, "X": {"dur", "tid"}, "i": {"s", "tid"}, "M": {"args"}}
"""Phase → the fields it needs beside name, pid and ts (Trace Event Format, Google, sections 3.1 to 3.9)."""


def trace_of(path):
    file = io.BytesIO()
    with Recording.open(path) as recording:
        write_chrome_trace(recording, file)
    return json.loads(file.getvalue())


def test_every_sample_and_event_comes_back(tmp_path):
    path, times = tmp_path / "x.power", 10**15 + np.arange(5000, dtype=np.int64) * 1_000_003
    codes = np.arange(5000, dtype=np.int64)
    codes[7] = MISSING
    with Writer.create(path, {}) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("board")),))
        writer.append(source, times, codes)
        start = int(times[0])
        attributes = {"model": "tiny", "nan": float("nan")}
        writer.add_event(Event("infer", start + 1500, start + 4500, 7, 8, 1, attributes=attributes))
        writer.add_event(Event("mark", start + 10, start + 10, 7, 8, 2))
        writer.add_event(Event("never ended", start, None, 7, 8, 3))
    entries = trace_of(path)["traceEvents"]
    for entry in entries:
        assert {"name", "ph", "pid"} | PHASES[entry["ph"]] <= set(entry)
        assert entry["ph"] == "M" or entry["ts"] >= 0
    counters = [e for e in entries if e["ph"] == "C"]
    known = np.flatnonzero(codes != MISSING)
    assert [e["args"]["W"] for e in counters] == (codes[known] * 1e-3).tolist()
    assert [round(e["ts"] * 1000) for e in counters] == (times[known] - times[0]).tolist()
    (event,) = [e for e in entries if e["ph"] == "X"]
    assert (event["name"], event["ts"], event["dur"]) == ("infer", 1.5, 3.0)
    assert event["args"] == {"model": "tiny", "nan": "nan", "count": 1}
    assert [e["name"] for e in entries if e["ph"] == "i"] == ["mark"]


def test_an_empty_recording_is_an_empty_trace(tmp_path):
    with Writer.create(tmp_path / "x.power", {}):
        pass
    assert all(entry["ph"] == "M" for entry in trace_of(tmp_path / "x.power")["traceEvents"])
