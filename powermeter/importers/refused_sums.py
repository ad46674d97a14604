"""Devices of a log that are not added up unasked, since one of them may hold another: a house's flows, a machine's targets.

Whether other devices are added up, or one of them is the whole, is in `whole_or_sum.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.home_assistant_history import DRAWN, ENTITIES, drawn_of
from powermeter.importers.log import Choices


@dataclass(frozen=True, slots=True)
class _Nested:
    """Devices one of which may hold another.

    Attributes:
        column: The heading of the column that distinguishes them.
        are: What they are, for the message.
        words: What one of their names contains; empty for any name.
        first: What the names end with that are offered first.
    """

    column: str
    are: str
    words: tuple[str, ...]
    first: tuple[str, ...]

    def holds(self, column: str, names: Collection[str]) -> bool:
        """Return whether they are these, by their column and their names."""
        shown = not self.words or any(word in name.lower() for name in names for word in self.words)
        return column.strip().lower() == self.column and shown

    def offered(self, names: Collection[str]) -> str:
        """Return the one that is most likely the whole."""
        return drawn_of(names, self.first) or next(iter(names))


_FLOWS = (
    *("solar", "pv", "photovolt", "akku", "battery", "batterie", "netz", "grid", "einspeis", "export"),
    *("import", "inverter", "wechselrichter", "feed", "hausabgabe", "ladung", "generation", "production"),
)
"""What stands in the names of a house's flows, which pass through each other."""

_NESTED = (
    _Nested(ENTITIES, "entities of one house, where one may pass through another", _FLOWS, DRAWN),
    # PowerAPI: RAPL's counters, all of a machine by a model, and each group of processes.
    _Nested("target", "targets of one machine, of which one may hold another", (), ("rapl", "global")),
)


def refuse_nested(column: str | None, names: Collection[str], choices: Choices, where: str) -> None:
    """Refuse to add up devices one of which may hold another: what passes through two of them would count twice.

    Args:
        column: What distinguishes the rows' devices, or None.

    Raises:
        ConfigurationError: They are, and neither `--rail` nor `--sum` states what counts.
    """
    if column is None or choices.rail is not None or choices.add_up or len(names) < 2:
        return
    for nested in _NESTED:
        if nested.holds(column, names):
            raise ConfigurationError(
                f"{where}: {', '.join(list(names)[:8])} are {nested.are}: which is the whole? "
                f"--rail {quote(nested.offered(names))} takes one of them (or another), --sum adds them up where none is a part of another"
            )
