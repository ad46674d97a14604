"""A recording as rows: what a chunk held is SI, and what was missing is in none of its numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.channel import MISSING, Channel, Quantity
from powermeter.events import Event
from powermeter.fleet.raw_rows import chunk_rows, event_columns
from powermeter.recording import Recording, Writer

CHANNELS = (
    Channel("t", Quantity.TEMPERATURE, -0.1, offset=50.0),
    Channel("none", Quantity.POWER, 1.0, offset=1.0),
)


def test_missing_readings_are_in_no_chunk_s_numbers(tmp_path: Path) -> None:
    with Writer.create(tmp_path / "a.power", {}) as writer:
        source = writer.add_source("x://", "m", "x", CHANNELS)
        codes = [[100, MISSING], [MISSING, MISSING], [300, MISSING]]
        writer.append(source, np.arange(3, dtype=np.int64) * 10**9, np.array(codes))
    with Recording.open(tmp_path / "a.power") as recording:
        (row,) = chunk_rows(recording)
    assert (row["channel"], row["count"], row["end_ns"]) == ("t", 2, 2 * 10**9)
    # A scale below 0 turns the ends over.
    assert (row["low"], row["mean"], row["high"]) == pytest.approx((20.0, 30.0, 40.0))


def test_an_event_s_own_columns_name_it() -> None:
    found = event_columns(Event("infer", 0, 10, uid=1, count=3))
    assert found["label"] == "infer"
