"""Marks that fall into a log's pauses by chance bound what events used there."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.marks_in_pauses import Between, marks_in_pauses, pauses_come_with, pauses_follow
from powermeter.analysis.mostly_unread import mostly_unread
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

MS = 1_000_000
Spans = tuple[np.ndarray, np.ndarray]


def events(seed: int = 1, n: int = 20) -> Spans:
    """Return events of 2 to 5 s at random moments of 200 s."""
    rng = np.random.default_rng(seed)
    lasts, free = rng.uniform(2, 5, n), rng.dirichlet(np.ones(n + 1)) * 100
    starts = 2 + np.cumsum(free[:-1]) + np.concatenate([[0.0], np.cumsum(lasts)[:-1]]) + 0.5 * np.arange(n)
    return np.rint(starts * 1000).astype(np.int64) * MS, np.rint((starts + lasts) * 1000).astype(
        np.int64
    ) * MS


def read_at(t_ms: np.ndarray, spans: Spans, *, awake: float = 0.0) -> Trace:
    """Return 3 W and 15 W inside events, and `awake` W more while it is read."""
    t = t_ms.astype(np.int64) * MS
    busy = np.searchsorted(spans[0], t, side="right") > np.searchsorted(spans[1], t, side="left")
    noise = 0.01 * np.random.default_rng(2).standard_normal(t.size)
    return from_samples(t, np.where(busy, 15.0, 3.0 + awake) + noise)


def windows(period_ms: int = 4000) -> np.ndarray:
    """Return rows each 100 ms in the first 2 s of each period of 200 s."""
    t = np.arange(0, 200_000, 100)
    return t[t % period_ms < 2000]


def test_events_over_scheduled_windows_are_known_by_what_was_read_of_them() -> None:
    spans = events()
    integral = Integral.of(read_at(windows(), spans))
    found = marks_in_pauses(integral, *spans)
    assert mostly_unread(integral) is not None and found is not None
    # Half of the time outside of events is unread, but for an interval at each edge; 3 W there, or nothing.
    outside = 200 - float(np.sum(spans[1] - spans[0])) * 1e-9
    assert found.seconds == pytest.approx(outside / 2, rel=0.15)
    assert (
        found.reach()[0] == pytest.approx(3 * found.seconds, rel=0.01)
        and found.reach()[1] < 0.1 * found.seconds
    )
    label = measure(integral, *spans).combine(np.ones(20), "all")
    truth = 15 * float(np.sum(spans[1] - spans[0])) * 1e-9
    assert label.low <= truth <= label.high and label.half_width < 0.15 * truth


def test_a_logger_that_events_set_off_shows_nothing_of_its_pauses() -> None:
    spans = events()
    t = np.arange(0, 200_000, 50)
    since = t - spans[0][np.maximum(np.searchsorted(spans[0], (t + 500) * MS, side="right") - 1, 0)] // MS
    burst = t[(since >= -500) & (since < 1500)]
    assert marks_in_pauses(Integral.of(read_at(burst, spans)), *spans) is None


def test_readings_inside_each_event_alone_show_nothing_of_pauses() -> None:
    starts = np.arange(20, dtype=np.int64) * 5137 * MS
    spans = starts, starts + 2000 * MS
    t = (starts[:, None] // MS + 3 + 20 * np.arange(100)).ravel()
    assert marks_in_pauses(Integral.of(read_at(t, spans)), *spans) is None


def test_readings_that_do_not_follow_the_marks_show_nothing() -> None:
    trace = read_at(windows(), events())
    assert marks_in_pauses(Integral.of(trace), *events(7)) is None


def test_a_few_events_show_nothing() -> None:
    spans = events()
    few = spans[0][:9], spans[1][:9]
    assert marks_in_pauses(Integral.of(read_at(windows(), few)), *few) is None


def test_a_node_that_sleeps_between_events_but_for_its_readings_is_not_bounded_by_them() -> None:
    """It draws 3 W more while it is read: what its pauses hold between events may be nothing."""
    spans = events()
    found = marks_in_pauses(Integral.of(read_at(windows(), spans, awake=3.0)), *spans)
    assert (
        found is not None
        and found.low == 0
        and found.reach()[0] == pytest.approx(6 * found.seconds, rel=0.01)
    )


def starved(seed: int, *, beside: bool = False) -> tuple[Trace, Spans, float]:
    """Return what a logger reads that 9 W phases of 1 to 3 s starve, of 14 events of 8 to 16 s whose other phases draw 3 W, and what they used.

    Args:
        beside: Whether it is starved at random moments of the whole run instead, whatever the power.
    """
    rng = np.random.default_rng(seed)
    lasts, free = rng.integers(8000, 16_000, 14), rng.dirichlet(np.ones(14)) * 80_000
    starts = 1000 + np.cumsum(free + 2000).astype(np.int64) + np.concatenate([[0], np.cumsum(lasts)[:-1]])
    power, heavy = np.full(300_000, 2.0), np.zeros(300_000, bool)
    for a, b in zip(starts.tolist(), (starts + lasts).tolist(), strict=True):
        power[a:b] = 3.0
        while a < b:
            phase = slice(a, min(a + int(rng.integers(1000, 3000)), b))
            if rng.random() < 0.55:
                power[phase], heavy[phase] = 9.0, True
            a = phase.stop
    if beside:
        ends = np.cumsum(rng.integers(1000, 3000, 150))
        heavy = np.searchsorted(ends, np.arange(300_000)) % 2 == 1
    t = np.arange(50, 300_000, 200)
    t = t[~heavy[t]]
    true = sum(float(power[a:b].sum()) for a, b in zip(starts, starts + lasts, strict=True)) / 1000
    noise = 0.005 * rng.standard_normal(t.size)
    return from_samples(t.astype(np.int64) * MS, power[t] + noise), (starts * MS, (starts + lasts) * MS), true


@pytest.mark.parametrize("seed", range(3))
def test_a_logger_that_heavy_phases_starve_shows_only_the_light_ones(seed: int) -> None:
    """It read 3 W throughout: −40 ± 4 % were printed, since each tenth of an event was read in three."""
    trace, spans, true = starved(seed)
    integral = Integral.of(trace)
    assert pauses_follow(integral, *spans) and pauses_come_with(integral, *spans)
    label = measure(integral, *spans).combine(np.ones(14), "all")
    assert label.value < 0.75 * true < true < label.high


@pytest.mark.thorough
def test_pauses_at_random_moments_do_not_follow_events() -> None:
    found = [starved(seed, beside=True) for seed in range(20)]
    assert sum(pauses_follow(Integral.of(trace), *spans) for trace, spans, _ in found) <= 4
    assert not any(pauses_come_with(Integral.of(trace), *spans) for trace, spans, _ in found)


def test_readings_that_come_through_show_what_pauses_hold() -> None:
    trace, spans, _ = starved(1)
    t = np.sort(
        np.concatenate(
            [
                trace.times_ns,
                (trace.times_ns[:-1] + trace.times_ns[1:])[np.diff(trace.times_ns) > 900 * MS] // 2,
            ]
        )
    )
    busy = np.searchsorted(spans[0], t, side="right") > np.searchsorted(spans[1], t, side="left")
    assert not pauses_come_with(Integral.of(from_samples(t, np.where(busy, 3.0, 2.0))), *spans)


@pytest.mark.parametrize(
    ("low", "high", "usual", "reach"),
    [(1.0, 5.0, 2.0, (2.0, 6.0)), (3.0, 5.0, 2.0, (0.0, 6.0)), (1.0, 1.5, 2.0, (2.0, 0.0))],
)
def test_pauses_reach_from_the_lowest_to_the_highest_power_over_their_time(low, high, usual, reach) -> None:
    """Two seconds of pauses, and none where the usual power lies beyond that end."""
    assert Between(2.0, low, high, usual).reach() == reach
