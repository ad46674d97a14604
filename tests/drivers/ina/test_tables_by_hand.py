"""What the data sheets of the INA chips print of registers and modes, row by row."""

from __future__ import annotations

import pytest

from powermeter.drivers.ina import ina219, ina226, ina228, ina3221
from powermeter.drivers.ina.datasheet import ChipModel


def test_each_mode_of_the_ina219_s_converter() -> None:
    """SBOS448G, table 5: a code of 8 and more takes the mean of 2ⁿ samples of 12 bits, n being its last three bits."""
    bits = {code: (code, 9 + code, 1) for code in range(4)}
    averages = {8 + n: (8 + n, 12, 2**n) for n in range(1, 8)}
    assert [row[:3] for row in ina219.ADC] == [*bits.values(), *averages.values()]
    microseconds = [84, 148, 276, 532, 1060, 2130, 4260, 8510, 17020, 34050, 68100]
    assert [row[3] for row in ina219.ADC] == pytest.approx([us * 1e-6 for us in microseconds])
    assert ina219.PGA == ((0, 0.04), (1, 0.08), (2, 0.16), (3, 0.32))


@pytest.mark.parametrize("family", [ina226, ina228])
def test_averages_by_code(family) -> None:
    """SBOS547B, table 6, and SLYS021A, ADC_CONFIG."""
    assert family.AVERAGES == (1, 4, 16, 64, 128, 256, 512, 1024)


def test_conversion_times_by_code() -> None:
    """SBOS547B, tables 7 and 8, and SLYS021A, ADC_CONFIG, in µs."""
    for family, microseconds in (
        (ina226, [140, 204, 332, 588, 1100, 2116, 4156, 8244]),
        (ina228, [50, 84, 150, 280, 540, 1052, 2074, 4120]),
    ):
        assert list(family.CONVERSION_S) == pytest.approx([us * 1e-6 for us in microseconds])


@pytest.mark.parametrize(
    ("model", "reset", "bus_v"),
    [
        (ina219.INA219, 0x399F, 26.0),
        (ina226.INA226, 0x4127, 36.0),
        (ina226.INA230, 0x4127, 28.0),
        (ina226.INA260, 0x6127, 36.0),
        (ina226.INA236, 0x4127, 48.0),
        (ina228.INA228, 0x0000, 85.0),
        (ina228.INA238, 0x0000, 85.0),
        (ina3221.INA3221, 0x7127, 26.0),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_register_00h_after_power_up_and_the_highest_bus_voltage(
    model: ChipModel, reset: int, bus_v: float
) -> None:
    assert (model.config_reset, model.bus_input_v) == (reset, bus_v)


@pytest.mark.parametrize(
    ("model", "shunt", "bus", "ids"),
    [
        # Data sheets' register maps: bits 15 to 3 of a bus voltage, 20 of 24 bits, 12 of 16; their manufacturer and die numbers.
        (ina226.INA226, (2.5e-6, 2, 0), (1.25e-3, 2, 0), ((0xFE, 0x5449, 0xFFFF), (0xFF, 0x2260, 0xFFF0))),
        (ina226.INA234, (40e-6, 2, 4), (25.6e-3, 2, 4), ((0x3E, 0x5449, 0xFFFF), (0x3F, 0xA480, 0xFFF0))),
        (ina226.INA236, (2.5e-6, 2, 0), (1.6e-3, 2, 0), ((0x3E, 0x5449, 0xFFFF), (0x3F, 0xA080, 0xFFF0))),
        (
            ina228.INA228,
            (312.5e-9, 3, 4),
            (195.3125e-6, 3, 4),
            ((0x3E, 0x5449, 0xFFFF), (0x3F, 0x2280, 0xFFF0)),
        ),
        (ina228.INA238, (5e-6, 2, 0), (3.125e-3, 2, 0), None),
        (ina219.INA219, (10e-6, 2, 0), (4e-3, 2, 3), ()),
        (ina3221.INA3221, (40e-6, 2, 3), (8e-3, 2, 3), ((0xFE, 0x5449, 0xFFFF), (0xFF, 0x3220, 0xFFF0))),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_code_its_bytes_the_bits_below_it_and_the_numbers_of_a_chip(
    model: ChipModel, shunt: tuple[float, int, int], bus: tuple[float, int, int], ids: object
) -> None:
    for register, (step, size, shift) in ((model.shunts[0], shunt), (model.buses[0], bus)):
        assert (register.lsb, register.size, register.shift) == (pytest.approx(step), size, shift)
    if ids is not None:
        assert model.ids == ids


def test_flags_of_the_ina219_s_bus_register() -> None:
    """SBOS448G, bus voltage register: bit 1 is CNVR, a conversion is ready; bit 0 is OVF, the mathematics overflowed."""
    assert (ina219.READY, ina219.OVERFLOW) == (2, 1)
    assert round(0.04096 / 10e-6) == ina219.UNIT_CALIBRATION
