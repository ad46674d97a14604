"""Marks between thousands: which are plain, and where 1,200 or 1.200 may be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote

from powermeter.errors import ConfigurationError

_PLAIN = re.compile(r"(?<=\d)['’\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_BLANKS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(?: \d{3})+(?=[.,]\d)")
"""Plain blanks between thousands: before decimals alone, as `120 130` may be two readings in one cell."""
_GROUPED = {
    "point": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?![\d,])"),
    "comma": re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])"),
}
_NUMBER = re.compile(r"[+-]?(\d+)((?:[.,]\d+)*)(?![\d.,]|[eE][+-]?\d)")
_DOTTED = re.compile(r"\s*\d{1,2}\.(?:\d{1,2}\.(?:\d{4}|\d{2})\b|\s?[^\W\d_]{3,})")
_FIXED = 200
"""Cells with three digits behind the mark, after which a column without a whole number is taken to be written so."""


def without_marks(text: str) -> str:
    """Return a number without apostrophes or blanks between its thousands."""
    text = _PLAIN.sub("", text)
    blanks = _BLANKS.match(text) if " " in text else None
    return text if blanks is None else blanks[0].replace(" ", "") + text[blanks.end() :]


def ungrouped(text: str, decimal: str) -> str:
    """Return a number whose decimal mark was stated without the other mark between its thousands."""
    if _GROUPED[decimal].match(text) is None:
        return text
    return text.replace("," if decimal == "point" else ".", "")


class ThousandMarks:
    """Looks whether the marks in one column's numbers can be distinguished from decimal ones.

    Three digits behind every mark, beside whole numbers without one, is how thousands are written; a number with any
    other count of digits behind its only mark shows that the mark is a decimal one.
    """

    def __init__(self) -> None:
        self.settled = False
        self.decimal: str | None = None
        self._grouped: dict[str, str] = {}
        self._whole = ""
        self._count = 0

    def add(self, texts: Sequence[str]) -> None:
        """Look at some cells."""
        if self.settled or not texts:
            return
        joined = "".join(texts)
        if "," not in joined and "." not in joined:
            self._whole = self._whole or next((text.strip() for text in texts if _is_whole(text)), "")
            return
        for text in texts:
            self._one(text.strip())

    def _one(self, text: str) -> None:
        match = None if self.settled else _NUMBER.match(text)
        if match is None:
            return
        head, tail = match[1], match[2]
        marks = set(tail) & {".", ","}
        if not marks:
            self._whole = self._whole or (text if head.strip("0") else "")
        elif len(marks) == 2:
            self.decimal = max(marks, key=tail.rindex)
        elif (
            head.startswith("0")
            or len(head) > 3
            or any(len(part) != 3 for part in re.split("[.,]", tail)[1:])
        ):
            self.settled, self.decimal = True, marks.pop()
        else:
            self._grouped.setdefault(marks.pop(), text)
            self._count += 1
            self.settled = self._count >= _FIXED and not self._whole and set(self._grouped) == {"."}

    def doubtful(
        self, delimiter: str, others: set[str | None], dotted: bool = False
    ) -> tuple[str, str] | None:
        """Return (mark, cell) of a mark that may stand between thousands, or None.

        Args:
            delimiter: Between the table's fields.
            others: The decimal marks that other columns were seen to have.
            dotted: Whether the table has dates such as 01.03.2024, 01.03.24 and 1. März, as where a point stands between thousands.
        """
        if not self._grouped or (self.settled and self.decimal is None):
            return None
        for mark, text in self._grouped.items():
            if self.decimal == mark:
                continue
            if (
                self._whole
                or self.decimal is not None
                or (mark == "," and (delimiter == "," or "." in others))
                or (mark == "." and delimiter == ";" and dotted)
            ):
                return mark, text
        return None


def refuse_doubtful(
    columns: Sequence[tuple[str, ThousandMarks]],
    delimiter: str,
    where: str,
    rows: Sequence[Sequence[str]] = (),
) -> None:
    """Look at the marks of all columns; `rows` are some of the table's.

    Raises:
        ConfigurationError: Those of one may be between thousands or decimal ones.
    """
    others = {marks.decimal for _, marks in columns}
    dotted = any(_DOTTED.match(text) for row in rows[:3] for text in row)
    for name, marks in columns:
        found = marks.doubtful(delimiter, others, dotted)
        if found is None:
            continue
        mark, text = found
        joined, point = text.replace(mark, ""), text.replace(",", ".")
        first, other = ("point", "comma") if mark == "," else ("comma", "point")
        raise ConfigurationError(
            f"{where}: {text!r} in column {name!r} may be {joined} or {point}, as the mark in it stands between "
            f"thousands or before decimals: state --decimal {quote(first)} for {joined}, --decimal {quote(other)} for {point}"
        )


def _is_whole(text: str) -> bool:
    text = text.strip().lstrip("+-")
    return text.isdecimal() and text.strip("0") != ""
