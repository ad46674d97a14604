"""Every int64 column comes back as it was, whatever is in it; damaged bytes never pass for numbers."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.recording import column_bytes

INT64 = st.integers(-(2**63), 2**63 - 1)
SIZES = st.integers(1, 60)
ANYTHING = arrays(np.int64, SIZES, elements=INT64)
SMALL = arrays(np.int64, SIZES, elements=st.integers(-300, 300))
SPARSE = arrays(np.int64, SIZES, elements=st.sampled_from([MISSING, 0, 1, 1000, -5]))
EXTREMES = arrays(
    np.int64,
    SIZES,
    elements=st.sampled_from([MISSING, MISSING + 1, 2**63 - 1, -(2**62), 2**62, 2**62 - 1, 0, 1, -1]),
)


@given(st.one_of(ANYTHING, SMALL, SPARSE, EXTREMES))
@example(np.array([MISSING], np.int64))
@example(np.array([MISSING + 1, 2**63 - 1], np.int64))
@example(np.array([2**63 - 1, MISSING + 1, MISSING], np.int64))
def test_any_column_comes_back(values):
    before = values.copy()
    decoded = column_bytes.decode(column_bytes.encode(values), len(values))
    assert decoded.dtype == np.int64
    np.testing.assert_array_equal(decoded, before)
    np.testing.assert_array_equal(values, before, err_msg="the input was changed")


@pytest.mark.thorough
@given(st.integers(-(2**40), 2**40), st.integers(1, 2**20), st.integers(2, 300))
def test_a_ramp_costs_next_to_nothing(start, step, n):
    values = start + step * np.arange(n, dtype=np.int64)
    data = column_bytes.encode(values)
    np.testing.assert_array_equal(column_bytes.decode(data, n), values)
    assert len(data) < 26 + 16 + n // 100


def test_time_stamps_to_the_microsecond_cost_at_most_two_bytes():
    random = np.random.default_rng(1)
    times = 10**15 + np.cumsum(1_000_000 + 1000 * random.integers(-100, 100, 1000))
    assert len(column_bytes.encode(times)) / 1000 < 2


@pytest.mark.thorough
@given(ANYTHING, st.integers(0, 1 << 30), st.integers(1, 80))
def test_damaged_columns_give_a_column_or_an_error(values, seed, count):
    data = bytearray(column_bytes.encode(values))
    random = np.random.default_rng(seed)
    for _ in range(3):
        data[random.integers(len(data))] ^= 1 << random.integers(8)
    try:
        decoded = column_bytes.decode(bytes(data[: random.integers(1, len(data) + 1)]), count)
    except DataError:
        return
    assert decoded.shape == (count,) and decoded.dtype == np.int64


@pytest.mark.thorough
def test_a_bomb_is_not_inflated():
    bomb = struct.pack("<BBqqq", 1, 1, 0, 0, 1) + zlib.compress(bytes(50_000_000))
    with pytest.raises(DataError, match="belong"):
        column_bytes.decode(bomb, 10)


@pytest.mark.parametrize("count", [0, -1, column_bytes.MAX_COUNT + 1])
def test_implausible_counts_are_refused(count):
    with pytest.raises(DataError, match="plausible"):
        column_bytes.decode(column_bytes.encode(np.zeros(3, np.int64)), count)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut short"),
        (bytes(25), "cut short"),
        (struct.pack("<BBqqq", 7, 1, 0, 0, 1), "mode 7"),
        (struct.pack("<BBqqq", 1, 3, 0, 0, 1), "width 3"),
        (struct.pack("<BBqqq", 1, 1, 0, 0, 1) + b"no zlib", "decompress"),
        (struct.pack("<BBqqq", 0x10, 0, 0, 0, 1) + struct.pack("<I", 99), "cut short"),
    ],
)
def test_what_is_no_column_is_named(data, message):
    with pytest.raises(DataError, match=message):
        column_bytes.decode(data, 4)


@pytest.mark.thorough
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_joined_parts_come_apart_again(parts):
    assert [bytes(part) for part in column_bytes.split(column_bytes.join(parts))] == parts


def test_a_length_past_the_end_is_an_error():
    with pytest.raises(DataError, match="cut short"):
        column_bytes.split(column_bytes.join([b"abc"])[:-1])


# Boundaries ---------------------------------------------------------------------------------------

WIDTHS = {
    2**8 - 1: 1,
    2**8: 2,
    2**16 - 1: 2,
    2**16: 4,
    2**32 - 1: 4,
    2**32: 8,
    2**62 - 1: 8,
    2**62: 8,
    2**64 - 2: 8,
}
"""Span of a column → bytes that a residual then takes."""


@pytest.mark.parametrize(
    ("low", "span", "width"),
    [
        (low, span, width)
        for low in (MISSING + 1, -1, 0, 1, 2**31)
        for span, width in WIDTHS.items()
        if low + span < 2**63
    ],
)
def test_a_span_at_a_width_s_edge_comes_back(low, span, width):
    """Values that neither follow each other nor share a divisor, so that the span alone decides."""
    high = low + span
    values = np.array([low, high, low + 1, high - 1, low, high, high - 3, low + 2] * 4, np.int64)
    data = column_bytes.encode(values)
    np.testing.assert_array_equal(column_bytes.decode(data, len(values)), values)
    assert data[0] & 0x0F == 1 and data[1] == width


@pytest.mark.parametrize(("span", "width"), [(s, w) for s, w in WIDTHS.items() if s < 2**57])
def test_steps_that_span_a_width_s_edge_come_back(span, width):
    """A rising column, as times are: its steps alternate between 5 and 5 + span."""
    steps = np.array([5, 5 + span, 6, 4 + span] * 5, np.int64)
    values = 2**40 + np.concatenate([[0], np.cumsum(steps)])
    data = column_bytes.encode(values)
    np.testing.assert_array_equal(column_bytes.decode(data, len(values)), values)
    assert data[0] & 0x0F == 2 and data[1] == width


@pytest.mark.parametrize(
    "values",
    [
        [2**63 - 1],
        [MISSING + 1],
        [2**63 - 1, MISSING + 1],
        [MISSING + 1, 2**63 - 1, MISSING + 1],
        [0, 2**63 - 1, -1, MISSING + 1, 1],
        [MISSING, 2**63 - 1, MISSING, MISSING + 1],
        [2**62, -(2**62)],
        [2**62 - 1, -(2**62)],
        [MISSING] * 9,
    ],
)
def test_the_extremes_of_64_bits_come_back(values):
    column = np.array(values, np.int64)
    np.testing.assert_array_equal(column_bytes.decode(column_bytes.encode(column), len(values)), column)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 511, 512, 513, 8191, 8192, 8193, column_bytes.MAX_COUNT])
def test_every_length_comes_back_with_noise_repeats_and_holes(n):
    random = np.random.default_rng(n)
    noise = random.integers(0, 2**20, n)
    steps = np.repeat(random.integers(0, 2**20, n // 50 + 1), 50)[:n]
    holes = np.where(random.random(n) < 0.01, MISSING, noise)
    for column in (noise, steps, holes, np.full(n, -7)):
        np.testing.assert_array_equal(column_bytes.decode(column_bytes.encode(column), n), column)


def test_a_common_step_that_only_the_first_samples_have_is_not_taken_for_one():
    values = np.concatenate([np.arange(600) * 10, [6001, 6013]])
    np.testing.assert_array_equal(column_bytes.decode(column_bytes.encode(values), 602), values)
    zeros = np.concatenate([np.zeros(600, np.int64), [6, 9, 12]])
    data = column_bytes.encode(zeros)
    np.testing.assert_array_equal(column_bytes.decode(data, 603), zeros)


def test_a_common_step_of_noise_that_a_later_sample_lacks_is_not_taken():
    random = np.random.default_rng(2)
    values = np.concatenate([random.integers(0, 1000, 600) * 10, [4003]])
    np.testing.assert_array_equal(column_bytes.decode(column_bytes.encode(values), 601), values)
    assert struct.unpack_from("<q", column_bytes.encode(values[:600]), 18) == (10,)
    assert struct.unpack_from("<q", column_bytes.encode(values), 18) == (1,)


def test_noise_is_stored_as_it_is_and_order_is_not():
    random = np.random.default_rng(3)
    noise, pattern = random.integers(0, 256, 60_000), np.tile(np.arange(200), 300)
    assert 60_000 <= len(column_bytes.encode(noise)) < 60_060
    assert len(column_bytes.encode(pattern)) < 3000


@pytest.mark.parametrize(
    ("planes", "message"),
    [
        (b"", "cut short"),
        (struct.pack("<BI", 0, 2) + b"aa", "wrong length"),
        (struct.pack("<BI", 1, 3) + b"aaa", "wrong length"),
        (struct.pack("<BI", 1, 4) + b"aaa", "wrong length"),
        (struct.pack("<BI", 3, 4) + b"aaaa", "method 3"),
        (struct.pack("<BI", 2, 4) + b"aaaa", "decompress"),
        (struct.pack("<BI", 2, 4000) + zlib.compress(bytes(5_000_000))[:4000], "belong"),
    ],
)
def test_planes_that_are_none_are_named(planes, message):
    with pytest.raises(DataError, match=message):
        column_bytes.decode(struct.pack("<BBqqq", 0x21, 1, 0, 0, 1) + planes, 4)


def test_more_parts_than_belong_are_refused():
    with pytest.raises(DataError, match="more than 3"):
        column_bytes.split(column_bytes.join([b""] * 4), most=3)
