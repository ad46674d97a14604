"""Sums and means under a table are none of its rows."""

import pytest

from powermeter import analyse
from powermeter.errors import DataError
from powermeter.importers import Choices, convert

AMOUNTS = [0.1, 0.3, 0.2, 0.5, 0.1, 0.4]


def run(tmp_path, text, **stated):
    path = tmp_path / "t.csv"
    path.write_text(text)
    convert(
        path, tmp_path / "o.power", choices=Choices(period_s=900.0, as_={"": "per-row"}, **stated), force=True
    )
    return analyse(tmp_path / "o.power").energy.value


@pytest.mark.parametrize("word", ["Summe", "Total:", "SUM", "Somme"])
def test_a_sum_at_a_stated_rate_is_not_counted(tmp_path, word):
    rows = "".join(f"slot {i};;{v}\n" for i, v in enumerate(AMOUNTS * 3))
    assert run(tmp_path, f"slot;note;kWh\n{rows}{word};;4.8\n") == pytest.approx(4.8 * 3.6e6)


def test_a_sum_without_a_word_is_refused(tmp_path):
    rows = "".join(f"{v};x\n" for v in AMOUNTS)
    with pytest.raises(DataError, match=r"line 8\), 1.6, is the sum"):
        run(tmp_path, f"kWh;note\n{rows}1.6;x\n")
    assert run(tmp_path, f"kWh;note\n{rows}1.5;x\n") == pytest.approx(3.1 * 3.6e6)


def test_three_amounts_and_one_as_large_as_all_of_them_are_four(tmp_path):
    assert run(tmp_path, "kWh;note\n0.1;x\n0.2;x\n0.3;x\n0.6;x\n") == pytest.approx(1.2 * 3.6e6)


def test_a_device_called_total_is_a_device(tmp_path):
    rows = "".join(f"{i},{name},{watts}\n" for i in range(10) for name, watts in (("cpu", 10), ("total", 30)))
    path = tmp_path / "t.csv"
    path.write_text(
        "name,time_s,power_W\n"
        + "".join(f"{n},{t},{w}\n" for t, n, w in (r.split(",") for r in rows.split()))
    )
    convert(path, tmp_path / "o.power", force=True)
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(270.0)


def test_a_state_called_count_from_later_on_is_refused(tmp_path):
    """The words are in none of the rows that are looked at first: half of the readings were left out, with a note alone."""
    rows = "".join(f"{'count' if i > 250 else 'idle'},{i},{10 if i <= 250 else 100}\n" for i in range(500))
    path = tmp_path / "t.csv"
    path.write_text("state,time_s,power_W\n" + rows)
    with pytest.raises(DataError, match=r"249 of its rows begin with 'count' \(line 253\)"):
        convert(path, tmp_path / "o.power")


def test_a_table_of_few_rows_may_have_its_sum_and_its_mean(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time_s,power_W\n0,5\n1,7\n2,5\n3,7\n4,5\nsum,29\nmean,5.8\nmin,5\nmax,7\n")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(24.0)


def test_two_sums_under_fifteen_rows_are_no_state_of_that_name(tmp_path):
    path = tmp_path / "t.csv"
    rows = "".join(f"{i},{5 + 2 * (i % 2)}\n" for i in range(15))
    path.write_text(f"time_s,power_W\n{rows}sum,89\nsum,89\n")
    convert(path, tmp_path / "o.power")
    assert analyse(tmp_path / "o.power").energy.value == pytest.approx(84.0)


def test_a_sum_under_readings_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    watts = [17.07, 19.66, 21.5, 18.25, 30.01, 22.4, 19.99, 20.5, 24.75]
    rows = "".join(f"{t},{p}\n" for t, p in enumerate([*watts, round(sum(watts), 2)]))
    path.write_text(f"time_s,power_W\n{rows}")
    with pytest.raises(
        DataError, match=r"the last number of 'power_W' \(line 11\), 194.13, is the sum of all"
    ):
        convert(path, tmp_path / "o.power")
