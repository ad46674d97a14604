"""The spread between repeats, on numbers of which the jackknife, the memory and the skewness can be worked out."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.next_item import (
    _alike_by_overlap,
    _lean,
    _memory,
    _possible,
    _spread_of_ratio,
)


def test_with_equal_counts_the_spread_is_the_standard_error_of_the_mean() -> None:
    values = np.array([1.0, 3.0, 2.0, 6.0])
    found, share = _spread_of_ratio(values * 2, np.full(4, 2.0))
    assert found == pytest.approx(float(values.std(ddof=1)) / 2) and share == pytest.approx(1.0)


def test_with_unequal_counts_it_is_the_jackknifes() -> None:
    """Ratios without each: and (Σc²)² ⁄ (n Σc⁴) of the repeats count."""
    values, counts = np.array([2.0, 3.0, 9.0]), np.array([1.0, 1.0, 4.0])
    without = [(3 + 9) / 5, (2 + 9) / 5, (2 + 3) / 2]
    mean = sum(without) / 3
    found, share = _spread_of_ratio(values, counts)
    assert found == pytest.approx(math.sqrt(2 / 3 * sum((x - mean) ** 2 for x in without)))
    assert share == pytest.approx((1 + 1 + 16) ** 2 / (3 * (1 + 1 + 256)))


def test_where_one_has_all_items_the_terms_of_the_ratio_stand_for_it() -> None:
    values, counts = np.array([8.0, 1.0]), np.array([2.0, 0.0])
    terms = values - 9 / 2 * counts
    found, share = _spread_of_ratio(values, counts)
    assert found == pytest.approx(float(np.std(terms, ddof=1)) / 1.0 / math.sqrt(2)) and share == 1.0


def with_correlation(rho: float, n: int = 100) -> np.ndarray:
    """Terms whose lag-one correlation is exactly this: blocks of one size in turns, and a last one that makes up for the rest."""
    best, found = 9.0, np.zeros(n)
    for seed in range(400):
        x = np.random.default_rng(seed).standard_normal(n)
        for _ in range(60):
            now = float(x[1:] @ x[:-1] / (x @ x))
            smooth = np.append(x[1:], x[0]) + np.insert(x[:-1], 0, x[-1])
            x = x + np.clip(rho - now, -0.3, 0.3) * smooth
        if abs(now - rho) < best:
            best, found = abs(now - rho), x
        if best < 1e-12:
            break
    return found


@pytest.mark.parametrize("rho", [0.3, 0.5])
def test_a_memory_has_its_bias_put_back_and_half_a_standard_error(rho: float) -> None:
    """(n ρ + 1) ⁄ (n − 3), and 0.5 √((1 − ρ²)/n) more."""
    x = with_correlation(rho)
    shown = float(x[1:] @ x[:-1] / (x @ x))
    back = (100 * shown + 1) / 97
    assert _memory(x) == pytest.approx(back + 0.5 * math.sqrt((1 - back**2) / 100))


def test_a_memory_within_chance_is_none_and_no_memory_exceeds_its_limit() -> None:
    """Of 100 terms chance leaves a tenth."""
    for shown, seen in ((0.08, False), (0.1, True)):
        x = with_correlation(shown)
        back = (100 * float(x[1:] @ x[:-1] / (x @ x)) + 1) / 97
        assert (back > 0.1) is seen and (_memory(x) > 0) is seen
    assert _memory(np.tile([1.0, -1.0], 50)) == 0.0
    assert _memory(np.linspace(1, 1.001, 100)) == 0.95


def spans(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64)


def test_events_that_overlap_hold_in_common_what_they_share() -> None:
    """1 + 2 Σ xᵢ xⱼ of those that overlap, over Σ x²."""
    terms = np.array([1.0, 2.0, 3.0])
    apart = spans((0, 10), (10, 20), (20, 30))
    assert _alike_by_overlap(terms, *apart) == 1.0
    next_to = spans((0, 11), (10, 20), (20, 30))
    assert _alike_by_overlap(terms, *next_to) == pytest.approx(1 + 2 * 2 / 14)
    all_three = spans((0, 25), (10, 22), (20, 30))
    assert _alike_by_overlap(terms, *all_three) == pytest.approx(1 + 2 * (2 + 6 + 3) / 14)
    assert _alike_by_overlap(np.array([1.0, -2.0, 1.0]), *all_three) == 1.0  # what differs makes no sum surer
    assert _alike_by_overlap(np.zeros(3), *all_three) == 1.0


def test_skewness_is_that_of_the_repeats_over_the_root_of_what_they_are_worth() -> None:
    """One of n is 1, the rest 0: a share p of 1/n has the skewness (1 − 2p)/√(p (1 − p)); 6/n more for what is not seen."""
    terms = np.zeros(8)
    terms[3] = 1.0
    p = 1 / 8
    shown = (1 - 2 * p) / math.sqrt(p * (1 - p)) * (1 + 6 / 8)
    assert _lean(terms, 16.0) == pytest.approx(shown / 4) and _lean(-terms, 16.0) == pytest.approx(-shown / 4)


def test_fewer_than_eight_repeats_are_taken_to_be_skewed_as_work_is() -> None:
    """Whatever they show: some items now and then cost more, none costs less."""
    terms = np.zeros(7)
    terms[3] = 1.0
    assert 0 < _lean(terms, 16.0) == _lean(-terms, 16.0) == _lean(np.zeros(3), 16.0)
    assert _lean(terms, 4.0) == pytest.approx(2 * _lean(terms, 16.0)) and _lean(terms, 1.0) <= 2.0


def test_skewness_is_at_most_two_and_of_equal_repeats_none() -> None:
    terms = np.zeros(100)
    terms[3] = 1.0
    assert _lean(terms, 4.0) == 2.0 and _lean(-terms, 4.0) == -2.0
    assert _lean(np.full(20, 3.0), 4.0) == 0.0


def test_an_item_lies_between_what_the_trace_shows_over_its_length() -> None:
    """Powers from 1 to 5 W over a second; items of 0.8 to 1.2 s; three repeats: a span more of (most − least)/2 on either side."""
    n = 10
    times = np.arange(n, dtype=np.int64) * 10**9
    running = np.concatenate([[0.0], np.cumsum([1.0, 2, 3, 4, 5, 4, 3, 2, 1])])

    class Stub:
        trace = SimpleNamespace(times_ns=times)
        start_ns, end_ns = 0, int(times[-1])

        @staticmethod
        def fair_index(most: int) -> np.ndarray:
            return np.arange(n)

        @staticmethod
        def between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.interp(b, times, running) - np.interp(a, times, running)

    windows = SimpleNamespace(
        integral=Stub,
        groups=(),
        powers={},
        own_powers={},
        value=np.array([2.0, 3.0, 4.0]),
        seconds=np.array([0.8, 1.0, 1.2]),
        start_ns=times[[1, 2, 3]],
    )
    least, most = _possible(windows, np.arange(3), np.ones(3))
    low, high = 1.0 * 0.8, 5.0 * 1.2
    assert (least, most) == pytest.approx((low - (high - low) / 2, high + (high - low) / 2))
    halves = SimpleNamespace(
        integral=Stub,
        groups=(),
        powers={},
        own_powers={},
        value=2 * windows.value,
        seconds=2 * windows.seconds,
        start_ns=windows.start_ns,
    )
    assert _possible(halves, np.arange(3), np.full(3, 2.0)) == pytest.approx((least, most))
    extreme = SimpleNamespace(
        integral=Stub,
        groups=(),
        powers={},
        own_powers={},
        value=np.array([0.1, 3.0, 9.0]),
        seconds=windows.seconds,
        start_ns=windows.start_ns,
    )
    assert _possible(extreme, np.arange(3), np.ones(3)) == pytest.approx((0.1 - 8.9 / 2, 9 + 8.9 / 2))
    many = SimpleNamespace(
        **{**vars(windows), "groups": range(200), "powers": {}}
    )  # of many labels, windows up to 2 % shorter are asked once
    wider = _possible(many, np.arange(3), np.ones(3))
    assert least - 0.02 * (most - least) <= wider[0] <= least and most <= wider[1] <= most + 0.02 * (
        most - least
    )
    assert wider == _possible(many, np.arange(3), np.ones(3)) and len(many.powers) == 1 and not windows.powers
