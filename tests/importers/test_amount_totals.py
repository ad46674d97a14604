"""Amounts as a running total that begins anew behind each hole, of single columns as of all."""

import numpy as np
import pytest
from tool_log import load

from powermeter import analyse
from powermeter.channel import MISSING
from powermeter.importers import table_rows
from powermeter.importers.amount_totals import Blanks, Totals, blanks_of

CYCLE = [5, 7, 3]
WH = 3600


def read(tmp_path, cells, header="time,a_Wh,b_Wh", hours=24):
    """Return the import's log, the result, and the energy of each rail."""
    moments = [f"2025-01-{15 + h // 24:02d} {h % 24:02d}:00" for h in range(hours)]
    text = f"{header}\n" + "".join(cells(h, at) for h, at in enumerate(moments))
    log, energies, _ = load(tmp_path, text, "t.csv", add_up=True, as_={"": "per-row"})
    return log, analyse(tmp_path / "o.power"), energies


def one_blank(lacking):
    return lambda h, at: f"{at},{'' if h in lacking else CYCLE[h % 3]},{CYCLE[h % 3]}\n"


@pytest.mark.parametrize("lacking", [(8, 9, 10), (3,), (2, 9, 10, 20), range(5, 17)])
@pytest.mark.parametrize("size", [1 << 17, 5])
def test_a_blank_in_a_part_of_a_sum_is_no_zero(tmp_path, monkeypatch, lacking, size):
    """Three blank hours of one of two columns: 810 kJ ± 4 % were printed for 864 kJ."""
    monkeypatch.setattr(table_rows, "BLOCK", size)
    _, found, rails = read(tmp_path, one_blank(lacking))
    whole = found.energy
    assert whole.low < 240 * WH < whole.high and whole.value == pytest.approx(240 * WH, rel=0.06)
    assert whole.high - whole.value > 0.03 * whole.value
    assert rails["b"] == pytest.approx(120 * WH)


def test_a_device_that_lacks_rows_is_no_zero(tmp_path):
    rows = lambda h, at: "".join(
        f"{at},{name},{CYCLE[h % 3]}\n" for name in "ab" if name == "b" or h not in (8, 9, 10)
    )
    _, found, _ = read(tmp_path, rows, "time,device,energy_Wh")
    assert found.energy.low < 240 * WH < found.energy.high
    assert found.energy.value == pytest.approx(240 * WH, rel=0.03)


def test_blanks_at_the_ends_bound_what_is_known(tmp_path):
    """The sum is of the 20 hours in which both have amounts."""
    log, found, _ = read(tmp_path, one_blank((0, 1, 22, 23)))
    assert found.energy.value == pytest.approx(2 * sum(CYCLE[h % 3] for h in range(2, 22)) * WH)
    assert any(note.text.startswith("a: 4 rows without an amount before") for note in log.warnings)


def test_a_column_with_amounts_less_often_holds_all_since_the_one_before(tmp_path):
    """Six-hourly amounts of 30 Wh beside hourly ones: 120 Wh each in a day."""
    cells = lambda h, at: f"{at},{30 if h % 6 == 5 else ''},{CYCLE[h % 3]}\n"
    _, found, rails = read(tmp_path, cells, hours=72)
    assert rails["a"] == pytest.approx(360 * WH) and rails["b"] == pytest.approx(360 * WH)
    assert found.energy.value == pytest.approx(720 * WH)


def test_blank_rows_before_a_hole_of_all_columns(tmp_path):
    cells = lambda h, at: "" if h in (9, 10) else one_blank((8, 11))(h, at)
    _, found, _ = read(tmp_path, cells)
    assert found.energy.low < 240 * WH < found.energy.high


def test_totals_begin_anew_one_step_lower_each_time():
    totals = Totals.of(Blanks(behind=np.array([3]), begins=np.array([2])), np.array([5]))
    first = totals.codes(np.array([4, 0, MISSING]), 0).tolist()
    assert first + totals.codes(np.array([6, 1, 2]), 3).tolist() == [4, 4, -1, 5, 6, 0]
    assert totals.opening(5) == -2


def test_where_blanks_are():
    times = np.arange(1, 13) * 10
    amounts = np.array([5, 7, np.nan, np.nan, 5, 7, 3, 5, 7, 3, 5, np.nan])
    found = blanks_of(times, amounts, None, 0)
    assert (found.behind.tolist(), found.begins.tolist()) == ([4], [3])
    assert (found.bridged, found.ends, found.slower, found.first) == (2, 1, 0, True)
    none = blanks_of(times, np.ones(12), None, 0)
    assert (none.behind.size, none.begins.size) == (0, 0)
    assert (none.bridged, none.ends, none.slower, none.first) == (0, 0, 0, True)


def test_amounts_below_zero_are_no_total_that_was_set_back(tmp_path):
    """What flows back is offset: 3 Wh and −2.5 Wh in turns are 12 Wh in 48 hours, and 144 Wh were counted."""
    amount = lambda h: 3 if h % 2 else -2.5
    _, found, rails = read(tmp_path, lambda h, at: f"{at},{amount(h)},1\n", hours=48)
    assert rails["a"] == pytest.approx(12 * WH) and found.energy.value == pytest.approx(60 * WH)
    cells = lambda h, at: f"{at},{'' if h in (13, 14) else amount(h)},1\n"
    _, found, rails = read(tmp_path, cells, hours=48)
    assert found.energy.low < 60 * WH < found.energy.high
