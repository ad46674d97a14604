"""Detects records without times that stand twice in a log: a copy counts as long as what it was copied from."""

from __future__ import annotations

from dataclasses import dataclass, field

from powermeter.errors import plural
from powermeter.result.notes import Note

_WHOLE_NS = 1_000_000
"""Lengths that are measured are no whole milliseconds; those that are may well be alike."""

_IN_A_ROW = 2


@dataclass(slots=True)
class Copies:
    """Records that repeat, in their order, others above them to the last digit.

    Attributes:
        count: How many of them there are.
    """

    count: int = 0
    _number: int = 0
    _last: dict[str, int] = field(default_factory=dict)
    _distance: int = 0
    _run: int = 0

    def add(self, text: str, length_ns: int) -> None:
        """Take a record, and how long it lasted."""
        self._number += 1
        distance = self._number - self._last.get(text, self._number) if length_ns % _WHOLE_NS else 0
        self._last[text] = self._number
        self._run = self._run + 1 if distance and distance == self._distance else int(distance > 0)
        self._distance = distance
        if self._run >= _IN_A_ROW:
            self.count += _IN_A_ROW if self._run == _IN_A_ROW else 1

    def notes(self) -> list[Note]:
        """Return a warning that counts them, or nothing."""
        if not self.count:
            return []
        text = (
            f"{plural(self.count, 'period repeats', 'periods repeat')} others above to the last digit of their lengths, as no measurement does: if a part of "
            "the log was copied into it, take the copy out and import again; its time and energy count"
        )
        return [Note.warning("rows-repeated", text)]
