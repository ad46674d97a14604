"""A column of how long each piece of work took is no clock; one that a clock wrote is."""

from __future__ import annotations

import pytest

from powermeter.errors import DataError
from powermeter.importers import Choices, open_log
from powermeter.importers.tables_of_runs import RUNS

RISING = ("3.1", "4.4", "7.9", "15.0", "31.2")


@pytest.mark.parametrize(
    "names",
    [
        "batch_size,latency_ms,power_W",
        "prompt_tokens,ttft_ms,avg_power_w",
        "seq_len,latency_s,energy_J",
        "qps,p99_ms,watts",
        "resolution,inference_time_ms,avg_power_W",
        "freq_MHz,exec_time_s,energy_J",
        "threads,runtime_s,avg_power_w",
        "layer,time_ms,power_W",
        "model,duration_s,power_W",
    ],
)
def test_lengths_that_happen_to_rise_are_refused_as_finished_runs(tmp_path, names):
    path = tmp_path / "bench.csv"
    path.write_text(f"{names}\n" + "".join(f"{1 << i},{t},{5 + i}\n" for i, t in enumerate(RISING)))
    with pytest.raises(DataError) as refused:
        open_log(path)
    assert RUNS in str(refused.value)


def test_runs_that_took_nearly_as_long_are_no_even_clock(tmp_path):
    path = tmp_path / "reps.csv"
    path.write_text("rep,runtime_s,power_w\n" + "".join(f"{i},{10 + i / 25},30\n" for i in range(1, 9)))
    with pytest.raises(DataError) as refused:
        open_log(path)
    assert RUNS in str(refused.value)


@pytest.mark.parametrize(
    ("names", "times"),
    [
        ("sample,runtime_s,power_W", (0, 1.1, 1.9, 3.4, 4.0)),
        ("sample,runtime_s,power_W", (1, 2, 3, 4, 5)),
        ("batch,time_s,power_W", (0.8, 1.1, 2.9, 3.4, 4.1)),
        ("time_s,power_W,latency_ms", (0.4, 1.1, 2.9, 3.4, 4.1)),
        ("step,time_s,power_W", (0.8, 1.1, 2.9, 3.4, 4.1)),
    ],
)
def test_a_clock_of_such_a_name_is_read(tmp_path, names, times):
    path = tmp_path / "log.csv"
    rows = [(i, t, 5) if names.split(",")[1] != "power_W" else (t, 5, 3) for i, t in enumerate(times, 1)]
    path.write_text(f"{names}\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    (source,) = open_log(path).sources
    first, last = source.ends_ns
    assert (last - first) / 1e9 == pytest.approx(times[-1] - times[0])


@pytest.mark.parametrize("name", ["runtime_s", "training time (s)"])
def test_a_clock_that_was_begun_late_is_read(tmp_path, name):
    path = tmp_path / "log.csv"
    path.write_text(f"{name},power_W\n" + "".join(f"{120 + i / 2},{5 + i % 3}\n" for i in range(20)))
    (source,) = open_log(path).sources
    assert source.ends_ns[1] - source.ends_ns[0] == 9_500_000_000


def test_a_length_that_is_stated_to_be_the_time_is_the_time(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("batch_size,latency_ms,power_W\n1,3.1,5\n2,4.4,5\n4,7.9,5\n")
    (source,) = open_log(path, choices=Choices(columns={"latency_ms": "ms"})).sources
    assert source.ends_ns[1] - source.ends_ns[0] == 4_800_000


@pytest.mark.parametrize("late", ["time_s", "elapsed_s"])
def test_unix_times_in_a_column_called_clock_are_times(tmp_path, late):
    """A clock in hertz, which a benchmark varies, does not rise by a second a row."""
    path = tmp_path / "log.csv"
    rows = "".join(f"{1711000000 + i},{100 + i},20\n" for i in range(11))
    path.write_text(f"clock,{late},power_W\n{rows}")
    (source,) = open_log(path).sources
    assert source.ends_ns[1] - source.ends_ns[0] == 10_000_000_000
