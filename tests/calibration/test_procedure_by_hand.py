"""A shunt found from known currents: what was read times the resistance it was read with, over what flowed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.calibration.channels import SourceChannel
from powermeter.calibration.fit import Points
from powermeter.calibration.procedure import true_shunt
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.recording import SourceInfo


def calibrated(quantity: Quantity = Quantity.CURRENT, **info: float) -> Any:
    """Return a channel that reads 1 % more than flows, against a reference of 0.1 %."""
    channel = Channel("a.current", quantity, 1e-3, Rail("A"))
    true = np.array([0.5, 1.0, 1.5, 2.0])
    exact = np.full(4, 1e-6)
    return SimpleNamespace(
        place=SourceChannel(SourceInfo(1, "x://", "ina", "ina219", info, (channel,)), channel),
        points=Points(1.01 * true, true, exact, exact),
        correction=SimpleNamespace(reference_gain=1e-3),
    )


@pytest.mark.parametrize(("assumed_ohm", "ohm"), [(None, 0.101), (0.2, 0.202)])
def test_the_shunt_is_as_much_larger_as_the_currents_read(assumed_ohm: float | None, ohm: float) -> None:
    """The reference's 0.1 % goes into the shunt whole; what the points leave open is nothing beside it."""
    found, u = true_shunt(calibrated(shunt_ohm=0.1), assumed_ohm)
    assert found == pytest.approx(ohm, rel=1e-5) and u == pytest.approx(1e-3 * ohm, rel=1e-3)


def test_it_is_found_from_currents_read_with_a_known_resistance() -> None:
    with pytest.raises(ConfigurationError, match="not a current"):
        true_shunt(calibrated(Quantity.VOLTAGE, shunt_ohm=0.1))
    with pytest.raises(ConfigurationError, match=r"does not state its shunt.*--shunt 0\.1ohm"):
        true_shunt(calibrated())
