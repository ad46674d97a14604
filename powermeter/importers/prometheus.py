"""Imports the answer of a Prometheus range query: energies and powers of Kepler, node_exporter, DCGM, scaphandre.

A series' unit is the end of its name (`…_joules_total` is a counter, `…_watts` a power), as Prometheus' naming rules
state; the few that keep no rule are in a table.  The labels that differ between series name the rails.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers.accuracies import NVML, RAPL, UNKNOWN
from powermeter.importers.decimal_grid import DecimalGrid
from powermeter.importers.files import Peek, read_all
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.row_order import RowOrder
from powermeter.importers.time_axis import axis, refuse_sparse
from powermeter.importers.unit_spellings import of_unit
from powermeter.importers.whole_or_sum import decide
from powermeter.result import Grade
from powermeter.result.notes import Note

_MAX_BYTES = 128 << 20
_MAX_SERIES = 500

# Metrics whose names do not end in their unit → (unit, counter).
_OWN = {
    "DCGM_FI_DEV_POWER_USAGE": ("W", False),
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": ("mJ", True),
    "nvidia_smi_power_draw_watts": ("W", False),
    "nvidia_gpu_power_usage_milliwatts": ("mW", False),
    "scaph_host_energy_microjoules": ("uJ", True),
}
_NOISE = re.compile(
    r"(?i)\b(node|rapl|kepler|dcgm|fi|dev|scaph|joules?|watts?|total|power|energy|usage|micro|milli|microwatts|milliwatts|microjoules|consumption|nvidia|smi)\b"
)
_UNINTERESTING = frozenset(
    (
        "__name__",
        "job",
        "endpoint",
        "namespace",
        "service",
        "pod",
        "container",
        "path",
        "driver_version",
        "UUID",
        "modelName",
        "mode",
        "source",
    )
)

_IF_ALIKE = ("mode",)
"""Kepler's, whose two values `dynamic` and `idle` add up to the counter of a domain."""


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    labels: Mapping[str, str]
    unit: str
    is_counter: bool
    points: Sequence[tuple[int, float]]


