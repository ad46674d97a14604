"""A report as tables for a terminal or a pipe: what `powermeter show` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powermeter.analysis.uncertainty import WORDS
from powermeter.result import Grade, worst
from powermeter.result.formatting import DASH
from powermeter.units import format_count, format_duration, format_number, format_quantity, format_short

from . import rails_table, wording
from .headline_sentence import advice_of, only_bound, quality, quoted, sentence, titled
from .instruments import health_text
from .method import machine_text
from .report_data import ReportData
from .terminal_labels import name_of, name_width, print_labels
from .terminal_look import COLOURS, grade_text, print_text, safe, section, table_frame
from .terminal_nesting import print_nesting
from .terminal_rows import FactsGrid, print_rows
from .terminal_tokens import print_tokens
from .wording import ACCOUNTS, MARKS, footprint_amount, show

if TYPE_CHECKING:
    from rich.console import Console

QUALITY = {"good": "green", "rough": "yellow", "not resolved": "bright_red"}


def print_report(data: ReportData, console: Console) -> None:
    """Print everything gathered about a recording."""
    _heading(data, console)
    _whole_run(data, console)
    _rails(data, console)
    if data.analysis.rows:
        print_labels(data, console)
    print_nesting(data, console)
    if data.tokens is not None:
        print_tokens(data, data.tokens, console)
    if data.published is not None:
        print_published(data, console)
    _meaning(data, console)
    _certainty(data, console)
    _sources(data, console)
    _warnings(data, console)


def _mark(grade: Grade) -> str:
    return f"[{COLOURS[grade]}]{MARKS[grade]}[/]"


def _heading(data: ReportData, console: Console) -> None:
    when = data.started.strftime("%d %b %Y %H:%M UTC") if data.started else "time of day not known"
    words = [*titled(data), format_duration(data.analysis.duration.value), when, machine_text(data)]
    console.print(f"[bold]{safe(data.title)}[/]  [dim]{safe(' · '.join(word for word in words if word))}[/]")
    found = quality(data)
    console.print()
    print_text(console, sentence(data), "bold")
    print_text(console, found.text, QUALITY[found.word])


def _whole_run(data: ReportData, console: Console) -> None:
    a = data.analysis
    where = f"{grade_text(a.energy.grade)} on [bold]{safe(a.line.rail.name)}[/]: {safe(a.covers)}"
    console.print(section("Whole run", where))
    grid = FactsGrid()
    grid.add_row("energy", show(a.energy).text, f"[dim]{show(a.energy, 'Wh', 1 / 3600).text}[/]")
    charge = data.charge
    volts = (
        "" if charge is None or charge is a.charge else f"[dim]at {format_short(data.rail_voltage_v, 4)} V[/]"
    )
    grade = grade_text(charge.grade) if charge else ""
    grid.add_row("charge", show(charge, "Ah", 1 / 3600).text, f"{grade} {volts}".strip())
    grid.add_row("mean power", show(a.power).text, f"[dim]{wording.peak(a)}[/]")
    if a.run_per_item is not None:
        grid.add_row(
            f"per {safe(data.item)}",
            show(a.run_per_item).text,
            f"[dim]{format_count(a.run_items)} in the run[/]",
        )
    if a.baseline is not None:
        grid.add_row("baseline", show(a.baseline.power).text, f"[dim]{safe(a.baseline.origin)}[/]")
        grid.add_row("above it", show(a.above).text, grade_text(a.above.grade) if a.above else "")
    console.print(grid)


def _rails(data: ReportData, console: Console) -> None:
    if not data.rails:
        return
    made = table_frame()
    for number, head in enumerate(rails_table.HEADS):
        made.add_column(
            head,
            justify="left" if number in (0, 3) else "right",
            no_wrap=number > 0,
            overflow="fold",
            max_width=None if number else name_width(console.width),
        )
    stacked = []
    for use in data.rails:
        cells = [safe(cell) for cell in use.cells]
        made.add_row(*cells)
        stacked.append((cells[0], list(zip(rails_table.HEADS[1:], cells[1:], strict=True))))
    console.print(section("Rails", "[dim]a rail inside another is part of it[/]"))
    print_rows(console, made, stacked)


def print_published(data: ReportData, console: Console) -> None:
    """Print the figures by the publisher's rule."""
    found = data.published
    assert found is not None
    console.print(section("By its publisher's rule", f"[dim]{safe(found.text or found.rule)}[/]"))
    heads = ("window", "items", "mean power", "per item", "trapezoid", "differs")
    table = table_frame()
    for title in heads:
        table.add_column(title, justify="left" if title == "window" else "right", no_wrap=title != "window")
    rows = []
    for p in found.values:
        cells = (
            safe(p.event.name),
            format_count(p.event.count),
            f"{format_number(p.mean_w, 8)} W",
            f"{format_quantity(p.per_item_j, 'J', 8)}",
            f"{format_number(p.trapezoid_mean_w, 8)} W",
            f"{p.difference * 1e6:+.0f} ppm",
        )
        table.add_row(*cells)
        rows.append((cells[0], list(zip(heads[1:], cells[1:], strict=True))))
    print_rows(console, table, rows)


