"""Which importer reads a file or folder, and what is reported of one that none reads."""

from __future__ import annotations

from shlex import quote

from powermeter import registry
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.importers.database import MAGIC
from powermeter.importers.files import Peek
from powermeter.importers.log import Importer

LAST = "csv"
"""The format that is tried after all others: it takes any table."""


LATE = ("dated-readings", "labelled", "quoted-lines", "readings", "json")
"""Formats that take what others are surer of; tried after those."""


def importers() -> dict[str, type[Importer]]:
    """Return every importer by name, the general one last."""
    table = registry.names("importers", registry.IMPORTERS)
    ordered = sorted(table, key=lambda name: (name == LAST, name in LATE, name))
    return {name: registry.load(table[name]) for name in ordered}


def importer(name: str) -> type[Importer]:
    """Return the importer of a format.

    Raises:
        ConfigurationError: There is none of that name.
    """
    table = registry.names("importers", registry.IMPORTERS)
    if name not in table:
        raise ConfigurationError(f"no format {name!r}; {nearest(name, table)}; see: powermeter import --help")
    found: type[Importer] = registry.load(table[name])
    return found


def recognise(peek: Peek) -> type[Importer] | None:
    """Return the importer that knows this file or folder, or None."""
    for candidate in importers().values():
        if candidate.recognises(peek):
            return candidate
    return None


def unrecognised(peek: Peek) -> str:
    """Return what a file that no importer reads is, and what to do."""
    if peek.path.is_dir():
        return f"{peek.path}: no log in it is of a known format; name the log or the run's own folder"
    if peek.head.startswith(MAGIC) and b"chunk" in peek.head and b"channel" in peek.head:
        return f"{peek.path}: is a recording already; try: powermeter show {peek.path}"
    if peek.head.startswith(MAGIC):
        return (
            f"{peek.path}: is an SQLite database of a program whose tables are not known; write the table of readings as CSV, for example: "
            f"sqlite3 -header -csv {quote(str(peek.path))} 'SELECT * FROM readings' > readings.csv"
        )
    if not peek.head:
        return f"{peek.path}: the file is empty"
    return (
        f"{peek.path}: the format is not recognised; name it with --format (powermeter import --formats lists them) "
        "or export a CSV with a header"
    )
