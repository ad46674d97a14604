"""Rows that are stretches of their own: runs with a mean power and a length each, minutes apart. What they used is power × length."""

import pytest
from tool_log import load

STARTS = [0, 345, 988, 1330, 1800, 2200]
LENGTHS = [45.0, 43.5, 41.8, 63.0, 50.0, 47.5]
WATTS = [77.6, 83.2, 83.3, 108.5, 60.0, 90.1]
JOULES = sum(p * s for p, s in zip(WATTS, LENGTHS, strict=True))
BASE = 1710252310


def table(head, row):
    rows = zip(STARTS, LENGTHS, WATTS, strict=True)
    return (
        head
        + "\n"
        + "".join(
            row.format(t=t, end=t + s, unix=BASE + t, unix_end=BASE + t + s, s=s, p=p, minutes=s / 60) + "\n"
            for t, s, p in rows
        )
    )


FORMS = {
    "start and end in Unix seconds": ("t_start,t_end,mean_power_W", "{unix},{unix_end},{p}"),
    "start and end since the log began": ("start_s,end_s,power_W", "{t},{end},{p}"),
    "start and length": ("start,duration_s,power_W", "{unix},{s},{p}"),
    "a stamp and how long it ran": ("timestamp,model,avg_power_w,runtime_s", "{unix},x,{p},{s}"),
    "a stamp and a length in minutes": ("timestamp,avg_power_w,Duration (min)", "{unix},{p},{minutes}"),
    "a stamp and a length": ("timestamp,run_id,avg_power_W,duration_s", "{unix},7,{p},{s}"),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_energy_is_that_of_the_rows_alone(tmp_path, name):
    log, energies, headline = load(tmp_path, table(*FORMS[name]), name="runs.csv")
    assert energies[headline] == pytest.approx(JOULES, rel=1e-6)
    assert any(note.code == "pauses-between-rows" for note in log.warnings)


def test_rows_of_one_length_far_apart_are_no_different(tmp_path):
    text = "start_s,end_s,power_W\n" + "".join(f"{600 * i},{600 * i + 60},100\n" for i in range(6))
    _, energies, headline = load(tmp_path, text, name="runs.csv")
    assert energies[headline] == pytest.approx(6 * 60 * 100)


def test_short_pauses_are_bridged(tmp_path):
    text = "start_s,end_s,power_W\n" + "".join(f"{60 * i},{60 * i + 50},100\n" for i in range(6))
    _, energies, headline = load(tmp_path, text, name="runs.csv")
    assert energies[headline] == pytest.approx(350 * 100, rel=0.04)


def test_a_table_most_of_whose_time_is_holes_is_that_of_its_rows(tmp_path):
    """Rows of 1 s that state their ends, ten in a row, then an hour of nothing: 115 MJ were bounded for the 58 kJ that were measured."""
    starts = [3600 * k + i for k in range(5) for i in range(10)]
    text = "start_s,end_s,power_W\n" + "".join(f"{t},{t + 1},100\n" for t in starts)
    log, energies, headline = load(tmp_path, text, name="runs.csv")
    assert energies[headline] == pytest.approx(5000)
    assert any("nothing is counted in them" in str(note) for note in log.warnings)


def test_a_length_that_is_left_out_is_none(tmp_path):
    """`--column duration_s=-` left it in: rows were stretches of their own all the same."""
    text = "timestamp,avg_power_W,duration_s\n" + "".join(f"{BASE + 600 * i},100,60\n" for i in range(6))
    _, energies, headline = load(tmp_path, text, name="runs.csv", columns={"duration_s": "-"})
    assert energies[headline] == pytest.approx(6 * 600 * 100)  # each is a mean over the 10 minutes before it


def test_a_column_of_lengths_that_is_empty_is_none(tmp_path):
    text = "timestamp,avg_power_W,duration_s\n" + "".join(f"{BASE + 600 * i},100,\n" for i in range(6))
    _, energies, headline = load(tmp_path, text, name="runs.csv")
    assert energies[headline] == pytest.approx(6 * 600 * 100)


def test_a_row_of_no_length_used_nothing(tmp_path):
    """It counted for as long as the others: 36 kJ for 30."""
    text = "timestamp,avg_power_W,duration_s\n" + "".join(
        f"{BASE + 600 * i},100,{60 * (i != 3)}\n" for i in range(6)
    )
    _, energies, headline = load(tmp_path, text, name="runs.csv")
    assert energies[headline] == pytest.approx(5 * 60 * 100)
