"""Each version of a program against the one before it, on the devices of a fleet: which use more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from powermeter.analysis.student_t import t_quantile
from powermeter.comparison.verdict import LEVEL, Verdict, decide
from powermeter.fleet.engines import Engine
from powermeter.fleet.questions import AskedOfFleet, labels

LEAST_SIDE = 3
"""Devices (or recordings of one) a side below which versions are not compared."""


@dataclass(frozen=True, slots=True)
class Regression:
    """One version of a program against the one before it, on the devices of a fleet.

    Attributes:
        group: Model and label.
        before, after: The versions.
        verdict: What is known about `after` against `before`: the cautious one.
        change: Relative; None where nothing can be concluded.
        low, high: Its interval at the level of the verdict.
        devices: How many there are behind it on each side.
        paired: Whether each device ran both, so that its sensor cancels.
        why: Why nothing can be concluded; empty otherwise.
    """

    group: Mapping[str, Any]
    before: str
    after: str
    verdict: Verdict
    change: float | None
    low: float | None
    high: float | None
    devices: tuple[int, int]
    paired: bool
    why: str = ""


def regressions(engine: Engine, asked: AskedOfFleet | None = None, margin: float = 0.0) -> list[Regression]:
    """Return each version against the one before it, by model and label, in the order in which they first ran.

    Where at least three devices ran both, each device's own ratio counts, and its sensor cancels; otherwise the
    devices of both sides are compared, sensors and all.  The level is shared among all pairs.
    """
    pairs = _pairs(_means(engine, asked))
    count = max(len(pairs), 1)
    return [
        _judged(group, before, after, sides, margin, LEVEL / count) for group, before, after, sides in pairs
    ]


_Means = dict[str, float]


def _means(engine: Engine, asked: AskedOfFleet | None) -> list[dict[str, Any]]:
    """Return J per item by model, label, version and device, and when it first ran."""
    every = labels(engine, asked)
    known = every.filter(every.next_j.notnull() & (every["items"] > 0) & every.version.notnull())
    known = known.mutate(model_=known.model.cast("string").fill_null("\x00"))
    found = known.group_by("model_", "label", "version", "device").agg(
        model=known.model.max(), e=known.next_j.sum(), n=known["items"].sum(), first=known.started_utc.min()
    )
    return engine.rows(found)


def _pairs(rows: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], str, str, tuple[_Means, _Means]]]:
    groups: dict[tuple[Any, str], dict[str, list[Mapping[str, Any]]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["label"]), {}).setdefault(row["version"], []).append(row)
    found = []
    for (model, label), versions in sorted(groups.items(), key=str):
        order = sorted(versions, key=lambda name: (_first(versions[name]), name))
        for before, after in pairwise(order):
            sides = [{row["device"]: row["e"] / row["n"] for row in versions[v]} for v in (before, after)]
            found.append(({"model": model, "label": label}, before, after, (sides[0], sides[1])))
    return found


def _first(rows: Sequence[Mapping[str, Any]]) -> str:
    return min((row["first"].isoformat() for row in rows if row["first"] is not None), default="9")


def _judged(
    group: Mapping[str, Any],
    before: str,
    after: str,
    sides: tuple[_Means, _Means],
    margin: float,
    level: float,
) -> Regression:
    both = sorted(set(sides[0]) & set(sides[1]))
    positive = all(value > 0 for side in sides for value in side.values())
    paired = len(both) >= LEAST_SIDE
    counts = (len(both), len(both)) if paired else (len(sides[0]), len(sides[1]))

    def cannot(why: str) -> Regression:
        return Regression(group, before, after, Verdict.CANNOT_TELL, None, None, None, counts, paired, why)

    if not positive:
        return cannot("an energy is not above zero")
    if not paired and min(counts) < LEAST_SIDE:
        return cannot(f"at least {LEAST_SIDE} devices a side are needed")
    if paired:
        ratios = np.log([sides[1][d] / sides[0][d] for d in both])
        mean, variance = float(ratios.mean()), float(ratios.var(ddof=1)) / len(both)
        freedom = len(both) - 1.0
    else:
        logs = [np.log(list(side.values())) for side in sides]
        mean = float(logs[1].mean() - logs[0].mean())
        own = [float(side.var(ddof=1)) / side.size for side in logs]
        variance = sum(own)
        below = sum(v * v / (side.size - 1) for v, side in zip(own, logs, strict=True))
        freedom = variance**2 / below if below > 0 else 1.0
    reach = t_quantile(1 - level / 2, freedom) * math.sqrt(variance)
    low, high = math.expm1(mean - reach), math.expm1(mean + reach)
    verdict = decide((low, high), (low, high), margin)
    return Regression(group, before, after, verdict, math.expm1(mean), low, high, counts, paired)
