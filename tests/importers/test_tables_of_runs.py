"""Tables in which a row is a finished run or a year are no logs, whatever they offer to be asked about."""

import pytest

from powermeter import analyse
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers import Choices, convert, open_log

RUNS_OF_PROGRAMS = {
    "numbered runs": "RUN,PWR_IN_MAX,PWR_IN_AVG\n" + "".join(f"{i},391{i}.0,375{i}.9\n" for i in range(5)),
    "a program's lengths": "Language, Program, Package, Time (ms), Memory\n"
    + "".join(f"Python, nbody, 341.6{i}, {18896 - 400 * (i % 2)}, 49360\n" for i in range(8)),
    "benchmarks": "test,PKG,CPU,time\n"
    + "".join(f"sort,0.01{i},0.009,{3.1 - 0.5 * (i % 2)}\n" for i in range(8)),
    "settings and their outcomes": "Big Freq,ampere,Volt,Watt,FPS,Latency\n"
    + "".join(f"{i}00000,0.6{i},5.04,2.{i},2.3,{638 - i}\n" for i in range(1, 7)),
}


BLOCKS = {
    "no time": "".join(
        f"{name} ; 113.{i} ; 56.{i} ; 14.8\n" for name in ("n-body", "fasta") for i in range(9)
    ),
    "a time that stands still": "".join(
        f"{name},stress,cpu,{i},81.{i},2026-07-20T2{hour}:00:00Z\n"
        for hour, name in enumerate(("EEVDF", "bpfland"))
        for i in range(6)
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_of_names_without_a_header_are_runs(tmp_path, name):
    path = tmp_path / "runs.csv"
    path.write_text(BLOCKS[name])
    with pytest.raises(DataError, match="one row per run") as caught:
        open_log(path)
    assert "--rate" not in str(caught.value)


def test_devices_in_turns_without_a_header_are_no_runs(tmp_path):
    path = tmp_path / "cards.csv"
    path.write_text("".join(f"card{i % 2},50.{i}\n" for i in range(12)))
    with pytest.raises(ConfigurationError, match="--rate"):
        open_log(path)


@pytest.mark.parametrize("name", RUNS_OF_PROGRAMS)
def test_a_row_a_run_is_named(tmp_path, name):
    path = tmp_path / "runs.csv"
    path.write_text(RUNS_OF_PROGRAMS[name])
    with pytest.raises(DataError, match="one row per run"):
        open_log(path)


def test_a_row_a_year_is_named(tmp_path):
    path = tmp_path / "years.csv"
    rows = "".join(f"Africa,,{year},0,{year / 50}\n" for year in range(1965, 1975))
    path.write_text("Entity,Code,Year,Solar Consumption,Wind Consumption\n" + rows)
    with pytest.raises(DataError, match="one amount a year"):
        open_log(path)


LOGS = {
    "stamps beside lengths that rise and fall": "timestamp,power_W,latency_ms,task\n"
    + "".join(f"2026-03-01 10:00:{i:02d},10,{30 - 20 * (i % 2)},a\n" for i in range(11)),
    "stamps beside outcomes": "timestamp,power_W,latency_ms,tokens\n"
    + "".join(f"2026-03-01 10:00:{i:02d},10,{30 - 20 * (i % 2)},{i}\n" for i in range(11)),
    "one run in all rows": "run,elapsed_s,power_W\n" + "".join(f"1,{i},10\n" for i in range(11)),
}


@pytest.mark.parametrize("name", LOGS)
def test_rows_over_time_are_a_log_whatever_stands_beside_them(tmp_path, name):
    path = tmp_path / "log.csv"
    path.write_text(LOGS[name])
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(100)


def test_runs_with_a_row_of_each_rail(tmp_path):
    rows = "".join(f"{run},{rail},0.8,500,400\n" for run in range(1, 6) for rail in ("vdd_cpu", "vdd_gpu"))
    path = tmp_path / "t.csv"
    path.write_text("run,rail,voltage_v,current_ma,power_mw\n" + rows)
    with pytest.raises(DataError, match="table of finished runs"):
        open_log(path)


def test_lengths_that_fall_beside_means_and_extremes_are_runs(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(
        "TotalTime(S),TotalEnergy(J),AvgPowerDraw(W),MinDraw(W),MaxDraw(W)\n"
        "83.1263,7601.9829,91.4510,51.90,202.03\n76.6828,6967.1085,90.8563,74.38,209.02\n3.2867,330.2037,100.4654,74.71,155.06\n"
    )
    with pytest.raises(DataError, match="one row per run"):
        open_log(path)


def test_frames_behind_a_clock_of_the_run_are_no_runs(tmp_path):
    """MangoHud's log: frames a second, and nanoseconds since it began, which have the size of Unix times in seconds (546 GJ in 89 years)."""
    path = tmp_path / "mangohud.csv"
    path.write_text(
        "os,cpu,gpu\nArch Linux,Ryzen 7,RX 6800\nfps,frametime,cpu_power,gpu_power,elapsed\n"
        + "".join(f"6{i % 3}.1,16.{i % 7},45,150,{100_000_000 * (i + 1)}\n" for i in range(30))
    )
    with pytest.raises(ConfigurationError, match=r"elapsed=ns.*cpu_power=W"):
        open_log(path)
    stated = Choices(columns={"cpu_power": "W", "gpu_power": "W", "elapsed": "ns"})
    convert(path, tmp_path / "o.power", choices=stated)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(195 * 2.9)


def test_runs_sorted_by_their_length_are_runs(tmp_path):
    path = tmp_path / "ranking.csv"
    lengths = (1.2, 1.3, 1.9, 3.0, 3.1, 5.5, 9.0, 14.0, 15.5, 31.0)
    path.write_text(
        "fps,power_W,elapsed_s\n" + "".join(f"{60 - s:.0f},15{i}.5,{s}\n" for i, s in enumerate(lengths))
    )
    with pytest.raises(DataError, match="one row per run"):
        open_log(path)
