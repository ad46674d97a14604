"""Sections of the page from numbers made by hand: what a publisher's rule gives, the battery's gauge, long tables folded."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace as Made

import pytest
from rich.console import Console

from powermeter.battery.battery import Battery
from powermeter.reports import markdown, meaning_sections, page_sections, terminal
from powermeter.reports.html_elements import Markup
from powermeter.result import Result


def cells(markup: str) -> list[str]:
    return [
        re.sub(r"<[^>]*>", "", cell).replace("\u00a0", " ").strip()
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", str(markup))
    ]


def test_a_publishers_rule_is_beside_the_trapezoid_with_the_difference_in_ppm():
    """101.5 W against 101.4 W by the trapezoid: +986 ppm."""
    value = Made(
        event=Made(name="window", count=1200),
        mean_w=101.5,
        per_item_j=0.0845833,
        trapezoid_mean_w=101.4,
        difference=101.5 / 101.4 - 1,
    )
    found = page_sections.published_section(
        Made(published=Made(values=[value], text="", rule="mean of samples"))
    )
    assert cells(found) == ["window", "1,200", "101.50000 W", "84.583300 mJ", "101.40000 W", "+986 ppm"]
    assert "<p>mean of samples</p>" in found
    assert page_sections.published_section(Made(published=None)) == ""


def budget(share=0.25, count=400.0):
    return Made(
        share_used=None if share is None else Result(share, "1", 0.9 * share, 1.1 * share),
        hours=Result(12.0, "h", 11.0, 13.0),
        count=Result(count, "1", 360.0, 440.0),
    )


def battery(**changed):
    found = {
        "budget": budget(),
        "has_items": True,
        "item": "inference",
        "battery": Battery("4Ah"),
        "battery_name": "4 Ah",
    }
    return str(meaning_sections.battery_section(Made(**{**found, **changed})))


def test_the_battery_states_what_was_used_and_draws_it():
    found = battery()
    numbers = cells(found)
    assert [numbers[i] for i in (0, 3, 6)] == [
        "Used by this run",
        "Lasts at this power",
        "Inferences per charge",
    ]
    assert numbers[1].startswith("25.0") and numbers[4].startswith("12.0") and numbers[7].startswith("400")
    assert 'style="width:25.00%"' in found and 'aria-label="25 % of 4 Ah used"' in found
    assert "4\u00a0Ah, charge on the measured rail." in found
    assert "Times page per charge" in battery(item="page")
    assert len(cells(battery(has_items=False))) == 6


@pytest.mark.parametrize(("share", "width"), [(1.5, "100.00"), (-0.1, "0.00"), (0.00123, "0.12")])
def test_the_gauge_is_never_wider_than_itself(share, width):
    assert f'style="width:{width}%"' in battery(budget=budget(share))


def test_without_a_budget_there_is_a_dash_and_no_gauge():
    found = battery(budget=None)
    assert "gauge" not in found and cells(found)[1] == cells(found)[4] == cells(found)[7] == "–"
    assert "gauge" not in battery(budget=budget(None))


def test_a_table_of_many_labels_is_folded_where_more_than_four_are_left():
    most = page_sections.MOST_OPEN
    rows = [[f"label {i}", str(i)] for i in range(most + 5)]
    open_, folded = (str(page_sections.label_table(["label", "n"], some, 1)) for some in (rows[:-1], rows))
    assert "<details" not in open_ and "5 more labels, which used less each" in folded
    assert folded.index(f"label {most - 1}<") < folded.index("<details") < folded.index(f"label {most}<")
    assert isinstance(page_sections.label_table(["label", "n"], rows, 1), Markup)


def test_a_publishers_rule_is_the_same_in_markdown_and_in_a_terminal():
    value = Made(
        event=Made(name="window", count=1200),
        mean_w=101.5,
        per_item_j=0.0845833,
        trapezoid_mean_w=101.4,
        difference=101.4 / 101.5 - 1,
    )
    data = Made(published=Made(values=[value], text="as MLCommons does", rule="mean"))
    lines = list(markdown.published_lines(data))
    assert lines[0] == "By the publisher's rule (as MLCommons does):"
    (row,) = (line for line in "\n".join(lines).splitlines() if "window" in line and "1,200" in line)
    wanted = ["window", "1,200", "101.50000 W", "84.583300 mJ", "101.40000 W", "-985 ppm"]
    assert [cell.strip().replace("\u00a0", " ") for cell in row.strip("|").split("|")] == wanted
    console = Console(width=200, file=io.StringIO())
    terminal.print_published(data, console)
    printed = console.file.getvalue()
    assert all(text in printed for text in wanted) and "as MLCommons does" in printed
