"""Which rows of very many a terminal prints, and how the rest is counted."""

from __future__ import annotations

from powermeter.reports.most_rows import heaviest, most_rows, rest


def test_a_narrow_terminal_prints_fewer() -> None:
    assert [most_rows(width) for width in (40, 79, 80, 160)] == [10, 10, 24, 24]


def test_the_heaviest_stand_in_their_own_order_and_of_equal_ones_the_first() -> None:
    assert heaviest([1.0, 9.0, 5.0, 9.0], 3) == [1, 2, 3]
    assert heaviest([0.0] * 4, 2) == [0, 1] and heaviest([], 3) == [] and heaviest([1.0], 3) == [0]


def test_what_is_left_is_counted() -> None:
    assert (
        rest(1, "label", "used less", "--json lists all") == "1 more label, which used less: --json lists all"
    )
    assert rest(1037, "row", "used less", "x") == "1,037 more rows, which used less: x"
