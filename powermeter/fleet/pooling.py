"""From sums over a fleet to one number with its interval: what is shared stays shared, devices are independent.

Two intervals, always kept apart, as for one recording:

*These devices.*  The pooled mean is R = Σ E / Σ N over recordings, E being the energy of N items.  Parts of one name are one error
and add up linearly, U = Σ u; different ones in quadrature.  So a sensor's gain stays in the mean of all its recordings and shrinks only
with the number of sensors.

*Such devices.*  Devices differ from each other by more than their sensors show.  With n ≥ 2 devices the variance of R is that of a
ratio estimator, n / (n − 1) × Σ (E − R N)² / (Σ N)² (Cochran, Sampling Techniques, 1977, 6.4) with n − 1 degrees of freedom; it holds each
device's own errors already, so only what several of them share is added.  One device with several recordings is treated alike, each
recording being a unit.  The interval is never narrower than that of these devices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.uncertainty import coverage, effective_freedom
from powermeter.fleet.engines import Engine
from powermeter.result import Grade, Result

GRADES = tuple(Grade)
"""In the order of their rank: the worst of a pool is its largest."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What an engine adds up for one group.

    Attributes:
        energy_j, items: Σ E and Σ N.
        devices, recordings, events: How many there are.
        unknown: Rows of a recording of which no energy per item is known.
        rank: Of the worst grade.
        squares: Σ U² over shared errors, J².
        limit: The largest |U| of a stated limit, J.
        fourths: Σ U⁴ / ν of what was estimated from few data, J⁴.
        between_devices, between_recordings: Σ (E − R N)² over devices and over recordings, J².
        common_squares, common_limit: As `squares` and `limit`, of errors that several units (devices; recordings of one device) share.
        below, above: Σ of squares by which intervals reach beyond their parts, J²; inf where one is open.
    """

    energy_j: float
    items: float
    devices: int
    recordings: int
    events: int
    unknown: int
    rank: int
    squares: float
    limit: float
    fourths: float
    between_devices: float
    between_recordings: float
    common_squares: float
    common_limit: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """Energy per item of one group of a fleet.

    Attributes:
        group: Column → value.
        these: Of these devices, J: what measuring and the spread within their recordings leave open.
        such: Of such devices, J: with the spread between devices (between recordings of one device); None for one recording.
        sums: What it comes from.
    """

    group: Mapping[str, Any]
    these: Result
    such: Result | None
    sums: Sums

    @property
    def quoted(self) -> Result:
        """The number to quote: of such devices where there are several."""
        return self.such or self.these

    @property
    def units(self) -> int:
        """What the spread is between: devices, or recordings of the one device."""
        return self.sums.devices if self.sums.devices > 1 else self.sums.recordings

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            **self.group,
            "items": self.sums.items,
            "events": self.sums.events,
            "devices": self.sums.devices,
            "recordings": self.sums.recordings,
            "unknown": self.sums.unknown,
            "energy_per_item": self.quoted.to_dict(),
            "these_devices": self.these.to_dict(),
            "such_devices": None if self.such is None else self.such.to_dict(),
        }


def pooled(group: Mapping[str, Any], sums: Sums) -> Pooled:
    """Return the numbers of a group."""
    mean, grade = sums.energy_j / sums.items, GRADES[sums.rank]
    own = math.sqrt(sums.squares) / sums.items
    freedom = sums.squares**2 / sums.fourths if sums.fourths > 0 else math.inf
    k = coverage(sums.squares, sums.limit, freedom) if sums.squares > 0 else 0.0
    these = _interval(mean, k * own, sums, grade, {"measuring:fleet": own})
    n = sums.devices if sums.devices > 1 else sums.recordings
    if n < 2:
        return Pooled(group, these, None, sums)
    between = sums.between_devices if sums.devices > 1 else sums.between_recordings
    spread = n / (n - 1) * between
    variance = spread + sums.common_squares
    wide = coverage(variance, sums.common_limit, effective_freedom(variance, [(math.sqrt(spread), n - 1.0)]))
    half = max(float(wide) * math.sqrt(variance) / sums.items, k * own)
    unit = "devices" if sums.devices > 1 else "recordings"
    parts = {
        f"repeats:{unit}": math.sqrt(spread) / sums.items,
        "gain:common": math.sqrt(sums.common_squares) / sums.items,
    }
    return Pooled(group, these, _interval(mean, half, sums, grade, parts), sums)


def _interval(mean: float, half: float, sums: Sums, grade: Grade, parts: Mapping[str, float]) -> Result:
    low = math.hypot(half, math.sqrt(sums.below) / sums.items)
    high = math.hypot(half, math.sqrt(sums.above) / sums.items)
    return Result(mean, "J", mean - low, mean + high, grade, {name: u for name, u in parts.items() if u})


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


def sums(row: Mapping[str, Any]) -> Sums:
    """Return the sums in a row of the expression; what is missing there is 0."""

    def number(name: str) -> float:
        value = row[name]
        return 0.0 if value is None or (isinstance(value, float) and math.isnan(value)) else float(value)

    whole = ("devices", "recordings", "events", "unknown", "rank")
    values: dict[str, Any] = {name: number(name) for name in Sums.__dataclass_fields__}
    return Sums(**values | {name: int(values[name]) for name in whole})
