"""The tables of a recording, schema by schema: columns, what each cell may hold, the checksum of a row.

Every row stands on two feet.  Its *checksum* shows that it alone is sound; its *chain*, a hash over the row
and the chain of the row before, shows that no row was changed, removed or put in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

APPLICATION_ID = 0x504D5452  # "PMTR"

NEWEST = 2
"""The schema version that is written."""

TIME_LIMIT = 1 << 62
"""Times are below this in absolute value, so that no difference of two overflows."""

INTEGER, TEXT, BLOB = "INTEGER", "TEXT", "BLOB"
PYTHON_TYPES = {INTEGER: int, TEXT: str, BLOB: bytes}

_COMMON: Mapping[str, str] = {
    "meta": "key TEXT, value TEXT",
    "source": "url TEXT, name TEXT, driver TEXT, info TEXT, channels INTEGER",
    "channel": "source INTEGER, position INTEGER, name TEXT, spec TEXT",
    "gap": "source INTEGER, start_ns INTEGER, end_ns INTEGER, reason TEXT, detail TEXT, lost INTEGER",
    "clock": "monotonic_ns INTEGER, utc_ns INTEGER",
    "tick": "source INTEGER, tick INTEGER, arrival_ns INTEGER",
    "fact": "name TEXT, value TEXT",
}
_TABLES: Mapping[int, Mapping[str, str]] = {
    1: {
        **_COMMON,
        "chunk": (
            "source INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, count INTEGER, "
            "read_ns INTEGER, data_crc INTEGER, summary BLOB"
        ),
        "level": (
            "source INTEGER, level INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, "
            "count INTEGER, summary BLOB"
        ),
        "event": (
            "process INTEGER, thread INTEGER, uid INTEGER, parent INTEGER, name TEXT, start_ns INTEGER, "
            "end_ns INTEGER, count INTEGER, attributes TEXT, peak_memory INTEGER"
        ),
    },
    2: {
        **_COMMON,
        "chunk": (
            "source INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, count INTEGER, "
            "read_ns INTEGER, data_crc INTEGER, fine_crc INTEGER, hash BLOB, summary BLOB"
        ),
        "level": (
            "source INTEGER, level INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, "
            "count INTEGER, summary BLOB"
        ),
        "events": "process INTEGER, count INTEGER, first_ns INTEGER, last_ns INTEGER, data BLOB",
        "health": "at_ns INTEGER, value TEXT",
        "process": (
            "process INTEGER, at_ns INTEGER, begun INTEGER, finished INTEGER, written INTEGER, value TEXT"
        ),
    },
}

NULLABLE = frozenset(
    (
        "chunk.read_ns",
        "event.parent",
        "event.end_ns",
        "event.attributes",
        "event.peak_memory",
        "gap.detail",
        "gap.lost",
    )
)
"""Cells that may be NULL, as `table.column`."""

TAIL = "source INTEGER, sequence INTEGER, part INTEGER, start_ns INTEGER, end_ns INTEGER, count INTEGER, read_ns INTEGER, data BLOB"
"""The columns of `tail`: samples that do not fill a chunk yet.  Its rows are removed when they do."""

_BLOCK = {
    1: "chunk INTEGER PRIMARY KEY, data BLOB NOT NULL",
    2: "chunk INTEGER PRIMARY KEY, fine BLOB NOT NULL, data BLOB NOT NULL",
}


@dataclass(frozen=True)
class Table:
    """One table of checksummed rows.

    Attributes:
        name: Its name.
        columns: The columns between `id` and `checksum`.
        types: The Python type of each column's values.
        nullable: Whether each column may be NULL.
        is_chained: Whether a column `chain` follows `checksum`.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[type, ...]
    nullable: tuple[bool, ...]
    is_chained: bool

    @property
    def create(self) -> str:
        """The statement that creates it."""
        chain = ", chain BLOB NOT NULL" if self.is_chained else ""
        names = {kind: name for name, kind in PYTHON_TYPES.items()}
        listed = ", ".join(
            f"{column} {names[kind]}" for column, kind in zip(self.columns, self.types, strict=True)
        )
        return (
            f"CREATE TABLE {self.name} (id INTEGER PRIMARY KEY AUTOINCREMENT, {listed}, "
            f"checksum INTEGER NOT NULL{chain})"
        )

    @property
    def insert(self) -> str:
        """The statement that adds a row: id, columns, checksum, chain where there is one."""
        names = ["id", *self.columns, "checksum", *(["chain"] if self.is_chained else [])]
        return f"INSERT INTO {self.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    @property
    def select(self) -> str:
        """The statement that reads id, columns and checksum of every row, by id."""
        return f"SELECT id, {', '.join(self.columns)}, checksum FROM {self.name}"

    def fits(self, values: Sequence[object]) -> bool:
        """Return whether every value is of its column's type, and NULL only where that is allowed."""
        for value, kind, nullable in zip(values, self.types, self.nullable, strict=True):
            if value.__class__ is not kind and not (value is None and nullable):
                return False
        return True


def _table(name: str, columns: str, chained: bool) -> Table:
    pairs = [column.split(" ") for column in columns.split(", ")]
    names = tuple(column for column, _ in pairs)
    return Table(
        name,
        names,
        tuple(PYTHON_TYPES[kind] for _, kind in pairs),
        tuple(f"{name}.{column}" in NULLABLE or (name == "tail" and column == "read_ns") for column in names),
        chained,
    )


TABLES: Mapping[int, Mapping[str, Table]] = {
    version: {name: _table(name, columns, version > 1) for name, columns in tables.items()}
    for version, tables in _TABLES.items()
}
"""Schema version → table → its columns.  `block` (chunk id → data) and `tail` stand apart."""

TAIL_TABLE = _table("tail", TAIL, False)


def statements(version: int) -> list[str]:
    """Return the statements that create the tables of a schema version, in the order in which they are run."""
    found = [table.create for table in TABLES[version].values()]
    found.append(f"CREATE TABLE block ({_BLOCK[version]})")
    if version > 1:
        found.append(TAIL_TABLE.create)
    return found
