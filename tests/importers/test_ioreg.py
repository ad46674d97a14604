"""A loop over ioreg's battery: currents of 64 bits that lost their sign, in reports with the time of date before each or none."""

import pytest
from tool_log import load

from powermeter.errors import ConfigurationError, DataError


def report(second, milliamperes, extra=""):
    amperage = milliamperes % (1 << 64)
    return (
        f"Tue Mar 12 14:05:{second:02d} CET 2024\n{extra}"
        f'      "InstantAmperage" = {amperage}\n      "Amperage" = 5\n      "Voltage" = 12000\n      "IsCharging" = No\n'
    )


def test_what_flows_out_is_drawn(tmp_path):
    log, energies, headline = load(tmp_path, "".join(report(i, -1000) for i in range(11)))
    assert log.format == "ioreg" and energies[headline] == pytest.approx(120.0)


def test_what_flows_in_is_no_draw(tmp_path):
    text = "".join(report(i, -1000 if i < 10 else 1000) for i in range(20))
    log, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(0.0, abs=1e-9)
    assert any(note.severity.value == "warning" for note in log.warnings)


def test_without_times_the_rate_is_asked_for(tmp_path):
    text = "".join(report(i, -1000).partition("\n")[2] for i in range(11))
    with pytest.raises(ConfigurationError, match="--rate 5s"):
        load(tmp_path, text)
    _, energies, headline = load(tmp_path, text, period_s=5.0)
    assert energies[headline] == pytest.approx(600.0)


def test_one_reading_holds_no_energy(tmp_path):
    with pytest.raises(DataError, match="in a loop"):
        load(tmp_path, report(0, -1000))
