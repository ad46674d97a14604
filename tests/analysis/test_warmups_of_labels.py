"""A label that is split by attributes has one warm-up, not as many as there are ways to split it."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.warmup import WarmUp, WarmUpReason, warm_up
from powermeter.analysis.warmups_of_labels import EventsInOrder, _of_label

FLAT = (150.0, 151.0, 150.5, 150.2)


def series(energies: tuple[float, ...], first_ns: int, open_j: float = 0.0) -> EventsInOrder:
    n = len(energies)
    return EventsInOrder(
        np.arange(first_ns, first_ns + 100 * n, 100, dtype=np.int64),
        np.array(energies),
        np.full(n, 0.1),
        np.full(n, open_j),
    )


OTHERS = (170.0, 152.0, 190.0, 160.0), (155.0, 157.0, 152.0, 181.0), (158.0, 149.0, 153.0, 154.0)


@pytest.mark.parametrize(
    ("head", "first_ns", "count"),
    [
        (175.0, 7, 0),  # late by a slice of the scheduler, as events of the other rows are
        (175.0, -1, 1),  # the label's own first event
        (900.0, 7, 1),  # a model is compiled: no other event strays as far
    ],
)
def test_one_of_four_rows_that_begins_apart_is_looked_at_beside_the_others(
    head: float, first_ns: int, count: int
) -> None:
    rows = [series((head, *FLAT[1:]), first_ns), *(series(one, k) for k, one in enumerate(OTHERS))]
    assert _of_label(rows)[0].count == count


def test_rows_that_all_begin_alike_each_have_their_warm_up() -> None:
    rows = [series((175.0 + k, *FLAT[1:]), k) for k in range(3)]
    assert [one.count for one in _of_label(rows)] == [1, 1, 1]


def test_rows_of_events_without_items_are_not_looked_at_beside_the_others() -> None:
    rows = [series((900.0, *FLAT[1:]), 7), *(series(one, k) for k, one in enumerate(OTHERS))]
    of_none = series((np.nan,) * 6, 3)
    assert [one.count for one in _of_label([of_none, *rows])] == [0, 1, 0, 0, 0]


def test_a_label_in_one_row_is_asked_as_it_was() -> None:
    assert _of_label([series((175.0, *FLAT[1:]), 7)]) == [WarmUp(1, WarmUpReason.FIRST)]


def test_what_the_meter_leaves_open_of_a_first_event_is_no_warm_up() -> None:
    assert series((175.0, *FLAT), 0, open_j=5.0).warm_up().count == 1
    assert series((175.0, *FLAT), 0, open_j=50.0).warm_up().count == 0
    assert warm_up([175.0, *FLAT], starts=[5, 1, 2, 3, 4]).count == 0


def test_the_more_rows_are_looked_at_the_farther_apart_one_must_begin() -> None:
    """Student's t of three degrees is 9.3 at 1 in 400 and 35 at 1 in 20 000, each over 1.12 times the scatter of the rest."""
    values = [150.0 + 15.0, 150.0, 152.0, 150.0, 151.0]
    assert warm_up(values, looks=1).count == 1
    assert warm_up(values, looks=50).count == 0
