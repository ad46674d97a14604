"""The answers of a fleet in print: for a terminal, and as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from powermeter.comparison.verdict import Verdict
from powermeter.errors import plural
from powermeter.fleet.answers import Answers
from powermeter.fleet.totals import Total, Totals
from powermeter.footprint.footprint_of_energy import Footprint
from powermeter.result.formatting import DASH
from powermeter.result.notes import Note
from powermeter.units import format_count, format_duration, format_percent, format_short

from .class_page import page
from .html_elements import Child, element, quantity, table
from .most_rows import heaviest, most_rows, rest
from .wording import footprint_amount, show

_WIDE = 200
"""Cells of a line where no terminal bounds it."""


_POOLED = Note.info(
    "pooled",
    "The first is what such devices use, with the spread between devices (between the recordings of one); these devices: what measuring leaves "
    "open. A sensor's error is the same in all of its recordings; devices are independent.",
)


@dataclass(frozen=True, slots=True)
class FleetTable:
    """One table with its title and what must be read below it."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    notes: Sequence[Note] = ()
    empty: str = ""
    used: Sequence[float] = ()
    """What each row used, in J: of very many a terminal prints those that used most; the first ones where nothing is stated."""


def blocks(found: Answers) -> list[FleetTable]:
    """Return the tables of what was asked, in order."""
    made = [
        _energies(found),
        _leaderboard(found),
        _regressions(found),
        _outliers(found),
        _drifts(found),
        *_totals(found),
        _life(found),
    ]
    return [block for block in made if block is not None]


def _cell(value: object) -> str:
    return DASH if value is None or value == "" else str(value)


def _energies(found: Answers) -> FleetTable | None:
    if found.energies is None:
        return None
    rows = [
        [
            *(_cell(one.group[name]) for name in found.by),
            show(one.quoted).text,
            show(one.these).text,
            one.quoted.grade.value,
            format_count(one.sums.items),
            str(one.sums.devices),
            str(one.sums.recordings),
        ]
        for one in found.energies
    ]
    unknown = sum(one.sums.unknown for one in found.energies)
    notes = [_POOLED]
    if unknown:
        text = f"Labels of recordings without a known energy per item, which are not in it: {unknown}."
        notes.append(Note.warning("per-item-unknown", text))
    n = len(found.by)
    heads = [*found.by, "energy per item", "these devices", "grade", "items", "devices", "recordings"]
    return FleetTable(
        "Energy per item",
        heads,
        rows,
        (n, n + 1, n + 3, n + 4, n + 5),
        notes,
        "no energies are known",
        [one.quoted.value * (one.sums.items or 1) for one in found.energies],
    )


def _leaderboard(found: Answers) -> FleetTable | None:
    if found.leaderboard is None:
        return None
    rows = [
        [
            _cell(p.pooled.group["label"]),
            _cell(p.pooled.group["model"]),
            str(p.place),
            _cell(p.pooled.group["device"]),
            show(p.pooled.quoted).text,
            p.pooled.quoted.grade.value,
            show(p.items_per_charge).text,
        ]
        for p in sorted(
            found.leaderboard,
            key=lambda p: (str(p.pooled.group["label"]), str(p.pooled.group["model"]), p.pooled.quoted.value),
        )
    ]
    heads = ["label", "model", "place", "device", "energy per item", "grade", f"items on {found.battery}"]
    note = Note.info("equal-places", "Equal places: the intervals do not show which of them uses less.")
    return FleetTable("Leaderboard", heads, rows, (2, 4, 6), [note], "no energies are known")


def _regressions(found: Answers) -> FleetTable | None:
    if found.regressions is None:
        return None
    rows = [
        [
            _cell(one.group["model"]),
            _cell(one.group["label"]),
            f"{one.before} → {one.after}",
            str(one.verdict),
            DASH if one.change is None else f"{format_short(100 * one.change, 2, plus=True)} %",
            DASH
            if one.low is None or one.high is None
            else f"{format_short(100 * one.low, 2, plus=True)} to {format_short(100 * one.high, 2, plus=True)} %",
            f"{one.devices[0]} in pairs" if one.paired else f"{one.devices[0]} and {one.devices[1]}",
            one.why,
        ]
        for one in found.regressions
    ]
    heads = ["model", "label", "versions", "verdict", "change", "between", "devices", ""]
    return FleetTable("Versions", heads, rows, (4, 5), [], "no label was run in two versions")


def _outliers(found: Answers) -> FleetTable | None:
    if found.outliers is None:
        return None
    rows = [
        [
            one.device,
            *(_cell(one.group[name]) for name in ("model", "version", "label", "board")),
            f"{format_short(100 * one.ratio, plus=True)} %",
            f"{format_short(100 * one.chance, 2)} %",
        ]
        for one in found.outliers
    ]
    notes = []
    if found.kinds_too_small:
        text = f"Kinds of fewer than five devices, which are not judged: {found.kinds_too_small}."
        notes.append(Note.info("kinds-too-small", text))
    heads = ["device", "model", "version", "label", "board", "against the median", "by chance"]
    return FleetTable("Devices unlike their kind", heads, rows, (5, 6), notes, "no device stands out")


def _drifts(found: Answers) -> FleetTable | None:
    if found.drifts is None:
        return None
    rows = [
        [
            *(_cell(one.group[name]) for name in ("device", "model", "version", "label")),
            f"{format_short(100 * one.per_day, 2, plus=True)} % a day",
            f"{format_short(100 * one.low, 2, plus=True)} to {format_short(100 * one.high, 2, plus=True)} %",
            f"{format_short(one.days)} days",
            str(one.recordings),
        ]
        for one in found.drifts
    ]
    notes = []
    if rows:
        text = "Only a reference shows whether the sensor drifts or the device does: calibrate one of them again."
        notes.append(Note.info("sensor-or-device", text))
    if found.series_too_short:
        text = f"Series of fewer than five recordings, which are not judged: {found.series_too_short}."
        notes.append(Note.info("series-too-short", text))
    heads = ["device", "model", "version", "label", "drift", "between", "over", "recordings"]
    return FleetTable("Drifts", heads, rows, (4, 5, 6, 7), notes, "no series drifts")


