"""Summaries of parts, merged, are the summary of the whole."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.recording import summary

CODES = arrays(
    np.int64,
    st.tuples(st.integers(1, 40), st.just(2)),
    elements=st.one_of(st.just(MISSING), st.integers(-(2**31), 2**31)),
)


@given(CODES, st.lists(st.integers(0, 40), max_size=4))
def test_merging_any_split_gives_the_whole(codes, cuts):
    pairs = [(0, 1)]
    edges = sorted({0, len(codes), *(cut for cut in cuts if cut < len(codes))})
    parts = [summary.summarise(codes[a:b], pairs) for a, b in pairwise(edges)]
    merged = summary.unpack(summary.merge(parts))
    whole = summary.unpack(summary.summarise(codes, pairs))
    for got, expected in zip(merged, whole, strict=True):
        assert got.count == expected.count
        if expected.count:
            assert (got.low, got.high) == (expected.low, expected.high)
            size = max(abs(expected.low), abs(expected.high))
            assert got.mean == pytest.approx(expected.mean, rel=1e-12, abs=1e-12 * size)
        else:
            assert math.isnan(got.low) and math.isnan(got.high) and math.isnan(got.mean)


def test_missing_codes_are_not_counted_and_never_a_number():
    codes = np.array([[5, MISSING], [7, 3]], np.int64)
    volts, amps, watts = summary.unpack(summary.summarise(codes, [(0, 1)]))
    assert (volts.count, volts.low, volts.high, volts.mean) == (2, 5, 7, 6)
    assert (amps.count, amps.low, amps.high, amps.mean) == (1, 3, 3, 3)
    assert (watts.count, watts.low, watts.high, watts.mean) == (1, 21, 21, 21)


def test_products_are_of_rails_without_a_power_channel():
    a, b, c = Rail("A"), Rail("B"), Rail("C")
    channels = [
        Channel("a.v", Quantity.VOLTAGE, 1, a),
        Channel("t", Quantity.TEMPERATURE, 1),
        Channel("b.v", Quantity.VOLTAGE, 1, b),
        Channel("b.i", Quantity.CURRENT, 1, b),
        Channel("a.i", Quantity.CURRENT, 1, a),
        Channel("b.p", Quantity.POWER, 1, b),
        Channel("c.v", Quantity.VOLTAGE, 1, c),
    ]
    assert summary.products(channels) == [(0, 4)]


def test_half_an_entry_is_an_error():
    with pytest.raises(DataError, match="cut short"):
        summary.unpack(bytes(29))
