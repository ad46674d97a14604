"""Which other labels run beside a label, against a count by hand, and in a time that does not grow with pairs of labels."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis import other_labels
from powermeter.analysis.other_labels import Others


def shared_by_hand(own: list[tuple[int, int]], other: tuple[int, int]) -> int:
    """Return how many whole ticks of one stretch lie in any of one's own."""
    return sum(any(a <= tick < b for a, b in own) for tick in range(*other))


@pytest.mark.parametrize("seed", range(20))
def test_labels_that_run_at_the_same_time_are_left_out(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 40))
    start = rng.integers(0, 400, n)
    end = start + rng.integers(0, 30, n)
    group = rng.integers(0, 5, n)
    mine = [
        (a, b)
        for a, b, g in zip(start.tolist(), end.tolist(), group.tolist(), strict=True)
        if g == 0 and b > a
    ]
    expected = []
    for label in range(1, 5):
        its = [
            (a, b) for a, b, g in zip(start.tolist(), end.tolist(), group.tolist(), strict=True) if g == label
        ]
        lasting = [(a, b) for a, b in its if b > a]
        shared = sum(shared_by_hand(mine, one) for one in lasting)
        if lasting and shared <= 0.01 * sum(b - a for a, b in mine):
            expected.append((sorted(a for a, _ in lasting), sorted(b for _, b in lasting)))
    found = Others.of(start, end, group, 0)
    spans = [] if found is None else [(a.tolist(), b.tolist()) for a, b in found.spans]
    assert spans == (expected if mine else [])


def test_a_thousand_labels_are_one_question_each(monkeypatch):
    asked = []
    shared = other_labels._seconds_shared
    monkeypatch.setattr(other_labels, "_seconds_shared", lambda *edges: (asked.append(1), shared(*edges))[1])
    start = np.arange(0, 1000 * 100, 100)
    found = Others.of(start, start + 50, np.arange(1000), 7)
    assert len(asked) == 1 and found is not None
    ((starts, _),) = found.spans
    assert starts.size == 999, "all others together"
