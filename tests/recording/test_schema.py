"""The tables of a recording, schema by schema: columns, what each cell may hold, the checksum of a row: what it promises."""

from __future__ import annotations

from pathlib import Path

ENTRY = (
    "count",
    "first_ns",
    "last_ns",
    "longest_ns",
    "low",
    "high",
    "mean",
    "spread",
    "change",
    "first",
    "last",
    "left",
    "right",
)


def test_document_names_every_table_and_column():
    from powermeter.recording import schema, stretch_summary

    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    for table in (*schema.TABLES[2].values(), schema.TAIL_TABLE):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{table.name}` | `")]
        for name in table.columns:
            assert f"`{name}`" in line, f"{table.name}.{name} is not in the document"
    for field in stretch_summary.ENTRY.names:
        assert f"`{field}`" in page, f"the field {field} of a summary is not in the document"
