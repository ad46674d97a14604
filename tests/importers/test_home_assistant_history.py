"""Home Assistant's export of a history: the entities stand in blocks below each other, and each has rows of its own."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, convert

ROWS = 240  # more than are looked at of a table's beginning


def history(tmp_path, **watts):
    path = tmp_path / "h.csv"
    rows = [
        f"sensor.{name},{power},2024-03-14T{i // 60:02}:{i % 60:02}:00.000Z"
        for name, power in watts.items()
        for i in range(ROWS)
    ]
    path.write_text("\n".join(["entity_id,state,last_changed", *rows]) + "\n")
    return path


def joules(path, tmp_path, **stated):
    convert(path, tmp_path / "o.power", choices=Choices(columns={"state": "W"}, **stated), force=True)
    return analyse(tmp_path / "o.power").energy.value


def test_blocks_that_begin_behind_the_rows_looked_at_are_entities(tmp_path):
    path = history(tmp_path, fridge_power=50, tv_power=100)
    assert joules(path, tmp_path) == pytest.approx(150 * 60 * (ROWS - 1), rel=0.01)


@pytest.mark.parametrize("rail", ["sensor.tv_power", "tv_power"])
def test_one_is_taken_with_its_domain_or_without(tmp_path, rail):
    path = history(tmp_path, fridge_power=50, tv_power=100, lamp_power=8)
    assert joules(path, tmp_path, rail=rail) == pytest.approx(100 * 60 * (ROWS - 1))


def test_the_flows_of_a_house_are_asked_about(tmp_path):
    path = history(tmp_path, solarleistung=500, meter_netzbezug=300, hausabgabe=400)
    with pytest.raises(ConfigurationError, match=r"--rail meter_netzbezug .*--sum"):
        joules(path, tmp_path)
    assert joules(path, tmp_path, rail="meter_netzbezug") == pytest.approx(300 * 60 * (ROWS - 1))


def test_a_level_among_powers_is_another_quantity_by_the_end_of_its_name(tmp_path):
    path = history(tmp_path, solarleistung=500, akkuenergie=300)
    with pytest.raises(ConfigurationError, match="names different quantities"):
        joules(path, tmp_path)
