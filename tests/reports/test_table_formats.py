"""Writes a table as CSV, JSON, Parquet or Arrow: what it promises."""

from __future__ import annotations

import io

import numpy as np

from powermeter.reports.table_formats import rows


def test_a_number_in_text_has_the_digits_of_its_code(tmp_path) -> None:
    """3358 × 0.0001 A is 0.3358 A, not 0.33580000000000004."""

    from powermeter.reports.table_formats import write_csv

    out = io.BytesIO()
    write_csv([{"current_a": np.array([3358, 3377, 10014500]) * 1e-4, "n": np.array([1, 2, 3])}], out)
    assert out.getvalue().decode().splitlines() == ["current_a,n", "0.3358,1", "0.3377,2", "1001.45,3"]


def test_a_number_in_text_keeps_fifteen_digits() -> None:
    """What a double surely holds: 15 decimal digits (IEEE 754, binary64), and 1/3 has no more of its own."""
    values = np.array([123456.789012345, 0.000123456789012345, -9.87654321098765e12, 1 / 3])
    found = [row[0] for row in rows({"x": values})]
    assert found == [123456.789012345, 0.000123456789012345, -9.87654321098765e12, 0.333333333333333]
    assert [row[0] for row in rows({"x": np.array([np.nan, np.inf, -np.inf])})] == [None] * 3


def test_blocks_of_rows_meet_without_a_row_twice_or_missing() -> None:
    """Rows are made 10 000 at a time."""
    for count in (0, 1, 9_999, 10_000, 10_001, 20_000):
        assert [row[0] for row in rows({"n": np.arange(count)})] == list(range(count))
