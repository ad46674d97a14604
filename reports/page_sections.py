"""The tables and paragraphs of the page, a function each."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.uncertainty import WORDS
from powermeter.errors import plural
from powermeter.result import Grade
from powermeter.result.formatting import DASH, Shown
from powermeter.units import format_count, format_number, format_quantity, format_short

from . import rails_table, tokens, wording
from .headline_sentence import only_bound, quoted
from .html_elements import Child, Markup, element, harmless, join, quantity, table
from .recording_notes import VOLTAGE_UNKNOWN
from .report_data import ReportData
from .wording import GRADE_TEXT, MARKS, show

MOST_OPEN = 16
"""Labels of a table that are open to the eye; of more, the rest is folded."""

MOST_RAILS = 8
"""Rails whose table is open to the eye; of more, it is folded."""


def badge(grade: Grade | None) -> Markup:
    """Return a grade with its mark."""
    if grade is None:
        return Markup("")
    return element(
        "span", f"{MARKS[grade]} {grade.value}", class_=f"grade {grade.value}", title=GRADE_TEXT[grade]
    )


def number(shown: Shown) -> Markup:
    """Return a number with its interval; the interval may stand on a line of its own, a unit may not."""
    if not shown.span:
        return quantity(shown.text)
    return element("span", quantity(shown.bare), " ", element("span", f"({shown.span})", class_="q soft"))


def folded(title: str, *children: Child, unfolded: bool = False) -> Markup:
    """Return a section that opens on a click, and in print."""
    return element("details", element("summary", title), *children, open_="" if unfolded else None)


def against(data: ReportData) -> Markup:
    """Return this run beside an earlier one."""
    found = data.against
    if found is None:
        return Markup("")
    heading = f"energy per {data.item}" if found.quantity == "energy" else "mean power"
    notes = [note for note in found.notes if note not in data.warnings]  # those stand above
    return join(
        [
            element("h2", "Against an earlier run"),
            element(
                "p", element("strong", found.verdict, class_="word"), f" {found.text}.", class_="quality"
            ),
            table(
                ("", heading),
                [
                    (f"{found.comparison.left}, the earlier run", number(show(found.earlier))),
                    (f"{found.comparison.right}, this run", number(show(found.now))),
                    ("this run − the earlier one", number(found.difference)),
                ],
                numbers=(1,),
            ),
            element("ul", [element("li", text) for text in notes], class_="notes") if notes else "",
        ]
    )


def whole_run(data: ReportData) -> Markup:
    """Return energy, charge and power of the whole run."""
    a, charge = data.analysis, data.charge
    rows: list[tuple[Child, ...]] = [
        ("Energy", number(show(a.energy)), number(show(a.energy, "Wh", 1 / 3600)), badge(a.energy.grade)),
        (
            "Charge",
            number(show(charge, "Ah", 1 / 3600)),
            ""
            if charge is None or charge is a.charge
            else quantity(f"at {format_short(data.rail_voltage_v, 4)} V"),
            badge(charge.grade if charge else None),
        ),
        (
            "Mean power",
            number(show(a.power)),
            quantity(wording.peak(a)),
            badge(a.power.grade),
        ),
    ]
    if a.run_per_item is not None:
        counted = quantity(f"{format_count(a.run_items)} in the run")
        grade = badge(a.run_per_item.grade)
        rows.append((f"Per {data.item}", number(show(a.run_per_item)), counted, grade))
    if a.baseline is not None:
        rows.append(
            (
                "Baseline",
                number(show(a.baseline.power)),
                a.baseline.origin,
                badge(a.baseline.power.grade),
            )
        )
        rows.append(
            (
                "Above the baseline",
                number(show(a.above)),
                "",
                badge(a.above.grade if a.above else None),
            )
        )
    assumed = [element("p", text, class_="soft") for text in data.warnings if text.code == VOLTAGE_UNKNOWN]
    return join([element("h2", "The whole run"), table(("", "", "", ""), rows), *assumed, _rails(data)])


def _rails(data: ReportData) -> Markup:
    """Return what each rail used, where there are several."""
    if not data.rails:
        return Markup("")
    cells: list[list[Child]] = [
        [harmless(use.cells[0], 80), *(quantity(cell) for cell in use.cells[1:3]), *use.cells[3:]]
        for use in data.rails
    ]
    return folded(
        plural(len(cells), "rail"),
        table(rails_table.HEADS, cells, numbers=(1, 2)),
        unfolded=len(cells) <= MOST_RAILS,
    )


def language_models(data: ReportData) -> Markup:
    """Return what language models used, per token."""
    if data.tokens is None:
        return Markup("")
    rows = tokens.lines(data.tokens)
    wanted = tokens.columns(rows)
    numbers = tuple(at for at, i in enumerate(wanted) if tokens.HEADS[i] not in ("model", "phase", "per"))
    return join(
        [
            element("h2", "Language models"),
            table(
                tuple(tokens.HEADS[i] for i in wanted),
                [tuple(harmless(row.cells()[i], 80) for i in wanted) for row in rows],
                numbers=numbers,
            ),
            element(
                "ul", [element("li", harmless(text, 400)) for text in tokens.sentences(data)], class_="notes"
            ),
        ]
    )


def labels(data: ReportData) -> Markup:
    """Return what each kind of event used."""
    rows = data.analysis.rows
    if not rows:
        return Markup("")
    groups = list(dict.fromkeys(key for row in rows for key in row.group))

    def start(row: LabelRow) -> list[Child]:
        return [
            harmless(row.label, 120),
            *(DASH if v is None else harmless(v, 80) for v in row.group.values()),
        ]

    energy = ["events", "energy per item", "of these", "median", "p95", "std dev", "total"]
    baseline = data.analysis.baseline is not None
    with_items = wording.has_items(rows)
    energy[3:3] = ["above baseline"] if baseline else []
    energy[1:1] = ["items"] if with_items else []
    use = ["charge", "charge per item", "mean power", "per charge"]
    time = ["mean time", "p50", "p95", "p99", "peak memory"]

    def energies(row: LabelRow) -> list[Child]:
        cells: list[Child] = [
            wording.events(row),
            number(show(row.per_item)),
            number(show(row.these_per_item)),
            quantity(show(row.energy_median).bare),
            quantity(show(row.energy_p95).bare),
            quantity(format_quantity(row.spread_j, "J", 2)),
            number(show(row.total)),
        ]
        cells[3:3] = [number(show(row.per_item_above))] if baseline else []
        cells[1:1] = [format_count(wording.items_counted(row))] if with_items else []
        return cells

    def uses(row: LabelRow) -> list[Child]:
        return [
            number(show(data.charge_of(row), "Ah", 1 / 3600)),
            number(show(data.charge_each(row), "Ah", 1 / 3600)),
            number(show(row.power)),
            quantity(show(data.per_charge(row)).bare),
        ]

    def times(row: LabelRow) -> list[Child]:
        texts = (
            wording.seconds(row.latency_mean),
            wording.seconds(row.latency_p50),
            wording.seconds(row.latency_p95),
            wording.seconds(row.latency_p99),
            wording.size(row.peak_memory),
        )
        return [quantity(text) for text in texts]

    ranked = list(rows)
    if len(rows) > MOST_OPEN + 4:
        ranked = sorted(rows, key=lambda r: (r is not data.headline, -(r.energy.value if r.energy else 0.0)))
    charged = data.charge_grade(rows)
    first = 1 + len(groups)
    what = "per item, in" if with_items else "in"
    return join(
        [
            element("h2", "What each kind of event used"),
            element(
                "p",
                badge(wording.grade_of(rows, data.grade)),
                f" on {data.analysis.line.rail.name}, {what} joule with its 95 % interval: the mean of further ones, "
                "repeats included, and of these events, as far as the meter knows.",
                class_="soft",
            ),
            *(element("p", text, class_="soft") for text in wording.remarks(rows)),
            label_table(
                ["label", *groups, *energy], [[*start(row), *energies(row)] for row in ranked], first
            ),
            element(
                "h3",
                "Charge and power ",
                element("small", "charge ", badge(charged)) if charged else "",
            ),
            label_table(["label", *groups, *use], [[*start(row), *uses(row)] for row in ranked], first),
            element("h3", "Time and memory"),
            label_table(["label", *groups, *time], [[*start(row), *times(row)] for row in ranked], first),
            published_section(data),
        ]
    )


def label_table(heads: Sequence[str], rows: Sequence[Sequence[Child]], first: int) -> Markup:
    """Return a table of labels, whose numbers begin in a column; what is beyond `MOST_OPEN` rows is folded."""
    numbers = range(first, len(heads))
    if len(rows) <= MOST_OPEN + 4:
        return table(heads, rows, numbers=numbers)
    rest = table(heads, rows[MOST_OPEN:], numbers=numbers)
    more = f"{plural(len(rows) - MOST_OPEN, 'more label')}, which used less each"
    return join([table(heads, rows[:MOST_OPEN], numbers=numbers), folded(more, rest)])


def published_section(data: ReportData) -> Markup:
    """Return the section with figures by the publisher's rule; empty where there is none."""
    found = data.published
    if found is None:
        return Markup("")
    rows = [
        (
            p.event.name,
            format_count(p.event.count),
            quantity(f"{format_number(p.mean_w, 8)} W"),
            quantity(format_quantity(p.per_item_j, "J", 8)),
            quantity(f"{format_number(p.trapezoid_mean_w, 8)} W"),
            quantity(f"{p.difference * 1e6:+.0f} ppm"),
        )
        for p in found.values
    ]
    heads = ("window", "items", "mean power", "per item", "by the trapezoid", "difference")
    return join(
        [
            element("h3", "By its publisher's rule"),
            element("p", found.text or found.rule),
            table(heads, rows, numbers=range(1, 6)),
        ]
    )


def how_sure(data: ReportData) -> Markup:
    """Return the parts of the quoted interval, in words."""
    result = quoted(data)
    if result is None or not result.parts:
        return Markup("")
    if bound := only_bound(result):
        return join([element("h2", "How sure"), element("p", bound, class_="soft")])
    kinds = result.by_kind()
    total = sum(part * part for part in kinds.values())
    rows: list[tuple[Child, ...]] = []
    for kind, part in kinds.items():
        share = part * part / total if total else 0.0
        if share < 0.001:
            continue
        what, remedy = WORDS.get(kind, (kind, ""))
        bar = element("span", class_="bar", style=f"width:{100 * share:.1f}%")
        rows.append(
            (
                what,
                bar,
                quantity(f"{100 * share:.1f} %"),
                quantity(format_quantity(part, result.unit, 2)),
                remedy,
            )
        )
    about = f"one {data.item}" if data.has_items else "the run"
    heads = ("because of", "", "share of variance", "standard uncertainty", "to narrow it")
    return join(
        [
            element("h2", "How sure"),
            element("p", f"Parts of the 95 % interval of {about}.", class_="soft"),
            table(heads, rows, numbers=(2, 3), class_="parts"),
        ]
    )
