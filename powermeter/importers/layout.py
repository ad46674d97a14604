"""Finds the table in a text: delimiter, header, a row of units under it, and where the numbers begin.

A preamble of any length, comments, blank lines and repeated headers are not rows.  The delimiter is the one
that makes most lines look like rows of numbers.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from powermeter.importers.cells import LONGEST_CELL, first_of_two, is_missing_word
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.elapsed_times import is_elapsed
from powermeter.importers.files import Peek
from powermeter.importers.headers import Heading, heading
from powermeter.importers.preamble import facts_above
from powermeter.importers.stamps import day_and_clock, minutes_ns, wall
from powermeter.importers.thousands import without_marks
from powermeter.importers.unit_row import CHANNEL_KINDS, is_unit_row, units_of_inputs, with_row_unit
from powermeter.importers.unit_spellings import of_unit

LOOKED_AT = 400
"""How many lines are looked at."""

SAMPLE = 200
"""How many rows of numbers are kept to judge columns by."""

_DELIMITERS = (",", ";", "\t", "|", " ")
_DECLARED = re.compile(r"\"?sep=([,;\t|])\"?")
_CELL = re.compile(
    r"\s*([+-]?(?:\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:,\d{3})+\.\d+|\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(?:([A-Za-zµμΩ%°]{1,10})(?: (?:DC|AC|AC\+DC))?)?\s*\Z"
)
_DECIMAL_COMMA = re.compile(r"\s*-?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][+-]?\d+|\s*[A-Za-zµ]+)?\s*\Z")
_DECIMAL_POINT = re.compile(r"\s*-?\d+\.\d+(?:\s*[A-Za-zµ]+)?\s*\Z")
_INPUT = re.compile(r"(?:CH|MATH|REF|D)\d{1,2}", re.IGNORECASE)
"""What an oscilloscope calls its inputs."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the top of a table states.

    Attributes:
        delimiter: Between fields; blank for any run of blanks.
        skip: Lines before the first row of numbers.
        headings: One per column.
        rows: Some of the first rows.
        named: Whether there is a header.
        header: The header's fields as they stand, to know them again.
        units: The row of units under it, or empty.
        preamble: `name, value` pairs before the header.
        decimal: The decimal mark that was stated, or None.
        title: The text above the header; `above`: its lines, or those above the rows where there is none.
    """

    delimiter: str
    skip: int
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    named: bool
    header: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    preamble: dict[str, str] = field(default_factory=dict)
    decimal: str | None = None
    title: str = ""
    above: tuple[str, ...] = ()

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a decimal comma."""
        if self.decimal is not None:
            return self.decimal == "comma"
        fields = [without_marks(text) for row in self.rows for text in row]
        commas = sum(_DECIMAL_COMMA.match(text) is not None for text in fields)
        return commas > 0 and commas > sum(_DECIMAL_POINT.match(text) is not None for text in fields)

    def is_again(self, fields: Sequence[str]) -> bool:
        """Whether a row is the header, or its units, once more."""
        row = tuple(text.strip() for text in fields)
        again = "".join(row) == "".join(self.header).replace(" ", "")  # whose names hold blanks
        return bool(row) and (row == self.header or again or (bool(self.units) and row == self.units))


APART = "  "
"""The delimiter of a table divided by blanks whose numbers stand apart from their units: `137 W   34 °C`."""

_NO_POWER = frozenset(("%", "C", "°C", "RPM", "MB", "GB", "MiB", "GiB", "VA", "var"))


def with_their_units(fields: Sequence[str]) -> list[str]:
    """Return fields with each unit put behind the number before it."""
    found: list[str] = []
    for text in fields:
        is_unit = not text[:1].isdigit() and (text in _NO_POWER or of_unit(text) is not None)
        if is_unit and found and found[-1][-1:].isdigit():
            found[-1] += f" {text}"
        else:
            found.append(text)
    return found


