"""The page's sections about single events and events inside events: distributions by label, and the tree that adds up."""

from __future__ import annotations

from powermeter.formatting import DASH
from powermeter.units import format_number

from .distributions import MOST, caption_of, distribution_figure, spreads_of
from .event_tree import tree_of
from .markup import Child, Markup, element, harmless, join, quantity, table
from .page_sections import folded, number
from .report_data import ReportData
from .wording import show


def distributions(data: ReportData) -> Markup:
    """Return a histogram of single energies for each label that the sampling resolves."""
    found = spreads_of(data)
    if not found:
        return Markup("")
    rows = list(data.analysis.rows)
    drawn = [
        element(
            "figure",
            element("h3", harmless(spread.row.title, 80)),
            Markup(distribution_figure(spread, next(i for i, r in enumerate(rows) if r is spread.row) % 8)),
            element("figcaption", caption_of(spread)),
            class_="cell",
        )
        for spread in found
    ]
    left = len([row for row in rows if row.events]) - len(found)
    more = (
        f" Of {left:,} more labels none is drawn: they have fewer events, events too short for the sampling, or used less "
        f"than these {MOST}."
        if left
        else ""
    )
    return join(
        [
            element("h2", "How single events are spread"),
            element("div", *drawn, class_="cells"),
            element("p", f"From 0; line: median; dashed: 95th percentile.{more}", class_="soft"),
        ]
    )


def nesting(data: ReportData) -> Markup:
    """Return the tree of nested events, each with its own part, and what lies outside of all of them."""
    a = data.analysis
    nodes = tree_of(a)
    if not nodes:
        return Markup("")
    whole = a.energy.value
    rows: list[list[Child]] = []
    for node in nodes:
        depth = len(node.path) - 1
        name = element("span", harmless(node.path[-1], 80), style=f"padding-left:{min(depth, 8) * 1.1:.1f}em")
        share = node.total.value / whole if node.total is not None and whole > 0 else None
        own: Child = number(show(node.own)) if node.own is not None else DASH
        if node.overlap:
            own = "children overlap"
        rows.append(
            [
                name,
                f"{node.events:,}",
                number(show(node.total)),
                own,
                quantity(f"{format_number(100 * share, 3)} %") if share is not None else DASH,
            ]
        )
    heads = ("label", "events", "with what is inside", "its own", "of the run")
    inside = table(heads, rows, numbers=(1, 2, 3, 4))
    note = element(
        "p",
        "A label's energy is its own part and that of the labels under it, of the same events; a dash: nothing lies inside, "
        "or an energy among them is not known.",
        class_="soft",
    )
    title = "Events inside events"
    if len(rows) > 16:
        return join(
            [element("h2", title), folded(f"{len(rows):,} labels by what is around them", inside, note)]
        )
    return join([element("h2", title), inside, note])
