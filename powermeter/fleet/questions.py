"""What is asked of a fleet, as Ibis expressions: the same on every engine.  Sums come back; intervals are made of them here.

All expressions are over `known`: the labels of recordings whose content is the one that counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.fleet.engines import Engine
from powermeter.fleet.pooling import GRADES, Pooled, Sums, pooled

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
        pooled({name: row[name] for name in keys}, _sums(row))
        for row in engine.rows(sums_of(engine, every, keys))
        if row["energy_j"] is not None and row["items"]
    ]
    return sorted(found, key=lambda one: (one.these.value, [str(v) for v in one.group.values()]))


def sums_of(engine: Engine, every: Any, keys: Sequence[str]) -> Any:
    """Return the expression of `Sums`, a row for each group; rows without an energy are counted in `unknown`."""
    import ibis

    # Groups may be missing values, which no join finds: they are joined by a text that none has.
    names = {name: f"g_{name}" for name in keys}
    every = every.mutate(
        **{new: every[old].cast("string").fill_null("\x00") for old, new in names.items()},
        whole=ibis.literal(1),
        is_known=every.next_j.notnull() & (every["items"] > 0),
    )
    group = [*names.values(), "whole"]
    ranks = ibis.cases(
        *[(every.grade == grade.value, i) for i, grade in enumerate(GRADES)], else_=len(GRADES) - 1
    )
    # What nothing real drew is simulated, whatever its channels claim.
    every = every.mutate(rank=every.simulated.ifelse(len(GRADES) - 1, ranks))
    known = every.filter(every.is_known)
    totals = known.group_by(group).agg(
        **{old: known[old].max() for old in keys},
        energy_j=known.next_j.sum(),
        items=known["items"].sum(),
        devices=known.device.nunique(),
        recordings=known.recording.nunique(),
        events=known.events.sum(),
        rank=known["rank"].max(),
        below=(known.below_j * known.below_j).sum(),
        above=(known.above_j * known.above_j).sum(),
    )
    lost = every.group_by(group).agg(unknown=(~every.is_known).sum())
    found = totals.join(lost, group)
    for unit, name in (("device", "between_devices"), ("recording", "between_recordings")):
        found = found.join(_between(known, totals, group, unit, name), group)
    found = found.left_join(_parts(engine, known, group), group, rname="{name}_right")
    return found.select(*keys, *Sums.__dataclass_fields__)


def _between(known: Any, totals: Any, group: Sequence[str], unit: str, name: str) -> Any:
    """Return Σ (E − R N)² over devices or recordings."""
    each = known.group_by([*group, unit]).agg(e=known.next_j.sum(), n=known["items"].sum())
    whole = totals.select(*group, total_e=totals.energy_j, total_n=totals["items"])
    beside = each.join(whole, list(group))
    apart = beside.e - beside.total_e / beside.total_n * beside.n
    beside = beside.mutate(square=apart * apart)
    return beside.group_by(list(group)).agg(**{name: beside.square.sum()})


def _parts(engine: Engine, known: Any, group: Sequence[str]) -> Any:
    """Return the sums over shared errors."""
    import ibis

    parts = engine.table("parts").drop("device", "day")
    mine = known.select("recording", "content", "row", "device", *group)
    found = parts.join(mine, ["recording", "content", "row"])
    fourth = found.u_j * found.u_j * found.u_j * found.u_j
    found = found.mutate(fourth=(fourth / found.freedom).fill_null(0.0))
    each = found.group_by([*group, "shared"]).agg(
        u=found.u_j.sum(),
        is_limit=found["limit"].any(),
        fourths=found.fourth.sum(),
        on_devices=found.device.nunique(),
        in_recordings=found.recording.nunique(),
    )
    devices = known.group_by(list(group)).agg(all_devices=known.device.nunique())
    each = each.join(devices, list(group))
    each = each.mutate(
        square=each.u * each.u,
        size=each.is_limit.ifelse(each.u.abs(), 0.0),
        common=(each.on_devices > 1) | ((each.all_devices == 1) & (each.in_recordings > 1)),
    )
    zero = ibis.literal(0.0)
    return each.group_by(list(group)).agg(
        squares=each.square.sum(),
        limit=each["size"].max(),
        fourths=each.fourths.sum(),
        common_squares=each.common.ifelse(each.square, zero).sum(),
        common_limit=each.common.ifelse(each["size"], zero).max(),
    )


def _sums(row: Mapping[str, Any]) -> Sums:
    def number(name: str) -> float:
        value = row[name]
        return 0.0 if value is None or (isinstance(value, float) and math.isnan(value)) else float(value)

    whole = ("devices", "recordings", "events", "unknown", "rank")
    values: dict[str, Any] = {name: number(name) for name in Sums.__dataclass_fields__}
    return Sums(**values | {name: int(values[name]) for name in whole})