def _totals(found: Answers) -> list[FleetTable]:
    if found.totals is None:
        return []
    t = found.totals
    rows = [
        [
            one.place or "not known",
            str(one.devices),
            str(one.recordings),
            format_duration(one.seconds),
            show(one.energy).text,
            *_amounts(one.footprint, [one]),
        ]
        for one in t.places
    ]
    if len(t.places) > 1:
        rows.append(
            [
                "together",
                str(found.devices),
                str(found.recordings),
                format_duration(sum(one.seconds for one in t.places)),
                show(t.energy).text,
                *_amounts(t, t.places),
            ]
        )
    heads = ["place", "devices", "recordings", "recorded", "energy", "carbon", "water", "minerals"]
    return [FleetTable("In all", heads, rows, (1, 2, 3, 4, 5, 6, 7), t.notes)]


def _amounts(of: Footprint | Totals | None, places: Sequence[Total]) -> list[str]:
    """Return carbon, water and minerals of these places in print: one place that is not known leaves one digit."""
    if of is None:
        return [DASH] * 3
    known = [one.footprint for one in places if one.footprint is not None]
    amounts = {"carbon": of.carbon, "water": of.water, "adpe": of.adpe}
    return [
        footprint_amount(amount, min((each.digits(name) for each in known), default=2)).text
        for name, amount in amounts.items()
    ]


def _life(found: Answers) -> FleetTable | None:
    if found.life is None:
        return None
    rows = [
        [
            one.device,
            one.battery,
            show(one.hours).text,
            DASH if one.used is None else format_percent(one.used.value),
            format_duration(one.recorded_s),
            one.problem,
        ]
        for one in found.life
    ]
    text = "A full charge at the mean power of what was recorded, and the share of one charge that the recordings used: neither includes what was drawn while nothing was recorded."
    heads = ["device", "battery", "a charge lasts", "used", "recorded", ""]
    return FleetTable("Batteries", heads, rows, (2, 3, 4), [Note.info("charge-while-recorded", text)])


def _about(found: Answers) -> str:
    first, last = found.days
    days = first if first == last else f"{first} to {last}"
    return f"{plural(found.recordings, 'recording')} of {plural(found.devices, 'device')}, {days}"


def to_text(found: Answers, width: int = _WIDE) -> str:
    """Return the answers for a terminal so many cells wide, or a pipe."""
    lines = [f"{found.name}: {_about(found)}"]
    for block in blocks(found):
        lines += ["", block.title]
        if not block.rows:
            lines.append(f"  {block.empty or 'nothing'}")
        else:
            lines += text_table(block, width)
        lines += [f"  {note}" for note in block.notes]
    return "\n".join(lines)


def text_table(block: FleetTable, width: int = _WIDE) -> list[str]:
    """Return the lines of a table; where it is too wide, a block for each row."""
    kept = [i for i, head in enumerate(block.heads) if any(row[i] not in (DASH, "") for row in block.rows)]
    weights = block.used or [0.0] * len(block.rows)
    shown = [[block.rows[r][i] for i in kept] for r in heaviest(weights, most_rows(width))]
    heads = [block.heads[i] for i in kept]
    widths = [max(len(head), *(len(row[j]) for row in shown)) for j, head in enumerate(heads)]
    right = [i in block.numbers for i in kept]

    def line(cells: Sequence[str]) -> str:
        return (
            "  "
            + "  ".join(
                f"{cell:>{w}}" if r else f"{cell:{w}}"
                for cell, w, r in zip(cells, widths, right, strict=True)
            ).rstrip()
        )

    fits = 2 * len(widths) + sum(widths) <= width
    lines = [line(heads), *map(line, shown)] if fits else _stacked(heads, shown)
    if len(block.rows) > len(shown):
        least = "used less each" if block.used else "stand below these"
        lines.append(
            f"  {rest(len(block.rows) - len(shown), 'row', least, '--json and -o fleet.html list all')}"
        )
    return lines


def _stacked(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return each row as its first cell with the others below it, a line each."""
    wide = max(map(len, heads[1:]), default=0)
    lines = []
    for first, *others in rows:
        lines.append(f"  {first}")
        lines += [f"    {head:{wide}}  {cell}" for head, cell in zip(heads[1:], others, strict=True) if cell]
    return lines


def to_html(found: Answers) -> str:
    """Return one page that needs nothing else."""
    parts: list[Child] = [
        element(
            "header", element("h1", f"Fleet: {found.name}"), element("p", _about(found), class_="subtitle")
        )
    ]
    worse = sum(one.verdict is Verdict.MORE for one in found.regressions or ())
    if worse:
        parts.append(
            element(
                "p",
                f"{worse} version{'s use' if worse != 1 else ' uses'} more than the one before.",
                class_="lede",
            )
        )
    for block in blocks(found):
        parts.append(element("h2", block.title))
        if block.rows:
            cells: list[list[Child]] = [
                [quantity(text) if i in block.numbers else text for i, text in enumerate(row)]
                for row in block.rows
            ]
            parts.append(table([head or " " for head in block.heads], cells, numbers=block.numbers))
        else:
            parts.append(element("p", f"{(block.empty or 'nothing').capitalize()}.", class_="soft"))
        parts += [element("p", note, class_="soft") for note in block.notes]
    return page(f"Fleet: {found.name}", element("main", parts))
