"""Writes a table as CSV, JSON, Parquet or Arrow: what it promises."""

from __future__ import annotations

import io

import numpy as np


def test_a_number_in_text_has_the_digits_of_its_code(tmp_path) -> None:
    """3358 × 0.0001 A is 0.3358 A, not 0.33580000000000004."""

    from powermeter.reports.table_formats import write_csv

    out = io.BytesIO()
    write_csv([{"current_a": np.array([3358, 3377, 10014500]) * 1e-4, "n": np.array([1, 2, 3])}], out)
    assert out.getvalue().decode().splitlines() == ["current_a,n", "0.3358,1", "0.3377,2", "1001.45,3"]
