"""The page on faults: each row names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"


def test_every_test_that_a_row_names_is_there() -> None:
    """A file was renamed, and the row of a source that stops answering named none."""
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)`", PAGE.read_text("utf-8")))
    assert len(named) > 20
    assert [one for one in sorted(named) if not (TESTS / one).exists()] == []


def test_every_row_names_a_test_or_the_row_above_that_does() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [
        row[-1].rstrip(" |") for row in rows if len(row) == 5 and row[-1].rstrip(" |") not in ("", "test")
    ]
    assert len(cells) > 60
    assert [one for one in cells if "test_" not in one and "the same" not in one] == []
