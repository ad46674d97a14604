"""Reports lines of another log in a file, of which nothing was read: two logs in one, of which one would vanish silently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from powermeter.errors import plural
from powermeter.importers.layout import is_datum, split
from powermeter.result.notes import Note

_DELIMITERS = (",", ";", "\t", "|")
_FEWEST = 3
"""Lines of one shape that are a log's own; of two, each holds a date or as many numbers."""

_OF_TWO = 4  # numbers
_WORD = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)|\w+")
_BETWEEN = re.compile(r"[,;\t|={\[\"]")
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


def other_table(lines: Sequence[str], where: str) -> list[Note]:
    """Return a note where some of the lines, of which nothing is read, are readings.

    Args:
        lines: What no reading comes from.
        where: Where they stand, for the message; with a blank at its end.
    """
    repeated = sum(_repeated([_shape(line) for line in lines if not line.lstrip().startswith(_COMMENTS)]))
    rows = _most_rows(lines)
    count = max(repeated, rows if rows >= _FEWEST else 0)
    return [_note(count, where)] if count else []


def _note(count: int, where: str = "") -> Note:
    text = (
        f"{plural(count, 'row')} of numbers {where}are of another table and were not read; write each table to a file of its own and import "
        "them one by one"
    )
    return Note.warning("rows-left-out", text)


def two_logs(lines: Sequence[str]) -> list[Note]:
    """Return a note where lines of one kind are followed by lines of another, and none of the first comes again."""
    shapes = [_shape(line) for line in lines]
    seen = Counter(shape.text for shape in shapes)
    at = [i for i, shape in enumerate(shapes) if shape.numbers and seen[shape.text] > 1]
    last = {shapes[i].marks: i for i in at}
    until = -1
    for i, after in pairwise(at):
        until = max(until, last[shapes[i].marks])
        if until == i and any(seen[shapes[k].text] >= _FEWEST for k in at if k <= i):
            text = (
                f"lines {at[0] + 1} to {i + 1} and lines {after + 1} to {at[-1] + 1} are of two kinds, as of two logs in one file, one of which "
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


_LONGEST = 2000


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


def _rows(lines: Sequence[str], delimiter: str) -> int:
    fields = ([cell for cell in row if cell] for row in split(lines, delimiter))
    return sum(len(cells) > 1 and all(map(is_datum, cells)) for cells in fields)
