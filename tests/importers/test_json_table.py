"""Records in JSON as a table."""

import json

import pytest
from tool_log import load

from powermeter import analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log

RECORDS = [{"time": 1_780_000_000 + i, "power": {"total_w": 5 + i % 2}, "note": "x"} for i in range(6)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORDS),
        "\n".join(json.dumps(record) for record in RECORDS),
        json.dumps({"samples": RECORDS}),
        json.dumps(
            {"time": [r["time"] for r in RECORDS], "power_w": [r["power"]["total_w"] for r in RECORDS]}
        ),
    ],
)
def test_records_in_json_are_a_table(tmp_path, text):
    log, energies, headline = load(tmp_path, text, "r.json")
    assert log.format == "json" and energies[headline] == pytest.approx(27.5)


def test_json_without_records_is_no_log(tmp_path):
    with pytest.raises(DataError, match="no list of records"):
        load(tmp_path, '{"name": "x", "tasks": []}', "r.json")
    with pytest.raises(ConfigurationError, match="bare numbers"):
        load(tmp_path, "[1.5, 1.6, 1.7]", "r.json")


def test_an_answer_of_influxdb_is_a_table(tmp_path):
    values = [[f"2025-09-14T10:00:{i:02d}Z", 5 + i % 2] for i in range(6)]
    series = {"name": "power", "tags": {"host": "a"}, "columns": ["time", "watts"], "values": values}
    log, energies, headline = load(tmp_path, json.dumps({"results": [{"series": [series]}]}), "r.json")
    assert log.format == "json" and energies[headline] == pytest.approx(27.5)


def test_records_as_python_prints_them_behind_a_time(tmp_path):
    text = "".join(
        f"2025-09-14 10:00:{i:02d} {{'current_ma': 50, 'voltage_mv': 230000, 'power_mw': {5000 + i % 2 * 1000}, 'total_wh': 3, 'alias': None}}\n"
        for i in range(6)
    )
    log, energies, headline = load(tmp_path, text, "r.log")
    assert log.format == "json" and energies[headline] == pytest.approx(27.5)


def test_fields_as_services_log_them_are_records(tmp_path):
    text = "".join(
        f'ts=2025-09-14T10:00:{i:02d}Z level=info msg="all well" power_w={5 + i % 2}\n' for i in range(6)
    )
    log, energies, headline = load(tmp_path, text, "r.log")
    assert log.format == "json" and energies[headline] == pytest.approx(27.5)


@pytest.mark.parametrize("stamp", ["14.09.2025 10:00:{:02d}", "10:00:{:02d}", "17578440{:02d}.5"])
def test_any_time_before_a_record_is_its_time(tmp_path, stamp):
    text = "".join(stamp.format(i) + f" {{'power_mw': {5000 + i % 2 * 1000}, 'port': 3}}\n" for i in range(6))
    _, energies, headline = load(tmp_path, text, "r.log")
    assert energies[headline] == pytest.approx(27.5)


def test_values_with_their_units_beside_them(tmp_path):
    """amd-smi: 100 W for 10 s, and a voltage in mV that is none of 780 V."""
    power = {"socket_power": {"value": 100, "unit": "W"}, "gfx_voltage": {"value": 780, "unit": "mV"}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"timestamp": 1709287200 + i, "gpu": 0, "power": power} for i in range(11)]))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(1000.0)


def test_netdatas_answer_is_read_though_its_newest_row_is_first(tmp_path):
    path = tmp_path / "netdata.json"
    rows = [[1741944400 + i, 10 + i] for i in reversed(range(6))]
    path.write_text(json.dumps({"labels": ["time", "power"], "data": rows}))
    convert(path, tmp_path / "o.power", choices=Choices(unit="W"))
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(12.5 * 5)


def test_grafanas_series_are_put_beside_each_other_by_their_times(tmp_path):
    path = tmp_path / "grafana.json"
    series = [
        {"target": name, "datapoints": [[watts, 1741944413000 + 5000 * i] for i in range(4)]}
        for name, watts in (("cpu (W)", 10), ("total (W)", 30))
    ]
    path.write_text(json.dumps(series))
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(30 * 15)


def test_two_series_of_one_name_are_not_taken_for_one(tmp_path):
    path = tmp_path / "grafana.json"
    series = [
        {"target": "power (W)", "datapoints": [[watts, 1741944413000 + 5000 * i] for i in range(4)]}
        for watts in (10, 30)
    ]
    path.write_text(json.dumps(series))
    with pytest.raises(ConfigurationError, match=r"both called 'power \(W\)'"):
        convert(path, tmp_path / "o.power")


def _records_of(damaged):
    rows = [f'{{"timestamp": {1709287200 + i}, "power_w": {100 + i}}}' for i in range(40)]
    return [damaged.get(i, row) for i, row in enumerate(rows)]


@pytest.mark.parametrize(("before", "between"), [("[", ", "), ("[", ",\n"), ("", "\n"), ("[\n  ", ",\n  ")])
def test_records_behind_a_damaged_one_are_read_and_it_is_counted(tmp_path, before, between):
    """Of 40 records, 3 were read, and nothing was printed about the other 37."""
    broken = {3: '{"timestamp": 1709287203, "power_w": 1x3}', 20: '{"timestamp": 17092'}
    path = tmp_path / "log.json"
    path.write_text(before + between.join(_records_of(broken)) + ("]" if before else ""))
    log = open_log(path)
    assert sum(rows.count for rows in log.sources) == 38
    assert any(note.code == "rows-left-out" and "2 damaged lines" in str(note) for note in log.warnings)
    path.write_text(before + between.join(_records_of({})) + ("]" if before else ""))
    assert not any(note.code == "rows-left-out" for note in open_log(path).warnings)


def test_points_and_lines_that_are_none_are_counted(tmp_path):
    """Nested wrongly, or with a pair before the record it belongs into."""
    points = [[59.8 + i, 1741944413000 + 5000 * i] for i in range(8)]
    path = tmp_path / "t.json"
    path.write_text(
        json.dumps(
            [{"target": "plug power (W)", "datapoints": [*points[:3], [62.5, points[3]], *points[4:]]}]
        )
    )
    assert any(note.code == "rows-left-out" for note in open_log(path).warnings)
    lines = [f"2025-09-14 10:00:0{i} {{'power_mw': 10{i}0, 'voltage_mv': 230000}}" for i in range(8)]
    lines[3] = "2025-09-14 10:00:03 'voltage_mv': 1030, {'power_mw': 51}"
    path = tmp_path / "t.log"
    path.write_text("\n".join(lines) + "\n")
    assert any(note.code == "rows-left-out" and "line 4" in str(note) for note in open_log(path).warnings)
