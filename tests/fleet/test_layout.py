"""The published layout is the one that is written."""

from __future__ import annotations

from pathlib import Path

import outside
import pytest

from powermeter.fleet import layout

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]


def as_markdown() -> str:
    """Return the layout as the tables of its documentation."""
    lines = []
    for name, columns in layout.TABLES.items():
        lines += [f"### `{name}`", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {c.meaning.replace('|', chr(92) + '|')} |" for c in columns]
        lines.append("")
    return "\n".join(lines)


def test_the_page_shows_the_layout() -> None:
    page = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
    assert page.partition("<!-- layout -->")[2].strip() == as_markdown().strip()
    assert f"The layout, version {layout.VERSION}" in page


def test_every_file_has_the_columns_of_its_table(dataset: Path) -> None:
    outside.need("pyarrow")
    from pyarrow import parquet

    for table in layout.TABLES:
        paths = list((dataset / table).glob("device=*/day=*/*.parquet"))
        assert bool(paths) == (table != "chunks")
        for path in paths[:2]:
            assert parquet.read_schema(path).remove_metadata() == layout.arrow_schema(table)
