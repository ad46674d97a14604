"""Attributes as JSON, written without `json`: the same as `json` writes, and never an error."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermeter.marking.json_text import CUT, ROOM, encode

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40)
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


@pytest.mark.parametrize(
    "values",
    [
        {"a": "x" * 20_000, "b": "y" * 20_000},
        {"a": "\u20ac" * 8_000},
        {f"key {i}": i for i in range(3000)},
        {"a": {f"{i}": list(range(90)) for i in range(90)}},
        {"k" * 30_000: 1},
        {"deep": [["x" * 59] * 99] * 99},
        {f"{i}" * 50: "\u20ac" * 59 for i in range(300)},
    ],
)
def test_what_is_too_long_stays_json_and_states_that_it_is_cut(values):
    written = encode(values)
    assert len(written) <= 12_000 and json.loads(written)["@cut"] >= 1


def test_two_texts_that_begin_alike_stay_two_and_a_short_one_beside_them_stays_whole():
    one, two = (json.loads(encode({"prompt": "y" * 20_000 + end, "model": "tiny"})) for end in "ab")
    assert one["prompt"] != two["prompt"] and one["prompt"].startswith("yyy") and "20001" in one["prompt"]
    assert one["model"] == "tiny" and json.loads(encode({"model": "tiny"})) == {"model": "tiny"}


def test_long_things_are_cut():
    assert len(encode({"x": "y" * 10**6, "z": list(range(10**6)), "o": range(10**9)})) < 40_000


def nested(make, width, depth):
    """Return something that holds itself over and over: width ** depth values in a few lists."""
    value = [0] * width
    for _ in range(depth):
        value = make(value, width)
    return value


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "make",
    [
        lambda value, width: [value] * width,
        lambda value, width: (value,) * width,
        lambda value, width: {str(i): value for i in range(width)},
    ],
)
@pytest.mark.parametrize("depth", [3, 5, 40])
def test_what_holds_itself_over_and_over_is_cut_and_does_not_hold_the_program_up(make, depth):
    found = json.loads(encode({"x": nested(make, 100, depth), "model": "tiny"}))
    assert found["@cut"] >= 1 and found["x"] and found["model"] == "tiny"


def test_what_lies_too_deep_is_named_by_its_kind_and_size():
    assert json.loads(encode({"x": [[[[[[[1, 2]]]]]]]})) == {"x": [[[[[["<list of 2>"]]]]]], "@cut": 1}
    assert json.loads(encode({"x": [[[[[[[]]]]]]]})) == {"x": [[[[[[[]]]]]]]}


def test_a_large_set_is_named_and_of_bytes_the_length_is_kept():
    found = json.loads(encode({"s": set(range(10**5)), "b": b"\x00" * 10**5}))
    assert found["s"] == "<set of 100000>" and "cut, 100000" in found["b"] and found["@cut"] >= 2


@pytest.mark.parametrize("left", [SystemExit, GeneratorExit, ValueError])
def test_what_a_text_of_somebody_elses_raises_stays_with_it(left: type[BaseException]) -> None:
    """A `sys.exit` in `__str__` ended the program under `record`, and nowhere else; a user's interrupt goes on."""

    class Bad:
        def __str__(self) -> str:
            raise left

    assert json.loads(encode({"model": Bad()})) == {"model": "<Bad>"}


def test_an_interrupt_while_a_text_is_made_reaches_the_program() -> None:
    class Slow:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode({"model": Slow()})


WIDE = "\U0001f600"  # twelve bytes in JSON


@pytest.mark.parametrize(
    "values",
    [
        {"model": "tiny", "batch": 8},
        {"on": True, "off": False, "none": None, "zero": 0, "less": -(1 << 63), "most": (1 << 63) - 1},
        {'quoted " \\ \n': f"\x00\x7f\u00e9{WIDE}", "": "", "half": 0.5},
        {WIDE * 58 + str(i): WIDE * 59 for i in range(8)},
    ],
    ids=["usual", "numbers", "texts", "eight"],
)
def test_a_few_short_values_are_themselves_in_json(values):
    """Short texts and whole numbers take a shorter way, of which nothing shows."""
    text = encode(values)
    assert len(text) <= ROOM
    found = json.loads(text)
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


def test_nine_pairs_of_the_widest_letters_are_cut_and_stated():
    text = encode({WIDE * 58 + str(i): WIDE * 59 for i in range(9)})
    assert len(text) <= ROOM and json.loads(text)[CUT] >= 1
