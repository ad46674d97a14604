"""Stamps an hour ahead, a day old or 10 ms before an earlier one are the last that a recording takes."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.errors import ReadError, Reason
from powermeter.recorder.refused_readings import (
    check_block,
    check_order,
    check_stamps,
    furthest_back,
    whole_numbers,
)
from powermeter.source import Block

HOUR_NS, DAY_NS, NOW_NS = 3_600 * 10**9, 86_400 * 10**9, 10**18


@pytest.mark.parametrize(
    ("at_ns", "refused"),
    [
        (NOW_NS + HOUR_NS, False),
        (NOW_NS + HOUR_NS + 1, True),
        (NOW_NS - DAY_NS, False),
        (NOW_NS - DAY_NS - 1, True),
    ],
)
def test_a_stamp_far_from_now_is_refused(at_ns: int, refused: bool) -> None:
    if refused:
        with pytest.raises(ReadError) as error:
            check_stamps(at_ns, at_ns, NOW_NS)
        assert error.value.reason is Reason.BAD_DATA
    else:
        check_stamps(at_ns, at_ns, NOW_NS)


def test_stamps_of_a_clock_that_was_set_back_are_refused() -> None:
    times = np.array([5, 30, 20, 40], np.int64) * 1_000_000
    assert furthest_back(times, None) == 10_000_000
    assert furthest_back(times, 31_000_000) == 26_000_000, "the first of them, stamped 5 ms"
    check_order(10_000_000)
    with pytest.raises(ReadError, match=r"0\.01 s before"):
        check_order(10_000_001)


def test_a_block_is_of_whole_numbers_and_of_one_width() -> None:
    times, codes = np.arange(3), np.zeros((3, 2), np.int64)
    check_block(Block(times, codes, np.zeros(3, np.uint8)), 2)
    for wrong in (
        Block(times, codes[:2]),
        Block(times, codes.astype(float)),
        Block(times, codes, np.zeros(3)),
        codes,
    ):
        with pytest.raises(ReadError):
            check_block(wrong, 2)
    with pytest.raises(TypeError):
        whole_numbers([[0.5]])
