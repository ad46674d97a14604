"""Holes of a log in which perhaps no time passed."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.set_clock import perhaps_no_time
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Gap
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 1_000_000_000
NONE = np.empty(0, np.int64), np.empty(0, np.int64)


def log(jump_s: float, readings: int = 600, *gaps: Gap) -> Trace:
    """6 W once a second, and a jump after half of the readings."""
    t = np.arange(readings, dtype=np.int64) * NS
    t[readings // 2 :] += round(jump_s * NS)
    return from_samples(t, 6 + 0.01 * np.random.default_rng(1).standard_normal(readings), gaps=gaps)


@pytest.mark.parametrize("jump_s", [3600, 1800, 2700, 90, 37.4])
def test_a_clock_that_was_set_by_any_amount_is_inside_the_interval(jump_s: float) -> None:
    integral = Integral.of(log(jump_s))
    run = measure_run(integral, bridges=Bridges.of(integral))
    assert run.energy.value == pytest.approx(6 * (599 + jump_s), rel=1e-3)
    assert run.energy.low <= 6 * 599 and run.energy.grade is Grade.ESTIMATED
    assert run.no_time == pytest.approx(6 * (jump_s + 1), rel=0.01)


@pytest.mark.parametrize(("jump_s", "doubted"), [(20.0, False), (20.4, True), (20.8, True), (5.4, False)])
def test_rows_that_are_missing_keep_the_beat_and_a_clock_does_not(jump_s: float, doubted: bool) -> None:
    assert bool(perhaps_no_time(Integral.of(log(jump_s)), *NONE).any()) == doubted


def test_a_hole_in_which_an_event_begins_or_that_a_reader_counted_is_time() -> None:
    inside = np.array([310 * NS], np.int64), np.array([320 * NS], np.int64)
    assert not perhaps_no_time(Integral.of(log(90)), *inside).any()
    noted = Gap(299 * NS, 390 * NS, "missed", "busy", lost=90)
    assert not perhaps_no_time(Integral.of(log(90, 600, noted)), *NONE).any()
    unknown = Gap(299 * NS, 390 * NS, "missed", "the log has no rows here")
    assert perhaps_no_time(Integral.of(log(90, 600, unknown)), *NONE).any()
