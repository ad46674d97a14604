"""What a reader must know about a number: a text that people read, with the code that programs decide by."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, NoReturn


class Severity(str, Enum):
    """How much a note matters; ordered from least to most."""

    INFO = "info"  # how a number came to be; it stands
    WARNING = "warning"  # the number may be off by more than its interval, or something was left out
    WITHHELD = "withheld"  # there is no number, and this is why


class Note(str):
    """One remark about data or a result: a text, so that it prints and joins like one, that knows its code.

    Attributes:
        code: What it is about, lower case with hyphens (`clipped-readings`); stable between versions.
            Code decides by this, never by the text.
        severity: How much it matters.
        text: One sentence for people: what, where, what to do.
    """

    __slots__ = ("code", "severity")

    code: str
    severity: Severity

    def __new__(cls, code: str, severity: Severity, text: str) -> Note:
        made = super().__new__(cls, text)
        super().__setattr__(made, "code", code)
        super().__setattr__(made, "severity", severity)
        return made

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a note cannot be changed: {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Note, (self.code, self.severity, self.text)

    def __repr__(self) -> str:
        return f"<Note {self.code}, {self.severity.value}: {self.text[:80]}>"

    @property
    def text(self) -> str:
        """The sentence."""
        return str.__str__(self)

    def to_dict(self) -> dict[str, str]:
        """Return plain values for JSON."""
        return {"code": self.code, "severity": self.severity.value, "text": self.text}

    def about(self, what: str) -> Note:
        """Return the same note with what it is about before it: `infer: …`."""
        return Note(self.code, self.severity, f"{what}: {self.text}")

    @classmethod
    def info(cls, code: str, text: str) -> Note:
        """Return a note that explains a number."""
        return cls(code, Severity.INFO, text)

    @classmethod
    def warning(cls, code: str, text: str) -> Note:
        """Return a note that questions a number."""
        return cls(code, Severity.WARNING, text)

    @classmethod
    def withheld(cls, code: str, text: str) -> Note:
        """Return a note that explains a missing number."""
        return cls(code, Severity.WITHHELD, text)


def having(notes: Iterable[Note], code: str) -> tuple[Note, ...]:
    """Return the notes of one code, in order."""
    return tuple(note for note in notes if note.code == code)


def once(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes in order, each text once."""
    return tuple({note.text: note for note in notes}.values())


def plain_notes(notes: Iterable[Note]) -> list[dict[str, str]]:
    """Return notes as plain values for JSON, beside the texts: code, severity and text of each."""
    return [note.to_dict() for note in notes]


def doubts(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes that question a number or explain a missing one: they stand before the answer."""
    return tuple(note for note in notes if note.severity is not Severity.INFO)


def facts(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes that state how a number came to be: they stand after the answer."""
    return tuple(note for note in notes if note.severity is Severity.INFO)


def note_lines(notes: Iterable[Note]) -> list[str]:
    """Return a line each: `WARNING: …` of what makes a number doubtful first, then `note: …` of how it came to be."""
    listed = list(notes)
    return [*(f"WARNING: {note}" for note in doubts(listed)), *(f"note: {note}" for note in facts(listed))]
