"""JSON as the standard library writes it with an indent, without leaving C for each value."""

from __future__ import annotations

import json
import math
from enum import Enum, IntEnum
from pathlib import Path

import pytest

from powermeter.cli.indented_json import indented


class Colour(str, Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        (),
        {"a": [], "b": {}, "c": ()},
        {"text": 'quote " back \\ line \n ü 🔋 \x00', "ü": "\ud800"},
        [0, -1, 10**30, True, False, None],
        [0.1, 1e300, -0.0, 5e-324, 1e16, 123456789.123, math.nan, math.inf, -math.inf],
        {7: "int", 2.5: "float", True: "bool", None: "none", "s": "str"},
        {"deep": [{"er": [[1, [2.0, {"x": ({"y": "z"},)}]]]}]},
        [Colour.RED, Size.LARGE, Path("a/b"), {"key": Path("c")}],
        "alone",
        3.25,
        None,
    ],
)
def test_it_is_what_the_standard_library_writes(value):
    assert indented(value) == json.dumps(value, indent=2, default=str)
