"""A value whose interval reaches 0 is a bound where the meter leaves it open, and none where it is the mean of unlike repeats."""

from __future__ import annotations

import math

from powermeter.result import Result
from powermeter.result.bounds_in_print import is_printed_as_bound


def test_the_mean_of_repeats_that_differ_is_no_bound() -> None:
    repeats = Result(0.042, "J", 0.0, 0.092, parts={"repeats:a": 0.022, "noise:a": 0.002})
    assert str(repeats) == "42 mJ (0 to 92)" and not is_printed_as_bound(repeats)
    unseen = Result(0.042, "J", 0.0, 0.092, parts={"unseen:a": 0.022, "noise:a": 0.002})
    assert str(unseen) == "at most 92 mJ" and is_printed_as_bound(unseen)
    open_end = Result(0.042, "J", 0.0, math.inf, parts={"repeats:a": 0.022})
    assert is_printed_as_bound(open_end) and "42 mJ (" not in str(open_end)
