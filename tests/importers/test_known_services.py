"""Plugs and supplies whose services name their variables in one way: which of them is the power, and in which unit."""

import json

import pytest

from powermeter import analyse
from powermeter.importers import convert
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
