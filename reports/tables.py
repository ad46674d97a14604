"""A recording as plain tables in SI: its samples, its events with their energies, its labels.

A table is a mapping from column to values of equal length; None or NaN is a value that is not there.
The unit stands in the column's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.recording import Recording
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
        count = found.times_ns.size
        name = source.name or source.url
        for channel in source.channels:
            unit = "" if channel.quantity in (Quantity.MARKER, Quantity.LOAD) else f" ({channel.unit})"
            table[f"{name}/{channel.name}{unit}"] = _placed(found.values(channel), first, order)
        table[f"{name} flags"] = _placed(found.flags.astype(np.float64), first, order)
        first += count
    return table


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


def events(data: ReportData) -> Table:
    """Return each finished event with what it used; its attributes have a column each."""
    a = data.analysis
    names = list(dict.fromkeys(name for event in a.events for name in event.attributes))
    taken = {"label", "count", "process", "thread"}
    half = a.energies.half_width()
    counts = np.array([max(e.count, 1) for e in a.events], np.float64)
    table: dict[str, Column] = {
        "label": [e.name for e in a.events],
        "start (s)": (a.energies.start_ns - a.start_ns) * 1e-9,
        "duration (s)": a.energies.seconds,
        "count": [e.count for e in a.events],
        "energy (J)": a.energies.value,
        "energy ± (J)": half,
        "energy per item (J)": a.energies.value / counts,
        "charge (C)": a.charges.value if a.charges is not None else [None] * len(a.events),
        "samples": a.energies.samples,
        "process": [e.process for e in a.events],
        "thread": [e.thread for e in a.events],
        "uid": [e.uid for e in a.events],
        "parent": [e.parent for e in a.events],
        "peak memory (B)": [e.peak_memory for e in a.events],
    }
    for name in names:
        column = f"attribute {name}" if name in taken or name in table else name
        table[column] = [_plain(e.attributes.get(name)) for e in a.events]
    return table


def labels(data: ReportData) -> Table:
    """Return one row a label (and group), the numbers of `powermeter show` unrounded."""
    rows: list[dict[str, Any]] = []
    for r in data.analysis.rows:
        charge = data.charge_of(r)
        per_charge = data.per_charge(r)
        rows.append(
            {
                "label": r.label,
                **{name: _plain(value) for name, value in r.group.items()},
                "events": r.events,
                "items": r.items,
                "seconds": r.seconds,
                **_spread("energy", r.energy, "J"),
                **_spread("energy per item", r.energy_per_item, "J"),
                "energy median (J)": r.energy_median.value if r.energy_median else None,
                "energy p95 (J)": r.energy_p95.value if r.energy_p95 else None,
                "standard deviation (J)": r.spread_j,
                **_spread("above baseline per item", r.above_per_item, "J"),
                **_spread("charge", charge, "C"),
                "mean power (W)": r.power.value if r.power else None,
                "items per charge": per_charge.value if per_charge else None,
                "mean time (s)": r.latency_mean,
                "p50 (s)": r.latency_p50,
                "p95 (s)": r.latency_p95,
                "p99 (s)": r.latency_p99,
                "peak memory (B)": r.peak_memory,
                "grade": r.energy.grade.value if r.energy else None,
            }
        )
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in columns}


def _spread(name: str, result: Any, unit: str) -> dict[str, float | None]:
    return {
        f"{name} ({unit})": result.value if result else None,
        f"{name} low ({unit})": result.low if result else None,
        f"{name} high ({unit})": result.high if result else None,
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
