"""A board's marks may lie so far from its readings: the doubt is a limit, and joins what each source's clock was off by."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.recorder.remote.clock_uncertainty import note_doubt
from powermeter.recording import Recording, Writer


def test_a_limit_joins_each_source_s_own_clock(tmp_path: Path) -> None:
    """±4 √3 ns is 4 ns of standard uncertainty: 5 ns beside 3 of one source, 4 of another that had none."""
    path = tmp_path / "a.power"
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        for name in ("one", "two"):
            channel = Channel(f"{name}.power", Quantity.POWER, 1e-3, Rail(name))
            source = writer.add_source(f"x://{name}", name, "x", (channel,))
            writer.append(source, np.arange(3, dtype=np.int64), np.full((3, 1), 5))
        writer.add_fact(
            "alignment", {"source": 1, "offset_ns": 70.0, "drift": 1e-6, "origin_ns": 9, "offset_u_ns": 3.0}
        )
    note_doubt(path, 4 * math.sqrt(3))
    with Recording.open(path) as recording:
        last = {fact["source"]: fact for fact in recording.facts("alignment")}
    assert (last[1]["offset_ns"], last[1]["drift"], last[1]["origin_ns"]) == (70.0, 1e-6, 9)
    assert (last[2]["offset_ns"], last[2]["drift"]) == (0.0, 0.0)
    assert [last[i]["offset_u_ns"] for i in (1, 2)] == pytest.approx([5.0, 4.0])
