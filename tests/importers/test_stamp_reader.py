"""Reads stamps by a plan: what it promises."""

import pytest

from powermeter.channel import MISSING
from powermeter.importers.stamp_reader import Added, Reader, TimePlan, fast_walls, range_ns
from powermeter.units import NS


@pytest.mark.parametrize(
    "odd", ["2023-01-01 00:00:09 T", "2023-01-01 00:00:099", "2023-01-01 00:00:09.1 0800"]
)
def test_a_stamp_that_only_looks_like_one_is_not_read_as_one_with_a_zone(odd):
    plain = [f"2023-01-01 00:00:{i:02d}" for i in range(9)]
    assert fast_walls(plain) is not None and fast_walls([*plain, odd]) is None


def test_a_last_minute_that_is_named_ends_a_minute_later():
    """10:00 to 10:14, as it is displayed: a quarter of an hour."""
    assert Added(1, since=0, more_ns=60 * NS).of(["10:14"], ["10:00"]).tolist() == [900 * NS]


def test_edges_of_an_interval_in_two_zones_are_moments():
    """Midnight in Berlin is an hour before midnight in London."""
    assert Added(1, since=0).of(["2024-01-01T00:00:00+00:00"], ["2024-01-01T00:00:00+01:00"]).tolist() == [
        3600 * NS
    ]


def test_an_hour_that_comes_twice_is_within_the_interval_that_seems_to_go_back():
    """02:45 to 02:00 in rows of a quarter of an hour, with dates; without that usual length it is no interval."""
    texts = ["2024-10-27 02:00:00"], ["2024-10-27 02:45:00"]
    assert Added(1, since=0, usual_ns=900 * NS).of(*texts).tolist() == [-2700 * NS]
    assert Added(1, since=0).of(*texts).tolist() == [MISSING]


def test_steps_go_on_from_block_to_block():
    reader = Reader(TimePlan((0,), "steps"))
    assert [reader.read(texts)[0].tolist() for texts in (["1", "2"], ["3"])] == [[NS, 3 * NS], [6 * NS]]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("12.03.2024 23:45 - 13.03.2024 00:00", 15),
        ("12/03/2024 00:00:00 - 13/03/2024 00:00:00", 1440),
        ("2024-03-12T00:00Z/2024-03-12T00:15Z", 15),
        ("2024-03-12 00:00 – 2024-03-12 01:00", 60),
        ("6/13/2026 10:55:00 AM - 11:00:00 AM", 5),
        ("12.03.2024 02:45 - 12.03.2024 02:00", None),
        ("12.03.2024 02:45", None),
    ],
)
def test_how_long_a_stretch_is_that_one_cell_states(text, minutes):
    assert range_ns(text) == (None if minutes is None else minutes * 60 * NS)
