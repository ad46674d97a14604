"""Telegrams of a smart meter: each has its own time, which names summer or winter."""

import pytest
from tool_log import load

from powermeter.errors import DataError


def telegram(i, kw="01.200", kwh=1234.5, season="S", fed_in="00.000"):
    return (
        f"/KFM5KAIFA-METER\n\n1-3:0.2.8(42)\n0-0:1.0.0(2509141000{i:02d}{season})\n1-0:1.8.1({kwh:010.3f}*kWh)\n"
        f"1-0:1.8.2(000100.000*kWh)\n1-0:1.7.0({kw}*kW)\n1-0:2.7.0({fed_in}*kW)\n1-0:32.7.0(230.0*V)\n!1A2B\n"
    )


def test_the_power_taken_and_the_times_of_the_telegrams(tmp_path):
    log, energies, headline = load(tmp_path, "".join(telegram(i) for i in range(0, 60, 10)))
    assert log.format == "dsmr" and energies[headline] == pytest.approx(1200 * 50)
    assert log.sources[0].ends_ns[0] == 1757836800 * 10**9  # 08:00 UTC


def test_a_power_in_watts_is_a_thousandth_of_one_in_kilowatts(tmp_path):
    text = "".join(telegram(i) for i in range(0, 60, 10)).replace("(01.200*kW)", "(01200*W)")
    _, energies, headline = load(tmp_path, text)
    assert energies[headline] == pytest.approx(1200 * 50)


def test_winter_time_is_an_hour_behind(tmp_path):
    log, *_ = load(tmp_path, "".join(telegram(i, season="W") for i in range(0, 60, 10)))
    assert log.sources[0].ends_ns[0] == 1757840400 * 10**9


def test_what_was_fed_in_is_warned_of(tmp_path):
    log, *_ = load(tmp_path, "".join(telegram(i, fed_in="00.500") for i in range(0, 60, 10)))
    assert any(note.code == "flows-both-ways" for note in log.warnings)


def test_without_a_power_both_tariffs_count(tmp_path):
    text = "".join(telegram(i, kwh=1234.5 + i / 1000) for i in range(0, 60, 10))
    lines = [line for line in text.splitlines() if ".7.0(" not in line]
    _, energies, headline = load(tmp_path, "\n".join(lines) + "\n")
    assert energies[headline] == pytest.approx(0.05 * 3.6e6)


def test_one_telegram_holds_no_energy(tmp_path):
    with pytest.raises(DataError, match="fewer than two telegrams"):
        load(tmp_path, telegram(0) + "1-0:1.8.1(0*kWh)\n1-0:1.8.1(000001.000*kWh)\n!\n")
