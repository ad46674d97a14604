"""A radio that wakes, sends and lingers: BLE, Wi-Fi, LTE-M, NB-IoT: what it promises."""

from __future__ import annotations

import pytest

from powermeter.battery.radio_link import RadioLink
from powermeter.errors import ConfigurationError


@pytest.mark.parametrize(
    "call",
    [
        lambda: RadioLink.typical("zigbe"),
        lambda: RadioLink.typical("ble", volts=3),
        lambda: RadioLink.typical("ble", rate=0),
        lambda: RadioLink.typical("ble", transmit=-1),
        lambda: RadioLink.typical("ble").message(-1),
    ],
)
def test_bad_radios(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()
