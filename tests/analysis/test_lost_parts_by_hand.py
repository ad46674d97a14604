"""Events that a hole took a part of: what those read whole did in that part, or what readings inside span."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.event_estimate import LOST, GroupEstimate
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.lost_parts import as_other_events, few_whole
from powermeter.channel import Gap
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def events(
    count: int, unlike: float = 0.0, hole: tuple[int, int] | None = None, noise: float = 0.0
) -> Integral:
    """Events of ten seconds, five at 4 W and five at 8 W, with 2 W for ten seconds between; read each half second.

    Each differs from the one before in its second half by `unlike`.
    """
    values = np.full(20 * count * 2 + 21, 2.0)
    for k in range(count):
        at = 20 + 40 * k
        values[at : at + 10] = 4.0
        values[at + 10 : at + 20] = 8.0 + unlike * k
    times = np.arange(values.size, dtype=np.int64) * (NS // 2)
    keep = np.ones(values.size, bool)
    gaps = []
    if hole is not None:
        keep &= (times <= hole[0] * NS) | (times >= hole[1] * NS)
        gaps = [Gap(hole[0] * NS, hole[1] * NS, "no answer")]
    return Integral.of(from_samples(times[keep], values[keep], gaps=gaps, noise=noise))


def edges(count: int) -> tuple[np.ndarray, np.ndarray]:
    start = 9.75 + 20 * np.arange(count)
    return ns(*start), ns(*(start + 10))


def lost(integral: Integral, count: int):
    bridges = Bridges.of(integral)
    assert bridges is not None
    return as_other_events(integral, bridges, *edges(count))


def test_the_second_half_of_one_is_as_those_of_the_others() -> None:
    """A hole from 15 s to 22 s takes the first event from 15 s to 19.75 s: 4.75 s at 8 W."""
    found = lost(events(7, hole=(15, 22)), 7)
    assert found is not None and found.event.tolist() == [0] and found.hole.tolist() == [0]
    assert found.seconds == pytest.approx([4.75]) and found.joules == pytest.approx([4.75 * 8.0])
    assert found.variance == pytest.approx([0.0], abs=1e-12)


def test_others_that_differ_are_as_sure_as_their_scatter() -> None:
    """Six of 9 … 14 W: 3.5 W² of variance; one more event, and their mean: (1 + 1/6); Student's t of 5."""
    found = lost(events(7, unlike=1.0, hole=(15, 22)), 7)
    assert found is not None
    watts = 8.0 + np.arange(1, 7)
    t95 = student.ppf(0.975, 5) / 1.959964
    assert found.joules == pytest.approx([4.75 * watts.mean()])
    assert found.variance == pytest.approx([(4.75 * t95) ** 2 * 3.5 * (1 + 1 / 6)], rel=1e-3)


def test_the_meters_noise_is_the_least_scatter() -> None:
    found = lost(events(7, hole=(15, 22), noise=0.5), 7)
    assert found is not None
    t95 = student.ppf(0.975, 5) / 1.959964
    assert found.variance == pytest.approx([(4.75 * t95) ** 2 * 0.25 * (1 + 1 / 6)], rel=1e-3)


@pytest.mark.parametrize(("count", "known"), [(5, False), (6, True)])
def test_five_events_read_whole_tell(count: int, known: bool) -> None:
    assert (lost(events(count, hole=(15, 22)), count) is not None) is known


def test_a_hole_that_touches_no_event_takes_nothing() -> None:
    assert lost(events(7, hole=(21, 27)), 7) is None


def test_a_bridge_that_is_known_better_stays() -> None:
    """Inside the first event, from 11 s to 14 s at 4 W on both sides: 12 J without an error, as the others that differ do not tell."""
    integral = events(7, hole=(11, 14))
    found = lost(integral, 7)
    assert found is not None and found.joules == pytest.approx([12.0])
    assert found.variance[0] < 1e-6


def few(
    count: int,
    hole: tuple[int, int],
    level: float | None = 6.0,
    quiet: float | None = 2.0,
    noise: float = 0.0,
):
    integral = events(count, hole=hole, noise=noise)
    found = GroupEstimate.empty(count)
    found.value, found.level, found.quiet = np.full(count, 60.0), level, quiet
    found.seen = np.full(count, 15)
    few_whole(integral, *edges(count), found, integral.gap_seconds(*edges(count)))
    return found


def test_what_readings_inside_span_may_have_been_lost() -> None:
    """4 to 8 W: 0.9 of 4 W for the 2 s lost, as a half-width of 95 %."""
    found = few(3, (15, 17))
    assert found.gaps == pytest.approx([0.9 * 4 * 2 / 1.959964, 0.0, 0.0], rel=1e-5)
    assert found.why == "" and not found.below.any()


def test_noise_is_no_span() -> None:
    assert few(3, (15, 17), noise=0.5).gaps[0] == pytest.approx(0.9 * (4 - 3) * 2 / 1.959964, rel=1e-5)
    assert few(3, (15, 17), noise=0.7).gaps[0] == 0.0


@pytest.mark.parametrize(("count", "widened"), [(5, True), (6, False)])
def test_five_read_whole_need_no_widening(count: int, widened: bool) -> None:
    assert bool(few(count, (15, 17)).gaps.any()) is widened


def test_without_a_level_or_a_hole_nothing_changes() -> None:
    assert not few(3, (15, 17), level=None).gaps.any()
    assert not few(3, (21, 27)).gaps.any()


def test_half_of_the_only_event_lost_from_its_end_is_a_bound() -> None:
    """From 14 s on 5.75 of 10 s: between idle power of 2 W and three times the highest reading of 4 W, instead of 6 W."""
    found = few(1, (14, 22))
    assert found.why == LOST
    assert found.below == pytest.approx([(6 - 2) * 5.75]) and found.above == pytest.approx([(12 - 6) * 5.75])
    assert (found.below_all, found.above_all) == pytest.approx((23.0, 34.5))
    assert (found.below_lost, found.above_lost) == pytest.approx((23.0, 34.5))


@pytest.mark.parametrize(
    ("hole", "bound"),
    [((12, 18), False), ((16, 22), False), ((15, 22), True), ((5, 15), True), ((5, 14), False)],
)
def test_a_hole_inside_or_of_less_than_half_is_no_bound(hole: tuple[int, int], bound: bool) -> None:
    """0.45 of the ten seconds from 9.75 s to 19.75 s, from one of its ends."""
    assert (few(1, hole).why == LOST) is bound


def test_a_wide_span_reaches_twice_the_highest_less_idle() -> None:
    """Idle of −5 W (it charges): 2 × 4 + 5 W is more than three times 4 W."""
    found = few(1, (14, 22), quiet=-5.0)
    assert found.above == pytest.approx([(13 - 6) * 5.75]) and found.below == pytest.approx([(6 + 5) * 5.75])
    assert math.isfinite(found.above_all)
