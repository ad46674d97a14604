"""Labels that touch each other behind an instrument that lags: what one of them lacks, the other one has too much."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.lag_of_all_labels import Lag, hold_back, lag_of_all_labels
from powermeter.analysis.other_labels import Labels
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
IDLE, TRAIN, RADIO, FILTER, FINE = 2.0, 9.0, 5.0, 0.3, 0.005
STARTS = 4 + 8.13 * np.arange(10)
TRAINED, SENT = 2.61, 1.27  # s


def readings(*, filtered: bool, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return stamps and values at 5 Hz of trains at 9 W, each followed at once by a radio at 5 W, of which both scatter by a tenth."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, 86, FINE)
    since = t - STARTS[np.maximum(np.searchsorted(STARTS, t, side="right") - 1, 0)]
    watts = np.where((since < 0) | (since > TRAINED + SENT), IDLE, np.where(since < TRAINED, TRAIN, RADIO))
    watts = np.where(watts > IDLE, watts * (1 + 0.1 * rng.standard_normal(t.size)), watts)
    if filtered:
        kernel = np.exp(-np.arange(0, 8 * FILTER, FINE) / FILTER)
        watts = IDLE + np.convolve(watts - IDLE, kernel / kernel.sum())[: t.size]
    pick = np.arange(17, t.size, 40)
    return t[pick], watts[pick] + 0.01 * rng.standard_normal(pick.size)


def marks() -> Labels:
    starts, ends = STARTS, STARTS + TRAINED
    return Labels(
        np.rint(np.concatenate([starts, ends]) * NS).astype(np.int64),
        np.rint(np.concatenate([ends, ends + SENT]) * NS).astype(np.int64),
        np.repeat([0, 1], STARTS.size),
    )


def test_two_labels_that_touch_behind_a_filter() -> None:
    """θ r' = P − r: a train lacks 0.3 s · 7 W, 9 % of its energy; a radio has 0.3 s · (9 − 5) W too much, but for what is left at its end."""
    t, watts = readings(filtered=True)
    integral = Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts))
    every = marks()
    lag = lag_of_all_labels(integral, every)
    assert lag is not None and lag.sure and lag.seconds == pytest.approx(FILTER, abs=2 * lag.doubt)
    for label, used in ((0, TRAIN * TRAINED), (1, RADIO * SENT)):
        edges = every.start_ns[every.group == label], every.end_ns[every.group == label]
        found = GroupEstimate.empty(STARTS.size)
        found.value = integral.between(*edges)
        as_read = float(found.value.mean())
        hold_back(integral, *edges, found, lag)
        assert abs(as_read - used) > 0.08 * used
        assert float(found.value.mean()) == pytest.approx(used, rel=0.03)
        assert found.why == "lag"


def test_readings_of_the_moment_lag_by_nothing() -> None:
    t, watts = readings(filtered=False)
    assert (
        lag_of_all_labels(Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts)), marks()) is None
    )


def test_half_is_moved_where_one_side_shows_it() -> None:
    """Readings from 2 to 9 W over an event, a lag of 0.3 s: 2.1 J; all of it and none of it lie within 1.96 · 0.4 of half."""
    integral = Integral.of(from_samples(np.arange(11, dtype=np.int64) * NS, np.linspace(2, 12, 11)))
    for sure, moved in ((True, 2.1), (False, 1.05)):
        found = GroupEstimate.empty(1)
        found.value = np.array([40.0])
        hold_back(integral, np.array([0]), np.array([7 * NS]), found, Lag(0.3, 0.03, sure))
        assert found.value[0] == pytest.approx(40 + moved) and found.why == "lag"
        reach = 1.96 * float(np.abs(found.shared["edges:division"][0])) + found.below_all
        assert 40 + moved - reach <= 40


def test_a_session_around_everything_hides_no_lag() -> None:
    t, watts = readings(filtered=True)
    every = marks()
    around = Labels(
        np.append(every.start_ns, NS),
        np.append(every.end_ns, 85 * NS),
        np.append(every.group, 2),
    )
    lag = lag_of_all_labels(Integral.of(from_samples(np.rint(t * NS).astype(np.int64), watts)), around)
    assert lag is not None and lag.sure and lag.seconds == pytest.approx(FILTER, abs=2 * lag.doubt)
