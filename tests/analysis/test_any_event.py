"""When any event ran, and which labels have events near a hole: as asked label by label."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.any_event import AnyEvent, labels_near
from powermeter.analysis.event_estimate import Activity, GroupEstimate


def labels(rng: np.random.Generator, count: int) -> list[Activity]:
    made = []
    for _ in range(count):
        start = np.sort(rng.integers(0, 1000, rng.integers(0, 5)))
        made.append(
            Activity(start, start + rng.integers(1, 200, start.size), GroupEstimate.empty(start.size))
        )
    return made


def test_it_is_as_asked_of_each_event():
    rng = np.random.default_rng(1)
    for _ in range(20):
        every = labels(rng, 8)
        spans = [
            span for one in every for span in zip(one.start_ns.tolist(), one.end_ns.tolist(), strict=True)
        ]
        found, times = AnyEvent.of(every), np.arange(-5, 1210)
        assert found.at(times).tolist() == [any(a <= t <= b for a, b in spans) for t in times.tolist()]
        for low in range(-5, 1210, 31):
            assert found.within(low, low + 20) is any(a < low + 20 and b > low for a, b in spans)


def test_labels_near_are_those_with_an_event_there():
    rng = np.random.default_rng(2)
    edges = np.sort(rng.choice(1200, 40, replace=False))
    begin, end = edges[::2], edges[1::2]
    for reach in (0, 15):
        every = labels(rng, 8)
        found = labels_near(every, begin, end, reach)
        for k, (a, b) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
            near = [
                i
                for i, one in enumerate(every)
                if ((one.start_ns < b + reach) & (one.end_ns > a - reach)).any()
            ]
            assert found.get(k, []) == near
    assert labels_near([], begin, end, 0) == {}
    assert not AnyEvent.of([]).at(edges).any()
