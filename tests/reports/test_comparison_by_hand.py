"""A comparison whose every number is stated: each cell of every format beside it, and each value of the JSON by its name.

A is 2.00 ± 0.10 J in 8 repeats after one of warm-up, B is 3.00 ± 0.20 J in 1,200 after two; all are 95 %.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from table_cells import html_tables, latex_tables, markdown_tables, terminal_tables

from powermeter.comparison.compare import Comparison
from powermeter.comparison.contrast import Contrast
from powermeter.comparison.multiple_comparisons import ComparisonRow
from powermeter.comparison.pairs_and_turns import Design
from powermeter.comparison.verdict import Verdict
from powermeter.reports.comparison import record, to_text
from powermeter.reports.comparison_figure import comparison_figure
from powermeter.reports.comparison_files import KINDS
from powermeter.reports.earlier_run import set_against
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Result

ROW = Contrast(
    left="a.power",
    right="b.power",
    mean_left=Result(2.0, "J", 1.9, 2.1),
    mean_right=Result(3.0, "J", 2.8, 3.2),
    difference=Result(1.0, "J", 0.78, 1.22),
    ratio=Result(1.5, "1", 1.38, 1.62),
    effect=2.5,
    p_value=0.001,
    verdict=Verdict.MORE,
    these_runs=None,
    within=0.62,
    design=Design.TURNS,
    repeats_left=8,
    repeats_right=1200,
    warmup_left=1,
    warmup_right=2,
    repeats_needed=0,
    detectable=0.3,
    shared=True,
    margin=0.05,
    plan=None,
)
FOUND = Comparison(
    "a.power",
    "b.power",
    "energy",
    (ComparisonRow("infer", ROW),),
    ("load",),
    ("save",),
    ("events", "events"),
    True,
    (),
)
CELLS = {
    "A": "2.00 ± 0.10 J",
    "B": "3.00 ± 0.20 J",
    "B − A": "+1.00 ± 0.22 J",
    "change": "+50 ± 12 %",
    "verdict": "more",
}


@pytest.mark.parametrize(
    ("ending", "read"), [(".html", html_tables), (".md", markdown_tables), (".tex", latex_tables)]
)
def test_each_cell_of_a_file(ending: str, read) -> None:
    (cells,) = [table["infer"] for table in read(KINDS[ending](FOUND)) if "infer" in table]
    repeats = "8, 1200" if ending == ".tex" else "8, 1,200"  # siunitx groups the digits itself
    named = {head: text for head, text in cells.items() if not head.isdecimal()}
    assert named == {**CELLS, "repeats A, B": repeats}


def test_each_cell_in_a_terminal() -> None:
    """What can be detected is 0.3 J of A's 2 J; nothing is needed to find what was found."""
    cells = {}
    for table in terminal_tables(to_text(FOUND, 200)):
        cells.update(table["infer"])
    assert cells == {
        "A a": CELLS["A"],
        "B b": CELLS["B"],
        "B − A": CELLS["B − A"],
        "change": CELLS["change"],
        "verdict": CELLS["verdict"],
        "repeats A": "8",
        "B": "1,200",
        "design": str(Design.TURNS),
        "effect size": "2.5",
        "detectable": "15 %",
        "repeats needed": "none",
    }


def test_each_value_of_the_json() -> None:
    found = record(FOUND)
    (row,) = found.pop("rows")
    results = {name: row.pop(name) for name in ("a", "b", "difference", "ratio")}
    ends = {name: (one["value"], one["low"], one["high"]) for name, one in results.items()}
    assert ends == {
        "a": (2.0, 1.9, 2.1),
        "b": (3.0, 2.8, 3.2),
        "difference": (1.0, 0.78, 1.22),
        "ratio": (1.5, 1.38, 1.62),
    }
    assert row == {
        "label": "infer",
        "verdict": "more",
        "effect_size": 2.5,
        "p_value": 0.001,
        "design": Design.TURNS.value,
        "repeats": {"a": 8, "b": 1200},
        "warmup": {"a": 1, "b": 2},
        "repeats_needed": 0,
        "detectable": 0.3,
        "margin": 0.05,
    }
    assert found == {
        "version": 2,
        "a": "a.power",
        "b": "b.power",
        "of": "energy",
        "counted": {"a": "events", "b": "events"},
        "one_instrument": True,
        "verdict": "more",
        "only_in_a": ["load"],
        "only_in_b": ["save"],
        "notes": [],
    }


def test_bars_are_as_long_as_the_means_and_their_whiskers_as_the_intervals() -> None:
    """From 0: 2 of A's to 3 of B's; a whisker is 0.2 J of 2 J long, and 0.4 J of 3 J, around the end of its bar."""
    drawn = comparison_figure(FOUND)
    bars = re.findall(r'<rect class="(c\d)" x="(\d+)".*? width="([\d.]+)".*?<title>(.*?)</title>', drawn)
    whiskers = re.findall(r'<line class="mean" x1="([\d.]+)" x2="([\d.]+)" y1="(\d+)" y2="\3"/>', drawn)
    assert [(colour, title) for colour, *_, title in bars] == [
        ("c0", f"A: {CELLS['A']}"),
        ("c1", f"B: {CELLS['B']}"),
    ]
    for (_, left, width, _), (low, high, _), mean, half in zip(
        bars, whiskers, (2, 3), (0.1, 0.2), strict=True
    ):
        joule = float(width) / mean
        assert joule == pytest.approx(float(bars[0][2]) / 2, abs=0.1)
        ends = [(float(end) - float(left)) / joule for end in (low, high)]
        assert ends == pytest.approx([mean - half, mean + half], abs=0.005)
    assert "+50 ± 12 %: more" in drawn


def test_beside_a_report_the_earlier_run_is_the_one_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "powermeter.comparison.compare.compare", lambda *sides, **how: asked.append((sides, how)) or FOUND
    )
    found = set_against(Path("now.power"), None, ReportOptions(against=Path("old/a.power"), rail="VIN"))
    assert found is not None
    ((sides, how),) = asked
    assert sides == (Path("old/a.power"), Path("now.power")) and how["rail"] == "VIN"
    assert (found.name, found.label, found.quantity) == ("a.power", "infer", "energy")
    assert (found.earlier.value, found.now.value, found.verdict) == (2.0, 3.0, "more")
