"""From sums over a fleet to a number with its interval: counted by hand."""

from __future__ import annotations

import math

import pytest
from scipy.stats import t as student

from powermeter.fleet.pooling import Sums, pooled
from powermeter.result import Grade

KNOWN = {
    "energy_j": 40.0,
    "items": 20.0,
    "devices": 4,
    "recordings": 8,
    "events": 20,
    "unknown": 1,
    "rank": 0,
    "squares": 0.01,
    "limit": 0.0,
    "fourths": 0.0,
    "between_devices": 0.12,
    "between_recordings": 99.0,
    "common_squares": 0.25,
    "common_limit": 0.0,
    "below": 0.0,
    "above": 0.0,
}


def test_devices_that_share_a_sensor_differ_by_it_too() -> None:
    """4/3 × 0.12 J² between four devices and 0.25 J² that they share, over 20 items; by Welch and Satterthwaite 0.41²/(0.16²/3) degrees of freedom."""
    found = pooled({"label": "infer"}, Sums(**KNOWN))
    assert found.quoted is found.such is not None and found.units == 4
    assert found.such.value == found.these.value == pytest.approx(2.0)
    assert found.these.half_width == pytest.approx(1.96 * 0.1 / 20, rel=1e-3)
    half = student.ppf(0.975, 0.41**2 / (0.16**2 / 3)) * math.sqrt(0.41) / 20
    assert found.such.half_width == pytest.approx(half, rel=1e-2)
    assert found.such.parts == pytest.approx({"repeats:devices": 0.4 / 20, "gain:common": 0.5 / 20})


def test_of_one_device_the_recordings_are_the_units() -> None:
    """8/7 × 0.07 J² between eight recordings: seven degrees of freedom."""
    sums = {**KNOWN, "devices": 1, "between_recordings": 0.07, "common_squares": 0.0}
    found = pooled({}, Sums(**sums))
    assert found.such is not None and found.units == 8
    assert found.such.half_width == pytest.approx(student.ppf(0.975, 7) * math.sqrt(0.08) / 20, rel=1e-2)
    assert found.such.parts == pytest.approx({"repeats:recordings": math.sqrt(0.08) / 20})


def test_one_recording_is_of_these_devices_only_and_open_ends_stay_open() -> None:
    found = pooled({}, Sums(**{**KNOWN, "devices": 1, "recordings": 1, "rank": 2, "above": math.inf}))
    assert found.such is None and found.quoted is found.these
    assert math.isinf(found.these.high) and math.isfinite(found.these.low)
    assert found.these.grade is tuple(Grade)[2]
