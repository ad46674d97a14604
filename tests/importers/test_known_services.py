"""Plugs and supplies whose services name their variables in one way: which of them is the power, and in which unit."""

import json

import pytest
from tool_log import load

from powermeter import analyse
from powermeter.importers import Choices, convert
from powermeter.recording import Recording

CASES = {
    "a Kasa plug behind its request": lambda i: {
        "timestamp": 1_780_000_000 + i,
        "emeter": {
            "get_realtime": {
                "voltage_mv": 120123,
                "current_ma": 500,
                "power_mw": 20_000,
                "total_wh": 1000 + i,
            }
        },
    },
    "a Tapo plug": lambda i: {
        "timestamp": 1_780_000_000 + i,
        "today_energy": 12,
        "month_energy": 340 + i,
        "current_power": 20_000,
    },
    "a supply of NUT": lambda i: {
        "timestamp": 1_780_000_000 + i,
        "battery.charge": 100,
        "ups.load": 3,
        "ups.power": 25,
        "ups.realpower": 20,
        "ups.realpower.nominal": 865,
    },
}


@pytest.mark.parametrize("name", CASES)
def test_the_power_of_a_service_is_read_by_its_own_names(tmp_path, name):
    path, out = tmp_path / "log.jsonl", tmp_path / "o.power"
    path.write_text("".join(json.dumps(CASES[name](i)) + "\n" for i in range(11)))
    convert(path, out)
    with Recording.open(out) as recording:
        assert analyse(recording).energy.value == pytest.approx(200)


STRANGERS = {
    "Time Bucket (Europe/Berlin),Home-Mains_A (kWhs),Home-Mains_B (kWhs),Home-Dryer (kWhs)\n"
    + "".join(f"01/{13 + i}/2024 00:00:00,{0.5 + i / 100},0.4,0.3\n" for i in range(11)): 10.45 * 3.6e6,
    "time,value,detail_name,metric,unit\n"
    + "".join(
        f"171100000{i:02d}00000,{450 + i},[machine],psu_energy_ac_mcp_machine,mJ\n" for i in range(11)
    ): 5.005,
    "RC6 %,Power W gpu,Power W pkg,IRQ /s\n" + "9,5,20,3\n9,7,20,3\n" * 5: 200.0,
    "timestamp,electricity_delivered_1,electricity_currently_delivered\n"
    + "".join(f"2024-03-01 10:00:{i:02d}+00:00,1234.5{i // 9},0.36\n" for i in range(11)): 3600.0,
    "timestamp voltage_V current_A dp_V energy_Ws capacity_As\n"
    + "".join(f"{1709287200 + i}.00 5.0 0.5 0.6 {i * 2.5} {i * 0.5}\n" for i in range(11)): 25.0,
}


@pytest.mark.parametrize("text", STRANGERS)
def test_tables_of_tools_that_need_no_option_but_their_rate(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text)
    convert(path, tmp_path / "o.power", choices=Choices(period_s=1.0 if "IRQ" in text else None))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(STRANGERS[text])


def test_the_household_of_uci_is_in_kilowatts(tmp_path):
    """1.5 kW for an hour; ? where nothing was measured, sub-meters are parts of it in Wh of each minute."""
    rows = "".join(
        f"16/12/2006;17:{i:02d}:00;"
        + ("?;?;?;?;?;?;\n" if i == 30 else "1.500;0.100;240.000;6.400;0.000;1.000;17.000\n")
        for i in range(60)
    )
    head = "Date;Time;Global_active_power;Global_reactive_power;Voltage;Global_intensity;Sub_metering_1;Sub_metering_2;Sub_metering_3\n"
    _, energies, headline = load(tmp_path, head + rows, "t.txt")
    assert headline == "household" and energies[headline] == pytest.approx(1500 * 3600)