def split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the fields of lines."""
    if delimiter == " ":
        return [line.split() for line in lines]
    if delimiter == APART:
        return [with_their_units(line.split()) for line in lines]
    return [
        [text.strip() for text in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
        for line in lines
    ]


def is_datum(text: str) -> bool:
    """Return whether a field is a number (with or without a unit), a time, or a word for none."""
    return 0 < len(text.strip()) <= LONGEST_CELL and _is_datum(text.strip())


# The cells of a table are looked at for each delimiter, and by each who asks for its layout.
@lru_cache(maxsize=8192)
def _is_datum(text: str) -> bool:
    match = _CELL.match(without_marks(first_of_two(text)))
    if match is not None and (match[2] is None or of_unit(match[2]) is not None or match[2] == "C"):
        return True
    return (
        is_missing_word(text)
        or day_and_clock(text) is not None
        or is_elapsed(text)
        or minutes_ns(text) is not None
        or wall(text) is not None
        or wall(text, "dmy") is not None
    )


_IN_ONE_PAIR = re.compile(r'"[^"\d,]+(?:,[^"\d,]+){2,}"')


def layout(peek: Peek) -> Layout:
    """Return the layout of the table in a text; one column at least, whatever it holds."""
    lines = peek.raw_lines[:LOOKED_AT]
    if len(lines) > 1 and _IN_ONE_PAIR.fullmatch(lines[0]) and lines[0].count(",") == lines[1].count(","):
        lines = [lines[0][1:-1], *lines[1:]]
    best: tuple[float, str, list[list[str]], list[bool], int] | None = None
    declared = _DECLARED.fullmatch(lines[0].strip("\ufeff ")) if lines else None
    for delimiter in (declared[1],) if declared is not None else _DELIMITERS:
        fields = split(lines, delimiter)
        flags, width = _data_rows(lines, fields)
        count = sum(flags)
        share = _filled(fields, flags)
        score = count * share * (1.0 if width > 1 else 0.5) * (0.97 if delimiter in " |" else 1.0)
        if (
            delimiter == " "
            and best is not None
            and best[1] == "\t"
            and _is_tabbed(best[2], best[3], best[4])
        ):
            continue  # blanks stand inside its cells: `2026-03-05 14:00:00`, `power.draw [W]`
        if best is None or score > best[0] * 1.02:
            best = (score, delimiter, fields, flags, width)
    assert best is not None
    _, delimiter, fields, flags, width = best
    if delimiter == " " and _units_apart(fields, flags):
        delimiter, fields = APART, split(lines, APART)
        flags, width = _data_rows(lines, fields)
    if not any(flags):
        return _without_rows(lines)
    first = flags.index(True)
    names, units, place = _header(lines, fields, first, width, delimiter)
    first = _first_under(place, lines, fields, first, width)
    preamble = facts_above(lines[: place if place is not None else first])
    if not units and {"Horizontal Units", "Vertical Units"} <= preamble.keys():
        units = units_of_inputs(names, preamble["Horizontal Units"], preamble["Vertical Units"])
    if not units and "Units" in preamble and "Clock" in preamble:
        units = units_of_inputs(names, "", preamble["Units"])
    if not units and "Y_Unit_Label" in preamble and names[:1] == ["X_Value"]:
        units = [  # a LabVIEW measurement file: its X is time unless it states otherwise
            "s" if preamble.get("X_Dimension", "Time").startswith("Time") else "",
            *preamble["Y_Unit_Label"].split("\t"),
        ]
    rows = tuple(tuple(row) for row, good in zip(fields, flags, strict=True) if good)[:SAMPLE]
    widest = max(width, len(names))
    texts = [*names, *[""] * (widest - len(names))] if names else [str(i + 1) for i in range(width)]
    headings = [heading(text) for text in texts]
    if units:
        headings = [
            with_row_unit(h, unit) for h, unit in zip(headings, [*units, *[""] * len(headings)], strict=False)
        ]
    return Layout(
        delimiter,
        first,
        tuple(headings),
        rows,
        bool(names),
        tuple(names) if place is not None else (),
        tuple(units),
        preamble,
        title="\n".join(lines[: place or 0]),
        above=tuple(lines[: first if place is None else place]),
    )


def _units_apart(fields: Sequence[list[str]], flags: Sequence[bool]) -> bool:
    """Return whether the line above rows of numbers and units has a name for each number and none for the units."""
    if True not in flags or not flags.index(True):
        return False
    first = flags.index(True)
    rows = [row for row, good in zip(fields[first:], flags[first:], strict=True) if good]
    names = len(fields[first - 1])
    joined = sum(len(with_their_units(row)) == names for row in rows)
    return joined * 2 > len(rows) and sum(len(row) > names for row in rows) * 2 > len(rows)


def _data_rows(lines: Sequence[str], fields: Sequence[Sequence[str]]) -> tuple[list[bool], int]:
    """Return which lines are rows of numbers, and their usual width."""
    flags = []
    for line, row in zip(lines, fields, strict=True):
        filled = [text for text in row if text]
        data = sum(is_datum(text) for text in filled)
        numeric = any(any(map(str.isdigit, text)) and is_datum(text) for text in filled)
        flags.append(
            bool(filled)
            and numeric
            and (data * 2 >= len(filled) or (data > 4 and data * 3 >= len(filled)))
            and not line.lstrip().startswith(("#", "//", "%"))
        )
    widths = Counter(len(row) for row, good in zip(fields, flags, strict=True) if good)
    if not widths:
        return flags, 0
    named = _named_width(lines, fields, widths)
    width = named or max(widths, key=lambda w: (widths[w] * (2 if w > 1 else 1), w))
    # Facts before the table ("Record Length,5") have fewer fields than its rows.
    start = next((i for i, row in enumerate(fields) if flags[i] and len(row) >= width - 1), len(flags))
    start = _after_facts(fields, flags, start, width)
    start = max(start, _after_last_header(lines, fields, flags, start))
    kept = [
        good and i >= start and len(row) <= width + 2
        for i, (good, row) in enumerate(zip(flags, fields, strict=True))
    ]
    widths = Counter(len(row) for row, good in zip(fields, kept, strict=True) if good)
    if named in widths:
        return kept, named
    return kept, max(widths, key=lambda w: (widths[w] * (2 if w > 1 else 1), w)) if widths else width


def _named_width(lines: Sequence[str], fields: Sequence[Sequence[str]], widths: Counter[int]) -> int:
    """Return the width of a header that stands above every block of rows, most of which end early; 0 where none does."""
    again = Counter(line.strip() for line in lines if line.strip())
    heads = [
        len(row)
        for line, row in zip(lines, fields, strict=True)
        if again[line.strip()] > 1 and widths[len(row)] and looks_like_header(row)
    ]
    return max(heads, default=0)


def _after_facts(fields: Sequence[Sequence[str]], flags: Sequence[bool], start: int, width: int) -> int:
    """Return where rows begin: `Record Length,5` above rows of three numbers is a fact."""
    for i in range(start, len(flags)):
        row = fields[i]
        if flags[i] and (len(row) >= width or is_datum(row[0])) and not _is_facts(fields, flags, i, width):
            return i
    return start


def _is_facts(fields: Sequence[Sequence[str]], flags: Sequence[bool], at: int, width: int) -> bool:
    """Return whether a row is wider than the table, and the table's own header stands right below it."""
    below = fields[at + 1 : at + 3]
    return (
        len(fields[at]) > width
        and len(below) > 1
        and all(len(row) == width for row in below)
        and not flags[at + 1]
        and flags[at + 2]
        and all(text and not is_datum(text) for text in below[0])
    )


