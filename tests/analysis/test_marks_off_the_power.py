"""Power that begins and ends beside its marks by the same time."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import OFF_MARKS
from powermeter.analysis.integral import Integral
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
IDLE_W, BUSY_W = 3.0, 8.0
STARTS_S = np.array([3.02, 6.57, 9.91])
LENGTHS_S = np.array([1.31, 1.72, 1.55])
TRUTH_J = BUSY_W * float(LENGTHS_S.sum())


def windows(begins_s: float, ends_s: float, kind: Kind = Kind.INSTANT, rate_hz: float = 10.0) -> Windows:
    """Return what events used whose power begins and ends so much behind the marks."""
    rng = np.random.default_rng(7)
    t = np.arange(0.03, 14, 1 / rate_hz)
    begin, end = STARTS_S + begins_s, STARTS_S + LENGTHS_S + ends_s
    fine = np.arange(0.0, 14.0, 1e-3) + 5e-4
    busy = ((fine[:, None] > begin) & (fine[:, None] < end)).any(axis=1)
    used = np.concatenate([[0.0], np.cumsum(np.where(busy, BUSY_W, IDLE_W)) * 1e-3])
    if kind is Kind.INSTANT:
        watts = np.where(((t[:, None] > begin) & (t[:, None] < end)).any(axis=1), BUSY_W, IDLE_W)
    else:
        at = np.interp(t, np.arange(used.size) * 1e-3, used)
        watts = np.concatenate([[IDLE_W], np.diff(at) * rate_hz])
    watts = watts + 0.02 * rng.standard_normal(t.size)
    trace = from_samples(np.rint(t * NS).astype(np.int64), watts, kind=kind)
    marks = np.rint(STARTS_S * NS).astype(np.int64), np.rint((STARTS_S + LENGTHS_S) * NS).astype(np.int64)
    return measure(Integral.of(trace), *marks)


@pytest.mark.parametrize("offset_s", [-0.3, 0.3])
@pytest.mark.parametrize(
    ("kind", "rate_hz"), [(Kind.INSTANT, 10.0), (Kind.INSTANT, 100.0), (Kind.MEAN, 10.0)]
)
def test_what_moved_marks_hold_is_inside_the_interval(offset_s: float, kind: Kind, rate_hz: float) -> None:
    found = windows(offset_s, offset_s, kind, rate_hz)
    total = found.combine(np.ones(3), "all")
    assert found.groups[0].why == OFF_MARKS
    assert found.groups[0].offset_s == pytest.approx(offset_s, abs=0.06)
    assert total.grade is Grade.ESTIMATED
    assert total.low < TRUTH_J < total.high < 1.06 * TRUTH_J


@pytest.mark.parametrize(
    ("begins_s", "ends_s"), [(0.0, 0.0), (0.05, 0.05), (0.3, 0.0), (0.0, 0.3), (0.3, -0.3)]
)
def test_one_edge_alone_or_both_inward_are_no_clock(begins_s: float, ends_s: float) -> None:
    assert windows(begins_s, ends_s).groups[0].why != OFF_MARKS
