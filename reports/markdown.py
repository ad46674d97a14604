"""The report as Markdown for a write-up or a pull request, its figure in a file beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from powermeter.analysis.tokens.table import TokenTable
from powermeter.analysis.uncertainty import WORDS
from powermeter.result import Result
from powermeter.result.formatting import DASH
from powermeter.units import format_count, format_duration, format_number, format_quantity

from . import event_tree, figure_data, lifetime_section, rails_table, stages_section, svg, tokens, wording
from .headline_sentence import only_bound, titled
from .instruments import health_text
from .machine_facts import machine
from .markdown_text import escaped, table
from .method import beside_limits, limits, machine_text, method, stated
from .report_data import ReportData
from .wording import ACCOUNTS, footprint_amount, meter_part, show


class MarkdownReport:
    """A page for GitHub, a notebook or pandoc."""

    suffix = ".md"
    binary = False
    sections = ("lifetime", "stages")
    summary = "Markdown for a write-up, its figure as SVG beside it"

    def render(self, data: ReportData) -> str:
        """Return the text without a figure."""
        return "\n".join(_lines(data, None)) + "\n"

    def files(self, data: ReportData, path: Path) -> dict[Path, str]:
        """Return the text and its figure by where they belong."""
        figure = path.with_suffix(".svg")
        drawn = svg.alone(
            svg.power_figure(figure_data.run_panel(data), "Power over the whole run, events below")
        )
        return {path: "\n".join(_lines(data, figure.name)) + "\n", figure: drawn}


def _lines(data: ReportData, figure: str | None) -> Iterator[str]:
    a = data.analysis
    when = data.started.strftime("%d %B %Y, %H:%M UTC") if data.started else "time of day not known"
    yield f"# Energy of {escaped(data.title)}"
    yield ""
    words = [*titled(data), machine_text(data), format_duration(a.duration.value), when]
    yield " · ".join(escaped(word) for word in words if word)
    yield ""
    whole, labels = a.energy.grade, wording.grade_of(a.rows, a.energy.grade)
    graded = (
        f"All energies are **{whole.value}**"
        if whole is labels
        else f"The run's energy is **{whole.value}**, those of labels are **{labels.value}**,"
    )
    yield f"{graded} on **{escaped(a.line.rail.name)}**: {escaped(a.covers)}. ± is a 95 % interval."
    yield ""
    if figure is not None:
        yield f"![Power over the run, events below]({figure.replace(' ', '%20')})"
        yield ""
    yield from _run(data)
    if data.rails:
        yield from table(rails_table.HEADS, ([escaped(cell) for cell in use.cells] for use in data.rails))
    if a.rows:
        yield from _labels(data)
    yield from _nesting(data)
    if data.tokens is not None:
        yield from _tokens(data, data.tokens)
    if data.published is not None:
        yield from published_lines(data)
    yield from _meaning(data)
    yield from stages_section.markdown(data)
    yield from lifetime_section.markdown(data)
    yield from _certainty(data)
    yield "## Method"
    yield ""
    yield escaped(method(data))
    yield ""
    yield from _instruments(data)
    yield from table(
        ["machine and program", "value"], ([name, escaped(value)] for name, value in machine(data)), left=2
    )
    yield "## Limits of these numbers"
    yield ""
    yield from (
        f"- {escaped(text)}" for text in (*beside_limits(data, (*data.warnings, *data.notes)), *limits(data))
    )
    yield ""
    yield "## Factors"
    yield ""
    yield from (
        f"- {escaped(factor.describe())}"
        for factor in (data.footprint.factors_used if data.footprint else ())
    )


def _run(data: ReportData) -> Iterator[str]:
    a, charge = data.analysis, data.charge
    rows = [
        ["energy", show(a.energy).text, a.energy.grade.value],
        ["charge", show(charge, "Ah", 1 / 3600).text, charge.grade.value if charge else DASH],
        ["mean power", show(a.power).text, a.power.grade.value],
    ]
    if a.run_per_item is not None:
        per = f"per {escaped(data.item)} ({format_count(a.run_items)} in the run)"
        rows.append([per, show(a.run_per_item).text, a.run_per_item.grade.value])
    if a.baseline is not None:
        origin = escaped(a.baseline.origin)
        rows.append([f"baseline ({origin})", show(a.baseline.power).text, a.baseline.power.grade.value])
        rows.append(["above the baseline", show(a.above).text, a.above.grade.value if a.above else DASH])
    yield from table(["whole run", "value", "grade"], rows)


def _labels(data: ReportData) -> Iterator[str]:
    a = data.analysis
    keys = list(dict.fromkeys(key for row in a.rows for key in row.group))
    above = ["above baseline"] if a.baseline is not None else []
    yield "## By label"
    yield ""
    charged = data.charge_grade(a.rows)
    if charged:
        yield f"Charges are **{charged.value}**."
        yield ""
    head = [
        "label",
        *map(escaped, keys),
        "events",
        "items",
        "energy per item",
        "meter alone",
        *above,
        "median",
        "p95",
        "std dev",
        "total",
        "charge",
        "charge per item",
        "mean power",
    ]
    yield from table(
        head,
        (
            [
                escaped(r.label),
                *(DASH if v is None else escaped(v) for v in r.group.values()),
                wording.events(r),
                format_count(wording.items_counted(r)),
                show(r.per_item).text,
                meter_part(r),
                *([show(r.per_item_above).text] if above else []),
                show(r.energy_median).bare,
                show(r.energy_p95).bare,
                format_quantity(r.spread_j, "J", 2),
                show(r.total).text,
                show(data.charge_of(r), "Ah", 1 / 3600).text,
                show(data.charge_each(r), "Ah", 1 / 3600).text,
                show(r.power).text,
            ]
            for r in a.rows
        ),
        left=1 + len(keys),
    )
    yield from table(
        ["label", *map(escaped, keys), "mean time", "p50", "p95", "p99", "peak memory"],
        (
            [
                escaped(r.label),
                *(DASH if v is None else escaped(v) for v in r.group.values()),
                *wording.times(r),
                wording.size(r.peak_memory),
            ]
            for r in a.rows
        ),
        left=1 + len(keys),
    )
    for text in wording.remarks(a.rows):
        yield text
        yield ""


def _nesting(data: ReportData) -> Iterator[str]:
    tree = event_tree.tree_of(data.analysis)
    if not tree:
        return
    yield "## Events inside events"
    yield ""
    yield from table(
        event_tree.HEADS,
        (
            ["&nbsp;" * 4 * min(line.depth, 8) + escaped(line.label), *line.cells]
            for line in event_tree.lines(data.analysis, tree)
        ),
    )
    for text in tree.remarks:
        yield escaped(text)
        yield ""


def _tokens(data: ReportData, found: TokenTable) -> Iterator[str]:
    rows = tokens.lines(found)
    wanted = tokens.columns(rows)
    yield "## Language models"
    yield ""
    yield from table(
        [tokens.HEADS[i] for i in wanted],
        ([escaped(row.cells()[i]) for i in wanted] for row in rows),
        left=2,
    )
    yield from (f"- {escaped(text)}" for text in tokens.sentences(data))
    yield ""


def published_lines(data: ReportData) -> Iterator[str]:
    """Yield the table of figures by the publisher's rule."""
    found = data.published
    assert found is not None
    yield f"By the publisher's rule ({escaped(found.text or found.rule)}):"
    yield ""
    yield from table(
        ["window", "items", "mean power", "per item", "by the trapezoid", "difference"],
        (
            [
                escaped(p.event.name),
                format_count(p.event.count),
                f"{format_number(p.mean_w, 8)} W",
                format_quantity(p.per_item_j, "J", 8),
                f"{format_number(p.trapezoid_mean_w, 8)} W",
                f"{p.difference * 1e6:+.0f} ppm",
            ]
            for p in found.values
        ),
    )


