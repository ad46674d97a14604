"""Refuses a table of a battery that charges: what flows into it was not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.blocks import TextBlock
from powermeter.importers.headers import Heading

_NAMES = frozenset({"status", "state", "battery status", "battery state", "charge state", "charging state"})
_IN, _OUT = "charging", "discharging"


class ChargeStates:
    """Counts the rows in which a battery charges and discharges, where a column states it."""

    def __init__(self, headings: Sequence[Heading], settled: Mapping[str, str], where: Path) -> None:
        """Find the column.

        Args:
            settled: What the caller states of columns, by header or number from 1; a column that is left out is not read.
            where: The file, for the message.
        """
        self._where = where
        self._headings = headings
        left_out = {name for name, unit in settled.items() if unit == "-"}
        self._index = next(
            (
                i
                for i, heading in enumerate(headings)
                if " ".join(heading.text.lower().replace("_", " ").split()) in _NAMES
                and not left_out & {heading.text, str(i + 1)}
            ),
            None,
        )
        self._rows: dict[str, int] = {}
        self._lines: dict[str, int] = {}

    def add(self, block: TextBlock) -> None:
        """Count the rows of a block."""
        if self._index is None:
            return
        for line, text in zip(block.lines.tolist(), block.column(self._index), strict=True):
            state = text.strip().lower()
            if state in (_IN, _OUT):
                self._rows[state] = self._rows.get(state, 0) + 1
                self._lines.setdefault(state, line)

    def refuse(self) -> None:
        """Refuse a table in which the battery charges.

        Raises:
            ConfigurationError: It does, in some rows or in all.
        """
        if self._index is None or _IN not in self._rows:
            return
        name = self._headings[self._index].text
        anyway = f"where the values are those of the load and not of the battery, add --column {quote(f'{name}=-')}"
        if _OUT not in self._rows:
            raise ConfigurationError(
                f"{self._where}: by column {name!r} the battery charges in {self._rows[_IN]} rows and never discharges: "
                f"what flows in was not used; {anyway}"
            )
        raise ConfigurationError(
            f"{self._where}: by column {name!r} the battery charges in {self._rows[_IN]} rows and discharges in "
            f"{self._rows[_OUT]}: what flows in was not used, and the sum of both is neither. Cut the log at line "
            f"{max(self._lines.values())}, where the state changes first, and import the part that discharges; {anyway}"
        )
