"""The page's sections about single events and events inside events: distributions by label, and the tree that adds up."""

from __future__ import annotations

from powermeter.errors import plural

from .distributions import caption_of, distribution_figure, spreads_of
from .event_tree import HEADS, lines, tree_of
from .html_elements import Child, Markup, element, harmless, join, quantity, table
from .page_sections import folded
from .report_data import ReportData


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
        f" Not drawn: {plural(left, 'more label')} with fewer events, events too short for the sampling, or less "
        f"energy than these."
        if left
        else ""
    )
    dashed = "; dashed: 95th percentile" if any(row.energy_p95 is not None for row in rows) else ""
    return join(
        [
            element("h2", "How single events are spread"),
            element("div", *drawn, class_="cells"),
            element("p", f"From 0; line: median{dashed}.{more}", class_="soft"),
        ]
    )


def nesting(data: ReportData) -> Markup:
    """Return the tree of nested events, each with its own part, and what lies outside of all of them."""
    tree = tree_of(data.analysis)
    if not tree:
        return Markup("")
    rows: list[list[Child]] = []
    for line in lines(data.analysis, tree):
        indent = f"padding-left:{min(line.depth, 8) * 1.1:.1f}em"
        name = element("span", harmless(line.label, 80), style=indent)
        rows.append([name, *(quantity(cell) for cell in line.cells)])
    inside = table(HEADS, rows, numbers=(1, 2, 3, 4))
    notes = [element("p", text, class_="soft") for text in tree.remarks]
    title = "Events inside events"
    if len(rows) > 16:
        return join(
            [
                element("h2", title),
                folded(f"{plural(len(rows), 'label')} by what is around them", inside, *notes),
            ]
        )
    return join([element("h2", title), inside, *notes])
