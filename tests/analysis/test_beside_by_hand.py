"""What lies beside events, on a few windows and readings whose power is written down."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.beside_events import (
    AllWindows,
    Calm,
    jumps_beside,
    looked_at,
    neighbours,
    states,
    wander,
)
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Others
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000
T = np.arange(13, dtype=np.int64) * NS
"""Twelve windows of a second: window k ends at k s."""


def at(*seconds: float) -> np.ndarray:
    return np.array([round(s * NS) for s in seconds], np.int64)


def test_neighbours_of_cut_windows_are_inside_beside_or_cut_as_well() -> None:
    """One event from 2.5 s to 5.5 s cuts windows 3 and 6, one from 8.2 s to 9.4 s windows 9 and 10."""
    right, left = neighbours(T, at(2.5, 8.2), at(5.5, 9.4), np.array([3, 6, 9, 10]), np.ones(4))
    assert right.tolist() == [2, 1, 0, 1]
    assert left.tolist() == [1, 2, 1, 0]


def test_windows_at_the_ends_of_a_run_have_no_neighbour() -> None:
    right, left = neighbours(T, at(0.5, 11.5), at(3.5, 12.0), np.array([1, 4, 12]), np.ones(3))
    assert right.tolist() == [2, 1, 0] and left.tolist() == [0, 2, 1]
    none = neighbours(T, at(), at(), np.array([], np.int64), np.ones(0))
    assert none[0].size == none[1].size == 0


def test_windows_are_inside_beside_or_neither() -> None:
    blind = np.zeros(13, bool)
    blind[11] = True
    index = looked_at(12)
    state = states(T, at(2.5, 8.0), at(5.5, 9.0), np.array([3, 6]), blind, index)
    assert index.tolist() == list(range(1, 13))
    # Window 8 ends where an event begins: by its end it is inside.  Windows 3 and 6 are cut, 11 nobody saw.
    assert state.tolist() == [1, 1, 0, 2, 2, 0, 1, 2, 1, 1, 0, 1]


RATES = np.array([9.0, 1.0, 1.2, 5.0, 5.4, 5.0, 1.0, 1.4, 1.0])
INDEX = np.arange(1, 9)
STATE = np.array([1, 1, 2, 2, 2, 1, 1, 1])


@pytest.mark.parametrize(
    ("wanted", "variance", "median"),
    [
        (1, (0.2**2 + 0.4**2 + 0.4**2) / 3 / 2, 1.0),  # neighbours only: 1 → 1.2, 1 → 1.4 → 1
        (2, (0.4**2 + 0.4**2) / 2 / 2, 5.0),
        (3, 0.0, None),
    ],
)
def test_half_the_squared_jump_between_neighbours_of_a_state(wanted, variance, median) -> None:
    found = wander(RATES, INDEX, STATE, wanted)
    assert found[0] == pytest.approx(variance) and found[1] == median


@pytest.mark.parametrize(("ones", "variance"), [([1, 3, 5], 4.0), ([1, 3], 0.0)])
def test_windows_without_neighbours_scatter_about_their_mean(ones: list[int], variance: float) -> None:
    """Three of 1, 3, 5 W: 4 W²; of two nothing is known."""
    rates = np.array([0.0, 1.0, 9.0, 3.0, 9.0, 5.0])
    state = np.array([1 if k in ones else 0 for k in range(1, 6)])
    assert wander(rates, np.arange(1, 6), state, 1)[0] == pytest.approx(variance)


def test_a_chance_of_a_half_where_nothing_tells() -> None:
    rest, part = np.array([1.0, 2.0]), np.array([0.2, 0.9])
    lone = np.array([1, 0, 1, 0, 1, 0, 1, 0])
    assert Calm(RATES, INDEX, lone, 0.0).chance_of_a_jump(rest, part, 0.0).tolist() == [0.5, 0.5]
    assert Calm(RATES, INDEX, STATE, 0.0).chance_of_a_jump(np.zeros(0), np.zeros(0), 0.0).size == 0


def beside_with(large: int, n: int = 41, size: float = 10.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """40 jumps of 0.1 W between windows beside events, of which so many are of 10 W."""
    steps = np.full(n - 1, 0.1)
    steps[:large] = size
    steps[1::2] *= -1
    rates = np.concatenate([[0.0, 5.0], 5.0 + np.cumsum(steps)])
    return rates, np.arange(1, n + 1), np.ones(n, np.int64)


@pytest.mark.parametrize("large", [0, 1, 3])
def test_how_often_windows_beside_events_jump_against_how_often_cut_ones_do(large: int) -> None:
    """Each jump is of two windows, and a tenth of one more than was seen: (k/2 + 0.1) ⁄ (40 + 1).

    Of four cut windows two stand out by more than 6 × 0.1 ⁄ 0.954; a share of 0.75 of each lies in its event.
    """
    rest = np.array([9.0, -9.0, 0.5, 0.1])
    found = Calm(*beside_with(large), 0.0).chance_of_a_jump(rest, np.full(4, 0.75), 0.0)
    rate = (large / 2 + 0.1) / 41
    assert found == pytest.approx(np.full(4, rate * 2 * 0.25 / 0.5))


def test_only_what_is_a_third_as_large_can_be_what_stands_out() -> None:
    rest = np.array([29.0, 31.0])
    found = Calm(*beside_with(1), 0.0).chance_of_a_jump(rest, np.full(2, 0.75), 0.0)
    assert found == pytest.approx(np.array([0.6, 0.1]) / 41 * 2 * 0.25)


def test_the_meters_noise_is_nothing_unusual_and_a_chance_is_at_most_a_half() -> None:
    """6 × √2 × 2 W = 17 W: no jump of 10 W is one; one cut window in all counts as one of its number."""
    found = Calm(*beside_with(3), 0.0).chance_of_a_jump(np.array([9.0]), np.array([0.5]), 4.0)
    assert found == pytest.approx(np.array([0.1 / 41 * 2 * 0.5]))
    often = Calm(*beside_with(15), 0.0).chance_of_a_jump(np.array([9.0, 0.1, 0.1, 0.1]), np.zeros(4), 0.0)
    assert often == pytest.approx(np.full(4, 0.5))


def test_no_window_beside_events_is_no_power_there() -> None:
    found = Calm(RATES, INDEX, np.full(8, 2), 0.1).power(np.array([3, 6]))
    assert np.isnan(found.level).all() and found.error == 0.0 and found.region.tolist() == [0, 0]


def test_noise_is_averaged_over_all_windows_beside() -> None:
    """± 0.1 W in turns: the mean of all is right, and as sure as the noise over the root of their number."""
    n = 20
    rates = np.concatenate([[0.0], 2.0 + 0.1 * np.tile([1.0, -1.0, -1.0, 1.0], 5)])
    found = Calm(rates, np.arange(1, n + 1), np.ones(n, np.int64), 0.01).power(np.array([7, 14]))
    left = (n * 2.0 - (rates[1:])) / (n - 1)
    square = float(np.mean((rates[1:] - left) ** 2))
    own = float(np.mean(np.diff(rates[1:]) ** 2)) / 2
    assert found.level == pytest.approx(np.full(2, 2.0)) or found.error > 0
    assert found.error <= math.sqrt(max(square - own, 0.0) + square / 2) + 1e-12


def test_idle_power_that_steps_is_followed_by_its_nearest_windows() -> None:
    """40 windows of 1 W, then 40 of 3 W: next to each, of two windows around it, the level is that of its own half."""
    rates = np.concatenate([[0.0], np.full(40, 1.0), np.full(40, 3.0)])
    found = Calm(rates, np.arange(1, 81), np.ones(80, np.int64), 0.0).power(np.array([10, 39, 60]))
    assert found.level == pytest.approx([1.0, 1.0, 3.0])
    assert found.region.tolist() == [9 // 8, 38 // 8, 59 // 8]


def quiet_with(jumps: list[float], n: int = 60) -> np.ndarray:
    """Readings of ± 0.01 W about 2 W and, at the end of each tenth, a step to another level and back."""
    values = 2.0 + 0.005 * np.tile([1.0, -1.0], n // 2)
    for k, size in enumerate(jumps):
        values[10 * k + 5 :] += size
    return values


def jumping(values: np.ndarray, start: np.ndarray, end: np.ndarray, **more: float) -> float:
    times = np.arange(values.size, dtype=np.int64) * NS
    return jumps_beside(Integral.of(from_samples(times, values, **more)), start, end, None)


def test_the_mean_square_of_rare_jumps_beside_events() -> None:
    values = quiet_with([1.0, -2.0])
    steps = np.abs(np.diff(values))
    assert jumping(values, at(), at()) == pytest.approx((steps[4] ** 2 + steps[14] ** 2) / 59)


@pytest.mark.parametrize(("size", "rare"), [(0.082, False), (0.1, True)])
def test_a_jump_of_eight_times_the_usual_one_is_rare(size: float, rare: bool) -> None:
    """8 × 0.01 ⁄ 0.954 = 0.0839 W."""
    values = quiet_with([size - 0.01 if quiet_with([])[5] > quiet_with([])[4] else size + 0.01])
    step = float(np.abs(np.diff(values)).max())
    assert step == pytest.approx(size)
    assert jumping(values, at(), at()) == pytest.approx(step**2 / 59 if rare else 0.0)


@pytest.mark.parametrize(("noise", "rare"), [(0.11, True), (0.13, False)])
def test_what_a_meter_states_of_its_noise_or_step_is_no_jump(noise: float, rare: bool) -> None:
    values = quiet_with([1.0])
    for more in ({"noise": noise}, {"step": noise}):
        assert (jumping(values, at(), at(), **more) > 0) is rare


def test_jumps_of_events_are_left_out() -> None:
    """An event from 14.5 s to 15.5 s: readings 14 and 15 lie on either side of its start, 15 and 16 of its end."""
    values = quiet_with([1.0, -2.0])
    alone = jumping(values, at(14.5), at(15.5))
    assert alone == pytest.approx(np.abs(np.diff(values))[4] ** 2 / 57)
    between = jumping(values, at(14.2), at(14.8))  # it began and ended between two readings
    assert between == pytest.approx(np.abs(np.diff(values))[4] ** 2 / 58)


@pytest.mark.parametrize(("n", "known"), [(8, False), (9, True)])
def test_of_fewer_than_eight_pairs_nothing_is_known(n: int, known: bool) -> None:
    values = 2.0 + 0.005 * np.tile([1.0, -1.0], 5)[:n]
    values[4:] += 1.0
    assert (jumping(values, at(), at()) > 0) is known


LONG = 600_001
"""Windows of a run of which 64 stretches of 4096 are looked at, (600 001 - 4096 - 1) / 63 = 9458.8 apart."""


def test_of_a_long_run_sixty_four_stretches_are_looked_at() -> None:
    found = looked_at(LONG)
    assert found.size == 64 * 4096 and found[-1] == LONG - 1
    begins = found[np.flatnonzero(np.diff(found, prepend=-1) > 1)]
    assert begins.size == 64 and begins[:3].tolist() == [1, 9459, 18918]
    assert looked_at(64 * 4096).tolist() == list(range(1, 64 * 4096 + 1))


def test_beside_some_windows_lie_those_next_to_them_that_are_looked_at() -> None:
    """Windows 4095 to 4097 and 5000: of 4094 to 4098 the first three are looked at; in a short run all are."""
    for top, near in ((LONG, [4094, 4095, 4096]), (5001, [*range(4094, 4099), 4999, 5000, 5001])):
        times = np.arange(top + 1, dtype=np.int64) * NS
        windows = AllWindows(Integral.of(from_samples(times, np.ones(top + 1))), None)
        assert windows.within(np.array([4095, 5000]), np.array([4097, 5000])).tolist() == near
    assert windows.within(np.array([1, 5001]), np.array([1, 5001])).tolist() == [1, 2, 5000, 5001]


def test_windows_of_one_form_of_the_readings_are_not_those_of_another() -> None:
    """Thirteen means of a second and five of three seconds, the first among them: each has windows of its own."""
    finer = Integral.of(from_samples(T, np.full(13, 2.0), kind=Kind.MEAN))
    coarser = Integral.of(from_samples(T[::3], np.full(5, 4.0), kind=Kind.MEAN))
    others = Others.of(at(1.5, 5.5), at(2.5, 6.5), np.array([0, 1]), 0)
    assert others is not None
    for integral, windows, power in ((finer, 14, 2.0), (coarser, 6, 4.0), (finer, 14, 2.0)):
        every = AllWindows.of(integral, others)
        assert every.rates.size == windows
        assert every.rates[1:] == pytest.approx(power)
    assert AllWindows.of(finer, others) is AllWindows.of(finer, others)
