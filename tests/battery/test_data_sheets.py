"""Run times at constant current against published discharges: seven cells, at two currents or more each."""

from __future__ import annotations

import pytest
from constant_current import constant_current

from powermeter.battery.cell import cell_of
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.errors import ConfigurationError

PUBLISHED = [
    # preset, A, least h, most h
    # Samsung INR18650-25R: at least 2500 mAh at 0.5 A and 2450 mAh at 10 A, to 2.5 V; some 4 % above the least.
    ("18650-25r", 0.5, 2.500 / 0.5, 2.60 / 0.5),
    ("18650-25r", 10.0, 2.450 / 10, 2.55 / 10),
    # Enertech SPB655060, measured to 3.0 V at C/2, 1C and 2C (Ai et al. 2020, with PyBaMM): 7305, 3611, 1768 s, ± 1 %.
    ("lipo-2280", 1.14, 0.99 * 7305 / 3600, 1.01 * 7305 / 3600),
    ("lipo-2280", 2.28, 0.99 * 3611 / 3600, 1.01 * 3611 / 3600),
    ("lipo-2280", 4.56, 0.99 * 1768 / 3600, 1.01 * 1768 / 3600),
    # Sunland IFR26650PE: at least 3300 and 3200 mAh at 0.2 C and 3 C, 3400 nominal, to 2.0 V.
    ("lfp-26650", 0.68, 3.300 / 0.68, 3.400 / 0.68),
    ("lfp-26650", 10.2, 3.200 / 10.2, 3.400 / 10.2),
    # AA alkaline, PowerStream: two brands at 0.1 A, five at 0.5 A, five at 1 A.
    ("aa-alkaline", 0.1, 2.13 / 0.1, 2.20 / 0.1),
    ("aa-alkaline", 0.5, 1.17 / 0.5, 1.84 / 0.5),
    ("aa-alkaline", 1.0, 0.83, 1.41),
    # Energizer L91: 3000 mAh stated, 3.228 Ah measured at 1 A; 2.8 Ah measured at 2 A, with the pack's range.
    ("aa-lithium", 1.0, 3.0, 3.23),
    ("aa-lithium", 2.0, 0.92 * 1.4, 1.06 * 1.4),
    # CR2032: 225 to 235 mAh at 0.2 mA to 2.0 V; a 9 mA load is at 2.5 V after 2 h and at 1.5 V after 12 h.
    ("cr2032", 0.2e-3, 0.225 / 0.2e-3, 0.235 / 0.2e-3),
    ("cr2032", 8e-3, 2.0, 12.0),
    # Vinachem 12V-40Ah: 40, 37.2 and 34 Ah at 20, 10 and 5 h; the preset is its 7 Ah sister.
    ("lead-acid-7", 0.35, 19.0, 21.0),
    ("lead-acid-7", 7 * 0.93 / 10, 9.5, 10.5),
    ("lead-acid-7", 7 * 0.85 / 5, 4.75, 5.25),
]


@pytest.mark.parametrize(("preset", "amperes", "least", "most"), PUBLISHED)
def test_run_time_lies_in_the_published_spread(
    preset: str, amperes: float, least: float, most: float
) -> None:
    found = constant_current(parse_battery(preset), cell_of(preset), amperes)
    # 2000 steps and a cut-off that falls between two of them: 0.2 %.
    assert 0.998 * least <= found.hours <= 1.002 * most


def test_energy_at_one_ampere_of_an_l91() -> None:
    """Measured: 4.053 Wh at 1 A to 0.9 V."""
    found = constant_current(parse_battery("aa-lithium"), cell_of("aa-lithium"), 1.0)
    assert found.energy_wh == pytest.approx(4.053, rel=0.10)


def test_the_curve_falls() -> None:
    for preset in {row[0] for row in PUBLISHED}:
        volts = [volt for _, volt in constant_current(parse_battery(preset), cell_of(preset), 1e-3).course]
        assert volts == sorted(volts, reverse=True), preset


def test_temperature_ageing_and_usable_share_multiply() -> None:
    whole, cell = parse_battery("18650-25r"), cell_of("18650-25r")
    less = parse_battery("18650-25r", health=0.8, derating=0.75)
    ratio = constant_current(less, cell, 0.5).hours / constant_current(whole, cell, 0.5).hours
    assert ratio == pytest.approx(0.8 * 0.75, rel=1e-3)


@pytest.mark.parametrize("amperes", [0.0, -1.0, float("nan")])
def test_no_current_no_curve(amperes: float) -> None:
    with pytest.raises(ConfigurationError):
        constant_current(parse_battery("cr2032"), cell_of("cr2032"), amperes)
