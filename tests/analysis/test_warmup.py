"""The one rule for warm-up: what starts apart is left out; rare spikes, drifts and plain scatter are not."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.warmup import WarmUp, WarmUpReason, warm_up

STEADY = [6.0, 6.1, 5.9, 6.05, 5.95, 6.0, 6.1, 5.9, 6.02, 5.98, 6.0, 6.05]


def share(make, n: int, runs: int = 300) -> float:
    """Return the share of series of which something is left out."""
    return float(
        np.mean([warm_up(make(np.random.default_rng([seed, n]), n)).count > 0 for seed in range(runs)])
    )


@pytest.mark.parametrize(
    ("head", "count", "reason"),
    [
        ([], 0, WarmUpReason.STEADY),
        ([30.0], 1, WarmUpReason.FIRST),
        (
            [2.0],
            1,
            WarmUpReason.FIRST,
        ),  # a first event may also use less: a cache that is filled from a fast copy
        ([9.0, 9.1, 9.05], 3, WarmUpReason.SETTLING),
        ([6.05], 0, WarmUpReason.STEADY),  # inside the scatter
    ],
)
def test_what_stands_apart_from_a_steady_rest_is_left_out(head, count, reason) -> None:
    assert warm_up(head + STEADY) == WarmUp(count, reason)


def test_less_than_two_percent_is_not_worth_leaving_out() -> None:
    rest = 6 + 0.001 * np.tile([1.0, -1.0], 8)
    assert warm_up([6.1, *rest]).count == 0  # 1.7 %, far outside the scatter
    assert warm_up([6.2, *rest]).count == 1


def test_a_decay_is_cut_below_where_it_can_be_seen() -> None:
    rng = np.random.default_rng(1)
    decay = 1 + 0.5 * np.exp(-np.arange(100) / 5) + 0.02 * rng.standard_normal(100)
    found = warm_up(decay)
    assert found.reason is WarmUpReason.SETTLING and 12 <= found.count <= 50
    assert abs(decay[found.count :].mean() - 1) < 0.01


def test_durations_show_a_warm_up_that_energies_hide_and_unknown_energies_do_not_matter() -> None:
    energies = np.full(12, np.nan)
    assert warm_up(energies, [3.0, *STEADY[1:]]).count == 1
    energies[6:] = STEADY[6:]
    assert warm_up(energies, [6.0, *STEADY[1:]]).count == 0
    assert warm_up(STEADY, [30.0, *STEADY[1:]]).count == 1


def test_events_are_taken_in_order_of_their_start() -> None:
    late = [*STEADY, 30.0]
    assert warm_up(late).count == 0
    assert warm_up(late, starts=[*range(1, 13), 0]).count == 1


@pytest.mark.parametrize("values", [[], [5.0], [9.0, 5.0, 5.0], [np.nan] * 8])
def test_too_few_events_are_all_kept(values) -> None:
    assert warm_up(values) == WarmUp(0, WarmUpReason.FEW)


def test_four_events_are_judged_by_three() -> None:
    assert warm_up([60.0, 6.0, 6.1, 5.9]).count == 1
    assert warm_up([6.6, 6.0, 6.3, 5.9]).count == 0


def test_a_display_that_shows_three_equal_digits_has_not_warmed_up() -> None:
    assert warm_up([5.1, 5.0, 5.0, 5.0]).count == 0


def test_a_drift_or_a_spike_among_others_is_no_warm_up() -> None:
    rng = np.random.default_rng(2)
    assert warm_up(np.linspace(2, 1, 60) + 0.01 * rng.standard_normal(60)).count == 0
    spiky = np.ones(60) + 0.01 * rng.standard_normal(60)
    spiky[[0, 17, 44]] = 8.0
    assert warm_up(spiky).count == 0
    alone = np.ones(60) + 0.01 * rng.standard_normal(60)
    alone[5] = 8.0
    assert warm_up(alone).count == 0


@pytest.mark.thorough
@pytest.mark.parametrize("n", [4, 8, 30, 100])
@pytest.mark.parametrize(
    ("name", "make", "most"),
    [
        ("independent", lambda r, n: 1 + 0.05 * r.standard_normal(n), 0.02),
        ("drifting", lambda r, n: 1 + 0.3 * np.arange(n) / n + 0.01 * r.standard_normal(n), 0.02),
        ("skewed", lambda r, n: np.exp(r.standard_normal(n)), 0.07),
        # A spike that comes first and alone cannot be told from a first event that costs more.
        (
            "4 % spikes",
            lambda r, n: (1 + 0.02 * r.standard_normal(n)) * np.where(r.uniform(size=n) < 0.04, 8, 1),
            0.07,
        ),
    ],
)
def test_steady_series_are_seldom_cut(name, make, most, n) -> None:
    assert share(make, n) <= most, name


@pytest.mark.thorough
def test_a_first_event_half_as_much_again_is_nearly_always_found() -> None:
    def made(r: np.random.Generator, n: int) -> np.ndarray:
        return (1 + 0.05 * r.standard_normal(n)) * np.where(np.arange(n) < 1, 1.5, 1)

    assert share(made, 20) > 0.9


@pytest.mark.parametrize(
    ("size", "head", "excess"), [(24, 3, 0.5), (48, 4, 0.5), (48, 4, 0.1), (100, 20, 0.1)]
)
def test_no_more_is_left_out_than_the_head(size, head, excess):
    """The least standard error lies at random places behind a head; a quarter of the steady events went with it."""
    counts = []
    for seed in range(60):
        energies = 1 + 0.02 * np.random.default_rng(seed).standard_normal(size)
        energies[:head] += excess
        counts.append(warm_up(energies).count)
    assert np.mean(np.array(counts) == head) >= 0.85, (head, counts)
    assert np.mean(np.array(counts) > head + 2) <= 0.07, (head, counts)
