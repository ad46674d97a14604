"""Labels that no reading fell into, bounded at once: each by the readings beside its own events."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis import event_energies
from powermeter.analysis.bounds import unseen
from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import UNSEEN, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.readings_inside import ReadingsInside
from powermeter.analysis.unseen_labels import UnseenLabels
from powermeter.signals.decoding import from_samples

TENTH = 100_000_000  # ns between readings


def trace(watts: list[float]) -> Integral:
    return Integral.of(from_samples(np.arange(len(watts)) * TENTH, np.array(watts)))


def test_each_label_is_bounded_by_the_readings_beside_its_own_events() -> None:
    # Readings 1 1 1 4 8 8 1 1 …, the highest 8 W; "low" lasts 40 ms beside 1 and 1 W, "rise" beside 1 and 4 W.
    integral = trace([1, 1, 1, 4, 8, 8, 1, 1, 1, 1, 1, 1])
    start = np.array([2, 0, 7]) * TENTH + 30_000_000
    found = measure(integral, start, start + 40_000_000, np.array([1, 0, 0]))
    assert found.value == pytest.approx([2.5 * 0.04, 0.04, 0.04])
    most = 8 + 0.5 * 7
    assert found.below == pytest.approx([1.5 * 0.04, 0.0, 0.0])
    assert found.above == pytest.approx([(most - 2.5) * 0.04, (most - 1) * 0.04, (most - 1) * 0.04])
    low, rise = found.groups
    assert low.why == rise.why == UNSEEN and (low.quiet, rise.quiet) == (1.0, 2.5)
    assert low.above_all == pytest.approx(2 * (most - 1) * 0.04) and rise.below_all == pytest.approx(0.06)


def test_together_they_are_bounded_as_alone() -> None:
    rng = np.random.default_rng(3)
    integral = trace(np.where(rng.random(400) > 0.9, 8.0, 1 + 0.01 * rng.random(400)).tolist())
    start = rng.choice(390, 60, replace=False) * TENTH + rng.integers(10_000_000, 40_000_000, 60)
    end = start + rng.integers(5_000_000, 50_000_000, 60)
    members = [np.flatnonzero(np.arange(60) % 9 == g) for g in range(9)]
    seconds = (end - start) * 1e-9
    inside = ReadingsInside.of(integral, start, end)
    all_at_once = UnseenLabels.of(integral, inside, seconds, members)
    assert sorted(all_at_once.of_label) == list(range(9))
    for g, mine in enumerate(members):
        alone = unseen(
            integral, GroupEstimate.empty(mine.size), inside.before[mine], inside.upto[mine], seconds[mine]
        )
        place = np.flatnonzero(np.isin(all_at_once.index, mine))
        assert all_at_once.index[place].tolist() == mine.tolist()
        for name in ("value", "below", "above"):
            assert getattr(all_at_once, name)[place].tolist() == getattr(alone, name).tolist()
        one = all_at_once.of_label[g]
        assert (one.why, one.factor, one.below_all, one.above_all) == (
            alone.why,
            alone.factor,
            alone.below_all,
            alone.above_all,
        )


def test_where_the_run_is_flat_nothing_is_known() -> None:
    found = measure(
        trace([2.0] * 30), np.array([5, 9]) * TENTH + 1, np.array([5, 9]) * TENTH + 2, np.array([0, 1])
    )
    assert np.isnan(found.value).all() and not found.known.any() and not found.above.any()


def test_a_label_with_one_reading_is_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    integral = trace([1, 1, 5, 1, 1, 1, 1, 1, 1, 1])
    alone: list[int] = []
    way = event_energies.measure_instants

    def counted(integral: Integral, start_ns: np.ndarray, *rest: object) -> GroupEstimate:
        alone.append(start_ns.size)
        return way(integral, start_ns, *rest)

    monkeypatch.setattr(event_energies, "measure_instants", counted)
    start = np.array([0, 3, 5, 6, 7, 8]) * TENTH + 30_000_000
    end = start + np.array([40, 40, 40, 90, 40, 40]) * 1_000_000
    measure(integral, start, end, np.array([0, 1, 2, 3, 4, 0]))
    assert alone == [1]


@pytest.mark.parametrize(("events", "limited"), [(20, True), (40, False)])
def test_where_readings_keep_out_of_many_events_nothing_limits_them(events: int, limited: bool) -> None:
    # Of each tenth of a second, 30 ms that no reading meets: six were to be expected in 20 events, twelve in 40.
    integral = trace([1, 1, 4, *[1] * 60])
    start = np.arange(10, 10 + events) * TENTH + 30_000_000
    found = measure(integral, start, start + 30_000_000, np.zeros(events, np.int64))
    assert np.isfinite(found.above).all() == limited
    assert np.isfinite(found.value).all()
