"""What a reader must know about a number: a code that programs decide by, and a text that people read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    """How much a note matters; ordered from least to most."""

    INFO = "info"  # how a number came to be; it stands
    WARNING = "warning"  # the number may be off by more than its interval, or something was left out
    WITHHELD = "withheld"  # there is no number, and this is why


@dataclass(frozen=True, slots=True)
class Note:
    """One remark about data or a result.

    Attributes:
        code: What it is about, lower case with hyphens (`clipped-readings`); stable between versions.
            Code decides by this, never by the text.
        severity: How much it matters.
        text: One sentence for people: what, where, what to do.
    """

    code: str
    severity: Severity
    text: str

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, str]:
        """Return plain values for JSON."""
        return {"code": self.code, "severity": self.severity.value, "text": self.text}

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


def texts(notes: Iterable[Note]) -> tuple[str, ...]:
    """Return what people read, in order and each once."""
    return tuple(dict.fromkeys(note.text for note in notes))
