"""Where the times of a sorted series run back, and where they may."""

from __future__ import annotations

import pytest

from powermeter.errors import DataError
from powermeter.importers.row_order import RowOrder

NS = 10**9


def order(*tables: list[int]) -> RowOrder:
    found, place = RowOrder(), 0
    for table in tables:
        found.part_ends()
        for second in table:
            place += 1
            found.add(second * NS, place)
    return found


@pytest.mark.parametrize(
    "tables",
    [
        [[0, 1, 2, 3]],
        [[3, 2, 1, 0]],  # the newest first
        [[0, 0, 1, 1]],
        [[5]],
        [[10, 11, 12], [0, 1, 2]],  # tables stand in any order
    ],
)
def test_what_a_database_writes_is_in_order(tables: list[list[int]]) -> None:
    order(*tables).refuse_set_back("f", "x", "line", "Cut it")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([[10, 11, 12, 3, 4, 5]], "run back by 9.000 s at line 4"),
        ([[10, 11, 12], [5, 4, 9]], "run back by 1.000 s at line 5"),
        ([[10, 11, 3, 4, 1, 2]], "run back by 8.000 s at line 3"),
    ],
)
def test_times_that_run_back_in_between_are_refused_at_the_first_place(
    tables: list[list[int]], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        order(*tables).refuse_set_back("f", "x", "line", "Cut it")