def _meaning(data: ReportData) -> Iterator[str]:
    yield "## What it means"
    yield ""
    budget, item = data.budget, data.item
    if budget is not None:
        rows: list[tuple[str, str, Result | None]] = [
            ("used by this run", show(budget.share_used, "%", 100).text, budget.share_used),
            ("lasts at this power", show(budget.hours).text, budget.hours),
        ]
        if data.has_items:
            rows.append((escaped(wording.per_charge(item)), show(budget.count).text, budget.count))
        yield from table(
            [f"one charge of {escaped(data.battery.convention_text)}", "value", "grade"],
            ([name, text, result.grade.value if result else DASH] for name, text, result in rows),
        )
    whole, one = data.footprint, data.item_footprint
    if whole is None:
        return
    place = whole.place.name if whole.place else "place not known"
    rows_: list[list[str]] = []
    for name, title in ACCOUNTS:
        if name in whole.accounts:
            digits = whole.digits(name)
            each = footprint_amount(one.accounts[name].result, digits).text if one else DASH
            run = whole.accounts[name].result
            rows_.append([title, footprint_amount(run, digits).text, each, run.grade.value])
    each_head = f"one {escaped(item)}" if one else "one item"
    yield from table(
        [f"footprint of the electricity, {escaped(place)}", "the run", each_head, "grade"], rows_
    )
    yield f"{escaped(whole.boundary[:1].upper() + whole.boundary[1:])}. Accounts are never added to each other."
    yield ""


def _certainty(data: ReportData) -> Iterator[str]:
    result = stated(data)
    if result is None or not result.parts:
        return
    if bound := only_bound(result):
        yield from ("## How sure", "", bound, "")
        return
    kinds = result.by_kind()
    total = sum(part * part for part in kinds.values())
    yield f"## How sure: parts of the interval of {escaped(data.headline.title if data.headline else 'the run')}"
    yield ""
    yield from table(
        ["because of", "to narrow it", "share of variance", "standard uncertainty"],
        (
            [
                *WORDS.get(kind, (kind, "")),
                f"{100 * part * part / total:.1f} %",
                format_quantity(part, result.unit, 2),
            ]
            for kind, part in kinds.items()
            if total and part * part / total >= 0.001
        ),
        left=2,
    )


def _instruments(data: ReportData) -> Iterator[str]:
    rows = [
        [
            escaped(i.name),
            escaped("; ".join(f"{name}: {covers}" for name, covers in i.rails)),
            i.grade.value,
            health_text(i),
            escaped("; ".join(i.accuracy)) or DASH,
        ]
        for i in data.instruments
    ]
    yield from table(["instrument", "covers", "grade", "recorded", "limits from"], rows, left=5)
    for d in data.analysis.disagreements:
        yield (
            f"{escaped(d.left)} and {escaped(d.right)} {d.verdict}: {show(d.energy_left).text} and "
            f"{show(d.energy_right).text}."
        )
        yield ""
