"""Hands what is a table in other clothes to the table reader, so that one set of rules decides."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.charge_states import ChargesBetween
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.table import TableImporter

_COMMA = re.compile(r"\s*[+-]?\d+,\d")


def read_as_table(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    choices: Choices,
    *,
    of: type[Importer] | None = None,
) -> Log:
    """Return the log of a table that is given row by row.

    Args:
        path: The file it was made of, for messages.
        header: Its columns' names, units in brackets.
        rows: Their cells as text.
        choices: As for any table.
        of: The importer that the log is named by; None for the name that the table itself leads to.

    Raises:
        DataError, ConfigurationError: As the table reader; the messages name `path`.
    """
    with NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, delimiter="\t")
        writer.writerow(header)
        commas = False
        for row in rows:
            commas = commas or any("," in cell and _COMMA.match(cell) for cell in map(str, row))
            writer.writerow(row)
        table.flush()
        if not commas and choices.decimal is None:
            choices = replace(choices, decimal="point")
        try:
            log = TableImporter.read(Path(table.name), choices)
        except ChargesBetween as error:
            raise ConfigurationError(error.in_readings.replace(table.name, str(path))) from None
        except (DataError, ConfigurationError) as error:
            raise type(error)(str(error).replace(table.name, str(path))) from None
        if of is not None:
            log.format = of.name
        return log
