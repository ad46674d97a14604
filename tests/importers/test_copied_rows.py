"""A part of a log that stands twice in a file is one part: its times and its values come again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from powermeter import analyse
from powermeter.importers import convert

WATTS = [20 + (7 * t % 11) / 2 for t in range(60)]


def energy(tmp_path, times, column="power_W", value=WATTS.__getitem__):
    path = tmp_path / "t.csv"
    path.write_text(f"time_s,{column}\n" + "".join(f"{t},{value(t)}\n" for t in times))
    log = convert(path, tmp_path / "o.power", force=True)
    return analyse(tmp_path / "o.power").energy.value, {note.code for note in log.warnings}


def trapezoid(stop):
    return sum((a + b) / 2 for a, b in pairwise(WATTS[:stop]))


@pytest.mark.parametrize(
    ("times", "stop"),
    [([*range(40), *range(40)], 40), ([*range(30), *range(15, 60)], 60), ([*range(20)] * 3, 20)],
)
def test_rows_that_come_again_are_counted_once(tmp_path, times, stop):
    value, codes = energy(tmp_path, times)
    assert value == pytest.approx(trapezoid(stop))
    assert "rows-repeated" in codes and "rows-without-time" not in codes


def test_a_counter_is_not_reset_by_a_copy(tmp_path):
    value, codes = energy(tmp_path, [*range(30), *range(30)], "energy_J", lambda t: 1000 + 5 * t + t % 3)
    assert value == pytest.approx(5 * 29 + 2) and "rows-repeated" in codes


def test_runs_of_one_length_are_no_copies(tmp_path):
    """A clock that begins anew is set back; a constant load may be read alike in both."""
    times = iter([*range(20), *range(30, 50)])
    value, codes = energy(tmp_path, [*range(20), *range(20)], value=lambda _: WATTS[next(times)])
    assert "rows-repeated" not in codes and value > 1.5 * trapezoid(20)
    value, codes = energy(tmp_path, [*range(20), *range(20)], value=lambda _: 5.0)
    assert "rows-repeated" not in codes and value == pytest.approx(5.0 * 39)


@pytest.mark.parametrize(("blocks", "are_copies"), [(101, True), (102, False)])
def test_a_hundred_copies_are_looked_for_and_no_more(tmp_path, blocks, are_copies):
    """The clock runs back a hundred times between 101 blocks; more often than that, it is another kind of log."""
    _, codes = energy(tmp_path, [*range(12)] * blocks)
    assert ("rows-repeated" in codes) == are_copies
