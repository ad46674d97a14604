"""Notes: decided on by code, read by text."""

from __future__ import annotations

import dataclasses

import pytest

from powermeter.notes import Note, Severity, having, texts

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
    assert texts(notes) == (BRIDGED.text, CLIPPED.text)


def test_a_note_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLIPPED.text = "something else"