def _meaning(data: ReportData, console: Console) -> None:
    battery = data.battery
    grade = data.budget.share_used.grade if data.budget and data.budget.share_used else None
    convention = battery.convention_text
    if not battery.title:  # its capacity stands before it
        convention = convention.removeprefix(f"{battery.capacity}, ")
    console.print(
        section(
            f"One charge of {safe(data.battery_name)}",
            f"{grade_text(grade) if grade else ''}  [dim]{safe(convention)}[/]",
        )
    )
    grid = FactsGrid()
    if data.budget is not None:
        share, hours, count = data.budget.share_used, data.budget.hours, data.budget.count
        grid.add_row("used by this run", show(share, "%", 100).text, "")
        grid.add_row("lasts at this power", show(hours).text, "")
        if data.has_items:
            grid.add_row("holds", show(count).text, f"× {safe(data.item)}")
    else:
        grid.add_row("used by this run", DASH, "[dim]see the warning below[/]")
    console.print(grid)
    whole, item = data.footprint, data.item_footprint
    if whole is None:
        return
    place = whole.place.name if whole.place else "unknown place: world range"
    beside = f"{grade_text(worst(a.result.grade for a in whole.accounts.values()))}  [dim]{safe(place)}[/]"
    console.print(section("Footprint of the electricity", beside))
    grid = FactsGrid()
    for name, title in ACCOUNTS:
        if name not in whole.accounts:
            continue
        digits = whole.digits(name)
        one = footprint_amount(item.accounts[name].result, digits).bare if item else ""
        each = f"[dim]{one} × {safe(data.item)}[/]" if one else ""
        grid.add_row(title, footprint_amount(whole.accounts[name].result, digits).text, each)
    console.print(grid)


def _certainty(data: ReportData, console: Console) -> None:
    result = quoted(data)
    if result is None or not result.parts:
        return
    if bound := only_bound(result):
        console.print(section("How sure"))
        print_text(console, bound)
        return
    total = sum(part * part for part in result.by_kind().values())
    about = data.headline.title if data.headline else "the whole run"
    console.print(section("How sure", f"[dim]parts of the interval of {name_of(about)}[/]"))
    grid = FactsGrid()
    for kind, part in list(result.by_kind().items())[:4]:
        share = part * part / total if total else 0.0
        if share >= 0.005:
            bar = "█" * max(1, round(share * 20))
            grid.add_row(WORDS.get(kind, (kind, ""))[0], f"[cyan]{bar:<20}[/] {100 * share:3.0f} %", "")
    console.print(grid)
    advice = advice_of(data)
    remedy = str(advice) if advice is not None else WORDS.get(next(iter(result.by_kind())), ("", ""))[1]
    if remedy:
        print_text(console, f"to narrow it: {remedy}", "dim")


def _sources(data: ReportData, console: Console) -> None:
    console.print(section("Sources"))
    grid = FactsGrid()
    for i in data.instruments:
        grid.add_row(f"{_mark(i.grade)} {safe(i.name)}", "", health_text(i))
    console.print(grid)
    for d in data.analysis.disagreements:
        ratio = DASH if d.ratio is None else f"{(d.ratio - 1) * 100:+.2f} %"
        both = f"{show(d.energy_left).text} and {show(d.energy_right).text}"
        print_text(console, f"{d.left} and {d.right} {d.verdict}: {both} ({ratio})", sign="  ")
    if data.own_cost is not None:
        cost = data.own_cost
        share = f" ({wording.percent(cost.share)} of one core)" if cost.share is not None else ""
        took = f"recording itself took {wording.seconds(cost.cpu_s)} of processor time{share}"
        print_text(console, f"{took}, {wording.size(cost.peak_memory)} of memory", "dim", "  ")


def _warnings(data: ReportData, console: Console) -> None:
    if not data.warnings and not data.notes:
        return
    console.print()
    for text in data.warnings:
        print_text(console, text, sign="! ", look="yellow")
    for text in data.notes:
        print_text(console, text, sign="• ", look="dim")
