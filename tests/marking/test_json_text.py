"""Attributes as JSON, written without `json`: the same as `json` writes, and never an error."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.marking.json_text import encode

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=20), PLAIN, max_size=5))
def test_plain_values_come_back_as_they_were(values):
    depth = json.dumps(values).count("[") + json.dumps(values).count("{")
    if depth <= 5:
        assert json.loads(encode(values)) == values


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.zeros(2), "[0. 0.]"),
        ({1, 2}, "{1, 2}"),
        (b"raw", "b'raw'"),
        (object, "<class 'object'>"),
        (-math.inf, -math.inf),
        (2**64, str(2**64)),
    ],
)
def test_other_values_become_what_they_print(value, kept):
    assert json.loads(encode({"x": value})) == {"x": kept}


def test_not_a_number_is_written_as_json_does():
    assert encode({"x": math.nan}) == b'{"x":NaN}'


def test_long_things_are_cut():
    assert len(encode({"x": "y" * 10**6, "z": list(range(10**6)), "o": range(10**9)})) < 40_000
