"""The table of a class as one HTML page, Markdown or plain text: a leaderboard where a rubric judged it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files

from powermeter.analysis.item_count import CONTRADICTED
from powermeter.analysis.raised_events import RAISED
from powermeter.errors import plural
from powermeter.fleet.findings import NOT_ACCEPTED
from powermeter.recording.facts import PROGRAM_FAILED
from powermeter.result.formatting import DASH
from powermeter.units import format_duration, format_quantity

from .class_table import ClassRow
from .html_elements import Child, Markup, element, harmless, join, quantity, table
from .markdown_text import escaped
from .markdown_text import table as markdown_table
from .most_rows import heaviest, most_rows, rest
from .wording import footprint_amount, show

Cell = Callable[[ClassRow], str]


def _energy(row: ClassRow) -> str:
    return DASH if row.per_item is None else row.per_item.show().text


def _half(row: ClassRow, value: float | None) -> str:
    """Return a part of the interval; a dash beside a bound, which has none, and where nothing is left for it."""
    is_known = value and row.per_item is not None and row.per_item.show().ends is not None
    return f"± {format_quantity(value, 'J', 2)}" if is_known else DASH


def _charge(row: ClassRow) -> str:
    return show(row.charge, "Ah", 1 / 3600).text


def _share(row: ClassRow) -> str:
    return show(row.share, "%", 100).text


def _latency(row: ClassRow) -> str:
    if row.latency_s is None:
        return DASH
    text = format_duration(row.latency_s) if row.latency_s >= 100 else format_quantity(row.latency_s, "s", 3)
    return text if row.items in (None, row.events) else f"{text} an event"


def _carbon(row: ClassRow) -> str:
    return footprint_amount(row.carbon, 1).text


def _grade(row: ClassRow) -> str:
    if row.grade is None:
        return DASH
    return (
        f"{row.grade.value}, simulated"
        if row.simulated and row.grade.value != "simulated"
        else row.grade.value
    )


COLUMNS: Mapping[str, Cell] = {
    "team": lambda row: row.team,
    "file": lambda row: row.file,
    "device": lambda row: row.device or DASH,
    "source": lambda row: row.source or DASH,
    "label": lambda row: " ".join([row.label, *(f"{k}={v}" for k, v in row.group.items())]) or DASH,
    "grade": _grade,
    "energy per item": _energy,
    "above baseline": lambda row: DASH if row.above is None else row.above.show().text,
    "meter": lambda row: _half(row, row.meter),
    "repeats": lambda row: _half(row, row.repeats),
    "charge per item": _charge,
    "of the battery": _share,
    "latency": _latency,
    "carbon": _carbon,
}
"""Title → cell, in print."""

NUMBERS = (
    "energy per item",
    "above baseline",
    "meter",
    "repeats",
    "charge per item",
    "of the battery",
    "latency",
    "carbon",
    "points",
)
SHORT = (
    "place",
    "team",
    "file",
    "label",
    "energy per item",
    "above baseline",
    "grade",
    "charge per item",
    "latency",
)
"""Columns of a narrow terminal, the most wanted first."""
WANTED = 5
"""So many of `SHORT` must fit; where they do not, each row is a block of lines."""

COMMON = ("device", "source", "label")
"""Columns that stand once above a page's table where they read the same in every row."""

STYLE = """main td.first { min-width: 8em; }
@media screen and (min-width: 801px) { main { margin: 20px auto; padding: 32px 24px; } main table { font-size: 12.5px; } main td.n, main th.n { padding-left: 8px; } main td, main th { padding-right: 7px; } main td.n, main th.n { padding-right: 0; } }
@media print { main td.first { min-width: 3em; } main td.first + td { white-space: nowrap; } @page { size: A4 landscape; margin: 10mm; } main table { font-size: 7.5pt; }
  main td, main th, main td.n, main th.n { padding: 3px 0 3px 6px; } main td.n + td:not(.n), main th.n + th:not(.n) { padding-left: 9px; } }"""
"""Of a page with a wide table: what is printed is whole."""