def _after_last_header(
    lines: Sequence[str], fields: Sequence[Sequence[str]], flags: Sequence[bool], start: int
) -> int:
    """Return where the rows of the largest table begin, if a header stands between facts and rows."""
    seen = Counter(line.strip() for line in lines)
    heads = [
        i
        for i in range(start, len(lines))
        if not flags[i] and seen[lines[i].strip()] == 1 and looks_like_header(fields[i])
    ]
    if not heads:
        return start
    bounds = [start, *heads, len(lines)]
    counts = [sum(flags[a:b]) for a, b in pairwise(bounds)]
    return bounds[max(range(len(counts)), key=lambda i: (counts[i], -i))]


def looks_like_header(row: Sequence[str]) -> bool:
    """Return whether fields name a time and a quantity, or two of them."""
    named = list(map(heading, filter(str.strip, row)))
    if named and named[0].words[-1:] == ["units"]:
        return False  # `Vertical Units,V,A` is a fact
    if len(row) > 1 and row[0].lower() == "time" and all(map(_INPUT.fullmatch, row[1:])):
        return True
    return len(named) > 1 and sum(h.quantity is not None or h.is_time or h.is_electric for h in named) >= 2


def _is_tabbed(fields: Sequence[Sequence[str]], flags: Sequence[bool], width: int) -> bool:
    """Return whether all rows of a table, and the line above them, have the same number of fields, three at least."""
    at = list(flags).index(True)
    above = next((len(row) for row in reversed(fields[:at]) if any(row)), width)
    return (
        width > 2
        and above == width
        and all(len(row) == width for row, good in zip(fields, flags, strict=True) if good)
    )


