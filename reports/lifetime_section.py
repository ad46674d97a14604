"""Years on the device against years in a data centre, as a section of the page and of Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from powermeter.footprint.lifetime_report import AccountShown
from powermeter.result.formatting import DASH

from .html_elements import Child, Markup, element, join, quantity, table
from .markdown_text import escaped
from .markdown_text import table as rows_in_markdown
from .report_data import ReportData

TITLE = "On the device or in a data centre"


def section(data: ReportData) -> Markup:
    """Return the section of the page; empty where it was not asked for."""
    report = data.lifetime
    if report is None:
        return Markup("")
    notes = [*report.warnings(), *report.remarks(), *report.notes]
    energies = [f"{side} {text}" for side, (text, _) in report.requests().items()]
    return join(
        [
            element("h2", TITLE),
            element("p", f"{report.headline()}. Energy of one {data.item}: ", join(_listed(energies)), "."),
            element("ul", [element("li", text) for text in notes], class_="notes") if notes else "",
            table(
                ("", "on the device", "in the data centre"),
                [_row(account) for account in report.accounts()],
                numbers=(1, 2),
            ),
            *(
                element(
                    "p",
                    element("strong", f"{_capital(account)} break-even"),
                    f": {even.text}.",
                    class_="quality",
                )
                for account, even in report.break_evens.items()
            ),
            element("h3", "What decides it"),
            element("p", f"{_capital(report.tornado_title())}.", class_="soft"),
            table(
                ("factor", "", "range", "cloud minus device"),
                [
                    (
                        swing.factor,
                        element("span", class_="bar", style=f"width:{100 * swing.width:.1f}%"),
                        quantity(swing.range),
                        quantity(swing.ends),
                    )
                    for swing in report.swings()
                ],
                numbers=(2, 3),
                class_="parts",
            ),
            element(
                "details",
                element("summary", "What each side consists of, and its factors"),
                table(("", "part", "amount"), list(_terms(report.accounts())), numbers=(2,)),
                element("ul", [element("li", item.describe()) for item in report.factors()]),
            ),
        ]
    )


def markdown(data: ReportData) -> Iterator[str]:
    """Return the section's lines in Markdown; none where it was not asked for."""
    report = data.lifetime
    if report is None:
        return
    yield f"## {TITLE}"
    yield ""
    energies = ", ".join(f"{side} {text}" for side, (text, _) in report.requests().items())
    yield escaped(f"{report.headline()}. Energy of one {data.item}: {energies}.")
    yield ""
    notes = [*report.warnings(), *report.remarks(), *report.notes]
    yield from (f"- {escaped(text)}" for text in notes)
    yield from [""] if notes else []
    yield from rows_in_markdown(
        ["account", "on the device", "in the data centre"],
        (
            [escaped(account.title), *(escaped(side.shown.text) for side in account.sides)]
            if account.sides
            else [escaped(account.title), DASH, escaped(account.missing)]
            for account in report.accounts()
        ),
    )
    for account, even in report.break_evens.items():
        yield escaped(f"{_capital(account)} break-even: {even.text}.")
    yield ""
    yield escaped(f"{_capital(report.tornado_title())}:")
    yield ""
    yield from rows_in_markdown(
        ["factor", "range", "cloud minus device"],
        ([escaped(swing.factor), escaped(swing.range), escaped(swing.ends)] for swing in report.swings()),
    )
    yield from (f"- {escaped(item.describe())}" for item in report.factors())
    yield ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(texts: list[str]) -> list[Child]:
    found: list[Child] = []
    for position, text in enumerate(texts):
        found += [", " if position else "", quantity(text)]
    return found


def _row(account: AccountShown) -> tuple[Child, ...]:
    if not account.sides:
        return (_capital(account.title), DASH, account.missing)
    return (
        _capital(account.title),
        *(
            element(
                "span",
                quantity(side.shown.bare),
                element("span", f" ({side.shown.span})", class_="q soft") if side.shown.span else "",
            )
            for side in account.sides
        ),
    )


def _terms(accounts: list[AccountShown]) -> Iterator[tuple[Child, ...]]:
    for account in accounts:
        for side in account.sides:
            for name, shown in side.terms:
                yield f"{account.name}, {side.name}", name, quantity(shown.bare)
