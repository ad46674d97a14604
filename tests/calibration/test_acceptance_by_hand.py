"""Whose calibration a recording takes: of its own channel, over the shunt that lay in that channel's rail."""

from __future__ import annotations

import pytest

from powermeter.calibration.acceptance import accepted
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import SourceInfo
from powermeter.signals.correction import Correction
from powermeter.testing.simulation import SimulatedRecording

CHANNELS = (
    Channel("a.current", Quantity.CURRENT, 1e-3, Rail("A")),
    Channel("b.current", Quantity.CURRENT, 1e-3, Rail("B")),
    Channel("b.energy", Quantity.ENERGY, 1.0, Rail("B"), Kind.COUNTER),
)
RECORDING = SimulatedRecording(
    sources=[SourceInfo(4, "ina219://1/0x40", "ina", "ina219", {"shunt_ohm": [0.1, 0.02]}, CHANNELS)]
)


def correction(channel: str, ohm: float | None) -> Correction:
    return Correction(channel, (0.0, 1.0), ((0.0, 0.0), (0.0, 0.0)), 0.0, 1.0, shunt_ohm=ohm)


@pytest.mark.parametrize(
    ("channel", "ohm"),
    [("a.current", 0.1), ("ina/b.current", 0.02), ("b.current", 0.02 * (1 + 5e-7)), ("b.current", None)],
)
def test_the_shunt_is_that_of_the_channel_s_own_rail(channel: str, ohm: float | None) -> None:
    fact = accepted(RECORDING, correction(channel, ohm))
    assert (fact["source"], fact["channel"]) == (4, channel.removeprefix("ina/"))


@pytest.mark.parametrize("ohm", [0.1, 0.0200001, 0.0199999])
def test_another_shunt_is_refused_unless_forced(ohm: float) -> None:
    with pytest.raises(ConfigurationError, match=r"with a shunt of 0\.02 ohm, calibrated with .* --force"):
        accepted(RECORDING, correction("b.current", ohm))
    assert accepted(RECORDING, correction("b.current", ohm), force=True)["shunt_ohm"] == ohm


def test_a_running_total_takes_none() -> None:
    with pytest.raises(DataError, match="running total"):
        accepted(RECORDING, correction("b.energy", None), force=True)
