"""Reports lines of another log in a file, of which nothing was read: two logs in one, of which one would vanish silently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from powermeter.errors import plural
from powermeter.importers.layout import is_datum, looks_like_header, split
from powermeter.result.notes import Note

_DELIMITERS = (",", ";", "\t", "|")
_FEWEST = 3
"""Lines of one shape that are a log's own; of two, each holds a date or as many numbers."""

_OF_TWO = 4  # numbers

_UNDER_A_HEADER = 2
"""Rows that are a log of their own where a line above one of them names its fields."""
_WORD = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)|\w+")
_BETWEEN = re.compile(r"[,;\t|={\[\"]")
_FIRST = 3  # rows, among which a header is looked for
_LONGEST = 2000  # characters of a line that show its kind
_COMMENTS = ("#", "//", "%")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What lines of one kind have in common.

    Attributes:
        text: The line with 0 for each number and x for each word with a digit in it.
        marks: Which marks stand between its fields; how many fields it has where there are none.
        numbers: How many of them there are.
    """

    text: str
    marks: str
    numbers: int


def rows_of_numbers(lines: Sequence[str]) -> list[Note]:
    """Return a note where some lines are nothing but numbers, in a log that has none."""
    count = _most_rows(lines)
    return [] if count < _FEWEST else [_note(count)]


def rows_under_a_header(lines: Sequence[str]) -> list[Note]:
    """Return a note where a table of electricity stands at the beginning of a log that is none."""
    count = _under_headers(lines)
    return [] if count < _FEWEST else [_note(count)]


def other_table(lines: Sequence[str], where: str) -> list[Note]:
    """Return a note where some of the lines, of which nothing is read, are readings.

    Args:
        lines: What no reading comes from.
        where: Where they stand, for the message; with a blank at its end.
    """
    repeated = sum(_repeated([_shape(line) for line in lines if not line.lstrip().startswith(_COMMENTS)]))
    rows = _most_rows(lines)
    own = rows >= _UNDER_A_HEADER and _has_header(lines)
    count = max(repeated, rows if rows >= _FEWEST or own else 0)
    return [_note(count, where)] if count else []


def _note(count: int, where: str = "") -> Note:
    text = (
        f"{plural(count, 'row')} of numbers {where}are of another table and were not read; write each table to a file of its own and import "
        "them one by one"
    )
    return Note.warning("rows-left-out", text)


def two_logs(lines: Sequence[str], end: Sequence[str] = (), between: Callable[[], int] = int) -> list[Note]:
    """Return a note where lines of one kind are followed by lines of another, and none of the first comes again.

    Args:
        lines: The first of a log.
        end: Its last ones, where it is longer.
        between: Returns how many lines stand between the two.
    """
    first, lines = len(lines), [*lines, *end]

    def number(i: int) -> int:
        return i + 1 + (between() if i >= first else 0)

    shapes = [_shape(line) for line in lines]
    seen = Counter(shape.text for shape in shapes)
    at = [i for i, shape in enumerate(shapes) if shape.numbers and seen[shape.text] > 1]
    last = {shapes[i].marks: i for i in at}
    until = -1
    for i, after in pairwise(at):
        until = max(until, last[shapes[i].marks])
        if until == i and any(seen[shapes[k].text] >= _FEWEST for k in at if k <= i):
            text = (
                f"lines {number(at[0])} to {number(i)} and lines {number(after)} to {number(at[-1])} are of two kinds, as of two logs in one file, one of which "
                "is in no number then; if they are, write each to a file of its own and import them one by one"
            )
            return [Note.warning("two-logs", text)]
    return []


def ends_unlike(lines: Sequence[str]) -> bool:
    """Return whether the last line has the shape of none of the others."""
    return bool(lines) and _shape(lines[-1]).text not in {_shape(line).text for line in lines[:-1]}


def _shape(line: str) -> _Shape:
    numbers = 0

    def of_kind(word: re.Match[str]) -> str:
        nonlocal numbers
        if word[0].strip("+-")[:1].isdigit() and not word[0][-1:].isalpha():
            numbers += 1
            return "0"
        return "x" if any(map(str.isdigit, word[0])) else word[0]

    text = " ".join(_WORD.sub(of_kind, line[:_LONGEST]).split())
    marks = "".join(sorted(_BETWEEN.findall(line[:_LONGEST])))
    return _Shape(text, marks or str(len(text.split())), numbers)


def _repeated(shapes: Sequence[_Shape]) -> Iterator[bool]:
    """Yield of each line whether it has the shape of enough others, so that they are readings and no facts."""
    seen = Counter(shape.text for shape in shapes)
    for shape in shapes:
        many = seen[shape.text]
        bare = shape.text == "0"
        yield (many >= _FEWEST and (shape.numbers > 1 or bare)) or (
            many == _FEWEST - 1 and shape.numbers >= _OF_TWO
        )


def _most_rows(lines: Sequence[str]) -> int:
    return max(_rows(lines, delimiter) for delimiter in _DELIMITERS)


def _has_header(lines: Sequence[str]) -> bool:
    """Return whether one of the lines names the fields of the row right below it."""
    for delimiter in _DELIMITERS:
        rows = split(lines, delimiter)
        for names, below in pairwise(rows):
            if len(names) == len(below) and looks_like_header(names) and _is_row(below):
                return True
    return False


def _under_headers(lines: Sequence[str]) -> int:
    """Return how many lines at the beginning have the fields that the first one names, half of them data."""
    found = 0
    for delimiter in _DELIMITERS[:3]:
        rows = [row for row in split(lines, delimiter) if any(row)]
        at = next((i for i, row in enumerate(rows[:_FIRST]) if _names_fields(row)), None)
        if at is not None:
            same = [row for row in rows[at + 1 :] if abs(len(row) - len(rows[at])) <= 1]
            found = max(
                found,
                sum(2 * sum(map(is_datum, filter(None, row))) >= len([*filter(None, row)]) for row in same),
            )
    return found


def _names_fields(row: Sequence[str]) -> bool:
    """Return whether a row is a header of three fields and more, hardly any of them data."""
    return (
        len(row) > 2
        and looks_like_header(row)
        and not is_datum(row[0])
        and 4 * sum(map(is_datum, row)) < len(row)
    )


def _is_row(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return len(filled) > 1 and all(map(is_datum, filled))


def _rows(lines: Sequence[str], delimiter: str) -> int:
    return sum(map(_is_row, split(lines, delimiter)))
