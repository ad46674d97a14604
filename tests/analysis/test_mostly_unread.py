"""Runs most of which nobody read, again and again."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.mostly_unread import mostly_unread
from powermeter.analysis.whole_run import WholeRun, measure_run
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

MS = 1_000_000
NOISE = np.random.default_rng(1)


def bursts(rows: int, apart_ms: int, period_ms: int, n: int = 100, watts: float = 10.0) -> Trace:
    """Return a log of `rows` readings of `watts` at the beginning of each period."""
    t = (np.arange(n)[:, None] * period_ms + np.arange(rows) * apart_ms).ravel() * MS
    return from_samples(t.astype(np.int64), watts + 0.01 * NOISE.standard_normal(t.size))


def run_of(trace: Trace) -> WholeRun:
    integral = Integral.of(trace)
    return measure_run(integral, bridges=Bridges.of(integral))


def test_a_load_that_only_bursts_show_may_have_drawn_nothing_between_them() -> None:
    run = run_of(bursts(12, 15, 1000))
    # 165 ms of each second are read, at 10 W; 99 s of pauses and bursts, and one burst.
    assert run.energy.low <= 100 * 0.165 * 10.01 <= run.energy.value <= run.energy.high
    assert run.energy.low == pytest.approx(165, rel=0.1) and run.energy.grade is Grade.ESTIMATED
    assert run.unread == pytest.approx(0.834, abs=0.002)


def test_an_event_over_many_pauses_reaches_as_far() -> None:
    integral = Integral.of(bursts(12, 15, 1000))
    found = measure(integral, np.array([10_000 * MS]), np.array([90_000 * MS])).result(0)
    assert found is not None and found.low <= 80 * 0.165 * 10.01 and found.grade is Grade.ESTIMATED


def test_the_highest_reading_is_the_upper_end_where_bursts_differ() -> None:
    trace = bursts(12, 15, 1000)
    levels = np.repeat(np.arange(100) % 2 * 8 + 2.0, 12)
    integral = Integral.of(from_samples(trace.times_ns, levels))
    found = mostly_unread(integral)
    assert found is not None and found.reach(100.0, 30.0) == (100.0, 200.0)


@pytest.mark.parametrize(
    ("trace", "why"),
    [
        (bursts(12, 15, 1000, n=7), "seven pauses are too few"),
        (bursts(12, 15, 200), "a fifth of the time"),
        (bursts(1, 15, 1000), "an even rate"),
    ],
)
def test_other_logs_are_not_taken_for_it(trace: Trace, why: str) -> None:
    assert mostly_unread(Integral.of(trace)) is None, why


def test_rows_lost_by_chance_leave_stretches_of_any_length() -> None:
    rng = np.random.default_rng(2)
    kept, row = [], 0
    while row < 4000:
        stays = int(rng.geometric(1 / 12))
        kept += range(row, row + stays)
        row += stays + 4 + int(rng.geometric(1 / 4))
    trace = from_samples(np.array(kept, np.int64) * 100 * MS, 5 + rng.standard_normal(len(kept)))
    integral = Integral.of(trace)
    share = float(np.sum(integral.gap_end - integral.gap_start)) / (integral.end_ns - integral.start_ns)
    assert 0.25 < share < 0.5 and mostly_unread(integral) is None


def test_a_slower_rate_is_no_pause() -> None:
    # Half a second apart while busy, three seconds while idle, for most of the time.
    steps = np.concatenate([[0.5] * 40, [3.0] * 20] * 4)
    t = (np.concatenate([[0.0], np.cumsum(steps)]) * 1000).astype(np.int64) * MS
    assert mostly_unread(Integral.of(from_samples(t, np.random.default_rng(3).normal(5, 1, t.size)))) is None


def inside_each(n: int = 30) -> tuple[Trace, np.ndarray, np.ndarray]:
    """Return readings each 10 ms inside each event alone, of 4 W that scatter, and the events: a second, from 3 ms ahead of the first to 7 ms behind the last."""
    starts = np.arange(n, dtype=np.int64) * 2137 * MS
    t = (starts[:, None] + (3 + 10 * np.arange(100)) * MS).ravel()
    return (
        from_samples(t, 4 + 0.1 * np.random.default_rng(4).standard_normal(t.size)),
        starts,
        starts + 1000 * MS,
    )


def test_events_that_are_read_all_through_stay_measured() -> None:
    trace, starts, ends = inside_each()
    integral = Integral.of(trace)
    found = measure(integral, starts[1:-1], ends[1:-1])
    each, together = found.result(3), found.combine(np.ones(28), "all")
    assert mostly_unread(integral) is not None and run_of(trace).energy.grade is Grade.ESTIMATED
    assert each is not None and each.grade is Grade.MEASURED is together.grade
    assert together.low <= 28 * 4.0 <= together.high


def test_an_event_that_reaches_into_a_pause_is_not() -> None:
    trace, starts, ends = inside_each()
    found = measure(Integral.of(trace), starts[1:-1], ends[1:-1] + 30 * MS).result(3)
    assert found is not None and found.grade is Grade.ESTIMATED
    within = measure(Integral.of(trace), starts[1:-1] + 1200 * MS, starts[1:-1] + 1210 * MS).result(3)
    assert within is None or within.grade is Grade.ESTIMATED


def test_no_clock_is_supposed_to_be_set_where_most_is_unread() -> None:
    assert run_of(bursts(12, 15, 1000, n=40)).no_time == 0
