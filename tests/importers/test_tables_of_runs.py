"""Tables in which a row is a finished run or a year are no logs, whatever they offer to be asked about."""

import pytest

from powermeter.errors import DataError
from powermeter.importers import open_log

RUNS_OF_PROGRAMS = {
    "numbered runs": "RUN,PWR_IN_MAX,PWR_IN_AVG\n" + "".join(f"{i},391{i}.0,375{i}.9\n" for i in range(5)),
    "a program's lengths": "Language, Program, Package, Time (ms), Memory\n"
    + "".join(f"Python, nbody, 341.6{i}, {18896 - 400 * (i % 2)}, 49360\n" for i in range(8)),
    "benchmarks": "test,PKG,CPU,time\n"
    + "".join(f"sort,0.01{i},0.009,{3.1 - 0.5 * (i % 2)}\n" for i in range(8)),
    "settings and their outcomes": "Big Freq,ampere,Volt,Watt,FPS,Latency\n"
    + "".join(f"{i}00000,0.6{i},5.04,2.{i},2.3,{638 - i}\n" for i in range(1, 7)),
}


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
