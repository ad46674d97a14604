"""The report as a PDF of A4 pages: sentence, quality, tables, figures, method, limits."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.analysis.uncertainty import WORDS
from powermeter.errors import DataError, plural
from powermeter.result.formatting import DASH
from powermeter.units import format_count, format_duration, format_quantity

from .. import event_tree, rails_table, wording
from ..headline_sentence import only_bound, product, quality, quoted, sentence, titled
from ..instruments import health_text
from ..machine_facts import machine
from ..method import limits, machine_text, method
from ..report_data import ReportData, no_footprint
from ..wording import ACCOUNTS, footprint_amount, show
from .canvas import SOFT, sheet, text
from .kinds import FIGURES
from .pages import Pages

WARN = "#93370d"
MOST_LABELS = 60
INDENT = "– "


class PDFReport:
    """The report as a PDF."""

    suffix = ".pdf"
    binary = True
    summary = "the report as a PDF, to print or hand in; a figure alone with --figure"

    def render(self, data: ReportData) -> bytes:
        """Return the file's bytes.

        Raises:
            NotInstalledError: matplotlib is missing.
        """
        with sheet() as maker:
            pages = Pages(
                maker,
                data.grade.value,
                text(f"{data.path.name}, powermeter {data.metadata.get('powermeter', '')}", 120),
            )
            _summary(pages, data)
            _figures(pages, data)
            _tables(pages, data)
            _meaning(pages, data)
            _certainty(pages, data)
            _method(pages, data)
            return pages.saved(text(data.title, 200))


def _summary(pages: Pages, data: ReportData) -> None:
    when = data.started.strftime("%d %B %Y, %H:%M UTC") if data.started else "time of day not known"
    label = f": {data.headline.title}" if data.headline is not None and not data.given_title else ""
    pages.paragraph(f"{text(data.title, 120)}{text(label, 120)}", 17, bold=True, after=3)
    words = [
        *titled(data),
        data.path.name,
        machine_text(data),
        format_duration(data.analysis.duration.value),
        when,
    ]
    pages.paragraph(" · ".join(text(word, 120) for word in words if word), 8, colour=SOFT, after=10)
    pages.paragraph(sentence(data), 12, after=4)
    if product(data):
        pages.paragraph(product(data), 9.5, colour=SOFT, after=4)
    pages.paragraph(quality(data).text, 8.5)
    a = data.analysis
    pages.paragraph(
        f"{data.quoted_grade.value} on {text(a.line.rail.name)}: {text(a.covers, 300)}", 8, colour=SOFT
    )
    for warning in data.warnings:
        pages.paragraph(f"! {text(warning, 600)}", 8, colour=WARN, after=2)
    for note in data.notes:
        pages.paragraph(f"· {text(note, 600)}", 7.5, colour=SOFT, after=2)


FIGURES_SHOWN = (
    ("Power over the run", "trace"),
    ("Energy per label", "labels"),
    ("How the mean settles", "convergence"),
)


def _figures(pages: Pages, data: ReportData) -> None:
    for title, name in FIGURES_SHOWN:
        try:
            drawn = FIGURES[name](pages.maker, data, 2)
        except DataError:  # the recording does not hold what it shows
            continue
        pages.drawing(title, drawn)


def _tables(pages: Pages, data: ReportData) -> None:
    a, charge = data.analysis, data.charge
    pages.heading("The whole run")
    rows = [
        ["energy", show(a.energy).text, show(a.energy, "Wh", 1 / 3600).text, a.energy.grade.value],
        ["charge", show(charge, "Ah", 1 / 3600).text, "", charge.grade.value if charge else DASH],
        ["mean power", show(a.power).text, wording.peak(a), a.power.grade.value],
    ]
    if a.run_per_item is not None:
        counted = f"{format_count(a.run_items)} in the run"
        per = f"per {text(data.item, 40)}"
        rows.append([per, show(a.run_per_item).text, counted, a.run_per_item.grade.value])
    if a.baseline is not None:
        rows.append(
            [
                "baseline",
                show(a.baseline.power).text,
                text(a.baseline.origin, 60),
                a.baseline.power.grade.value,
            ]
        )
        rows.append(["above it", show(a.above).text, "", a.above.grade.value if a.above else DASH])
    pages.table(["", "value", "", "grade"], rows, texts=(0, 3))
    if data.rails:
        pages.paragraph("Rails; a rail inside another is part of it", 7.5, colour=SOFT)
        rails = [[text(cell, 60) for cell in use.cells] for use in data.rails]
        pages.table(rails_table.HEADS, rails, texts=(0, 3, 4))
    if not a.rows:
        return
    pages.heading("What each kind of event used")
    grade, charged = wording.grade_of(a.rows, data.grade).value, data.charge_grade(a.rows)
    beside = f"; charge: {charged.value}" if charged else ""
    where = f"{grade} on {text(a.line.rail.name)}, ± is a 95 % interval{beside}"
    pages.paragraph(where, 7.5, colour=SOFT)
    shown = a.rows[:MOST_LABELS]
    heads = ["label", "events", "items", "per item", "of these", "median", "p95", "total"]
    pages.table(
        heads,
        [
            [
                text(r.title, 60),
                wording.events(r),
                format_count(wording.items_counted(r)),
                show(r.per_item).text,
                show(r.these_per_item).text,
                show(r.energy_median).bare,
                show(r.energy_p95).bare,
                show(r.total).text,
            ]
            for r in shown
        ],
    )
    pages.table(
        [
            "label",
            "total charge",
            "charge per item",
            "mean power",
            "per charge",
            "mean time",
            "p50",
            "p95",
            "p99",
        ],
        [
            [
                text(r.title, 60),
                show(data.charge_of(r), "Ah", 1 / 3600).text,
                show(data.charge_each(r), "Ah", 1 / 3600).text,
                show(r.power).text,
                show(data.per_charge(r)).bare,
                *wording.times(r),
            ]
            for r in shown
        ],
    )
    for remark in wording.remarks(shown):
        pages.paragraph(remark, 7.5, colour=SOFT)
    tree = event_tree.tree_of(a)
    if tree:
        pages.heading("Events inside events")
        rows = [
            [INDENT * min(line.depth, 8) + text(line.label, 60), *line.cells]
            for line in event_tree.lines(a, tree)
        ]
        pages.table(list(event_tree.HEADS), rows)
        for remark in tree.remarks:
            pages.paragraph(remark, 7.5, colour=SOFT)
    if len(shown) < len(a.rows):
        pages.paragraph(
            f"{plural(len(a.rows) - len(shown), 'more label')}: powermeter show --json lists all.",
            7.5,
            colour=SOFT,
        )


def _meaning(pages: Pages, data: ReportData) -> None:
    pages.heading(f"One charge of {text(data.battery_name)}, and the footprint of the electricity")
    rows: list[list[str]] = []
    budget = data.budget
    if budget is not None:
        share = budget.share_used
        rows.append(
            [
                "used by this run",
                show(share, "%", 100).text,
                share.grade.value if share else "",
            ]
        )
        rows.append(
            ["lasts at this power", show(budget.hours).text, budget.hours.grade.value if budget.hours else ""]
        )
        if data.has_items:
            count = budget.count
            rows.append(
                [text(wording.per_charge(data.item)), show(count).text, count.grade.value if count else ""]
            )
    whole, item = data.footprint, data.item_footprint
    for name, title in ACCOUNTS:
        if whole is None or name not in whole.accounts:
            continue
        result, digits = whole.accounts[name].result, whole.digits(name)
        rows.append([f"{title}, the run", footprint_amount(result, digits).text, result.grade.value])
        if item is not None and data.has_items:
            one = item.accounts[name].result
            rows.append(
                [f"{title}, one {text(data.item)}", footprint_amount(one, digits).text, one.grade.value]
            )
    if rows:
        pages.table(["", "value", "grade"], rows, texts=(0, 2))
    if whole is None:
        pages.paragraph(f"No footprint: {no_footprint(data.analysis)}.", 8, colour=SOFT)
    else:
        place = whole.place.name if whole.place else "place not known: world range"
        pages.paragraph(
            f"{place[0].upper()}{place[1:]}. {whole.boundary[0].upper()}{whole.boundary[1:]}. Accounts are never added to each other.",
            7.5,
            colour=SOFT,
        )


def _certainty(pages: Pages, data: ReportData) -> None:
    result = quoted(data)
    if result is None or not result.parts:
        return
    if bound := only_bound(result):
        pages.heading("How sure")
        pages.paragraph(bound)
        return
    kinds = result.by_kind()
    total = sum(part * part for part in kinds.values())
    pages.heading(
        f"How sure: parts of the interval of {text(data.headline.title if data.headline else 'the run')}"
    )
    rows = [
        [
            WORDS.get(kind, (kind, ""))[0],
            f"{100 * part * part / total:.1f} %",
            format_quantity(part, result.unit, 2),
            WORDS.get(kind, ("", ""))[1],
        ]
        for kind, part in kinds.items()
        if total and part * part / total >= 0.001
    ]
    pages.table(
        ["because of", "share of variance", "standard uncertainty", "to narrow it"], rows, texts=(0, 3)
    )


def _method(pages: Pages, data: ReportData) -> None:
    pages.heading("How it was measured")
    pages.paragraph(method(data), 8)
    rows: Sequence[Sequence[str]] = [
        [
            text(i.name),
            text("; ".join(f"{name}: {covers}" for name, covers in i.rails), 200),
            health_text(i),
            i.grade.value,
        ]
        for i in data.instruments
    ]
    pages.table(["source", "covers", "recorded", "grade"], rows, texts=range(4))
    facts = [[name, text(value, 300)] for name, value in machine(data)]
    if facts:
        pages.table(["machine and program", "value"], facts, texts=(0, 1))
    pages.heading("Limits of these numbers")
    for limit in limits(data):
        pages.paragraph(f"· {limit}", 8, after=2)
    used = data.footprint.factors_used if data.footprint is not None else ()
    if used:
        pages.heading("Factors and their sources")
        for factor in used:
            pages.paragraph(f"· {text(factor.describe(), 600)}", 7, colour=SOFT, after=1)
