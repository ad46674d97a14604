"""A column that adds up the readings so far is no power: beside them it is left out, alone it is refused."""

import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers import Choices, open_log

WATTS = [10.0 + (i * 7) % 11 for i in range(30)]
SUMS = [sum(WATTS[: i + 1]) for i in range(30)]


def table(tmp_path, header, *columns):
    path = tmp_path / "t.csv"
    path.write_text(
        "\n".join([header, *(",".join(map(str, row)) for row in zip(range(30), *columns, strict=True))])
    )
    return path


@pytest.mark.parametrize("name", ["total_power_W", "Sum Power (W)", "acc_W"])
@pytest.mark.parametrize("late", [False, True])
def test_the_readings_beside_their_sum_are_the_whole(tmp_path, name, late):
    sums = [0.0, *SUMS[:-1]] if late else SUMS  # written before, or after, its own row is added
    found = open_log(table(tmp_path, f"time_s,power_W,{name}", WATTS, sums))
    assert found.facts["whole"]["why"] == "the only rail"
    assert [w.code for w in found.warnings].count("running-sum") == 1


def test_a_sum_of_two_rails_so_far_is_not_their_total_but_shows_that_they_add_up(tmp_path):
    added = [sum(WATTS[: i + 1]) + sum(WATTS[::-1][: i + 1]) for i in range(30)]
    path = table(tmp_path, "time_s,a_W,b_W,total_W", WATTS, WATTS[::-1], added)
    log = open_log(path)
    assert log.facts["whole"]["rail"] == "a + b" and log.facts["whole"]["sum"]


def test_alone_it_is_refused_and_a_power_that_rises_is_stated(tmp_path):
    path = table(tmp_path, "time_s,total_power_W", SUMS)
    with pytest.raises(ConfigurationError, match="adds up the readings so far"):
        open_log(path)
    open_log(path, choices=Choices(as_={"total_power_W": "power"}))


def test_a_total_that_rises_from_far_above_its_steps_is_a_power(tmp_path):
    open_log(table(tmp_path, "time_s,total_power_W", [100 + i / 2 for i in range(30)]))
