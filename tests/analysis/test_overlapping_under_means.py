"""Events that overlap each other: windows divided by time, and the step at their edges put back, on loads worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.overlapping_under_means import measure_overlapping
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from tests.support.seconds_apart import NS, ns


def means(edges: list[tuple[float, float]], top: int = 24, idle: float = 1.0, watts: float = 5.0) -> Integral:
    """Return the means of whole seconds of a load that is at a level within some spans and at another between them."""
    inside = np.array([sum(max(min(b, k) - max(a, k - 1), 0.0) for a, b in edges) for k in range(top + 1)])
    values = idle + (watts - idle) * inside
    return Integral.of(from_samples(np.arange(top + 1, dtype=np.int64) * NS, values, kind=Kind.MEAN))


@pytest.mark.parametrize(
    "edges", [[(2.5, 6.5), (12.5, 16.5)], [(2.25, 6.5), (12.5, 16.75)], [(3.0, 7.0), (12.4, 16.9)]]
)
def test_the_step_at_an_edge_that_cuts_a_window_is_put_back(edges) -> None:
    """A cut to the share p leaves out p (1 - p) of the step of 4 W: each event uses 5 W times its seconds."""
    start, end = (ns(*side) for side in zip(*edges, strict=True))
    integral = means(edges)
    found = measure_overlapping(integral, start, end, None)
    seconds = (end - start) * 1e-9
    assert found.value == pytest.approx(5.0 * seconds)
    assert found.level == pytest.approx(5.0)
    # Windows wholly inside, of those from the one that the start cuts to the one that the end cuts.
    assert found.seen.tolist() == [int(np.ceil(b) - np.floor(a)) - 2 for a, b in edges]


def test_one_event_alone_shows_no_step_that_is_sure() -> None:
    """Of one event the step is as unsure as it is large: what divides the windows by time stands, 4 × 0.25 J less at each edge."""
    found = measure_overlapping(means([(2.5, 6.5)]), ns(2.5), ns(6.5), None)
    assert found.value.tolist() == pytest.approx([20.0 - 2.0])
    assert found.own[0] > 2.0


def test_a_level_load_has_nothing_to_put_back() -> None:
    integral = means([], idle=3.0)
    found = measure_overlapping(integral, ns(2.5, 4.2), ns(6.5, 8.3), None)
    assert found.value == pytest.approx([12.0, 12.3]) and found.own == pytest.approx([0.0, 0.0])
    assert found.factor == 0.0 and found.gaps.tolist() == [0.0, 0.0]


def test_two_threads_of_events_shorter_than_a_window_have_the_power_of_their_number() -> None:
    """Events of 0.7 and of 0.9 s, each 4 W on 1 W: an event uses 5 W times its seconds, and 4 W of each other one that runs with it."""
    first = [(1.3 + 1.1 * k, 2.0 + 1.1 * k) for k in range(18)]
    second = [(1.7 + 1.3 * k, 2.6 + 1.3 * k) for k in range(15)]
    edges = sorted(first + second)
    start, end = (ns(*side) for side in zip(*edges, strict=True))
    found = measure_overlapping(means(edges), start, end, None)
    shared = [sum(max(min(b, d) - max(a, c), 0.0) for c, d in edges if (c, d) != (a, b)) for a, b in edges]
    truth = sum(5.0 * (b - a) + 4.0 * s for (a, b), s in zip(edges, shared, strict=True))
    assert found.value.sum() == pytest.approx(truth)
