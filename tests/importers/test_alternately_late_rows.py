"""Rows whose steps are long and short by turns, by hand: whether they are, and what their values show."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.importers.alternately_late_rows import evened, measured_evenly, turns_of

MS = 10**6


def stamps(rows: int, step_ms: float, late_ms: float) -> np.ndarray:
    """Rows at even times, every second of which is stamped so many ms late."""
    at = np.arange(rows) * step_ms
    at[1::2] += late_ms
    return np.round(at * MS).astype(np.int64)


@pytest.mark.parametrize(("step_ms", "late_ms"), [(100, 50), (1000, 300), (2000, 700), (20, 4)])
def test_every_second_row_late_makes_steps_that_take_turns(step_ms, late_ms):
    found = turns_of(stamps(100, step_ms, late_ms))
    assert found is not None
    assert (found.long_ns, found.short_ns) == ((step_ms + late_ms) * MS, (step_ms - late_ms) * MS)
    assert found.late_ns == late_ms * MS
    assert evened(stamps(100, step_ms, late_ms), found).tolist() == stamps(100, step_ms, 0).tolist()


def test_even_rows_those_that_jitter_and_those_chosen_by_chance_take_no_turns():
    rng = np.random.default_rng(1)
    even = np.arange(400) * 100
    assert turns_of(stamps(400, 100, 0)) is None
    assert turns_of(stamps(400, 100, 5)) is None  # a twentieth of the step
    assert turns_of(stamps(30, 100, 50)) is None
    for late in (rng.normal(0, 10, 400), rng.uniform(0, 100, 400)):
        assert turns_of(np.round((even + late) * MS).astype(np.int64)) is None


def test_values_show_whether_rows_were_measured_at_even_times_or_as_stamped():
    """Twenty seeds of a load of 300 jumps: over steps of 150 and 50 ms three in four lie in the long ones, over even ones a half."""
    stamped = stamps(4000, 100, 50)
    turns = turns_of(stamped)
    assert turns is not None
    decided = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        jumps, levels = np.sort(rng.uniform(0, 400, 300)), rng.uniform(1, 9, 301)
        for late, times in ((True, np.arange(4000) * 0.1), (False, stamped / 1e9)):
            values = levels[np.searchsorted(jumps, times)] + rng.normal(0, 0.01, 4000)
            shown = measured_evenly(turns, values)
            assert shown in (late, None)
            decided += shown is not None
    assert decided >= 28


def test_noise_and_steady_power_show_nothing():
    turns = turns_of(stamps(400, 100, 50))
    assert turns is not None
    assert measured_evenly(turns, np.full(400, 3.0)) is None
    assert measured_evenly(turns, np.random.default_rng(1).normal(3, 1, 400)) is None


def test_levels_with_one_missing_wherever_they_change_show_nothing():
    """Neighbours that both exist are equal; those that differ never follow each other."""
    turns = turns_of(stamps(400, 100, 50))
    levels = np.repeat([3.0, 5.0] * 20, 10)
    levels[9::10] = np.nan
    assert turns is not None and measured_evenly(turns, levels) is None


def test_steps_may_stray_by_a_third_of_their_difference():
    """100 ms, every second row 30 ms late: long and short steps differ by 60 ms.

    Rows that stray by ± 2.5 ms make every second short step 65 in place of 75 ms: 10 ms off, of 0.35 x 55 ms.  By ± 15 ms, it
    is 60 ms off.
    """
    off = np.tile([0, 0, 1, 1], 25) - 0.5
    near, far = (stamps(100, 100, 30) + np.round(2 * size * off * MS).astype(np.int64) for size in (2.5, 15))
    found = turns_of(near)
    assert found is not None and found.late_ns == pytest.approx(27.5 * MS)
    assert turns_of(far) is None
