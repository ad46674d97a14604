"""What is asked of a fleet, as Ibis expressions: the same on every engine.  Sums come back; intervals are made of them here.

All expressions are over `known`: the labels of recordings whose content is the one that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.fleet.engines import Engine
from powermeter.fleet.pooling import Pooled, pooled, sums, sums_of

GROUPS = (
    "device",
    "model",
    "version",
    "label",
    "board",
    "source",
    "place",
    "rail",
    "boundary",
    "grade",
    "day",
    "sensor",
)
"""What may be grouped and filtered by."""

_OF_RECORDING = (
    "device_name",
    "machine",
    "board",
    "sensor",
    "source",
    "rail",
    "boundary",
    "place",
    "battery",
    "started_utc",
    "clock_doubtful",
    "simulated",
)


@dataclass(frozen=True, slots=True)
class AskedOfFleet:
    """Of which part of a fleet something is asked.

    Attributes:
        only: Column → the one value that counts.
        since, until: UTC days, the second not included; None where open.
        simulated: Whether simulated recordings count too.
    """

    only: Mapping[str, str] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None
    simulated: bool = True

    def __post_init__(self) -> None:
        check_groups(self.only)


def check_groups(names: Sequence[str] | Mapping[str, Any]) -> None:
    """Refuse a name that nothing can be grouped by.

    Raises:
        ConfigurationError: It is none.
    """
    for name in names:
        if name not in GROUPS:
            raise ConfigurationError(f"{name!r} is not known of a fleet; there are {', '.join(GROUPS)}")


def recordings(engine: Engine, asked: AskedOfFleet | None = None) -> Any:
    """Return the recordings that count; `device` is the name, with the machine's where several have one name."""
    asked = asked or AskedOfFleet()
    table = engine.table("recordings").drop("device")
    machines = table.group_by("device_name").agg(machines=table.machine.nunique())
    found = table.join(machines, "device_name")
    found = found.mutate(
        device=(found.machines > 1).ifelse(
            found.device_name.concat("~", found.machine.substr(0, 4)), found.device_name
        )
    )
    if asked.since is not None:
        found = found.filter(found.day >= asked.since)
    if asked.until is not None:
        found = found.filter(found.day < asked.until)
    if not asked.simulated:
        found = found.filter(~found.simulated)
    for name, value in asked.only.items():
        if name in ("device", "board", "source", "place", "rail", "boundary", "day", "sensor"):
            found = found.filter(found[name] == value)
    return found


def labels(engine: Engine, asked: AskedOfFleet | None = None) -> Any:
    """Return the labels of the recordings that count, with what is known of the recording."""
    asked = asked or AskedOfFleet()
    of = recordings(engine, asked)
    of = of.select("recording", "content", "device", "day", *_OF_RECORDING)
    table = engine.table("labels").drop("device", "day")
    found = table.join(of, ["recording", "content"])
    for name, value in asked.only.items():
        if name in ("model", "version", "label", "grade"):
            found = found.filter(found[name] == value)
    return found


def energies(
    engine: Engine, by: Sequence[str] = ("label",), asked: AskedOfFleet | None = None
) -> list[Pooled]:
    """Return the energy per item of each group, in order of its size.

    Args:
        engine: The dataset.
        by: Of `GROUPS`; none for the whole fleet in one.
        asked: Which part.

    Raises:
        ConfigurationError: A name is not known.
    """
    check_groups(by)
    every = labels(engine, asked)
    keys = list(by)
    found = [
        pooled({name: row[name] for name in keys}, sums(row))
        for row in engine.rows(sums_of(engine, every, keys))
        if row["energy_j"] is not None and row["items"]
    ]
    return sorted(found, key=lambda one: (one.these.value, [str(v) for v in one.group.values()]))
