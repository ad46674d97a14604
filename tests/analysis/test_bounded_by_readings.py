"""No event used what the readings that touch it do not hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.bounded_by_readings import within_readings
from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
START_S = np.arange(10.25, 110, 10)
KINDS = [Kind.INSTANT, Kind.MEAN, Kind.COUNTER]


def ten_events(kind: Kind) -> Windows:
    """Return what ten events of 4 s at 7 W, beside 2 W, used by readings of each second."""
    times = np.arange(0, 121)
    watts = 2.0 + 5.0 * ((times % 10 > 0) & (times % 10 < 5) & (times > 10) & (times < 110))
    values = np.cumsum(watts) if kind is Kind.COUNTER else watts
    trace = from_samples(times * NS, values, kind=kind, noise=0.01)
    start = np.rint(START_S * NS).astype(np.int64)
    return measure(Integral.of(trace), start, start + 4 * NS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("astray", [-360.0, 110_000.0])
def test_an_energy_that_no_reading_holds_becomes_both_bounds(kind: Kind, astray: float) -> None:
    """Windows that touch one hold 28 J and at most 6 s more of 7 W; whatever its own uncertainty."""
    windows = ten_events(kind)
    value, noise = windows.value.copy(), windows.noise.copy()
    value[3], noise[3] = astray, abs(astray)
    found = within_readings(replace(windows, value=value, noise=noise))
    mean = found.combine_of(np.arange(10), np.full(10, 0.1), "mean")
    assert mean.grade is Grade.ESTIMATED
    assert 0 <= mean.low <= 28 <= mean.high <= 3 * 70
    assert np.isfinite(found.value).all() and (found.value >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_energies_that_readings_hold_stay_as_they_are(kind: Kind) -> None:
    """All that is found of ten equal events is possible."""
    windows = ten_events(kind)
    assert within_readings(windows) is windows