ALOUD = (PROGRAM_FAILED, RAISED, CONTRADICTED, "not-counted")
"""Notes that stand below the table of a terminal."""
_NAMING_THE_FILE = (PROGRAM_FAILED,)
"""Codes of notes that begin with the name of their file."""


def columns(rows: Sequence[ClassRow], battery: str) -> dict[str, Cell]:
    """Return the columns that state something about these rows."""
    found: dict[str, Cell] = {}
    if any(row.rank is not None for row in rows):
        found["place"] = lambda row: DASH if row.rank is None else str(row.rank)
    for title, cell in COLUMNS.items():
        if title == "team" and all(row.file.startswith(f"{row.team}.") for row in rows):
            continue  # flat folders: the file's name is the team's
        if title == "above baseline" and all(row.above is None for row in rows):
            continue
        found[f"of {battery}" if title == "of the battery" else title] = cell
        if title == "file" and any(row.verdict for row in rows):
            found["verdict"] = lambda row: row.verdict
            found["points"] = lambda row: DASH if row.points is None else f"{row.points:g}"
    if "team" in found:
        found["file"] = lambda row: row.file.removeprefix(f"{row.team}/")
    return found


def _common(rows: Sequence[ClassRow], shown: dict[str, Cell]) -> list[str]:
    """Take out the columns that read the same in every row of a page; returns what they read."""
    found = []
    for title in COMMON:
        texts = {shown[title](row) for row in rows} if title in shown else set()
        if len(texts) == 1 and len(rows) > 1:
            del shown[title]
            found.append(f"{title} {texts.pop()}")
    return [text for text in found if not text.endswith(DASH)]


def _is_number(name: str) -> bool:
    return name in NUMBERS or name.startswith("of ")


def remarks_of(row: ClassRow) -> list[str]:
    """Return what must be read beside a row's numbers."""
    return [*([row.problem] if row.problem else []), *row.notes]


def to_markdown(rows: Sequence[ClassRow], title: str, battery: str) -> str:
    """Return the table as Markdown, remarks below it."""
    found = columns(rows, battery)
    texts = [name for name in found if not _is_number(name)]
    heads = [*texts, *(name for name in found if _is_number(name))]
    cells = [[escaped(found[name](row)) for name in heads] for row in rows]
    lines = [f"# {escaped(title)}", "", *markdown_table(heads, cells, left=len(texts))]
    remarks = [
        f"- {escaped(row.file)}: {escaped('; '.join(remarks_of(row)))}"
        for row in _once(rows)
        if remarks_of(row)
    ]
    return "\n".join([*lines, *([*remarks, ""] if remarks else []), _explained(rows), ""])


def to_text(rows: Sequence[ClassRow], battery: str, width: int) -> str:
    """Return the table for a terminal; columns that do not fit are left out and named; on a narrow one rows are blocks."""
    every = rows
    rows, folded = _folded(every, most_rows(width))
    below = [*folded, *_below(every)]
    shown = columns(rows, battery)
    order = [*[name for name in SHORT if name in shown], *[name for name in shown if name not in SHORT]]
    texts = {name: [shown[name](row) for row in rows] for name in shown}
    widths = {name: max(len(name), *(len(text) for text in column)) for name, column in texts.items()}
    first = [name for name in SHORT[:WANTED] if name in shown]
    if sum(widths[name] + 2 for name in first) - 2 > width:
        return "\n".join([*_blocks(rows, texts), *below])
    kept: set[str] = set()
    used = 0
    for name in order:
        if used + widths[name] <= width or not kept:
            kept.add(name)
            used += widths[name] + 2
    names = [name for name in shown if name in kept]

    def line(cells: Sequence[str]) -> str:
        placed = [
            f"{cell:>{widths[name]}}"
            if name in NUMBERS or name.startswith("of ")
            else f"{cell:{widths[name]}}"
            for name, cell in zip(names, cells, strict=True)
        ]
        return "  ".join(placed).rstrip()

    printed = [line(names), *(line([texts[name][i] for name in names]) for i in range(len(rows)))]
    left = [name for name in shown if name not in kept]
    if left:
        printed.append(f"(left out at this width: {', '.join(left)}; -o table.csv holds everything)")
    return "\n".join([*printed, *below])


