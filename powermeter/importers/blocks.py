"""Reads the rows of a table in blocks of bounded size."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import DataError
from powermeter.importers.closing_rows import among_data, summary_word
from powermeter.importers.files import line_blocks
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.layout import APART, Layout, float_or_nan, is_datum, with_their_units
from powermeter.importers.row_count import RowCount

BLOCK = 1 << 15
"""Rows read at a time."""

_NEARER = 0.5
"""Of the distance to the last field but one of whole rows: so near to their last field are the ends of rows that lack one inside."""

MAX_ROWS = 200_000_000
MAX_COLUMNS = 4000

Progress = Callable[[int], None]
"""Called with the number of characters read since the last call."""


@dataclass(slots=True)
class TextBlock:
    """Some rows of a table.

    Attributes:
        lines: int64: the line that each row stands in, from 1.
        rows: Their fields.
    """

    lines: NDArray[np.int64]
    rows: list[list[str]]

    def column(self, index: int) -> list[str]:
        """Return one column; blank where a row is too short for it."""
        try:
            return list(map(itemgetter(index), self.rows))
        except IndexError:
            return [row[index] if len(row) > index else "" for row in self.rows]


def text_blocks(
    path: Path,
    found: Layout,
    needed: int,
    counted: RowCount,
    *,
    keep: Callable[[list[str]], bool] | None = None,
    progress: Progress | None = None,
) -> Iterator[TextBlock]:
    """Yield the rows of a table; what is not a row is counted.

    Args:
        path: The file.
        found: Where the table begins and how it is delimited.
        needed: The last column that every row must have.
        counted: Filled as it goes.
        keep: Which rows count, where a tool writes rows of several kinds.
        progress: Called with how far it is.

    Raises:
        DataError: It cannot be read as a table.
    """
    read = _Counted(line_blocks(path))
    lines = islice(iter(read), found.skip, None)
    delimiter = found.delimiter
    reader: Iterator[list[str]]
    reader = (
        (with_their_units(line.split()) if delimiter == APART else line.split() for line in lines)
        if delimiter in (" ", APART)
        else csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    )
    number, width = found.skip, len(found.headings)
    header = next((text for text in found.header if text), None)
    place = found.header.index(header) if header is not None else 0
    usual = _usual_width(found)
    while True:
        try:
            rows = list(islice(reader, BLOCK))
        except csv.Error as error:
            raise DataError(f"{path}, after line {number}: {error}; this is not a table of text") from None
        if not rows:
            return
        if progress is not None:
            progress(read.take())
        numbers = np.arange(number + 1, number + 1 + len(rows))
        number += len(rows)
        counted.rows += len(rows)
        if counted.rows > MAX_ROWS:
            raise DataError(f"{path}: more than {MAX_ROWS} rows; split it and import the parts")
        lengths = set(map(len, rows))
        if max(lengths) > MAX_COLUMNS:
            raise DataError(f"{path}, line {number}: {max(lengths)} columns; this is not a power log")
        plain = min(lengths) > needed and min(lengths) >= usual and max(lengths) <= width and keep is None
        if plain and header is not None and place <= needed:
            plain = header not in map(itemgetter(place), rows)
        if plain:
            firsts = {row[0] for row in rows}
            plain = "" not in firsts and not any(
                text[:1] == "#" or (text[:1].isalpha() and summary_word([text])) for text in firsts
            )
            plain = plain and not 0 < sum(text[:1].isalpha() for text in firsts) <= _FEW_NAMES
        if not plain:
            picked = [
                i
                for i, row in enumerate(rows)
                if _is_row(row, found, needed, counted, keep, int(numbers[i]), str(path))
            ]
            for i in picked:
                if len(rows[i]) < usual:
                    counted.fewer.add(int(numbers[i]))
            numbers, rows = numbers[picked], [rows[i] for i in picked]
        if rows:
            yield TextBlock(numbers, rows)


def _usual_width(found: Layout) -> int:
    """Return how many fields nearly all rows have; 0 where blanks stand between them, or their ends are left out as often."""
    if found.delimiter in (" ", APART):
        return 0
    width, many = Counter(map(len, found.rows)).most_common(1)[0] if found.rows else (0, 0)
    full = len(found.header)
    if full > width and found.rows and _lack_one_inside(found.rows, full):
        return full
    return width if many * 2 > len(found.rows) else 0


def _lack_one_inside(rows: Sequence[Sequence[str]], full: int) -> bool:
    """Return whether rows that are a field short end as the full ones do, so that a field inside them is missing."""
    whole = [row for row in rows if len(row) == full]
    ends = _median([row[-1] for row in rows if len(row) == full - 1])
    last, before = _median([row[-1] for row in whole]), _median([row[-2] for row in whole])
    if not (ends > 0 and last > 0 and before > 0):
        return False
    return abs(math.log(ends) - math.log(last)) < _NEARER * abs(math.log(ends) - math.log(before))


def _median(texts: Sequence[str]) -> float:
    """Return the middle one of some numbers; NaN where one is none."""
    return float(np.median([float_or_nan(text) for text in texts])) if texts else math.nan


def _is_row(
    row: list[str],
    found: Layout,
    needed: int,
    counted: RowCount,
    keep: Callable[[list[str]], bool] | None,
    line: int,
    where: str,
) -> bool:
    if not any(map(str.strip, row)):
        counted.blank += 1
        return False
    if row[0].lstrip()[:1] in ("#", "%") or row[0].lstrip()[:2] == "//":
        bare = [text for text in (row[0].lstrip(" #%/"), *row[1:]) if text]
        counted.headers += found.is_again(bare) or found.is_again(row)
        if not (found.is_again(bare) or found.is_again(row)):
            counted.comments += 1
            if len(counted.odd_lines) < 5:
                counted.odd_lines.append(line)
        return False
    if found.is_again(row):
        counted.headers += 1
        return False
    if _is_other_header(row, found):
        raise DataError(
            f"{where}: line {line} is a second header that differs from the first ({', '.join(row[:6])[:100]}): split the file there, and import the parts"
        )
    word = summary_word(row)
    if word and (sum(summary_word(seen) == word for seen in found.rows) < 2 or among_data(row, found.rows)):
        counted.summaries[word] += 1
        counted.summary_lines += [line] if len(counted.summary_lines) < 5 else []
        return False
    if keep is not None and not keep(row):
        counted.left_out += 1
        return False
    if len(row) > len(found.headings) and any(map(str.strip, row[len(found.headings) :])):
        counted.long += 1
        if len(counted.odd_lines) < 5:
            counted.odd_lines.append(line)
        return False
    if len(row) <= needed:
        counted.short += 1
        if len(counted.short_lines) < 5:
            counted.short_lines.append(line)
        return False
    return True


def _is_other_header(row: list[str], found: Layout) -> bool:
    """Return whether a row holds names only, and begins as the header does or is one by itself."""
    first = found.header[0] if found.header else ""
    filled = [text for text in row if text.strip()]
    if not first or filled == [text for text in found.header if text]:
        return False
    if len(filled) < 2 or any(map(is_datum, filled)):
        return False
    return row[0].strip() == first or _is_a_header(filled)


def _is_a_header(texts: list[str]) -> bool:
    """Return whether texts name a quantity of electricity, and another or a time."""
    named = [heading(text) for text in texts]
    electric = sum(h.is_electric or h.quantity in ELECTRIC for h in named)
    return electric > 1 or (electric == 1 and any(h.is_time for h in named))


_FEW_NAMES = 3


class _Counted:
    """Passes lines on and counts their characters."""

    def __init__(self, blocks: Iterator[list[str]]) -> None:
        self._blocks = blocks
        self._seen = 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._count())

    def _count(self) -> Iterator[list[str]]:
        for lines in self._blocks:
            self._seen += sum(map(len, lines)) + len(lines)
            yield lines

    def take(self) -> int:
        """Return the characters since the last call."""
        seen, self._seen = self._seen, 0
        return seen
