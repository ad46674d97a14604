"""What an analysis keeps of the recording that it comes from, against what was written."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer

NS = 10**9
SUMMER_S = 1_750_000_000


def analysed(path, *, serial: str = "A1", command: object = None, pairs: bool = True) -> Analysis:
    """Two seconds at 1 W, whose clock reads 100 s at `SUMMER_S`; the first reading comes 5 s later."""
    metadata = {"command": command} if command else {}
    with Writer.create(path, metadata) as writer:
        channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"))
        source = writer.add_source("meter://", "meter", "meter", [channel], {"serial": serial})
        if pairs:
            writer.add_clock_pair(100 * NS, SUMMER_S * NS)
        writer.append(source, (105 + np.arange(3)) * NS, np.full((3, 1), 1000))
    with Recording.open(path) as recording:
        return analyse(recording)


def test_name_start_and_program_are_those_of_the_recording(tmp_path) -> None:
    found = analysed(tmp_path / "a.power", command=["python3", "/home/who/train.py", "--fast"]).origin
    assert found.name == "a.power" and found.program == "train.py"
    assert found.started_s == pytest.approx(SUMMER_S + 5)
    assert found.recording.startswith("a.power ")


def test_what_was_not_recorded_is_not_known(tmp_path) -> None:
    found = analysed(tmp_path / "a.power", pairs=False).origin
    assert found.started_s is None and found.program == ""


def test_instruments_are_one_by_their_serial_number_and_recordings_never(tmp_path) -> None:
    a, b = analysed(tmp_path / "a.power").origin, analysed(tmp_path / "b.power").origin
    other = analysed(tmp_path / "c.power", serial="B2").origin
    assert a.instrument == b.instrument != other.instrument
    assert len({a.recording, b.recording, other.recording}) == 3
