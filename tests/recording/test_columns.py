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
from powermeter.recording import columns

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
    decoded = columns.decode(columns.encode(values), len(values))
    assert decoded.dtype == np.int64
    np.testing.assert_array_equal(decoded, before)
    np.testing.assert_array_equal(values, before, err_msg="the input was changed")


@given(st.integers(-(2**40), 2**40), st.integers(1, 2**20), st.integers(2, 300))
def test_a_ramp_costs_next_to_nothing(start, step, n):
    values = start + step * np.arange(n, dtype=np.int64)
    data = columns.encode(values)
    np.testing.assert_array_equal(columns.decode(data, n), values)
    assert len(data) < 26 + 16 + n // 100


def test_time_stamps_to_the_microsecond_cost_at_most_two_bytes():
    random = np.random.default_rng(1)
    times = 10**15 + np.cumsum(1_000_000 + 1000 * random.integers(-100, 100, 1000))
    assert len(columns.encode(times)) / 1000 < 2


@given(ANYTHING, st.integers(0, 1 << 30), st.integers(1, 80))
def test_damaged_columns_give_a_column_or_an_error(values, seed, count):
    data = bytearray(columns.encode(values))
    random = np.random.default_rng(seed)
    for _ in range(3):
        data[random.integers(len(data))] ^= 1 << random.integers(8)
    try:
        decoded = columns.decode(bytes(data[: random.integers(1, len(data) + 1)]), count)
    except DataError:
        return
    assert decoded.shape == (count,) and decoded.dtype == np.int64


def test_a_bomb_is_not_inflated():
    bomb = struct.pack("<BBqqq", 1, 1, 0, 0, 1) + zlib.compress(bytes(50_000_000))
    with pytest.raises(DataError, match="belong"):
        columns.decode(bomb, 10)


@pytest.mark.parametrize("count", [0, -1, columns.MAX_COUNT + 1])
def test_implausible_counts_are_refused(count):
    with pytest.raises(DataError, match="plausible"):
        columns.decode(columns.encode(np.zeros(3, np.int64)), count)


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
        columns.decode(data, 4)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_joined_parts_come_apart_again(parts):
    assert [bytes(part) for part in columns.split(columns.join(parts))] == parts


def test_a_length_past_the_end_is_an_error():
    with pytest.raises(DataError, match="cut short"):
        columns.split(columns.join([b"abc"])[:-1])
