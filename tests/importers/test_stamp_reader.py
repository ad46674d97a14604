"""Reads stamps by a plan: what it promises."""

import pytest

from powermeter.importers.stamp_reader import fast_walls


@pytest.mark.parametrize(
    "odd", ["2023-01-01 00:00:09 T", "2023-01-01 00:00:099", "2023-01-01 00:00:09.1 0800"]
)
def test_a_stamp_that_only_looks_like_one_is_not_read_as_one_with_a_zone(odd):
    plain = [f"2023-01-01 00:00:{i:02d}" for i in range(9)]
    assert fast_walls(plain) is not None and fast_walls([*plain, odd]) is None
