"""llama-bench's table with joules per token, from events as its reader makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.tokens import measures as names
from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports.llama_bench import bench_rows, main, to_markdown

NS = 10**9


def bench(path: Path) -> Path:
    """Write 10 s: prefill of 512 tokens at 8 W for 1 s twice, decode of 128 at 5 W for 2 s twice, 2 W else."""
    times = np.arange(0, 10, 0.01)
    watts = np.full(times.size, 2.0)
    spans = [
        (1, 2, names.PREFILL, 512, 8.0),
        (2, 3, names.PREFILL, 512, 8.0),
        (4, 6, names.DECODE, 128, 5.0),
        (6, 8, names.DECODE, 128, 5.0),
    ]
    for start, end, _, _, power in spans:
        watts[(times >= start) & (times < end)] = power
    channel = Channel(
        "power",
        Quantity.POWER,
        1e-3,
        Rail("in", boundary=Boundary.BOARD, covers="all"),
        accuracy=Accuracy(gain=0.01, source="x"),
    )
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("lines://x", "meter", "lines", [channel])
        writer.append(source, (times * NS).astype(np.int64) + NS, np.round(watts * 1000).astype(np.int64))
        writer.add_events(
            Event(kind, start * NS + NS, end * NS + NS, 1, 1, i, None, count, {"model": "tiny|q4.gguf"})
            for i, (start, end, kind, count, _) in enumerate(spans, 1)
        )
    return path


def test_the_table_divides_energy_by_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bench(tmp_path / "run.power")
    with Recording.open(path) as recording:
        found = {one.test: one for one in bench_rows(recording)}
    assert set(found) == {"pp512", "tg128"} and found["pp512"].runs == 2
    assert found["pp512"].tokens_per_s == 512 and found["tg128"].tokens_per_s == 64
    for test, joules in (("pp512", 8 / 512), ("tg128", 10 / 128)):
        energy = found[test].per_token
        assert energy is not None and energy.low <= joules <= energy.high
        assert energy.value == pytest.approx(joules, rel=0.02)
    assert main([str(path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split(" | ")[1:3] == ["test", "t/s"] and "tiny q4.gguf" in printed[2]
    assert printed == to_markdown(list(found.values())).splitlines()


def test_a_recording_of_something_else_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from class_of_forty import record

    assert main([str(record(tmp_path / "a.power", "", 1))]) == 7
    assert "--events-from llama-bench" in capsys.readouterr().err
    assert main([]) == 2
