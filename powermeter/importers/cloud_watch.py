"""Reads what Amazon CloudWatch answers: `get-metric-data` and `get-metric-statistics`, whose rows are in any order.

A value is of a period (its mean, where nothing else was asked for), and its stamp is where the period begins.

Which unit a metric is in, no answer states unless its maker named one that CloudWatch knows, and it knows none of power or energy.
"""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.headers import heading

if TYPE_CHECKING:
    from pathlib import Path

_STATISTICS = ("Average", "Sum", "SampleCount", "Minimum", "Maximum")
_NO_AMOUNTS = (Quantity.POWER, Quantity.VOLTAGE, Quantity.CURRENT)


def metrics(path: Path, data: Any) -> list[dict[str, Any]]:
    """Return the records of an answer in the order of their times; none where it is of another kind.

    Raises:
        ConfigurationError: Two metrics have the same name, or only sums of powers were asked for.
    """
    if not isinstance(data, dict):
        return []
    found: dict[str, dict[str, Any]] = {}
    names: set[str] = set()
    results = data.get("MetricDataResults")
    for one in results if isinstance(results, list) else []:
        times, values = (one.get("Timestamps"), one.get("Values")) if isinstance(one, dict) else (None, None)
        if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
            continue
        name = str(one.get("Label") or one.get("Id") or "value")
        if name in names:
            raise ConfigurationError(
                f"{path}: two metrics are both called {name[:40]!r}; query each with a Label of its own, and export again"
            )
        names.add(name)
        for stamp, value in zip(times, values, strict=True):
            found.setdefault(str(stamp), {"time": str(stamp)})[name] = value
    points = data.get("Datapoints")
    for point in points if isinstance(points, list) else []:
        if isinstance(point, dict) and "Timestamp" in point:
            stamp, name = str(point["Timestamp"]), str(data.get("Label") or "value")
            known = {kind: point[kind] for kind in _STATISTICS if kind in point}
            named = heading(name)
            if (named.quantity or named.implied) in _NO_AMOUNTS and "Sum" in known:
                known = _without_sum(path, name, known)
            found.setdefault(stamp, {"time": stamp}).update(
                {f"{name} {kind}": v for kind, v in known.items()}
            )
    return _of_periods([found[stamp] for stamp in sorted(found, key=_moment)])


def _of_periods(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records with the end of the period that each stamp begins, whose readings its values sum up."""
    moments = [_moment(record["time"])[0] for record in records]
    steps = [after - before for before, after in pairwise(moments) if after > before]
    if not steps:
        return records
    return [
        {"start": record.pop("time"), "end": _stamp(moment + min(steps)), **record}
        for record, moment in zip(records, moments, strict=True)
    ]


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat()


def _without_sum(path: Path, name: str, known: dict[str, Any]) -> dict[str, Any]:
    """Return the statistics of a period with its mean in place of its sum: powers of several readings do not add up to a power."""
    total, count = known.pop("Sum"), known.pop("SampleCount", None)
    if "Average" in known:
        return known
    if not isinstance(total, (int, float)) or not isinstance(count, (int, float)) or count <= 0:
        raise ConfigurationError(
            f"{path}: {name[:40]!r} has the sum of each period's readings, which is not a power; query its Average"
        )
    return {"Average": total / count, **known}


def _moment(stamp: str) -> tuple[float, str]:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return 0.0, stamp
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp(), stamp
