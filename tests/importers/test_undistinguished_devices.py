"""Rows of several devices that no column tells apart are asked about; one device whose rows come in bursts is not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.errors import ConfigurationError
from powermeter.importers.undistinguished_devices import burst_length, refuse_turns

MS = 1_000_000


def asked(stamps, values, interleaved=None):
    plan = SimpleNamespace(columns=[SimpleNamespace(rail=None), SimpleNamespace(rail="x")])
    store = SimpleNamespace(part=lambda name, a, b: np.array(values, float)[a:b] if name == "c1" else None)
    refuse_turns(np.array(stamps, np.int64), store, plan, SimpleNamespace(interleaved=interleaved), "log")


def rounds(count, size, step_ms, pause_ms):
    return [i * pause_ms * MS + k * step_ms * MS for i in range(count) for k in range(size)]


def test_two_devices_that_take_turns_are_asked_about_with_how_far_apart_they_stand():
    """50 and 80 W by turns, 2 ms apart each second: in one place they differ by 1 W, in one round by 30 W."""
    stamps, values = rounds(10, 2, 2, 1000), [v + i % 2 for i in range(10) for v in (50.0, 80.0)]
    with pytest.raises(
        ConfigurationError, match=r"rounds of 2 \(2 ms, then a pause\).*--interleaved 2 takes"
    ):
        asked(stamps, values)
    asked(stamps, values, interleaved=1)
    with pytest.raises(ConfigurationError, match=r"rounds of 3 \(one stamp, then a pause\)"):
        asked(rounds(10, 3, 0, 1000), [v + i % 2 for i in range(10) for v in (50.0, 80.0, 60.0)])


@pytest.mark.parametrize(
    ("first", "second", "wander", "several"),
    [
        (50.0, 80.0, 7.0, True),  # 7 W in one place, 30 W in a round: less than a quarter
        (50.0, 80.0, 8.0, False),  # a quarter is not exceeded by much: one stamp may be a device that jumps
        (80.0, 50.0, 7.0, True),  # whichever comes first
        (50.0, 50.0, 7.0, False),
    ],
)
def test_rows_of_one_stamp_are_devices_where_they_keep_their_places(first, second, wander, several):
    values = [v + wander * (i % 2) for i in range(12) for v in (first, second)]
    stamps = rounds(12, 2, 0, 1000)
    if several:
        with pytest.raises(ConfigurationError):
            asked(stamps, values)
    else:
        asked(stamps, values)


def test_rows_some_milliseconds_apart_are_devices_where_their_places_differ_less_than_rounds():
    """Bursts with steps inside: 29 W in one place against 30 W in a round is enough, 31 W is not."""
    for wander, several in ((29.0, True), (31.0, False)):
        values = [v + wander * (i % 2) for i in range(12) for v in (50.0, 80.0)]
        if several:
            with pytest.raises(ConfigurationError):
                asked(rounds(12, 2, 2, 1000), values)
        else:
            asked(rounds(12, 2, 2, 1000), values)


def test_few_rows_and_values_that_are_none_are_left_alone():
    asked(rounds(3, 2, 2, 1000), [50.0, 80.0] * 3)
    asked(rounds(10, 2, 2, 1000), [np.nan] * 20)


@pytest.mark.parametrize(
    ("steps", "size"),
    [
        ([0, 1000] * 6, 2),
        ([2, 2, 1000] * 6, 3),
        ([1000] * 12, None),
        ([0] * 12, None),
        ([60, 1000] * 6, None),  # a pause is twenty times the steps inside
        ([49, 1000] * 6, 2),
        ([2, 1000] * 3 + [2], None),  # three pauses are too few
        ([2, 1000] + [2, 2, 1000] * 6, None),  # the first round is another
    ],
)
def test_a_burst_is_a_size_that_all_have(steps, size):
    assert burst_length(np.array(steps, np.int64) * MS) == size


@pytest.mark.filterwarnings("error")
def test_rounds_of_which_hardly_a_row_holds_a_number_are_not_asked_about():
    values = [3.0 if i % 8 == 0 else float("nan") for i in range(20)]
    asked(rounds(10, 2, 2, 1000), values)
