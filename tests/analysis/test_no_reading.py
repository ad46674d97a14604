"""What is reported of a recording without a reading: the sources, the reason that was noted, and what helps while it grows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from small_recording import RAIL

from powermeter.analysis.energy import analyse
from powermeter.analysis.no_reading import no_reading
from powermeter.channel import Channel, Quantity
from powermeter.errors import DataError
from powermeter.recording import Recording, Writer
from powermeter.source import Gap

CHANNELS = (Channel("power", Quantity.POWER, 1e-3, RAIL),)


def test_the_reason_of_the_gap_is_stated_and_a_closed_recording_is_not_waited_for(tmp_path):
    path = tmp_path / "run.power"
    with Writer.create(path, {}) as writer:
        identifier = writer.add_source("um25c:///dev/rfcomm0", "um25c", "um25c", CHANNELS, {})
        writer.add_gap(identifier, Gap(1, 2_000_000_000, "no answer", "the port was busy", None))
        writer.add_gap(identifier, Gap(2_000_000_000, 3_000_000_000, "missed", "", 3))
    with Recording.open(path) as recording, pytest.raises(DataError) as refused:
        analyse(recording)
    assert str(refused.value) == "no reading of um25c is in this recording; the port was busy"


def test_a_growing_one_may_be_asked_again():
    silent = SimpleNamespace(id=1, name="um25c", url="", channels=CHANNELS)
    growing = SimpleNamespace(sources=[silent], gaps=lambda source: [], facts=lambda kind: [])
    assert no_reading(growing).startswith(
        "no reading of um25c is in this recording; if it is still being written"
    )
