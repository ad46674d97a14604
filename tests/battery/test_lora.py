"""LoRa and LoRaWAN beyond the published examples: arguments, classes, bad input."""

from __future__ import annotations

import pytest

from powermeter.battery.lora import BEACON_PERIOD_S, LoraNode, time_on_air_s
from powermeter.errors import ConfigurationError


def test_low_rate_optimisation_switches_on_by_itself() -> None:
    assert time_on_air_s(10, 11) == time_on_air_s(10, 11, low_rate=True)
    assert time_on_air_s(10, 11, bandwidth_hz=250e3) == time_on_air_s(
        10, 11, bandwidth_hz=250e3, low_rate=False
    )


@pytest.mark.parametrize(
    ("size_b", "factor", "crc", "milliseconds"),
    [(20, 7, True, 56.576), (20, 7, False, 51.456), (51, 12, True, 2465.792)],
)
def test_a_frame_lasts_what_the_formula_yields_by_hand(
    size_b: int, factor: int, crc: bool, milliseconds: float
) -> None:
    """20 bytes: 8 + 5 ⌈176 / 28⌉ symbols of 1.024 ms and 12.25 before them; 160 / 28 without the CRC; 51: 8 + 5 ⌈404 / 40⌉ of 32.768 ms."""
    assert 1e3 * time_on_air_s(size_b, factor, crc=crc) == pytest.approx(milliseconds)


def test_implicit_header_saves_symbols() -> None:
    assert time_on_air_s(20, 7, explicit_header=False) <= time_on_air_s(20, 7)


def test_an_empty_payload_still_has_eight_symbols() -> None:
    symbol = 2**12 / 500e3
    assert time_on_air_s(0, 12, bandwidth_hz=500e3, crc=False) >= (8 + 4.25 + 8) * symbol


@pytest.mark.parametrize(
    "call",
    [
        lambda: time_on_air_s(10, 5),
        lambda: time_on_air_s(10, 13),
        lambda: time_on_air_s(300, 7),
        lambda: time_on_air_s(10, 7, coding_rate=5),
        lambda: time_on_air_s(10, 7, bandwidth_hz=0),
        lambda: time_on_air_s(10, 6),
        lambda: LoraNode(10, 7, 600, "D"),
        lambda: LoraNode(10, 13, 600),
        lambda: LoraNode(300, 7, 600),
        lambda: LoraNode(10, 7, 600, ping_slots=3),
        lambda: LoraNode(10, 7, 600, currents_ma={"nap": 1.0}),
    ],
)
def test_out_of_range(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()


def test_more_messages_than_time_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="over 100 %"):
        LoraNode(10, 12, 2.0)


def test_class_c_listens_always() -> None:
    """2400 mAh / 10.8 mA = 222 h = 9 days."""
    node = LoraNode(0, 7, 1e9, "C", currents_ma={"rx1": 10.8})
    assert 2400 / node.mean_current_ma() == pytest.approx(222, rel=0.01)


def test_class_b_adds_the_beacon_and_its_slots() -> None:
    """Listening 0.16 s of every 128 s at 10.8 mA is 0.0135 mA."""
    low = {"rx1": 10.8, "sleep": 0.0}
    a, b = (LoraNode(0, 7, 1e9, kind, currents_ma=low, ping_slot_s=0.0) for kind in "AB")
    assert b.mean_current_ma() - a.mean_current_ma() == pytest.approx(0.0135, rel=1e-3)
    awake = (LoraNode(0, 7, 1e9, kind, currents_ma={**low, "sleep": 4.0}, ping_slot_s=0.0) for kind in "AB")
    less, more = (node.mean_current_ma() for node in awake)
    assert more - less == pytest.approx(0.16 * (10.8 - 4.0) / 128, rel=1e-6)  # it does not sleep meanwhile
    slots = LoraNode(0, 7, 1e9, "B", currents_ma=low, ping_slots=16)
    assert slots.mean_current_ma() - b.mean_current_ma() == pytest.approx(
        16 * 0.03 * 10.8 / BEACON_PERIOD_S, rel=1e-6
    )


def test_acknowledged_messages_cost_more() -> None:
    plain, confirmed = LoraNode(10, 9, 600), LoraNode(10, 9, 600, acknowledged=True)
    assert confirmed.mean_current_ma() > plain.mean_current_ma()


def test_receive_windows_are_about_a_tenth_of_transmission_at_low_rates() -> None:
    steps = {step.name: step.current_ma * step.duration_ms for step in LoraNode(10, 12, 3600).cycle()}
    assert 0.05 < (steps["rx1"] + steps["rx2"]) / steps["transmit"] < 0.2
