"""Readings that somebody wrote down: dates without a year, AM and PM, a title, a comma."""

import pytest
from tool_log import load

from powermeter.importers import convert

LISTS = {
    "no year, am and pm": "03/14 8:00am 0.00 kWh\n03/14 6:30pm 0.62 kWh\n03/15 8:00am 1.41 kWh\n03/15 9:00pm 2.20 kWh\n",
    "a title": "Fridge, Kill-A-Watt readings\n\n03/14 8:00am 0.00 kWh\n03/14 6:30pm 0.62 kWh\n03/15 9:00pm 2.20 kWh\n",
    "a comma and a colon": "14.03.2024 08:00: 0,00 kWh\n14.03.2024 18:30: 0,62 kWh\n15.03.2024 21:00: 2,20 kWh  # night\n",
    "watt hours, strokes": "14/03/2024 08:00 - 0 Wh\n14/03/2024 18:30 - 620 Wh\n15/03/2024 21:00 - 2200 Wh\n",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_a_counter_of_37_hours(tmp_path, name):
    log, energies, headline = load(tmp_path, LISTS[name], name="list.txt")
    assert log.format == "dated-readings"
    assert energies[headline] == pytest.approx(2.2 * 3.6e6)
    first, last = log.sources[0].ends_ns
    assert last - first == 37 * 3600 * 10**9


def test_where_clocks_have_am_and_pm_a_comma_stands_between_thousands(tmp_path):
    text = "".join(f"03/{day} 8:00am 1,2{day} kWh\n" for day in range(14, 18))
    _, energies, headline = load(tmp_path, text, name="list.txt")
    assert energies[headline] == pytest.approx(3 * 3.6e6)


def test_a_line_that_is_no_reading_is_counted(tmp_path):
    path = tmp_path / "list.txt"
    lines = [f"{day}.03.2024 08:00 {day}.50 kWh\n" for day in range(14, 30)]
    path.write_text("".join(lines).replace(lines[6], "20.03.2024 forgot\n"))
    log = convert(path, tmp_path / "o.power", format="dated-readings")
    assert log.sources[0].count == 15 and any("line 7" in str(note) for note in log.warnings)


def test_a_reading_in_another_unit_is_counted_as_left_out(tmp_path):
    lines = [f"{day}.03.2024 08:00 {day}.50 kWh\n" for day in range(14, 30)]
    path = tmp_path / "list.txt"
    path.write_text("".join([*lines, "30.03.2024 08:00 30500 Wh\n"]))
    log = convert(path, tmp_path / "o.power", format="dated-readings")
    assert log.sources[0].count == 16 and any("line 17" in str(note) for note in log.warnings)
