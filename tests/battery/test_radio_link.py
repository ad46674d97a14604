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


def test_a_message_and_the_rest_between_two_are_worked_out_by_hand() -> None:
    """At 3 V: 10 mA for 5 ms, 20 mA for 800 bit at 100 kbit/s (8 ms), 4 mA for 25 ms are 310 µC; 2 mA of sleep are 6 mW."""
    states = {"setup": 10, "setup_ms": 5, "transmit": 20, "rate": 100e3, "tail": 4, "tail_ms": 25, "sleep": 2}
    radio = RadioLink.typical("ble", voltage=3, **states)
    assert radio.message(100).result().value == pytest.approx(930e-6)
    assert radio.sleep_w == pytest.approx(6e-3)
