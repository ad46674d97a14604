"""What is found about a hand-in: a code that graders decide by, how much it weighs, and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Weight(str, Enum):
    """How much a finding weighs; ordered from least to most."""

    NOTE = "note"  # worth knowing; nothing is held against anybody
    ASK = "ask"  # a person must look: the file alone cannot decide it
    FAIL = "fail"  # the rubric is broken, whatever the reason


ACCEPTED, LOOK, NOT_ACCEPTED = "accepted", "look", "not accepted"
"""What becomes of a hand-in; `look` where a person must.  JSON, tables and the page hold these words."""

CRITERION: Mapping[str, str] = {
    "unreadable": "complete",
    "not-closed": "complete",
    "damaged": "complete",
    "label-missing": "complete",
    "few-events": "complete",
    "short": "complete",
    "no-energy": "complete",
    "filled-in": "measured",
    "changed": "unedited",
    "unsigned": "unedited",
    "summary-differs": "unedited",
    "readings-missing": "unedited",
    "notes-differ": "unedited",
    "events-missing": "unedited",
    "events-skipped": "unedited",
    "metadata-changed": "unedited",
    "copy": "unedited",
    "same-recording": "unedited",
    "handed-in-twice": "unedited",
    "no-recorder": "unedited",
    "simulated": "measured",
    "simulated-as-measured": "measured",
    "estimate": "measured",
    "estimate-as-measured": "measured",
    "replayed": "measured",
    "assumed": "measured",
    "budget": "budget",
    "no-machine": "method",
    "no-accuracy": "method",
    "no-boundary": "method",
    "not-aligned": "method",
    "power-range": "plausible",
    "constant": "plausible",
    "regular": "plausible",
    "date": "plausible",
}
"""Code → the criterion that it speaks against.  Codes are stable between versions."""


@dataclass(frozen=True, slots=True)
class HandInFinding:
    """One thing found.

    Attributes:
        code: From `CRITERION`.
        weight: How much it weighs.
        text: One sentence: what, and what to do.
    """

    code: str
    weight: Weight
    text: str

    @property
    def criterion(self) -> str:
        """The criterion it speaks against."""
        return CRITERION[self.code]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "code": self.code,
            "weight": self.weight.value,
            "criterion": self.criterion,
            "text": self.text,
        }


def fail(code: str, text: str) -> HandInFinding:
    """Return a finding that breaks the rubric."""
    return HandInFinding(code, Weight.FAIL, text)


def ask(code: str, text: str) -> HandInFinding:
    """Return a finding that a person must look at."""
    return HandInFinding(code, Weight.ASK, text)


def note(code: str, text: str) -> HandInFinding:
    """Return a finding that is held against nobody."""
    return HandInFinding(code, Weight.NOTE, text)


def heaviest(findings: Iterable[HandInFinding]) -> Weight | None:
    """Return the largest weight among findings; None where there are none."""
    order = tuple(Weight)
    return max((f.weight for f in findings), key=order.index, default=None)
