"""Home Assistant's export of a history: what its header is, which rows `--rail` names, and which entities may not be added up.

The table itself is read as any other (`table.py`), InfluxDB's export of the same entities by `influx_csv.py`, and long-term statistics
by `home_assistant_statistics.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from shlex import quote

from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError
from powermeter.importers.columns import rows as all_rows
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
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

_DRAWN = ("netzbezug", "bezug", "import", "verbrauch", "consumption", "verbruik", "consumo", "load")
_FLOWS = (
    *("solar", "pv", "photovolt", "akku", "battery", "batterie", "netz", "grid", "einspeis", "export"),
    *("import", "inverter", "wechselrichter", "feed", "hausabgabe", "ladung", "generation", "production"),
)
"""What stands in the names of a house's flows, which pass through each other."""


def rows_of(
    path: Path, found: Layout, headings: Sequence[Heading], rail: str | None
) -> tuple[tuple[int, str], ...]:
    """Return (column, text) of the rows that `--rail` names by what stands in a column of entities, with its domain or without; or nothing."""
    index = next((i for i, h in enumerate(headings) if h.name.strip().lower() == ENTITIES), None)
    if rail is None or index is None:
        return ()
    names: dict[str, None] = {}
    for _, row in all_rows(path, found.delimiter, found.skip):
        if len(row) > index:
            names[row[index].strip()] = None
    named = [name for name in names if rail in (name, name.partition(".")[2])]
    return ((index, named[0]),) if len(named) == 1 and len(names) > 1 else ()


def drawn_of(names: Collection[str]) -> str | None:
    """Return the entity whose name ends with a word for what is drawn, or None."""
    return next((name for word in _DRAWN for name in sorted(names) if name.lower().endswith(word)), None)


def refuse_flows(column: str | None, names: Collection[str], choices: Choices, where: str) -> None:
    """Refuse to add up entities some of which are a house's flows by their names: what passes through two of them would count twice.

    Args:
        column: What distinguishes the rows' devices, or None.

    Raises:
        ConfigurationError: They are, and neither `--rail` nor `--sum` states what counts.
    """
    stated = choices.rail is not None or choices.add_up
    if stated or column is None or column.strip().lower() != ENTITIES or len(names) < 2:
        return
    if any(word in name.lower() for name in names for word in _FLOWS):
        first = drawn_of(names) or next(iter(names))
        raise ConfigurationError(
            f"{where}: {', '.join(list(names)[:8])} are entities of one house, where one may pass through another: which is the whole? "
            f"--rail {quote(first)} takes the rows of one (or another), --sum adds them up where none is a part of another"
        )
