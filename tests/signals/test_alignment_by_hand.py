"""An instrument's clock put on the events': times, gaps and what the clock may be off by, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from powermeter.channel import Gap
from powermeter.signals.alignment import host_times, instrument_times, of_cut_stamps, shifted
from powermeter.signals.decoding import from_samples

FACT = {"offset_ns": 1000.0, "drift": 0.01, "origin_ns": 500, "offset_u_ns": 3.0, "drift_u": 0.006}
OWN = np.array([0, 1000, 2500])
HOST = [995, 2005, 3520]
"""t + 1000 + (t − 500) / 100."""


def test_times_there_and_back() -> None:
    assert host_times(OWN, FACT).tolist() == HOST
    assert instrument_times(np.array(HOST), FACT).tolist() == OWN.tolist()


def test_a_trace_moves_with_its_gaps_and_its_clock_is_as_sure_as_at_its_farthest_reading() -> None:
    """4 ns of its own, 3 of the offset, and 2,000 ns from the origin 12 of the drift: √(4² + 3² + 12²) = 13."""
    trace = replace(from_samples(OWN, np.ones(3)), clock_ns=4.0, gaps=(Gap(1000, 2500, "no answer", lost=2),))
    moved = shifted(trace, FACT)
    assert moved.times_ns.tolist() == HOST and moved.clock_ns == pytest.approx(13.0)
    assert moved.gaps == (Gap(2005, 3520, "no answer", lost=2),)


@pytest.mark.parametrize(
    ("info", "offset"),
    [
        ({"stamp_resolution_ns": 1200}, 600.0),
        ({"stamp_resolution_ns": 1200, "stamp_late_ns": -100}, -100),
        ({"stamp_resolution_ns": 1200, "stamp_late_ns": 2401}, 600.0),  # farther than a stamp can be cut
    ],
)
def test_stamps_that_were_cut_lie_half_of_it_later_and_anywhere_in_it(info, offset: float) -> None:
    assert of_cut_stamps(info) == {"offset_ns": offset, "offset_u_ns": 1200 / math.sqrt(12)}


@pytest.mark.parametrize("info", [None, {}, {"stamp_resolution_ns": 0}, {"stamp_resolution_ns": True}])
def test_stamps_that_were_not_cut_stay(info) -> None:
    assert of_cut_stamps(info) is None
