"""Reads the rows of a table in blocks of bounded size, and keeps columns on disk where they are long."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from powermeter.errors import DataError
from powermeter.importers.closing_rows import among_data, summary_word
from powermeter.importers.files import line_blocks
from powermeter.importers.layout import APART, Layout, is_datum, with_their_units

BLOCK = 1 << 15
"""Rows read at a time."""

MAX_ROWS = 200_000_000
MAX_COLUMNS = 4000

_IN_MEMORY = 4 << 20  # bytes of one column that stay in memory

Progress = Callable[[int], None]
"""Called with the number of characters read since the last call."""


@dataclass(slots=True)
class RowCount:
    """What was passed over while the rows were read, with the first lines of each kind."""

    rows: int = 0
    blank: int = 0
    headers: int = 0
    comments: int = 0
    summaries: Counter[str] = field(default_factory=Counter)
    summary_lines: list[int] = field(default_factory=list)
    short: int = 0
    short_lines: list[int] = field(default_factory=list)
    left_out: int = 0
    long: int = 0
    odd_lines: list[int] = field(default_factory=list)


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
        plain = min(lengths) > needed and max(lengths) <= width and keep is None
        if plain and header is not None and place <= needed:
            plain = header not in map(itemgetter(place), rows)
        if plain:
            firsts = {row[0] for row in rows}
            plain = "" not in firsts and not any(
                text[:1] == "#" or (text[:1].isalpha() and summary_word([text])) for text in firsts
            )
        if not plain:
            picked = [
                i
                for i, row in enumerate(rows)
                if _is_row(row, found, needed, counted, keep, int(numbers[i]), str(path))
            ]
            numbers, rows = numbers[picked], [rows[i] for i in picked]
        if rows:
            yield TextBlock(numbers, rows)


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
    """Return whether a row begins as the header does, and holds names only."""
    first = found.header[0] if found.header else ""
    filled = [text for text in row if text.strip()]
    if filled == [text for text in found.header if text]:
        return False
    return bool(first) and row[0].strip() == first and len(filled) > 1 and not any(map(is_datum, filled))


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


class Store:
    """Columns of numbers that grow at the end and are read from the start again; long ones lie on disk."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[IO[bytes], np.dtype[Any]]] = {}
        self._read: dict[str, int] = {}
        self.rows = 0

    def append(self, columns: dict[str, NDArray[Any]]) -> None:
        """Add as many rows to every column."""
        for name, values in columns.items():
            if name not in self._files:
                spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by `close`
                self._files[name] = (spool, values.dtype)
            self._files[name][0].write(values.tobytes())
        self.rows += len(next(iter(columns.values())))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def whole(self, name: str) -> NDArray[Any]:
        """Return a whole column."""
        stream, kind = self._files[name]
        stream.seek(0)
        data = np.empty(self.rows, kind)
        view = memoryview(data.view(np.uint8))  # type: ignore[arg-type]
        place = 0
        while place < len(view):
            part = stream.read(min(1 << 22, len(view) - place))
            view[place : place + len(part)] = part
            place += len(part)
        return data

    def part(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Return rows start … stop of a column."""
        stream, kind = self._files[name]
        stream.seek(start * kind.itemsize)
        return np.frombuffer(stream.read((stop - start) * kind.itemsize), kind)

    def close(self) -> None:
        """Let go of what lies on disk."""
        for stream, _ in self._files.values():
            stream.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


__all__ = ["BLOCK", "DTypeLike", "Progress", "RowCount", "Store", "TextBlock", "text_blocks"]
