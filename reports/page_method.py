"""The end of the page: how it was measured, what the numbers do not cover, and their factors."""

from __future__ import annotations

from powermeter.result.formatting import DASH
from powermeter.units import format_short

from .html_elements import Child, Markup, element, join, quantity, table
from .instruments import health_text
from .machine_facts import machine
from .method import limits, method
from .page_sections import badge, folded
from .report_data import ReportData
from .wording import show


def how_measured(data: ReportData) -> Markup:
    """Return method, instruments and machine, folded."""
    sources = [
        (
            join([element("strong", i.name), " ", element("code", i.url)]),
            "; ".join(f"{name}: {covers}" for name, covers in i.rails),
            health_text(i),
            "; ".join(i.accuracy) or DASH,
            badge(i.grade),
        )
        for i in data.instruments
    ]
    twice = [
        (
            f"{d.left} and {d.right}",
            f"{show(d.energy_left).text} and {show(d.energy_right).text}",
            DASH if d.ratio is None else quantity(f"{(d.ratio - 1) * 100:+.2f} %"),
            d.verdict,
        )
        for d in data.analysis.disagreements
    ]
    facts = [
        (name, element("code", value) if name in ("Command", "Revision") else value)
        for name, value in machine(data)
    ]
    return join(
        [
            element("h2", "How it was measured"),
            folded("Method, to paste", element("p", method(data), class_="paste")),
            folded("Instruments", table(("source", "covers", "recorded", "limits from", ""), sources)),
            folded("Two views of the same thing", table(("", "", "", ""), twice)) if twice else "",
            folded("Machine and program", table(("", ""), facts)) if facts else "",
        ]
    )


def limits_of(data: ReportData) -> Markup:
    """Return what the numbers do not cover, folded."""
    return folded("Limits of these numbers", element("ul", [element("li", text) for text in limits(data)]))


def factors(data: ReportData) -> Markup:
    """Return the factors used, with their sources, folded."""
    used = data.footprint.factors_used if data.footprint is not None else ()
    if not used:
        return Markup("")
    rows = []
    for f in used:
        unit = "" if f.unit == "1" else f.unit
        source = (
            element("a", f.source.title, href=f.source.url, rel="noreferrer")
            if f.source.url.startswith("https://")
            else f.source.title
        )
        rows.append(
            (
                _factor(f.name, f.geography),
                quantity(f"{format_short(f.central, 4)} {unit}".strip()),
                DASH if f.exact else quantity(f"{format_short(f.low, 4)} to {format_short(f.high, 4)}"),
                str(f.year or DASH),
                f.basis,
                element("span", source, f", {f.source.licence}"),
            )
        )
    heads = ("factor", "value", "range", "year", "counts", "source, licence")
    return folded("Factors and their sources", table(heads, rows, numbers=(1, 2, 3)))


def _factor(name: str, geography: str) -> Markup:
    """Return a factor's name, which a narrow column breaks after a dot."""
    *rooms, last = name.split(".")
    parts: list[Child] = [part for room in rooms for part in (f"{room}.", element("wbr"))]
    return join([*parts, last, "" if geography == "WLD" else f" ({geography})"])
