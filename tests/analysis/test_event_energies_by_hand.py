"""Sums over events whose parts are written down: which add as squares, which alike, and where a sum can end."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.event_estimate import LOST, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.uncertainty import SNAPSHOT_OR_MEAN
from powermeter.analysis.upper_limits import ends
from powermeter.analysis.windows import Windows
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import CommonError

NS = 10**9
Z = 1.959963984540054


def whole(values: np.ndarray | None = None, **more: object) -> Integral:
    values = np.full(101, 2.0) if values is None else values
    times = np.arange(values.size, dtype=np.int64) * NS
    return Integral.of(from_samples(times, values, **more))


def windows(n: int = 4, groups: tuple[int, ...] | None = None, **changed: object) -> Windows:
    """Events of 2 s, ten seconds apart, of 1, 2, 3 … J, each ± 0.3 J; in groups as named."""
    group = np.zeros(n, np.int64) if groups is None else np.array(groups)
    start = 10 * NS * np.arange(1, n + 1, dtype=np.int64)
    members = tuple(np.flatnonzero(group == g) for g in range(int(group.max()) + 1))
    made = Windows(
        integral=whole(),
        start_ns=start,
        end_ns=start + 2 * NS,
        group=group,
        value=np.arange(1.0, n + 1),
        plain=np.arange(1.0, n + 1),
        seconds=np.full(n, 2.0),
        samples=np.full(n, 2),
        gap_s=np.zeros(n),
        noise=np.full(n, 0.3),
        clock=np.zeros(n),
        gaps=np.zeros(n),
        covered=np.ones(n, bool),
        known=np.ones(n, bool),
        groups=tuple(GroupEstimate.empty(m.size) for m in members),
        members=members,
        lean=np.zeros(n),
        below=np.zeros(n),
        above=np.zeros(n),
    )
    return replace(made, **changed)


def parts(result) -> dict[str, float]:
    """Kind → size of the parts that are something."""
    return {name.partition(":")[0]: size for name, size in result.parts.items() if abs(size) > 1e-15}


def test_values_add_with_their_weights_and_noise_as_squares() -> None:
    found = windows().combine(np.array([1.0, 2.0, 0.0, -1.0]), "x")
    assert found.value == pytest.approx(1 + 4 - 4) and found.unit == "J"
    assert parts(found) == {"noise": pytest.approx(0.3 * math.sqrt(1 + 4 + 1))}
    each = windows().combine(np.ones(4), "x", per_second=8.0)
    assert each.value == pytest.approx(10 / 8) and each.unit == "W"
    assert parts(each)["noise"] == pytest.approx(0.6 / 8)


def test_what_is_not_known_does_not_count() -> None:
    some = windows(known=np.array([True, False, True, True]), value=np.array([1.0, np.nan, 3.0, 4.0]))
    assert some.combine(np.ones(4), "x").value == 8.0
    assert some.result(1) is None and some.result(2).value == 3.0


@pytest.mark.parametrize(
    ("chosen", "variance"),
    [
        ([0, 1, 2, 3], 4 * 0.09 * 5.0),  # all of a group are as dependent as it was found to be
        ([0], 0.09),  # a single one is not
        ([0, 1], 2 * 0.09 * (1 + 4 * 1 / 3)),
        ([0, 1, 2], 3 * 0.09 * (1 + 4 * 2 / 3)),
    ],
)
def test_events_of_a_group_that_depend_on_each_other(chosen: list[int], variance: float) -> None:
    made = windows()
    made.groups[0].factor = 5.0
    found = made.combine_of(np.array(chosen), np.ones(len(chosen)), "x")
    assert parts(found)["noise"] == pytest.approx(math.sqrt(variance))


def test_groups_do_not_depend_on_each_other() -> None:
    made = windows(4, (0, 0, 1, 1))
    made.groups[0].factor, made.groups[1].factor = 3.0, 0.5
    found = made.combine(np.ones(4), "x")
    assert parts(found)["noise"] == pytest.approx(math.sqrt(2 * 0.09 * 3 + 2 * 0.09 * 0.5))


def test_freedom_of_a_sum_is_by_welch_and_satterthwaite() -> None:
    """0.18 J² with 4 degrees of freedom and 0.18 J² exactly: (0.36)² ⁄ (0.18²/4) = 16."""
    made = windows(4, (0, 0, 1, 1))
    made.groups[0].freedom = 4.0
    found = made.combine(np.ones(4), "x")
    assert found.high - found.value == pytest.approx(0.6 * student.ppf(0.975, 16), rel=2e-3)


def test_a_skewed_sum_reaches_further_on_one_side() -> None:
    made = windows()
    made.groups[0].lean_all = 0.5
    found = made.combine(np.ones(4), "x")
    assert found.high - found.value > 1.05 * Z * 0.6 and found.value - found.low < Z * 0.6
    # Of some of them it is made of each one's: 0.5 × 0.3³ ⁄ 0.3³.
    single = windows(lean=np.array([0.5, 0.0, 0.0, 0.0]))
    one, other = single.result(0), single.result(1)
    assert one.high - one.value == pytest.approx((found.high - found.value) / 2, rel=1e-6)
    assert other.high - other.value == pytest.approx(Z * 0.3, rel=1e-6)


def test_gaps_add_as_squares_and_clocks_alike() -> None:
    made = windows(gaps=np.full(4, 0.4), clock=np.array([0.1, 0.1, -0.1, 0.1]), noise=np.zeros(4))
    found = parts(made.combine(np.ones(4), "x"))
    assert found["gaps"] == pytest.approx(0.8) and found["clock"] == pytest.approx(0.2)
    weighted = parts(made.combine(np.array([2.0, 1.0, 1.0, 1.0]), "x"))
    assert weighted["gaps"] == pytest.approx(0.4 * math.sqrt(4 + 3))


def test_what_events_of_a_group_share_adds_alike_and_groups_as_squares() -> None:
    shared = {"quantisation": np.array([0.1, 0.1, 0.2, 0.2])}
    made = windows(4, (0, 0, 1, 1), shared=shared, noise=np.zeros(4))
    assert parts(made.combine(np.ones(4), "x"))["quantisation"] == pytest.approx(math.hypot(0.2, 0.4))


def test_what_an_instrument_does_it_does_in_all_groups() -> None:
    """Whether readings are snapshots or means: 0.2 J of one group and 0.4 J of the other are of one sign."""
    shared = {SNAPSHOT_OR_MEAN: np.array([0.1, 0.1, 0.2, 0.2])}
    made = windows(4, (0, 0, 1, 1), shared=shared, noise=np.zeros(4))
    assert parts(made.combine(np.ones(4), "x"))["refresh"] == pytest.approx(0.6)


@pytest.mark.parametrize("one_level", [False, True])
def test_a_step_on_one_level_is_a_limit(one_level: bool) -> None:
    """A rectangle: 95 % within 0.95 √3 of its deviation."""
    made = windows(shared={"quantisation": np.full(4, 0.1)}, noise=np.zeros(4), one_level=one_level)
    found = made.combine(np.ones(4), "x")
    reach = 0.95 * math.sqrt(3) if one_level else Z
    assert found.high - found.value == pytest.approx(0.4 * reach, rel=1e-3)
    assert made.half_width() == pytest.approx(np.full(4, 0.1 * reach), rel=1e-3)


def test_open_ends_add_and_make_an_estimate() -> None:
    made = windows(below=np.array([0.5, 0, 0, 0]), above=np.array([0, 1.5, 0, 0]), noise=np.zeros(4))
    found = made.combine(np.array([2.0, 1.0, 1.0, 1.0]), "x")
    assert found.grade is Grade.ESTIMATED
    assert (found.value - found.low, found.high - found.value) == pytest.approx((1.0, 1.5))
    assert [made.result(i).grade for i in range(3)] == [Grade.ESTIMATED, Grade.ESTIMATED, Grade.MEASURED]
    endless = windows(above=np.array([0, math.inf, 0, 0]))
    assert endless.combine(np.ones(4), "x").high == math.inf and math.isfinite(endless.result(0).high)


def test_a_group_that_is_only_bounded_is_an_estimate() -> None:
    made = windows(4, (0, 0, 1, 1))
    made.groups[1].why = LOST
    assert made.result(0).grade is Grade.MEASURED and made.result(2).grade is Grade.ESTIMATED


def test_errors_of_all_readings_go_with_the_value_and_the_seconds() -> None:
    errors = (CommonError("gain:a", relative=0.01), CommonError("offset:a", absolute=0.05, limit=False))
    made = windows(integral=whole(errors=errors), noise=np.zeros(4))
    found = parts(made.combine(np.ones(4), "x"))
    assert found == {"gain": pytest.approx(0.1), "offset": pytest.approx(0.05 * 8)}
    assert made.standard_uncertainty() == pytest.approx(np.hypot(0.01 * made.value, 0.1))


def test_no_energy_is_negative_and_none_exceeds_the_runs() -> None:
    """A floor of 0 where no reading is below; the run's upper limit of 12 J, once for events that do not overlap."""
    made = windows(noise=np.full(4, 9.0), floor=0.0, ceiling=12.0)
    found = made.combine(np.ones(4), "x")
    assert (found.low, found.high) == (0.0, 12.0)
    difference = made.combine(np.array([1.0, 1.0, 1.0, -1.0]), "x")
    assert difference.low < 0 and difference.high > 24.0
    halves = made.combine(np.full(4, 0.5), "x")
    assert (halves.low, halves.high) == (0.0, 6.0)
    over = replace(made, start_ns=np.array([10, 11, 20, 30]) * NS, end_ns=np.array([12, 13, 22, 32]) * NS)
    assert over.combine(np.ones(4), "x").high == 24.0
    touching = replace(over, start_ns=np.array([10, 12, 20, 30]) * NS, end_ns=np.array([12, 14, 22, 32]) * NS)
    assert touching.combine(np.ones(4), "x").high == 12.0
    beyond = replace(made, start_ns=made.start_ns - np.array([11 * NS, 0, 0, 0]))
    assert beyond.combine(np.ones(4), "x").high > 24.0
    late = replace(made, end_ns=made.end_ns + np.array([0, 0, 0, 70 * NS]))
    assert late.combine(np.ones(4), "x").high > 24.0
    assert replace(made, ceiling=None).combine(np.ones(4), "x").high > 24.0