def _folded(rows: Sequence[ClassRow], most: int) -> tuple[list[ClassRow], list[str]]:
    """Return the rows without the labels of a recording that used least, where it has very many, and a line that counts them."""
    by_file: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        by_file.setdefault(row.file, []).append(i)
    hidden: set[int] = set()
    lines = []
    for file, places in by_file.items():
        kept = {places[k] for k in heaviest([_used(rows[i]) for i in places], most)}
        least = [i for i in places if i not in kept]
        hidden.update(least)
        if least:
            left = rest(len(least), "label", "used less each", "-o table.csv lists all")
            lines.append(f"{file}: {left}")
    return [row for i, row in enumerate(rows) if i not in hidden], lines


def _used(row: ClassRow) -> float:
    return row.per_item.value * (row.items or 1) if row.per_item is not None else 0.0


def _blocks(rows: Sequence[ClassRow], texts: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each row as its file and a line per column."""
    names = [name for name in texts if name != "file"]
    wide = max(map(len, names))
    for i in range(len(rows)):
        yield texts["file"][i]
        yield from (f"  {name:{wide}}  {texts[name][i]}" for name in names if texts[name][i] != DASH)


def _below(rows: Sequence[ClassRow]) -> Iterator[str]:
    """Yield what must be read beside the numbers: why there are none, why one is not accepted, what the user counts."""
    for row in _once(rows):
        if row.problem or row.verdict == NOT_ACCEPTED:
            yield f"{row.file}: {'; '.join(remarks_of(row))}"
            continue
        loud = [note for note in row.notes if getattr(note, "code", "") in ALOUD]
        yield from (str(note) if note.code in _NAMING_THE_FILE else f"{row.file}: {note}" for note in loud)


def _once(rows: Sequence[ClassRow]) -> list[ClassRow]:
    return list({(row.file, row.problem): row for row in rows}.values())


def _explained(rows: Sequence[ClassRow]) -> str:
    text = (
        "Intervals are 95 %: what the meter leaves open, and the spread between repeats, apart and together."
    )
    if any(row.rank is not None for row in rows):
        text += " Equal places: the intervals do not show which of them uses less."
    return text


def to_html(rows: Sequence[ClassRow], title: str, battery: str) -> str:
    """Return one page that needs nothing else."""
    shown = columns(rows, battery)
    common = _common(rows, shown)
    numbers = [i for i, name in enumerate(shown) if _is_number(name)]
    cells: list[list[Child]] = [
        [quantity(cell(row)) if i in numbers else cell(row) for i, cell in enumerate(shown.values())]
        for row in rows
    ]
    remarks = [
        element("li", element("b", row.file), ": ", "; ".join(remarks_of(row)))
        for row in _once(rows)
        if remarks_of(row)
    ]
    simulated = any(row.simulated for row in rows)
    body = element(
        "main",
        element(
            "header",
            element("h1", title),
            element("p", " · ".join([_summary(rows), *common]), class_="subtitle"),
        ),
        element("p", "Some rows are simulated: no device drew that energy.", class_="soft")
        if simulated
        else None,
        table(list(shown), cells, numbers=numbers),
        element("p", _explained(rows), class_="soft"),
        [element("h2", "Remarks"), element("ul", remarks, class_="notes")] if remarks else None,
    )
    return page(title, body, STYLE)


def page(title: str, body: Markup, more: str = "") -> str:
    """Return a page of ours around its main part: no script, nothing fetched."""
    style = (
        files("powermeter.reports").joinpath("templates").joinpath("report.css").read_text(encoding="utf-8")
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("title", harmless(title, 120)),
        Markup(f"<style>{style} main {{ max-width: 1500px; }} {more}</style>"),
    )
    return f"<!doctype html>\n{element('html', head, element('body', join(body)), lang='en')}\n"


def _summary(rows: Sequence[ClassRow]) -> str:
    known = sum(row.per_item is not None and math.isfinite(row.per_item.value) for row in rows)
    number = len({row.file for row in rows})
    text = f"{plural(number, 'recording')}, {plural(known, 'row')} with an energy"
    unknown = sum(bool(row.problem) for row in rows)
    return f"{text}, {unknown} without" if unknown else text
