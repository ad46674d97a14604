"""Every setting of an INA226 by its data sheet (SBOS547): averages, conversion times, and the bits that choose them."""

from __future__ import annotations

from powermeter.drivers.ina.ina226 import AVERAGES, CONVERSION_S, INA226, INA234, INA236, INA260, rounds

TABLE_6 = (1, 4, 16, 64, 128, 256, 512, 1024)
TABLE_7 = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)


def test_averages_and_conversion_times_of_the_data_sheet() -> None:
    assert tuple(AVERAGES) == TABLE_6 and tuple(CONVERSION_S) == TABLE_7


def test_each_setting_that_has_neither_conversion_more_than_sixteen_times_the_other() -> None:
    expected = [
        (a, b, s, TABLE_6[a] * TABLE_7[b], TABLE_6[a] * TABLE_7[s], TABLE_6[a])
        for a in range(8)
        for b in range(8)
        for s in range(8)
        if max(TABLE_7[b], TABLE_7[s]) <= 16 * min(TABLE_7[b], TABLE_7[s])
    ]
    assert list(rounds()) == expected and len(expected) < 512


def test_what_a_bit_is_worth() -> None:
    """2.5 µV and 1.25 mV; 1.25 mA in the INA260; 1.6 mV in the INA236; 40 µV and 25.6 mV, 4 bits up, in the INA234."""
    assert (INA226.shunts[0].lsb, INA226.buses[0].lsb, INA226.bus_input_v) == (2.5e-6, 1.25e-3, 36.0)
    assert INA260.shunts[0].lsb == 1.25e-3 and INA260.internal
    assert (INA236.buses[0].lsb, INA236.bus_input_v) == (1.6e-3, 48.0)
    assert (INA234.shunts[0].lsb, INA234.shunts[0].shift, INA234.bus_input_v) == (40e-6, 4, 28.0)
    assert (INA234.buses[0].lsb, INA234.buses[0].shift) == (25.6e-3, 4)
