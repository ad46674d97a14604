"""Marks of labels that touch each other lie beside the steps of power by one time: what belongs to which is open by that time times the step."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import OFF_MARKS
from powermeter.analysis.integral import Integral
from powermeter.channel import Kind, Quantity
from powermeter.signals.trace import Trace, median_interval_ns

GROUP = np.array([0, 1] * 4)


def rounds(late_s: float, tail_s: float = 0.0) -> tuple[Integral, NDArray[np.int64], NDArray[np.int64]]:
    """Return four rounds of 10.3 s at 9 W and 5.2 s at 4 W on 2 W, ten readings a second that show them late, and their marks."""
    first = 5.0 + 25.0 * np.arange(4)
    start = np.sort(np.concatenate([first, first + 10.3]))
    end = np.sort(np.concatenate([first + 10.3, first + 15.5]))
    t = np.arange(0, 110, 0.1)
    power = np.full(t.size, 2.0)
    for a, b, watts in zip(start, end, [9.0, 4.0] * 4, strict=True):
        power[(t > a + late_s) & (t <= b + late_s + (tail_s if watts == 4.0 else 0.0))] = watts
    power += np.random.default_rng(5).normal(0, 0.02, t.size)
    times = np.rint((t + 1) * 1e9).astype(np.int64)
    trace = Trace(times, power, Quantity.POWER, kind=Kind.INSTANT, interval_ns=median_interval_ns(times))
    return Integral.of(trace), *(np.rint((e + 1) * 1e9).astype(np.int64) for e in (start, end))


def test_four_rounds_shown_1_5_s_late_reach_to_what_moved_marks_hold() -> None:
    """First label: 370.8 J by the moved marks, 7 W × 1.5 s less in each of four by its own; second: 83.2 J, 9 − 4 W × 1.5 s more in each."""
    integral, start, end = rounds(1.5)
    found = measure(integral, start, end, GROUP)
    first, second = (found.groups[g] for g in (0, 1))
    assert first.why == second.why == OFF_MARKS
    assert first.offset_s == pytest.approx(1.5, abs=0.1)
    sums = [float(found.value[g == GROUP].sum()) for g in (0, 1)]
    assert sums[0] == pytest.approx(370.8 - 4 * 7 * 1.5, abs=4)
    assert sums[1] == pytest.approx(83.2 + 4 * (9 - 4) * 1.5, abs=4)
    assert first.above_all == pytest.approx(4 * 7 * 1.5, abs=8) and first.below_all == 0
    assert second.below_all == pytest.approx(4 * 5 * 1.5, abs=8) and second.above_all == 0


@pytest.mark.parametrize(("late_s", "tail_s"), [(0.0, 0.0), (0.0, 1.5)])
def test_steps_at_their_marks_and_tails_of_one_label_are_no_offset(late_s: float, tail_s: float) -> None:
    integral, start, end = rounds(late_s, tail_s)
    found = measure(integral, start, end, GROUP)
    assert all(group.why != OFF_MARKS for group in found.groups)
