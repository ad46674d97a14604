"""What stands below the table of a comparison: which of its columns' words are explained, and what only one side has."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from powermeter.comparison.repeats_to_show_difference import RepeatPlan
from powermeter.comparison.verdict import Verdict
from powermeter.reports.comparison import design_columns, design_remarks, needed, remarks
from powermeter.result import Result
from powermeter.result.notes import Note


def contrast(verdict: Verdict, repeats: int | None = None, *, planned: bool = True, margin: float = 0.0):
    """Of sides whose sensors differ by more than the sides do, where no number of repeats would do."""
    plan = RepeatPlan(0.1, 1.0, math.inf, 10) if planned else None
    known = {
        "left": "a",
        "right": "b",
        "mean_left": Result(2.0, "J", 1.0, 3.0),
        "mean_right": Result(2.1, "J", 1.1, 3.1),
    }
    difference = Result(
        0.1, "J", -1.9, 2.1, parts={"gain:x of a": 0.7, "gain:y of b": 0.7, "repeats:a and b": 0.1}
    )
    return SimpleNamespace(
        verdict=verdict,
        found=verdict,
        plan=plan,
        repeats_needed=repeats,
        margin=margin,
        difference=difference,
        **known,
    )


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
    made = SimpleNamespace(notes=notes, rows=listed, only_left=("load", "save"), only_right=())
    found, design = remarks(made), design_remarks(made)
    assert found[0] == "in turns" and "few recordings" not in found
    assert any(text.startswith("repeats needed:") for text in design) == repeats
    assert any(text.startswith("no number: the sensors' own errors") for text in design) == no_number
    assert design[-1].startswith("detectable:")
    assert found[-1] == "only in A: load, save" and not any("--margin" in text for text in found)


def test_a_margin_is_stated_in_percent() -> None:
    one = SimpleNamespace(contrast=contrast(Verdict.SAME, margin=0.025))
    found = remarks(SimpleNamespace(notes=(), rows=(one,), only_left=(), only_right=("x",)))
    assert found[0] == "differences up to 2.50 % of A do not count (--margin)"
    assert found[-1] == "only in B: x"


def test_heads_name_whose_repeats_they_are() -> None:
    """One below the other, a lone "B" would be a number of anything."""
    assert [head for head, _ in design_columns()][:2] == ["repeats A", "repeats B"]
