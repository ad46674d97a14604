"""Variants whose every number is stated: each cell in print, in Markdown and unrounded."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from table_cells import markdown_tables, terminal_tables

from powermeter.comparison.variants import Variant, Variants
from powermeter.comparison.verdict import Verdict
from powermeter.reports.variants import QUANTITIES, record, to_csv, to_markdown, to_text
from powermeter.result import Result

LESS: Any = SimpleNamespace(
    found=Verdict.LESS,
    ratio=Result(0.5, "1", 0.44, 0.56),
    design=SimpleNamespace(about_programs=True),
)
FP32 = Variant(
    "fp32", "infer", Path("a.power"), 4e6, 5e8, 16e6, 0.915, 0.025, Result(0.2, "J", 0.19, 0.21), 30.0
)
INT8 = Variant(
    "int8", "infer", Path("b.power"), 3e6, 2e8, 4e6, 0.905, 0.0125, Result(0.1, "J", 0.09, 0.11), 60.0, LESS
)
FOUND = Variants((FP32, INT8), "top1")
PRINTED = {
    "fp32": {
        "size": "16.0 MB",
        "parameters": "4,000,000",
        "FLOPs": "500,000,000",
        "top1": "0.915",
        "latency": "25.00 ms",
        "energy per item, 95 %": "200 ± 10 mJ",
        "against it": "baseline",
    },
    "int8": {
        "size": "4.00 MB",
        "parameters": "3,000,000",
        "FLOPs": "200,000,000",
        "top1": "0.905",
        "latency": "12.50 ms",
        "energy per item, 95 %": "100 ± 10 mJ",
        "against it": "less (-50.0 ± 6.0 %)",
    },
}


def test_each_cell_in_a_terminal_and_in_markdown() -> None:
    (terminal,) = terminal_tables("name" + to_text(FOUND)[4:])  # the first column has no head
    (markdown,) = markdown_tables(to_markdown(FOUND))
    assert terminal == markdown == PRINTED


def test_each_value_unrounded() -> None:
    first, second = record(FOUND)
    assert first == {
        "variant": "fp32",
        "label": "infer",
        "file": "a.power",
        "size_b": 16e6,
        "parameters": 4e6,
        "flops": 5e8,
        "top1": 0.915,
        "latency_s": 0.025,
        "items": 30.0,
        "per_item_j": 0.2,
        "per_item_low_j": 0.19,
        "per_item_high_j": 0.21,
        "grade": "measured",
        "verdict": None,
        "ratio": None,
        "why_not_compared": None,
        "notes": None,
    }
    assert (second["per_item_low_j"], second["per_item_high_j"]) == (0.09, 0.11)
    assert (second["verdict"], second["ratio"], second["items"]) == ("less", 0.5, 60.0)
    rows = list(csv.DictReader(io.StringIO(to_csv(FOUND))))
    assert [{name: cell or None for name, cell in row.items()} for row in rows] == [
        {name: None if value is None else str(value) for name, value in one.items()}
        for one in (first, second)
    ]


@pytest.mark.parametrize(
    ("quantity", "axis"),
    [("accuracy", 0.915), ("parameters", 4e6), ("flops", 5e8), ("latency", 25.0), ("energy", 200.0)],
)
def test_each_quantity_on_its_axis(quantity: str, axis: float) -> None:
    _, value, factor = QUANTITIES[quantity]
    assert (value(FP32) or 0.0) * factor == pytest.approx(axis)
