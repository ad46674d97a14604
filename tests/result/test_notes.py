"""Notes: decided on by code, read by text."""

from __future__ import annotations

import copy

import pytest

from powermeter.result.notes import Note, Severity, doubts, facts, having, note_lines, once

CLIPPED = Note.warning("clipped-readings", "12 readings stand at the meter's limit; choose a larger range")
BRIDGED = Note.info("bridged-gap", "a gap of 2 s was bridged")
REFUSED = Note.withheld("no-reading-inside", "no event holds a reading; sample faster")


def test_a_note_reads_as_its_text_and_writes_as_plain_values():
    assert str(CLIPPED) == CLIPPED.text and f"{CLIPPED}" == CLIPPED.text
    assert CLIPPED.to_dict() == {"code": "clipped-readings", "severity": "warning", "text": CLIPPED.text}
    assert [note.severity for note in (BRIDGED, CLIPPED, REFUSED)] == list(Severity)


def test_notes_are_found_by_code_and_said_once():
    notes = (BRIDGED, CLIPPED, BRIDGED)
    assert having(notes, "bridged-gap") == (BRIDGED, BRIDGED)
    assert having(notes, "no-reading-inside") == ()
    assert once(notes) == (BRIDGED, CLIPPED)


def test_a_note_cannot_be_changed():
    with pytest.raises(AttributeError):
        CLIPPED.code = "something else"  # type: ignore[misc]
    assert copy.deepcopy(CLIPPED).code == CLIPPED.code == copy.copy(CLIPPED).code


def test_a_note_joins_like_text_and_names_what_it_is_about():
    assert f"{CLIPPED}; {BRIDGED}" == f"{CLIPPED.text}; {BRIDGED.text}"
    about = CLIPPED.about("infer")
    assert (about.text, about.code) == (f"infer: {CLIPPED.text}", CLIPPED.code)


def test_what_makes_a_number_doubtful_stands_first_and_loudest() -> None:
    notes = [
        Note.info("counted", "counted: b"),
        Note.warning("items-contradict", "one"),
        Note.withheld("x", "two"),
    ]
    assert note_lines(notes) == ["WARNING: one", "WARNING: two", "note: counted: b"]
    assert note_lines([]) == []
    assert note_lines(doubts(notes)) == ["WARNING: one", "WARNING: two"]  # before an answer
    assert note_lines(facts(notes)) == ["note: counted: b"]  # after it
