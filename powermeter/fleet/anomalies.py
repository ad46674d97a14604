"""What stands out in a fleet: devices unlike their kind, readings that drift."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from powermeter.analysis.student_t import t_quantile, t_tail
from powermeter.comparison.verdict import LEVEL
from powermeter.fleet.engines import Engine
from powermeter.fleet.pooling import Pooled
from powermeter.fleet.questions import AskedOfFleet, energies, labels
from powermeter.result import COVERAGE_95

LEAST_DEVICES = 5
"""Devices of a kind below which the odd one among them cannot be identified."""

LEAST_POINTS = 5
_NORMAL_MAD = 1.4826
KIND = ("model", "version", "label", "board")


@dataclass(frozen=True, slots=True)
class Outlier:
    """A device whose energy per item is unlike that of its kind.

    Attributes:
        group: Its kind.
        device: Its name.
        value, usual: Energy per item, and the median of its kind, J.
        ratio: value / usual − 1.
        chance: How often any device of such a kind would stand out as far, 0 to 1.
    """

    group: Mapping[str, Any]
    device: str
    value: float
    usual: float
    ratio: float
    chance: float


def outliers(
    engine: Engine, asked: AskedOfFleet | None = None, level: float = LEVEL
) -> tuple[list[Outlier], int]:
    """Return the devices that stand out of their kind (model, version, label, board), and how many kinds were too small to be judged.

    A device stands out where it lies further from the median than the scatter of its kind (by the median of distances) and its
    own interval together explain, at a level shared among all devices looked at.
    """
    kinds: dict[tuple[Any, ...], list[Pooled]] = {}
    for one in energies(engine, (*KIND, "device"), asked):
        kinds.setdefault(tuple(one.group[name] for name in KIND), []).append(one)
    big = {kind: found for kind, found in kinds.items() if len(found) >= LEAST_DEVICES}
    looked = sum(map(len, big.values()))
    found: list[Outlier] = []
    for kind, devices in big.items():
        values = np.array([one.these.value for one in devices])
        median = float(np.median(values))
        scatter = _NORMAL_MAD * float(np.median(np.abs(values - median)))
        for one, value in zip(devices, values.tolist(), strict=True):
            own = one.these.half_width / COVERAGE_95
            size = math.hypot(scatter, own if math.isfinite(own) else math.inf)
            t = abs(value - median) / size if size else 0.0
            chance = min(1.0, looked * t_tail(t, len(devices) - 1))
            if chance <= level and math.isfinite(t):
                group = dict(zip(KIND, kind, strict=True))
                found.append(
                    Outlier(group, str(one.group["device"]), value, median, value / median - 1, chance)
                )
    return sorted(found, key=lambda one: one.chance), len(kinds) - len(big)


@dataclass(frozen=True, slots=True)
class Drift:
    """A device whose energy per item changes steadily: its sensor drifts, or the device itself does.

    Attributes:
        group: Device, model, version and label.
        per_day: Relative change a day; `low` and `high` are its interval.
        days: Between the first and the last recording.
        recordings: How many there are.
    """

    group: Mapping[str, Any]
    per_day: float
    low: float
    high: float
    days: float
    recordings: int


def drifts(
    engine: Engine, asked: AskedOfFleet | None = None, level: float = LEVEL
) -> tuple[list[Drift], int]:
    """Return the devices that drift, and how many have too few recordings to be judged.

    Least squares over the recordings of a device, one point each; the level is shared among all that are looked at.
    """
    keys = ("device", "model", "version", "label")
    rows = engine.rows(_lines(labels(engine, asked), keys))
    looked = [row for row in rows if row["n"] >= LEAST_POINTS and row["tt"] > 0 and row["y"] > 0]
    found = []
    for row in looked:
        n, slope = row["n"], row["ty"] / row["tt"]
        rest = max(row["yy"] - slope * row["ty"], 0.0)
        error = math.sqrt(rest / (n - 2) / row["tt"])
        reach = t_quantile(1 - level / 2 / len(looked), n - 2) * error
        mean = row["y"] / n
        if abs(slope) > reach:
            group = {name: row[name] for name in keys}
            found.append(
                Drift(
                    group, slope / mean, (slope - reach) / mean, (slope + reach) / mean, row["days"], int(n)
                )
            )
    return sorted(found, key=lambda one: -abs(one.per_day)), len(rows) - len(looked)


def _lines(every: Any, keys: Sequence[str]) -> Any:
    """Return the sums of a line through (days, J per item) of each group, about its means."""
    names = {name: f"g_{name}" for name in keys}
    known = every.filter(
        every.next_j.notnull() & (every["items"] > 0) & every.started_utc.notnull() & ~every.clock_doubtful
    )
    known = known.mutate(
        **{new: known[old].cast("string").fill_null("\x00") for old, new in names.items()},
        t=known.started_utc.epoch_seconds().cast("float64") / 86_400.0,
        energy=known.next_j / known["items"],
    )
    group = list(names.values())
    means = known.group_by(group).agg(mean_t=known.t.mean(), mean_y=known.energy.mean())
    beside = known.join(means, group)
    t, y = beside.t - beside.mean_t, beside.energy - beside.mean_y
    beside = beside.mutate(t_=t, y_=y)
    return beside.group_by(group).agg(
        **{old: beside[old].max() for old in keys},
        n=beside.count(),
        y=beside.energy.sum(),
        tt=(beside.t_ * beside.t_).sum(),
        ty=(beside.t_ * beside.y_).sum(),
        yy=(beside.y_ * beside.y_).sum(),
        days=beside.t.max() - beside.t.min(),
    )
