"""The sections of the page that state what the energy means: for the battery and for the planet."""

from __future__ import annotations

from powermeter.result import Result
from powermeter.result.formatting import DASH
from powermeter.units import format_short

from . import wording
from .html_elements import Child, Markup, element, join, table
from .page_sections import badge, folded, number
from .report_data import ReportData, no_footprint
from .wording import ACCOUNTS, footprint_amount, show


def meaning(data: ReportData) -> Markup:
    """Return what the energy means for the battery and the planet."""
    return join(
        [
            element("h2", "What it means"),
            element("div", battery_section(data), _footprint(data), class_="pair"),
        ]
    )


def battery_section(data: ReportData) -> Markup:
    """Return the section with what a charge of the battery does."""
    budget = data.budget
    entries: list[tuple[str, Result | None, str, float]] = [
        ("Used by this run", budget.share_used if budget else None, "%", 100.0),
        ("Lasts at this power", budget.hours if budget else None, "h", 1.0),
    ]
    if data.has_items:
        name = wording.per_charge(data.item)
        name = name[:1].upper() + name[1:]
        entries.append((name, budget.count if budget else None, "", 1.0))
    rows = [
        (
            name,
            number(show(result, unit or "1", factor)) if result else DASH,
            badge(result.grade if result else None),
        )
        for name, result, unit, factor in entries
    ]
    used = budget.share_used.value if budget and budget.share_used else None
    gauge = (
        element(
            "div",
            element("span", style=f"width:{min(max(100 * used, 0.0), 100.0):.2f}%"),
            class_="gauge",
            role="img",
            aria_label=f"{format_short(100 * used)} % of {data.battery_name} used",
        )
        if used is not None
        else ""
    )
    return element(
        "div",
        element("h3", f"One charge of {data.battery_name}"),
        gauge,
        table(("", "", ""), rows, numbers=(1,)),
        element("p", f"{data.battery.convention_text}.", class_="soft"),
    )


def _footprint(data: ReportData) -> Markup:
    whole, item = data.footprint, data.item_footprint
    if whole is None:
        return element(
            "div",
            element("h3", "Footprint of the electricity"),
            element("p", f"{DASH} {no_footprint(data.analysis)}."),
        )
    about, what = (item, f"one {data.item}") if item is not None else (whole, "the run")
    one_line: list[Child] = []
    rows = []
    for name, title in ACCOUNTS:
        if name not in whole.accounts:
            continue
        digits = whole.digits(name)
        run = footprint_amount(whole.accounts[name].result, digits)
        each = footprint_amount(item.accounts[name].result, digits) if item is not None else None
        cells: list[Child] = [title[0].upper() + title[1:], number(run)]
        cells += [number(each) if each else DASH] if data.has_items else []
        rows.append([*cells, badge(whole.accounts[name].result.grade)])
        amount = footprint_amount(about.accounts[name].result, digits)
        one_line += [number(amount), f" {title}, "]
    heads = ["", "the run", *([f"one {data.item}"] if data.has_items else []), ""]
    place = whole.place.name if whole.place else "place not known: world range"
    last = str(one_line.pop()).rstrip(", ") if one_line else ""
    return element(
        "div",
        element("h3", "Footprint of the electricity"),
        element("p", f"{what[0].upper()}{what[1:]}: ", one_line, last, f"; {place}."),
        folded(
            "In a table, with grades",
            table(heads, rows, numbers=range(1, len(heads) - 1)),
            element(
                "p",
                f"{whole.boundary[0].upper()}{whole.boundary[1:]}. Accounts are never added to each other.",
                class_="soft",
            ),
        ),
    )