def _filled(fields: Sequence[Sequence[str]], flags: Sequence[bool]) -> float:
    texts = [text for row, good in zip(fields, flags, strict=True) if good for text in row if text]
    return sum(map(is_datum, texts)) / len(texts) if texts else 0.0


def _header(
    lines: Sequence[str], fields: Sequence[list[str]], first: int, width: int, delimiter: str
) -> tuple[list[str], list[str], int | None]:
    """Return the names, the units under them, and the line of the names, looking up from the first row."""
    above = [i for i in range(first - 1, -1, -1) if lines[i].strip()]
    units: list[str] = []
    for i in above[:4]:
        if lines[i].lstrip().startswith(";") and delimiter != ";":
            continue
        row = _again(lines[i], delimiter)
        while row and not row[-1] and len(row) > width:
            row = row[:-1]
        fits = abs(len(row) - width) <= 1 or (len(row) > width and delimiter not in (" ", APART))
        if not fits and delimiter in (" ", APART):
            row = [
                text.strip()
                for text in re.split(r"\t|,|;| {2,}|(?<=\)) ", lines[i].strip().lstrip("#").strip())
                if text.strip()
            ]
            fits = len(row) == width
        if not fits or sum(wall(text) is not None for text in row) > (len(row) > 5):
            continue
        if not units and is_unit_row(row):
            units = row
            continue
        if units and {text.lower() for text in row} <= CHANNEL_KINDS:
            continue
        if sum(bool(re.search(r"[^\W\d_]", text)) for text in row) * 2 >= len([t for t in row if t]) and any(
            row
        ):
            return row, units, i
    return ([], [], None) if not units else (units, [], above[0])


def _first_under(
    place: int | None, lines: Sequence[str], fields: Sequence[Sequence[str]], first: int, width: int
) -> int:
    """Return where the rows under a header begin: with one that has little but its time, if it stands there."""
    if place is None:
        return first
    under = range(place + 1, first)
    return next((i for i in under if len(fields[i]) == width > 1 and is_datum(fields[i][0])), first)


def _again(line: str, delimiter: str) -> list[str]:
    """Return the fields of a header line, a leading comment mark taken off."""
    bare = line.strip() if delimiter in (" ", APART) else line
    if bare.lstrip().startswith(("#", "//", "%")):
        bare = bare.lstrip().lstrip("#/%").strip()
    return split([bare], delimiter)[0]


def _without_rows(lines: Sequence[str]) -> Layout:
    """Return the layout of a text in which nothing looks like a row of numbers."""
    body = [line for line in lines if line.strip()]
    head = next((line for line in body if not line.lstrip().startswith("//")), "")
    delimiter = max(_DELIMITERS[:4], key=head.count)
    names = [text for text in _again(head, delimiter)]
    rows = split(body[1:SAMPLE], delimiter)
    named = len(names) > 1 or any(heading(name).quantity is not None for name in names)
    return Layout(
        delimiter,
        next((i for i, line in enumerate(lines) if line is head), 0) + 1,
        tuple(heading(text) for text in names),
        tuple(tuple(row) for row in rows),
        named,
        tuple(names),
    )


__all__ = ["LOOKED_AT", "SAMPLE", "Layout", "float_or_nan", "is_datum", "layout", "split"]