class Prometheus(Importer):
    name = "prometheus"
    title = "the answer of a Prometheus range query"
    takes = frozenset({"rail", "sum", "unit"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        start = peek.text.lstrip()[:200]
        return (
            re.search(r'"resultType"\s{0,20}:', peek.text) is not None
            or re.match(r'(?:\[\s{0,40})?\{\s{0,40}"metric"\s{0,20}:', start) is not None
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        left_out: list[str] = []
        found = _series(path, choices, left_out)
        if not found:
            listed = f" ({', '.join(left_out[:6])})" if left_out else ""
            raise DataError(
                f"{path}: no series of power or energy in it{listed}; query for example kepler_node_platform_joules_total over a range"
            )
        names = _names(found)
        whole = decide(
            [
                Rail(name, _of_both_modes(name, names), _boundary(s), f"Prometheus' {s.name}")
                for name, s in zip(names, found, strict=True)
            ],
            where=str(path),
            rail=choices.rail,
            add_up=choices.add_up,
        )
        times = np.array(sorted({when for series in found for when, _ in series.points}), np.int64)
        refuse_sparse(len(times), len(found), str(path))
        straight = axis(times, str(path), spread=False)
        channels, codes = [], []
        for name, series in zip(names, found, strict=True):
            values = np.array([value for _, value in series.points])
            grid = DecimalGrid()
            grid.add(values)
            column = np.full(len(times), MISSING, np.int64)
            column[np.searchsorted(times, [when for when, _ in series.points])] = grid.codes(values)
            unit = of_unit(series.unit)
            assert unit is not None and isinstance(unit[0], Quantity)
            accuracy = _accuracy(series.name)
            channels.append(
                Channel(
                    f"{name}.{unit[0].value}",
                    unit[0],
                    grid.scale * unit[1],
                    whole.rails[name],
                    Kind.COUNTER if series.is_counter else Kind.INSTANT,
                    grade=Grade.ASSUMED if accuracy is UNKNOWN else Grade.MEASURED,
                    accuracy=accuracy,
                )
            )
            codes.append(column[straight.kept])
        warnings: list[Note] = [whole.note, *straight.warnings]
        if left_out:
            warnings.append(
                Note.info(
                    "series-left-out",
                    f"series that are not power or energy were left out: {', '.join(left_out[:6])}",
                )
            )
        rows = LogRows(
            "Prometheus", tuple(channels), straight.times_ns, codes, flags=straight.flags, gaps=straight.gaps
        )
        log = Log(cls.name, UTC, [rows], warnings=warnings)
        log.facts["whole"] = {"rail": whole.headline, "why": whole.why, "sum": whole.is_sum}
        return log


def _series(path: Path, choices: Choices, left_out: list[str]) -> list[_Series]:
    try:
        data = json.loads(read_all(path, _MAX_BYTES))
    except ValueError:
        raise DataError(f"{path}: not JSON") from None
    if isinstance(data, dict) and data.get("status") == "error":
        raise DataError(f"{path}: Prometheus answered with an error: {str(data.get('error'))[:100]}")
    inner = data.get("data", data) if isinstance(data, dict) else {"result": data}
    results = inner.get("result") if isinstance(inner, dict) else None
    if not isinstance(results, list):
        raise DataError(f"{path}: no result of a query in it")
    found = []
    for entry in results[:_MAX_SERIES]:
        labels = entry.get("metric") if isinstance(entry, dict) else None
        if not isinstance(labels, dict):
            continue
        labels = {str(key): str(value) for key, value in labels.items()}
        name = labels.get("__name__", "")
        unit = (choices.unit, "total" in name) if choices.unit else _unit(name)
        if unit is None or unit[0] is None:
            left_out.append(name or "a series without a name (--unit W states what it is)")
            continue
        points = _points(entry.get("values"), f"{path}", name or "a series")
        if not points and "value" in entry:
            raise DataError(
                f"{path}: the answer of an instant query holds one value; ask for a range (/api/v1/query_range)"
            )
        if len(points) > 1:
            found.append(_Series(name, labels, unit[0], unit[1], points))
        else:
            left_out.append(f"{name} (fewer than two values)")
    if len(results) > _MAX_SERIES:
        left_out.append(f"{len(results) - _MAX_SERIES} more series")
    return found


def _points(values: Any, where: str, series: str) -> list[tuple[int, float]]:
    found: dict[int, float] = {}
    order = RowOrder()
    for number, point in enumerate(values if isinstance(values, list) else [], 1):
        if not isinstance(point, list) or len(point) != 2 or not isinstance(point[0], (int, float)):
            continue
        try:
            value = float(point[1])
        except (TypeError, ValueError):
            continue
        if math.isfinite(value) and abs(value) < 1e18 and 0 < point[0] < 2**32:
            when = round(point[0] * 1000) * 1_000_000
            order.add(when, number)
            if found.get(when, value) != value:
                raise DataError(
                    f"{where}: value {number} of {series} stands at a time that another value has: two answers were put together; "
                    "query the range once"
                )
            found[when] = value
    order.refuse_set_back(
        where, series, "value", "Write the values before it and those from it on into a file each"
    )
    return sorted(found.items())


def _unit(name: str) -> tuple[str, bool] | None:
    """Return (unit, whether it counts) of a metric by its name, or None where it is not a power or energy."""
    if name in _OWN:
        return _OWN[name]
    is_counter = name.endswith("_total") or "joules" in name
    parts = name.removesuffix("_total").split("_")
    unit = of_unit(parts[-1]) if parts else None
    if unit is None or unit[0] not in ELECTRIC or unit[0] in (Quantity.CURRENT, Quantity.VOLTAGE):
        return None
    return parts[-1], is_counter and unit[0] in (Quantity.ENERGY, Quantity.CHARGE)


def _names(found: Sequence[_Series]) -> list[str]:
    """Return a name for each series: what its metric states beside its unit, and the labels in which they differ."""
    differing = [
        key
        for key in dict.fromkeys(key for series in found for key in series.labels)
        if key not in _UNINTERESTING and len({series.labels.get(key) for series in found}) > 1
    ]
    names: list[str] = []
    known = [(series.name, tuple(series.labels.get(key) for key in differing)) for series in found]
    shared = Counter(known)
    for series, own_labels in zip(found, known, strict=True):
        stem = (
            re.sub(r"[\s_]+", "_", _NOISE.sub("", series.name.replace("_", " ")).strip()).strip("_").lower()
        )
        listed = (*differing, *_IF_ALIKE) if shared[own_labels] > 1 else differing
        own = [series.labels[key] for key in listed if key in series.labels]
        name = "_".join([stem, *own]).strip("_")[:80] or "series"
        if re.fullmatch(r"\d+", name):
            name = f"gpu{name}" if "DCGM" in series.name or "gpu" in series.name else f"series{name}"
        while name in names:
            name += "'"
        names.append(name)
    return names


def _of_both_modes(name: str, names: Sequence[str]) -> str | None:
    """Return what Kepler's two modes of a domain add up to, where both are there."""
    stem, _, mode = name.rpartition("_")
    return stem if mode in _MODES and all(f"{stem}_{other}" in names for other in _MODES) else None


_MODES = ("dynamic", "idle")


def _boundary(series: _Series) -> Boundary:
    return Boundary.DEVICE if "DCGM" in series.name or "gpu" in series.name.lower() else Boundary.PART


def _accuracy(name: str) -> Accuracy:
    if "rapl" in name or name.startswith("scaph"):
        return RAPL
    return NVML if "DCGM" in name or "nvidia" in name else UNKNOWN
