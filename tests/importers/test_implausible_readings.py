"""Above which magnitude a reading of a log is none, and which readings far above the others are doubtful and kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import Quantity
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.implausible_readings import ABSURD, doubtful, limit_of


def seen(*blocks: list[float], keys: list[list[int]] | None = None) -> Statistics:
    found = Statistics()
    for k, block in enumerate(blocks):
        found.add(np.array(block, float), None if keys is None else np.array(keys[k], np.int16))
    return found


ORDINARY = [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        (ORDINARY, ABSURD[Quantity.POWER]),
        ([*ORDINARY, 5.1e5], 5 * 1e5 / 2),  # over 100 000 times the next lower one
        ([*ORDINARY, 4.9e5], ABSURD[Quantity.POWER]),
        ([*ORDINARY, 6e5, 7e5], ABSURD[Quantity.POWER]),  # of seven readings one may be a spike
        ([*ORDINARY * 2, 6, 7, 6e5 * 2, 7e5 * 2, 8e5 * 2], 7 * 1e5 / 2),  # from twelve on three
        ([*ORDINARY, 65535.0], 65535 * (1 - 1e-9)),  # all bits set
        ([*ORDINARY, 65536.0], ABSURD[Quantity.POWER]),
        ([3000.0 * x for x in ORDINARY] + [65535.0], ABSURD[Quantity.POWER]),  # 4 times the next lower one
        ([*ORDINARY[:3], 65535.0], ABSURD[Quantity.POWER]),  # too few to tell
    ],
)
def test_above_what_a_reading_is_none(values: list[float], limit: float) -> None:
    assert limit_of(seen(values), Quantity.POWER, 1.0) == pytest.approx(limit, rel=1e-12)


def test_absurd_is_absurd_in_any_unit() -> None:
    assert limit_of(seen(ORDINARY), Quantity.POWER, 1e-3) == pytest.approx(100e9)
    assert (
        limit_of(seen(ORDINARY), Quantity.CURRENT, 1.0) == 1e6
        and limit_of(seen(ORDINARY), "x", 1.0) == math.inf
    )


def test_a_fifth_of_a_column_may_be_a_full_scale() -> None:
    """20 times 65535 among 100 is a mark, 21 times a reading."""
    for marks, limit in ((20, 65535 * (1 - 1e-9)), (21, ABSURD[Quantity.POWER])):
        values = [float(k % 9 + 1) for k in range(100 - marks)] + [65535.0] * marks
        assert limit_of(seen(values), Quantity.POWER, 1.0) == pytest.approx(limit, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([*ORDINARY, 5001.0], (5001.0, 5001 / 5)),
        ([*ORDINARY, 4999.0], None),
        ([*ORDINARY, 6000.0, 7000.0], None),  # two of seven
        ([*ORDINARY[:3], 5001.0], None),
        ([*ORDINARY, 2e6], None),  # above the limit
    ],
)
def test_a_reading_a_thousand_times_the_next_lower_one_is_doubtful(values, found) -> None:
    doubt = doubtful(seen(values), 1e6)
    assert doubt == (None if found is None else pytest.approx(found))


@pytest.mark.parametrize("bits", [15, 16])
def test_a_reading_with_all_bits_set_far_above_the_rest_is_a_mark(bits):
    """The largest number that a signed and an unsigned word of 2 bytes holds."""
    seen = Statistics()
    seen.add(np.array([5.0] * 50 + [float(2**bits - 1)]))
    assert 5.0 < limit_of(seen, Quantity.POWER, 1e-18) < 2**bits - 1
    other = Statistics()
    other.add(np.array([5.0] * 50 + [float(2 ** (bits - 2) - 100)] * 3))
    assert limit_of(other, Quantity.POWER, 1e-18) > 2 ** (bits - 2) - 100


def test_what_no_supply_has_is_beyond_the_limit():
    seen = Statistics()
    seen.add(np.full(100, 5.0))
    assert limit_of(seen, Quantity.POWER, 1e-3) == ABSURD[Quantity.POWER] / 1e-3
    seen.add(np.array([65535.0]))  # all bits set, far from the rest
    assert 5.0 < limit_of(seen, Quantity.POWER, 1.0) < 65535.0


@pytest.mark.parametrize(("count", "marks", "kept"), [(11, 2, True), (12, 3, False), (12, 4, True)])
def test_how_many_readings_far_above_the_rest_are_none(count, marks, kept):
    """One where there are fewer than twelve readings, three from twelve on."""
    seen = Statistics()
    seen.add(np.array([5.0] * (count - marks) + [5.0e7 + i for i in range(marks)]))
    assert (limit_of(seen, Quantity.POWER, 1e-18) > 5.0e7) == kept
