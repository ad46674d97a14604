"""Prometheus' answers: counters, gauges, cards, instants."""

import json

import pytest
from tool_log import load

from powermeter.errors import DataError


def answer(*series, kind="matrix"):
    result = [
        {
            "metric": {"__name__": name, **labels},
            "values": [[1_780_000_000 + 10 * i, str(v)] for i, v in enumerate(values)],
        }
        for name, labels, values in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


def test_prometheus_counters_and_gauges(tmp_path):
    text = answer(
        ("node_rapl_package_joules_total", {"index": "0"}, [100, 200, 300]),
        ("node_rapl_dram_joules_total", {"index": "0"}, [10, 20, 30]),
        ("node_load1", {}, [1, 2, 3]),
    )
    log, energies, headline = load(tmp_path, text, "q.json")
    assert energies["package"] == pytest.approx(200.0) and energies[headline] == pytest.approx(220.0)
    assert any("node_load1" in note for note in log.warnings)


def test_prometheus_cards_add_up(tmp_path):
    text = answer(*(("DCGM_FI_DEV_POWER_USAGE", {"gpu": str(g)}, [50 + g] * 3) for g in (0, 1)))
    _, energies, headline = load(tmp_path, text, "q.json")
    assert energies["gpu0"] == pytest.approx(1000.0) and energies[headline] == pytest.approx(2020.0)


def test_an_instant_query_holds_no_energy(tmp_path):
    one = {"metric": {"__name__": "x_watts"}, "value": [1_780_000_000, "5"]}
    with pytest.raises(DataError, match="query_range"):
        load(
            tmp_path,
            json.dumps({"status": "success", "data": {"resultType": "vector", "result": [one]}}),
            "q.json",
        )


def test_a_fraction_of_a_second_is_kept_to_the_millisecond(tmp_path):
    """2 W for 250 ms and 6 W for the next 500 ms, by the trapezoid between readings at 0, 0.25 and 0.75 s."""
    points = [[1_780_000_000.0, "2"], [1_780_000_000.25, "2"], [1_780_000_000.7504, "6"]]
    text = json.dumps(
        {
            "status": "success",
            "data": {
                "resultType": "matrix",
                "result": [{"metric": {"__name__": "node_power_watts"}, "values": points}],
            },
        }
    )
    log, energies, headline = load(tmp_path, text, "q.json")
    assert [int(at) - 1_780_000_000 * 10**9 for at in log.sources[0].times_ns] == [
        0,
        250_000_000,
        750_000_000,
    ]
    assert energies[headline] == pytest.approx(2 * 0.25 + 4 * 0.5)


def test_a_value_that_no_meter_shows_and_a_time_that_is_none_are_no_points(tmp_path):
    """Below zero and above, 1e18 W is nothing; a time of 0 or past 2106 neither; of two values at once the latter counts."""
    t = 1_780_000_000
    points = [
        [t, "5"],
        [t + 10, "-1e18"],
        [t + 10, "1e18"],
        [t + 20, "NaN"],
        [t + 20, "5"],
        [0, "5"],
        [2**32, "5"],
        [t + 30, "x"],
        [t + 30],
        [t + 40, "5"],
    ]
    text = json.dumps(
        {
            "status": "success",
            "data": {
                "resultType": "matrix",
                "result": [{"metric": {"__name__": "node_power_watts"}, "values": points}],
            },
        }
    )
    log, energies, headline = load(tmp_path, text, "q.json")
    assert [int(at) // 10**9 - t for at in log.sources[0].times_ns] == [0, 20, 40]
    assert energies[headline] == pytest.approx(200.0)


def test_a_clock_that_was_set_years_ahead_is_no_time(tmp_path):
    times = [1757844000 + 60 * i + (400 * 86400 if i >= 10 else 0) for i in range(20)]
    series = {"metric": {"__name__": "node_power_watts"}, "values": [[when, "10"] for when in times]}
    text = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}})
    _, energies, headline = load(tmp_path, text, "p.json")
    assert energies[headline] == pytest.approx(10 * 19 * 60)


def test_a_clock_set_back_is_refused_and_a_forward_one_is_a_hole(tmp_path):
    def given(*times):
        values = [[1_780_000_000 + second, "1"] for second in times]
        series = [{"metric": {"__name__": "node_power_watts"}, "values": values}]
        return json.dumps({"data": {"resultType": "matrix", "result": series}})

    with pytest.raises(DataError, match="run back by 4 min 59 s at value 11: a clock was set"):
        load(tmp_path, given(*range(300, 310), *range(10, 20)), "q.json")
    log, _, _ = load(tmp_path, given(*range(10), *range(300, 310)), "q.json")
    assert [gap.end_ns - gap.start_ns for gap in log.sources[0].gaps] == [291 * 10**9]
    assert any("a clock that is set forward leaves such a hole" in note.text for note in log.warnings)
    with pytest.raises(DataError, match="value 3 of node_power_watts stands at a time that another"):
        load(tmp_path, given(0, 1, 1).replace('"1"]]', '"2"]]'), "q.json")
