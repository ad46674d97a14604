"""What Markdown would read as markup stays text, and a table has as many cells as its head."""

from __future__ import annotations

import pytest

from powermeter.reports.markdown_text import escaped, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<b>*x*</b>", "\\<b\\>\\*x\\*\\</b\\>"),
        ("two\nlines\x1b[31m", "two lines \\[31m"),
        (12, "12"),
    ],
)
def test_markup_is_escaped_on_one_line(text: object, shown: str) -> None:
    assert escaped(text) == shown


def test_a_table_is_flush_right_after_its_first_columns() -> None:
    lines = list(table(["a", "b", "c"], [["x", "1", "2"]], left=2))
    assert lines == ["| a | b | c |", "| --- | --- | ---: |", "| x | 1 | 2 |", ""]
