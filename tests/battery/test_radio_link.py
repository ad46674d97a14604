"""A radio that wakes, sends and lingers: BLE, Wi-Fi, LTE-M, NB-IoT: what it promises."""

from __future__ import annotations

import pytest

from powermeter.battery.radio_link import Link
from powermeter.errors import ConfigurationError


@pytest.mark.parametrize(
    "call",
    [
        lambda: Link.typical("zigbe"),
        lambda: Link.typical("ble", volts=3),
        lambda: Link.typical("ble", rate=0),
        lambda: Link.typical("ble", transmit=-1),
        lambda: Link.typical("ble").message(-1),
    ],
)
def test_bad_radios(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()
