"""Marks that fall into a log's pauses by chance bound what events used there."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.marks_in_pauses import marks_in_pauses
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
