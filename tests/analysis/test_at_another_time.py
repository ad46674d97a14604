"""A rail that was read at another time than the one that is counted is named, with the pause between both."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer

SECOND = 10**9


def codes_of(folder, *, first_s, rails=("input",)):
    """Two meters, ten seconds at 2 W each; the second from `first_s` on."""
    path = folder / "joined.power"
    with Writer.create(path) as writer:
        for name, begin, names in (("one", 0, ("input",)), ("two", first_s, rails)):
            channels = [Channel(rail, Quantity.POWER, 1e-3, Rail(rail)) for rail in names]
            source = writer.add_source(f"{name}://", name, name, channels)
            times = (begin + np.arange(11)) * SECOND
            writer.append(source, times, np.full((11, len(names)), 2000, np.int64))
    with Recording.open(path) as recording:
        found = analyse(recording)
    assert found.energy.value == pytest.approx(20.0)
    return [note for note in found.notes if note.code == "at-another-time"]


@pytest.mark.parametrize(
    ("first_s", "when"), [(3610, "60 min 00 s after one/input"), (-20, "10.00 s before one/input")]
)
def test_a_day_after_the_other_is_named_with_what_lies_between(tmp_path, first_s, when):
    (note,) = codes_of(tmp_path, first_s=first_s)
    assert f"two/input was read for 10.00 s, {when}" in note and "--rail two/input" in note


@pytest.mark.parametrize("first_s", [0, 5, -9])
def test_a_meter_that_was_read_beside_it_is_not(tmp_path, first_s):
    assert codes_of(tmp_path, first_s=first_s) == []


def test_a_source_is_named_once_whatever_its_rails(tmp_path):
    assert len(codes_of(tmp_path, first_s=100, rails=("cpu", "gpu"))) == 1
