"""Home Assistant's export of a history: what its header is, and which rows `--rail` names.

The table itself is read as any other (`table.py`); which of its entities may not be added up is in `refused_sums.py`, InfluxDB's export of the same entities by `influx_csv.py`, and long-term statistics
by `home_assistant_statistics.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from powermeter.channel import Boundary
from powermeter.importers.columns import rows as all_rows
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.tool_table import ColumnFact, Signature

ENTITIES = "entity_id"
"""The column's name."""

HISTORY = Signature(
    "Home Assistant",
    "a Home Assistant history",
    (r"state", r"last_(changed|updated)"),
    (ColumnFact(r"state", "", "held", "plug", boundary=Boundary.WALL),),
    (ENTITIES,),
    source="Home Assistant: a state is written when it changes, and holds until the next",
    held=True,
    spread=False,
)
"""The header of its table, as the tools of `known_tools.py` have one."""

DRAWN = ("netzbezug", "bezug", "import", "verbrauch", "consumption", "verbruik", "consumo", "load")
"""What the names of entities end with that count what is drawn."""


def rows_of(
    path: Path, found: Layout, headings: Sequence[Heading], rail: str | None
) -> tuple[tuple[int, str], ...]:
    """Return (column, text) of the rows that `--rail` names by what stands in a column of entities, with its domain or without; or nothing."""
    index = next((i for i, h in enumerate(headings) if h.name.strip().lower() == ENTITIES), None)
    if rail is None or index is None:
        return ()
    named: set[str] = set()
    others = False
    for _, row in all_rows(path, found.delimiter, found.skip):
        name = row[index].strip() if len(row) > index else None
        if name is not None and rail in (name, name.partition(".")[2]):
            named.add(name)
        else:
            others |= name is not None
        if len(named) > 1:
            return ()
    return ((index, named.pop()),) if named and others else ()


def drawn_of(names: Collection[str], words: Sequence[str] = DRAWN) -> str | None:
    """Return the entity whose name ends with a word for what is drawn, by the order of the words, or None."""
    return next((name for word in words for name in sorted(names) if name.lower().endswith(word)), None)
