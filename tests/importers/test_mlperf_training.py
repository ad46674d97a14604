"""The power of an MLPerf Training run: nodes are rails, MLCommons' figure is reproduced, estimates stay out of the rails."""

import json

import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.published import published
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import convert, open_log
from powermeter.recording import Recording

T0 = 1_728_500_000_000


def line(key, at_ms, value=None, before=""):
    entry = {
        "namespace": "",
        "time_ms": T0 + at_ms,
        "event_type": "POINT_IN_TIME",
        "key": key,
        "value": value,
    }
    return f"{before}:::MLLOG {json.dumps(entry)}\n"


def node(watts, efficiency=None, step_ms=1000, stop=True):
    text = line("power_measurement_start", 0)
    text += line("conversion_eff", 0, efficiency) if efficiency is not None else ""
    text += "".join(line("power_reading", (i + 1) * step_ms, w) for i, w in enumerate(watts))
    return text + (line("power_measurement_stop", len(watts) * step_ms) if stop else "")


def submission(tmp_path, **files):
    power = tmp_path / "bert" / "power" / "result_0"
    power.mkdir(parents=True)
    for name, text in files.items():
        (power / f"{name}.txt").write_text(text)
    run = line("run_start", 2000, before="0: ") + "0: noise\n" + line("run_stop", 8000, before="0: ")
    (tmp_path / "bert" / "result_0.txt").write_text(run)
    return power


def test_one_node_and_the_official_figure(tmp_path):
    watts = [100, 120, 140, 160, 180, 200, 220, 240, 260, 280]
    log = convert(submission(tmp_path, node_0=node(watts, 0.94)), tmp_path / "o.power")
    official = 0.94 * sum(watts) * 1.0 * 6.0 / 10.0
    assert log.metadata["mlperf_training_energy_j"] == pytest.approx(official, rel=1e-12)
    with Recording.open(tmp_path / "o.power") as recording:
        (value,) = published(recording).values
        assert value.energy_j == pytest.approx(official, rel=1e-12)
        assert value.event.name == "training run"


def test_nodes_are_added_up_and_an_estimated_switch_is_in_the_official_figure_only(tmp_path):
    power = submission(
        tmp_path,
        node_0=node([100] * 10),
        node_1=node([200] * 10),
        node_10=node([300] * 10),
        sw_0=line("interconnect_power_est", 0, 50),
    )
    log = convert(power, tmp_path / "o.power")
    assert log.facts["whole"]["sum"]
    assert log.metadata["mlperf_training_energy_j"] == pytest.approx((600 + 50) * 6.0)
    assert any("estimate of 50 W" in note for note in log.warnings)
    with Recording.open(tmp_path / "o.power") as recording:
        assert analyse(recording).power.value == pytest.approx(600)


def test_a_stop_that_repeats_the_start_is_none(tmp_path):
    text = node([100] * 10, stop=False) + line("power_measurement_stop", 0)
    log = open_log(submission(tmp_path, node_0=text))
    assert log.metadata["mlperf_training_energy_j"] == pytest.approx(600)


def test_a_switch_stamped_in_another_time_zone_is_put_beside_the_nodes(tmp_path):
    hours = 5 * 3_600_000
    switch = "".join(line("power_reading", 1000 * i - hours - 1000, 50) for i in range(12))
    power = submission(tmp_path, node_0=node([100] * 10), node_1=node([200] * 10), sw_0=switch)
    log = convert(power, tmp_path / "o.power")
    assert any("sw_0.txt: its clock lies -5 h" in note for note in log.warnings)
    with Recording.open(tmp_path / "o.power") as recording:
        assert analyse(recording).power.value == pytest.approx(350)


def test_a_node_of_another_hour_that_is_no_zone_is_refused(tmp_path):
    late = "".join(line("power_reading", 1000 * i + 3_000_000, 50) for i in range(12))
    with pytest.raises(ConfigurationError, match="no time is common"):
        open_log(submission(tmp_path, node_0=node([100] * 10), node_1=node([200] * 10), node_2=late))


def test_swapped_lines_are_put_in_order_and_readings_that_are_none_are_counted(tmp_path):
    text = node([100] * 4) + line("power_reading", 2500, 100) + line("power_reading", 3500, "null")
    log = open_log(submission(tmp_path, node_0=text))
    assert list(log.sources[0].times_ns) == sorted(log.sources[0].times_ns)
    assert any("1 reading without a number" in note for note in log.warnings)


def test_a_single_file_is_read_without_a_window(tmp_path):
    file = tmp_path / "node_0.txt"
    file.write_text(node([100] * 5))
    log = open_log(file)
    assert log.format == "mlperf-training" and not log.events
    assert any("the run's window is not known" in note for note in log.warnings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (line("power_measurement_start", 0), "no power_reading"),
        (":::MLLOG {broken\n" * 30 + line("power_reading", 0, 1), "damaged lines after"),
        (line("power_reading", 0, "null") + line("power_reading", 9, -1), "holds a power"),
    ],
)
def test_what_holds_no_power_is_refused(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        open_log(submission(tmp_path, node_0=text))


def test_a_clock_that_was_set_back_is_refused_and_swapped_neighbours_are_not(tmp_path):
    text = node([100] * 40).splitlines(keepends=True)
    text[20], text[21] = text[21], text[20]
    power = submission(tmp_path, node_0="".join(text))
    assert open_log(power).metadata["mlperf_training_energy_j"] == pytest.approx(600)
    again = [line("power_reading", (i + 10) * 1000 + 5, 100) for i in range(30)]
    (power / "node_0.txt").write_text("".join(text[:-1] + again))
    with pytest.raises(DataError, match="a clock was set"):
        open_log(power)
