"""PowerAPI's table of targets: RAPL's counters, all of a machine by a model, and each group of processes; one holds another, so they are never added up unasked."""

from __future__ import annotations

from collections.abc import Collection
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.log import Choices

_COLUMN = "target"
_MEASURED = ("rapl", "global")
"""What is offered first, if it is there: what was measured, then what is the sum of the others."""


def refuse_targets(column: str | None, names: Collection[str], choices: Choices, where: str) -> None:
    """Refuse to add up targets.

    Args:
        column: What distinguishes the rows' devices, or None.

    Raises:
        ConfigurationError: They are targets, and neither `--rail` nor `--sum` states what counts.
    """
    stated = choices.rail is not None or choices.add_up
    if stated or column is None or column.strip().lower() != _COLUMN or len(names) < 2:
        return
    first = next((name for name in _MEASURED if name in names), next(iter(names)))
    raise ConfigurationError(
        f"{where}: {', '.join(list(names)[:8])} are targets of one machine, of which one may hold another: which is the whole? "
        f"--rail {quote(first)} takes one of them (or another), --sum adds them up where none is a part of another"
    )
