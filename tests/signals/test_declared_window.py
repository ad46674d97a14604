"""Readings declared as means over a window: of one interval they stay, of a shorter one they are instants in its middle, longer ones are divided."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Gap, Kind
from powermeter.signals.declared_window import without_window
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.units import NS

INTERVAL = NS // 10


def means(values: np.ndarray, kind: Kind = Kind.MEAN) -> Trace:
    times = np.arange(1, values.size + 1, dtype=np.int64) * INTERVAL
    return from_samples(times, values, kind=kind, gaps=[Gap(3 * INTERVAL, 5 * INTERVAL, "missed")])


@pytest.mark.parametrize(
    ("kind", "window_ns"),
    [
        (Kind.MEAN, INTERVAL),
        (Kind.MEAN, round(1.2 * INTERVAL)),
        (Kind.MEAN, None),
        (Kind.INSTANT, 4 * INTERVAL),
    ],
)
def test_means_that_abut_and_instants_stay_as_they_are(kind: Kind, window_ns: int | None) -> None:
    trace = means(np.arange(50.0), kind)
    assert without_window(trace, window_ns) is trace


def test_a_mean_of_half_an_interval_is_an_instant_in_its_middle() -> None:
    trace = means(np.arange(50.0))
    found = without_window(trace, INTERVAL // 2)
    assert found.kind is Kind.INSTANT and found.window_ns == INTERVAL // 2
    assert (trace.times_ns - found.times_ns == INTERVAL // 4).all() and (found.values == trace.values).all()
    assert (found.gaps[0].start_ns, found.gaps[0].end_ns) == (
        3 * INTERVAL - INTERVAL // 4,
        5 * INTERVAL - INTERVAL // 4,
    )


def test_a_mean_of_four_intervals_is_divided_among_them() -> None:
    """A second of 8 W over 1 W, seen as means of 0.4 s, every 0.1 s: ramps of four readings become edges again."""
    power = np.where((np.arange(80) >= 30) & (np.arange(80) < 40), 8.0, 1.0)
    trace = means(np.convolve(power, np.full(4, 0.25))[:80][4:])
    found = without_window(trace, 4 * INTERVAL)
    assert found.kind is Kind.MEAN and found.unfolded
    inside = (found.times_ns > trace.start_ns + 27 * INTERVAL) & (
        found.times_ns < trace.start_ns + 35 * INTERVAL
    )
    assert found.values[inside] == pytest.approx(8.0, abs=0.1)
    assert set(np.unique(np.rint(found.values))) == {1.0, 8.0}
