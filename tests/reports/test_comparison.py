"""What stands below the table of a comparison: which of its columns' words are explained, and what only one side has."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from powermeter.comparison.verdict import Verdict
from powermeter.reports.comparison import design_columns, needed, remarks
from powermeter.result.notes import Note


def contrast(verdict: Verdict, repeats: int | None = None, *, planned: bool = True, margin: float = 0.0):
    plan = object() if planned else None
    return SimpleNamespace(verdict=verdict, found=verdict, plan=plan, repeats_needed=repeats, margin=margin)


OPEN, NONE, FOUND = (
    contrast(Verdict.CANNOT_TELL, 1200),
    contrast(Verdict.CANNOT_TELL),
    contrast(Verdict.LESS, 40),
)


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (OPEN, "1,200 a side"),
        (NONE, "no number"),
        (FOUND, ""),
        (contrast(Verdict.MORE, 40), ""),
        (contrast(Verdict.SAME, 40), ""),
        (contrast(Verdict.CANNOT_TELL, None, planned=False), "3 runs a side"),
    ],
)
def test_what_it_would_take_to_find_a_difference(row, cell: str) -> None:
    assert needed(row) == cell


@pytest.mark.parametrize(
    ("rows", "repeats", "no_number"),
    [
        ((OPEN, FOUND), True, False),
        ((FOUND, NONE), False, True),
        ((FOUND, FOUND), False, False),
        ((OPEN, NONE), True, True),
    ],
)
def test_words_of_the_table_are_explained_where_a_row_has_them(rows, repeats: bool, no_number: bool) -> None:
    notes = (Note.info("design", "in turns"), Note.warning("few", "few recordings"))
    listed = tuple(SimpleNamespace(contrast=row) for row in rows)
    found = remarks(SimpleNamespace(notes=notes, rows=listed, only_left=("load", "save"), only_right=()))
    assert found[0] == "in turns" and "few recordings" not in found
    assert any(text.startswith("repeats needed:") for text in found) == repeats
    assert any(text.startswith("no number:") for text in found) == no_number
    assert found[-1] == "only in A: load, save" and not any("--margin" in text for text in found)


def test_a_margin_is_stated_in_percent() -> None:
    one = SimpleNamespace(contrast=contrast(Verdict.SAME, margin=0.025))
    found = remarks(SimpleNamespace(notes=(), rows=(one,), only_left=(), only_right=("x",)))
    assert found[0] == "differences up to 2.50 % of A do not count (--margin)"
    assert found[-1] == "only in B: x"


def test_heads_name_whose_repeats_they_are() -> None:
    """One below the other, a lone "B" would be a number of anything."""
    assert [head for head, _ in design_columns()][:2] == ["repeats A", "repeats B"]
