"""Reads the rows of a recording that are sound, and keeps a list of what was not: what it promises."""

from __future__ import annotations

import pytest

from powermeter.recording.rows import parse_json


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, "1" * 100_000, "{", "", "x" * ((1 << 22) + 1)]
)
def test_json_that_is_too_much_is_an_error(text):
    with pytest.raises(ValueError):
        parse_json(text)
