"""Which way a rail's current flows, and the question a reversed one asks."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.result.notes import Severity
from powermeter.signals.current_direction import CODE, direction_note
from powermeter.signals.rails import lines


def note(folder, currents, boundary=Boundary.BOARD, quantity=Quantity.CURRENT, kind=Kind.INSTANT):
    rail = Rail("input", boundary=boundary, nominal_v=5.0)
    channel = Channel("x", quantity, 1e-3, rail, kind, accuracy=Accuracy(offset=2e-3))
    with Writer.create(folder / "run.power") as writer:
        source = writer.add_source("x://", "x", "x", [channel])
        times = np.arange(len(currents), dtype=np.int64) * 10**9
        writer.append(source, times, np.array(currents, np.int64))
    with Recording.open(folder / "run.power") as recording:
        (line,) = lines(recording)
        return direction_note(line)


@pytest.mark.parametrize(
    ("quantity", "kind", "codes"),
    [
        (Quantity.CURRENT, Kind.INSTANT, [-500, -510, -490]),
        (Quantity.POWER, Kind.INSTANT, [-500, -510, -490]),
    ],
)
def test_a_current_that_is_negative_throughout_asks_about_the_wires(tmp_path, quantity, kind, codes):
    found = note(tmp_path, codes, quantity=quantity, kind=kind)
    assert found is not None and found.code == CODE and found.severity is Severity.WARNING
    assert "IN+ and IN−" in found.text and "charge" in found.text and "\n" not in found.text


def test_a_battery_that_is_charged_says_so(tmp_path):
    found = note(tmp_path, [-500, -400, -450], Boundary.BATTERY)
    assert found is not None and "unplug the charger" in found.text


@pytest.mark.parametrize("codes", [[500, 490], [500, -500, 510, -490], [-1, -2, -1], [0, 0]])
def test_positive_mixed_or_within_the_offset_ask_nothing(tmp_path, codes):
    assert note(tmp_path, codes) is None
