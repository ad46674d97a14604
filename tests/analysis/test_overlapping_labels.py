"""Labels of two threads under windows longer than their events, on loads worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import FEW
from powermeter.analysis.integral import Integral
from powermeter.analysis.overlapping_labels import at_the_same_time
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from tests.support.seconds_apart import NS, ns

Spans = list[tuple[float, float]]
IDLE = 1.0
FIRST = [(3.3 + 1.1 * k, 3.9 + 1.1 * k + 0.01 * k) for k in range(24)]
SECOND = [(3.7 + 1.3 * k, 4.5 + 1.3 * k - 0.01 * k) for k in range(20)]


def together(a: float, b: float, spans: Spans) -> float:
    return sum(max(min(b, d) - max(a, c), 0.0) for c, d in spans)


def measured(labels: list[tuple[Spans, float]], behind: float = 0.0) -> tuple[Windows, list[float]]:
    """Return what means of whole seconds make of labels that add to idle power, and what each label used; 2 W may follow the first one's events."""
    tails = [(b, b + behind) for _, b in labels[0][0]]
    drawn = [*labels, (tails, 2.0)]
    t = np.arange(36, dtype=np.int64) * NS
    values = [IDLE + sum(w * together(k - 1, k, spans) for spans, w in drawn) for k in range(36)]
    integral = Integral.of(from_samples(t, np.array(values), kind=Kind.MEAN))
    edges = [(a, b, g) for g, (spans, _) in enumerate(labels) for a, b in spans]
    found = measure(
        integral,
        ns(*[a for a, _, _ in edges]),
        ns(*[b for _, b, _ in edges]),
        np.array([g for *_, g in edges]),
    )
    used = [
        sum(IDLE * (b - a) + sum(w * together(a, b, spans) for spans, w in drawn) for a, b in label)
        for label, _ in labels
    ]
    return found, used


@pytest.mark.parametrize("around", [[], [([(0.0, 35.0)], 0.5)], [([(2.5, 33.5)], 0.5)]])
def test_what_runs_beside_an_event_in_its_window_is_the_other_labels(around) -> None:
    found, used = measured([(FIRST, 4.0), (SECOND, 6.0), *around])
    for label in (0, 1):
        assert found.value[found.group == label].sum() == pytest.approx(used[label], rel=1e-6)
        assert found.groups[label].why == ""


def test_what_follows_events_is_in_the_interval() -> None:
    found, used = measured([(FIRST, 4.0), (SECOND, 6.0)], behind=0.2)
    for label in (0, 1):
        estimate, each = found.groups[label], found.group == label
        off = abs(found.value[each].sum() - used[label])
        assert off < 1.96 * np.sqrt(estimate.factor * float(np.sum(found.noise[each] ** 2)))


def test_too_few_windows_leave_open_whose_energy_they_hold() -> None:
    found, used = measured([(FIRST[:6], 4.0), (SECOND[:6], 6.0)])
    for label in (0, 1):
        estimate, each = found.groups[label], found.group == label
        assert estimate.why == FEW
        total = found.value[each].sum()
        assert total - estimate.below_all <= used[label] <= total + estimate.above_all


def test_parts_of_a_call_are_no_thread_of_their_own() -> None:
    """Each event of the second label lies inside of one of the first."""
    calls = [(3.2 + 1.7 * k, 4.4 + 1.7 * k) for k in range(16)]
    parts = [(a + 0.2, a + 0.7) for a, _ in calls]
    found, _ = measured([(calls, 4.0), (parts, 6.0)])
    assert not found.groups[0].levelled


def test_labels_at_the_same_time_are_those_of_a_sweep_over_their_edges() -> None:
    """Label 2 lies over 0 and 1, which touch; 3 begins when 2 has ended."""
    label, start, end = np.array([0, 1, 2, 3, 0]), [0, 5, 2, 8, 20], [5, 7, 8, 9, 21]
    assert at_the_same_time(label, np.array(start), np.array(end)) == [[2], [2], [0, 1], []]


def test_thousands_of_labels_that_take_turns_are_not_compared_each_with_each() -> None:
    """Each with each of them took twenty minutes."""
    label = np.tile(np.arange(3000), 6)
    start = np.arange(label.size) * NS
    assert not any(at_the_same_time(label, start, start + NS // 2))
