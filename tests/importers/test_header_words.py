"""The words and units that headers of tables are written with, in the languages that were met: what it promises."""

import pytest

from powermeter.channel import Quantity
from powermeter.importers.header_words import TIME
from powermeter.importers.headers import heading


@pytest.mark.parametrize(
    ("text", "name", "quantity", "factor"),
    [
        ("Power (mW)", "Power", Quantity.POWER, 1e-3),
        ("gpu-0[mW]", "gpu-0", Quantity.POWER, 1e-3),
        ("gpu-0[C]", "gpu-0", Quantity.TEMPERATURE, 1.0),
        ("cpu-0[uJ]", "cpu-0", Quantity.ENERGY, 1e-6),
        ("Charge (C)", "Charge", Quantity.CHARGE, 1.0),
        ("Temperature (°C)", "Temperature", Quantity.TEMPERATURE, 1.0),
        ("power.draw [W]", "power.draw", Quantity.POWER, 1.0),
        ("power_in_mw", "power_in", Quantity.POWER, 1e-3),
        ("current_mA", "current", Quantity.CURRENT, 1e-3),
        ("Bus Voltage (Volts)", "Bus Voltage", Quantity.VOLTAGE, 1.0),
        ("Accumulated current (mAh)", "Accumulated current", Quantity.CHARGE, 3.6),
        ("energy (kWh)", "energy", Quantity.ENERGY, 3.6e6),
        ("Timestamp (s)", "Timestamp", TIME, 1.0),
        ("t_ms", "t", TIME, 1e-3),
        ("Elapsed Time (sec)", "Elapsed Time", TIME, 1.0),
        ("time (µs)", "time", TIME, 1e-6),
        ("Heure (s)", "Heure", TIME, 1.0),
        ("VDD_CPU", "VDD_CPU", None, 1.0),
        ("state", "state", None, 1.0),
        ("memory (MiB)", "memory", None, 1.0),
    ],
)
def test_headers(text, name, quantity, factor):
    found = heading(text)
    assert (found.name, found.quantity) == (name, quantity)
    assert found.factor == pytest.approx(factor)
