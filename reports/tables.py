"""A recording as plain tables in SI: its samples, its events with their energies, its labels.

A table is a mapping from column to values of equal length; None or NaN is a value that is not there.
Columns are named alike here, in CSV, JSON, Parquet and data frames: lower case, words joined by `_`, the
SI unit last (`energy_per_item_j`, `peak_memory_b`); the ends of an interval are `energy_low_j`, `energy_high_j`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.channel import Channel, Quantity
from powermeter.recording import Recording, SourceInfo
from powermeter.result import Result
from powermeter.signals.rails import on_host

from .report_data import ReportData

Column = Sequence[Any] | NDArray[Any]
Table = Mapping[str, Column]


def samples(recording: Recording) -> Table:
    """Return every sample of every source in order of time, as recorded (no calibration applied), on the recording's clock.

    A row belongs to one source; the columns of the others are empty in it.  `flags` are the bits of
    `powermeter.source`: 1 repeat, 2 saturated, 4 interpolated time.
    """
    read = [(source, on_host(recording, source.id)[0]) for source in recording.sources]
    times = np.concatenate([s.times_ns for _, s in read]) if read else np.empty(0, np.int64)
    order = np.argsort(times, kind="stable")
    sorted_ns = times[order]
    origin = int(sorted_ns[0]) if sorted_ns.size else 0
    table: dict[str, Column] = {"time_s": (sorted_ns - origin) * 1e-9}
    stamps = utc(recording, sorted_ns)
    if stamps is not None:
        table["utc"] = stamps
    first = 0
    for source, found in read:
        for name, channel in sample_columns(source):
            values = found.flags.astype(np.float64) if channel is None else found.values(channel)
            table[name] = _placed(values, first, order)
        first += found.times_ns.size
    return table


def sample_columns(source: SourceInfo) -> Iterator[tuple[str, Channel | None]]:
    """Yield the columns of a source's samples: the name with its unit, and the channel; None for the flags."""
    name = source.name or source.url
    for channel in source.channels:
        unit = "" if channel.quantity in (Quantity.MARKER, Quantity.LOAD) else f"_{channel.unit.lower()}"
        yield f"{name}/{channel.name}{unit}", channel
    yield f"{name}/flags", None


def _placed(values: NDArray[np.float64], first: int, order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Put one source's values where the common order of time has them."""
    whole = np.full(order.size, np.nan)
    whole[first : first + values.size] = values
    return whole[order]


def utc(recording: Recording, times_ns: NDArray[np.int64]) -> list[str] | None:
    """Return ISO 8601 stamps by the recording's clock pairs, interpolated between them; None without any."""
    pairs = recording.clock_pairs()
    if not pairs:
        return None
    monotonic = np.array([m for m, _ in pairs], np.int64)
    offsets = np.array([u - m for m, u in pairs], np.int64)
    base = int(offsets[0])
    shift = np.interp(times_ns, monotonic, (offsets - base).astype(np.float64))
    stamps = (times_ns + base + np.rint(shift).astype(np.int64)) // 1000
    return [f"{text}Z" for text in np.datetime_as_string(stamps.astype("datetime64[us]"), unit="us").tolist()]


def events(a: Analysis) -> Table:
    """Return each finished event with what it used; its attributes have a column each."""
    names = list(dict.fromkeys(name for event in a.events for name in event.attributes))
    half = a.energies.half_width()
    counts = np.array([e.count or np.nan for e in a.events], np.float64)
    table: dict[str, Column] = {
        "label": [e.name for e in a.events],
        "start_s": (a.energies.start_ns - a.start_ns) * 1e-9,
        "duration_s": a.energies.seconds,
        "count": [e.count for e in a.events],
        "energy_j": a.energies.value,
        "energy_low_j": a.energies.value - half,
        "energy_high_j": a.energies.value + half,
        "energy_per_item_j": a.energies.value / counts,
        "charge_c": a.charges.value if a.charges is not None else [None] * len(a.events),
        "grade": [a.energy.grade.value] * len(a.events),
        "samples": a.energies.samples,
        "process": [e.process for e in a.events],
        "thread": [e.thread for e in a.events],
        "task": [e.task for e in a.events],
        "uid": [e.uid for e in a.events],
        "parent": [e.parent for e in a.events],
        "peak_memory_b": [e.peak_memory for e in a.events],
    }
    for name in names:
        column = f"attribute_{name}" if name in table else name
        table[column] = [_plain(e.attributes.get(name)) for e in a.events]
    for name in dict.fromkeys(name for event in a.events for name in event.measures):
        column = f"measure_{name}" if name in table else name
        table[column] = [_plain(e.measures.get(name)) for e in a.events]
    return table


def labels(data: ReportData) -> Table:
    """Return one row per label (and group), the numbers of `powermeter show` unrounded."""
    rows: list[dict[str, Any]] = []
    for r in data.analysis.rows:
        rows.append(
            {
                "label": r.label,
                **{name: _plain(value) for name, value in r.group.items()},
                "events": r.events,
                "items": r.items,
                "duration_s": r.seconds,
                **_interval("energy", "j", r.energy),
                **_interval("energy_per_item", "j", r.energy_per_item),
                "energy_median_j": _value(r.energy_median),
                "energy_p95_j": _value(r.energy_p95),
                "energy_standard_deviation_j": r.spread_j,
                **_interval("above_baseline_per_item", "j", r.above_per_item),
                **_interval("charge", "c", data.charge_of(r)),
                "mean_power_w": _value(r.power),
                "items_per_charge": _value(data.per_charge(r)),
                "latency_mean_s": r.latency_mean,
                "latency_p50_s": r.latency_p50,
                "latency_p95_s": r.latency_p95,
                "latency_p99_s": r.latency_p99,
                "peak_memory_b": r.peak_memory,
                "grade": r.energy.grade.value if r.energy else None,
            }
        )
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in columns}


def _interval(name: str, unit: str, result: Result | None) -> dict[str, float | None]:
    return {
        f"{name}_{unit}": _value(result),
        f"{name}_low_{unit}": result.low if result else None,
        f"{name}_high_{unit}": result.high if result else None,
    }


def _value(result: Result | None) -> float | None:
    return None if result is None else result.value


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