def test_of_the_run_and_the_event_around_it_the_lower_limit_counts() -> None:
    """3 J ± 9 J inside of 4 J ± 0.3 J, of a run of 12 J at most."""
    made = windows(
        value=np.array([4.0, 3.0, 1.0, 1.0]),
        noise=np.array([0.3, 9.0, 0.3, 0.3]),
        around=np.array([-1, 0, -1, -1]),
        floor=0.0,
        ceiling=12.0,
    )
    assert made.result(1).high == pytest.approx(4 + Z * 0.3)
    assert replace(made, around=None).result(1).high == 12.0


def test_half_widths_with_few_degrees_of_freedom_and_open_ends() -> None:
    made = windows()
    made.groups[0].freedom = 5.0
    assert made.half_width() == pytest.approx(np.full(4, 0.3 * student.ppf(0.975, 5)), rel=2e-3)
    wide = windows(below=np.full(4, 0.4), above=np.full(4, 0.8))
    half = Z * 0.3
    assert wide.half_width() == pytest.approx(np.full(4, (math.hypot(half, 0.4) + math.hypot(half, 0.8)) / 2))


def ns(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def test_events_within_an_interval_of_the_run_are_covered_and_instants_use_nothing() -> None:
    found = measure(whole(), ns(-1, -1.1, 50, 99, 30), ns(5, 5, 60, 101.1, 30))
    assert found.covered.tolist() == [True, False, True, False, True]
    assert found.known.tolist() == [True, False, True, False, True]
    assert found.value[[0, 2, 4]] == pytest.approx([12.0, 20.0, 0.0]) and np.isnan(found.value[[1, 3]]).all()
    assert found.seconds.tolist() == pytest.approx([6, 6.1, 10, 2.1, 0])


def test_a_range_that_ended_inside_an_event_bounds_nothing() -> None:
    """At 20 s and 40 s; a moment at an event's edge is inside."""
    found = measure(whole(saturated_ns=ns(20, 40)), ns(10, 20, 21, 35, 41), ns(20, 21, 30, 40, 50))
    assert np.isinf(found.above).tolist() == [True, True, False, True, False]


def test_a_meter_below_zero_has_no_floor() -> None:
    values = np.full(101, 2.0)
    assert measure(whole(values), ns(10), ns(20)).floor == 0.0
    values[50] = -0.1
    assert measure(whole(values), ns(10), ns(20)).floor is None


def test_activity_is_that_of_groups_with_events_that_last() -> None:
    found = activity_of(measure(whole(), ns(10, 30, 50), ns(20, 30, 60), np.array([0, 1, 2])))
    assert [x.start_ns.tolist() for x in found] == [[10 * NS], [50 * NS]]
    assert [x.end_ns.tolist() for x in found] == [[20 * NS], [60 * NS]]


@pytest.mark.parametrize("cut", [{"absolute": 0.1}, {"relative": 0.05}, {"absolute": 0.1, "relative": 0.05}])
def test_what_readings_that_are_cut_lack_is_above_each_window_as_it_is_above_its_result(
    cut: dict[str, float],
) -> None:
    """Of current and voltage that are cut, the voltage's is a share of the energy."""
    made = windows()
    trace = replace(made.integral.trace, errors=(CommonError("rounding:x", limit=False, **cut),))
    made = replace(made, integral=replace(made.integral, trace=trace))
    low, high = ends(made)
    for i in range(4):
        found = made.result(i)
        assert found is not None and (low[i], high[i]) == pytest.approx((found.low, found.high))
        assert found.high - found.value > found.value - found.low + 0.09
