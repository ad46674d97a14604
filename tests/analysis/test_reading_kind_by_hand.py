"""Readings of a meter that averages over a known part of its interval, at a known delay: what their edges show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.clear_edges import without_containers
from powermeter.analysis.reading_kind import AVERAGES, _goes_on, as_events_show
from powermeter.channel import Gap, Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

TAU_NS = 100_000_000
TAU = 0.1
IDLE, BUSY = 2.0, 6.0


def load(times: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """J from 0 s to each time: 2 W, and 4 W more inside events."""
    inside = np.clip(times[:, None], start, end) - start
    return IDLE * times + (BUSY - IDLE) * inside.sum(axis=1)


def events(count: int = 30, length: float = 1.0, pause: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Begins of each at another place between two readings."""
    k = np.arange(count)
    start = 1.0 + k * (length + pause) + TAU * np.mod(0.05 + k * 0.37, 1.0)
    return start, start + length + TAU * np.mod(k * 0.61, 1.0)


def seen(
    window: float, delay: float = 0.0, noise: float = 0.0, count: int = 30, **more: object
) -> tuple[Trace, ...]:
    """Return readings that average over such a part of their interval, which ended such a part before the stamp."""
    start, end = events(count)
    stamps = np.arange(1, math.ceil((end[-1] + 1.0) / TAU)) * TAU
    until = stamps - delay * TAU
    if window:
        values = (load(until, start, end) - load(until - window * TAU, start, end)) / (window * TAU)
    else:
        values = np.where(((until[:, None] >= start) & (until[:, None] < end)).any(axis=1), BUSY, IDLE)
    values = values + noise * np.random.default_rng(1).standard_normal(values.size)
    times = np.rint(stamps * 1e9).astype(np.int64)
    trace = from_samples(times, values, **more)
    return as_events_show(
        trace, np.rint(start * 1e9).astype(np.int64), np.rint(end * 1e9).astype(np.int64)
    ), trace


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_readings_of_an_instant_stay(noise: float) -> None:
    found, before = seen(0.0, noise=noise)
    assert found.kind is Kind.INSTANT and found.window_ns == before.window_ns and not found.notes
    assert (found.times_ns == before.times_ns).all()


def test_readings_of_an_instant_whose_moment_is_stated_in_doubt_are_no_longer() -> None:
    """A refresh of 0.05 s in doubt; edges tell to a thirtieth of an interval and better."""
    found, _ = seen(0.0, clock_ns=50e6)
    assert found.kind is Kind.INSTANT and 0 < found.clock_ns <= TAU_NS * 0.1


def test_readings_over_all_of_their_interval_are_means() -> None:
    found, before = seen(1.0)
    assert found.kind is Kind.MEAN and AVERAGES in found.notes
    assert (found.times_ns == before.times_ns).all() and (found.values == before.values).all()


def test_a_mean_of_nearly_all_of_an_interval_pays_for_the_rest() -> None:
    """A jump anywhere in an interval of which a share d is not seen is put down with 0.63 d of it, root mean square."""
    found, before = seen(0.95)
    jumps = float(np.mean(np.diff(before.values) ** 2))
    if found.kind is Kind.MEAN:
        assert 0.0 < found.noise <= 0.64 * 0.1 * math.sqrt(jumps)
    else:
        assert found.window_ns == pytest.approx(0.95 * TAU_NS, rel=0.06)


@pytest.mark.parametrize("window", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_readings_over_a_part_are_stamped_in_its_middle(window: float, delay: float) -> None:
    found, before = seen(window, delay)
    assert found.kind is Kind.INSTANT and found.window_ns == pytest.approx(
        window * TAU_NS, abs=0.051 * TAU_NS
    )
    late = before.times_ns - found.times_ns
    assert np.ptp(late) == 0
    assert late[0] == pytest.approx((delay + window / 2) * TAU_NS, abs=0.051 * TAU_NS)
    open_ = ["edges-late"] if delay else []  # whether the readings are late, or the load behind its marks
    assert [note.code for note in found.notes] == ["readings-average-part", *open_]
    assert 0.7 * delay * TAU_NS <= found.clock_ns <= (0.1 + delay) * TAU_NS and found.clock_ns > 0


def test_what_belongs_to_stamps_moves_with_them() -> None:
    hole = Gap(5_050_000_000, 5_060_000_000, "no answer")
    found, before = seen(0.5, gaps=(hole,), saturated_ns=np.array([7 * 10**9]))
    late = int(before.times_ns[0] - found.times_ns[0])
    assert late > 0 and found.saturated_ns is not None
    assert found.saturated_ns.tolist() == [7 * 10**9 - late]
    assert (found.gaps[0].start_ns, found.gaps[0].end_ns) == (hole.start_ns - late, hole.end_ns - late)


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_what_calls_itself_something_else_is_believed(kind: Kind) -> None:
    found, before = seen(1.0, kind=kind)
    assert found is before


def test_a_window_that_is_stated_is_believed() -> None:
    found, before = seen(1.0, window_ns=50_000_000)
    assert found is before


@pytest.mark.parametrize(("count", "known"), [(1, False), (2, False), (3, True), (8, True)])
def test_few_edges_show_means_where_readings_between_the_levels_lie_as_means_do(
    count: int, known: bool
) -> None:
    """Each event but the first has two edges that are clear of others: by four of them without noise nothing else explains it."""
    found, before = seen(1.0, count=count)
    assert (found.kind is Kind.MEAN) is known and (found is before) is not known


def test_a_load_that_rises_slowly_is_no_average() -> None:
    """Half a second up and half a second down behind each edge: readings between levels say nothing of the meter."""
    start, end = events(20, 2.0, 2.0)
    stamps = np.arange(1, math.ceil((end[-1] + 1.0) / TAU)) * TAU
    up = np.clip((stamps[:, None] - start) / 0.5, 0, 1) - np.clip((stamps[:, None] - end) / 0.5, 0, 1)
    trace = from_samples(np.rint(stamps * 1e9).astype(np.int64), IDLE + 4 * up.sum(axis=1))
    found = as_events_show(trace, np.rint(start * 1e9).astype(np.int64), np.rint(end * 1e9).astype(np.int64))
    assert found is trace


@pytest.mark.parametrize(("lasting", "goes_on"), [(5.0, True), (0.1, False)])
def test_power_goes_on_rising_by_a_share_of_its_step_and_not_of_its_level(
    lasting: float, goes_on: bool
) -> None:
    """On 100 W events add 1 W, half of it at once and half over five readings, or all within one."""
    k = np.arange(40)
    since = np.where(k < 20, k, k - 20)
    shape = np.where(k < 20, 1.0 - 0.5 * np.exp(-since / lasting), 0.5 * np.exp(-since / lasting))
    values = np.concatenate([np.full(20, 100.0), 100.0 + np.tile(shape, 30)])
    times = np.arange(values.size, dtype=np.int64) * TAU_NS
    start = times[20::40] - TAU_NS // 2
    assert _goes_on(from_samples(times, values), start, start + 20 * TAU_NS) is goes_on


def test_who_is_around_several_others_is_left_out_unless_one_of_them_reaches_out() -> None:
    starts = np.array([0, 10, 20, 30, 40, 50], np.int64)
    for last, kept in ((55, 5), (61, 6)):
        ends = np.array([60, 15, 25, 35, 45, last], np.int64)
        assert without_containers(starts, ends)[0].size == kept
    few = np.array([0, 10, 20], np.int64), np.array([60, 15, 25], np.int64)
    assert without_containers(*few)[0].size == 3
