"""A recording as plain tables in SI: its samples, its events with their energies, its labels.

A table is a mapping from column to values of equal length; None or NaN is a value that is not there.
Columns are named alike here, in CSV, JSON, Parquet and data frames: lower case, words joined by `_`, the
SI unit last (`energy_per_item_j`, `peak_memory_b`); the ends of an interval are `energy_low_j`, `energy_high_j`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_choice import rows_meant
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import stated_singly
from powermeter.analysis.upper_limits import ends
from powermeter.channel import Channel, Quantity
from powermeter.recording import Recording, SourceInfo
from powermeter.result import Grade, Result
from powermeter.result.notes import doubts
from powermeter.signals.rails import on_host

from .items_per_charge import Charges
from .wording import items_counted, left_out

Column = Sequence[Any] | NDArray[Any]
Table = Mapping[str, Column]

_FLAGS = "/flags"
_LATEST = np.iinfo(np.int64).max


def samples(recording: Recording) -> Table:
    """Return every sample of every source in order of time, as recorded (no calibration applied), on the recording's clock.

    A row belongs to one source; the columns of the others are empty in it.  `flags` are the bits of
    `powermeter.source`: 1 repeat, 2 saturated, 4 interpolated time.  Where a source is simulated, `grade` states so in its rows.
    """
    read = [(source, on_host(recording, source.id)[0]) for source in recording.sources]
    times = np.concatenate([s.times_ns for _, s in read]) if read else np.empty(0, np.int64)
    table, order = in_order_of_time(recording, times, int(times.min(initial=_LATEST)))
    first = 0
    for source, found in read:
        for name, channel in sample_columns(source):
            values = found.flags.astype(np.float64) if channel is None else found.values(channel)
            table[name] = placed(values, first, order)
        first += found.times_ns.size
    if any(map(is_simulated, recording.sources)):
        of_rows = [made_by(source, found.times_ns.size) for source, found in read]
        table["grade"] = np.concatenate(of_rows)[order].tolist()
    return table


def in_order_of_time(
    recording: Recording, times_ns: NDArray[np.int64], origin_ns: int
) -> tuple[dict[str, Column], NDArray[np.int64]]:
    """Return the columns of time of some samples, and the order that they are put into."""
    order = np.argsort(times_ns, kind="stable")
    sorted_ns = times_ns[order]
    table: dict[str, Column] = {"time_s": (sorted_ns - origin_ns) * 1e-9}
    stamps = utc(recording, sorted_ns)
    if stamps is not None:
        table["utc"] = stamps
    return table, order


def is_simulated(source: SourceInfo) -> bool:
    """Return whether a program made what a source reports."""
    return any(channel.grade is Grade.SIMULATED for channel in source.channels)


def made_by(source: SourceInfo, count: int) -> NDArray[np.object_]:
    """Return the column `grade` of a source's rows: `simulated`, or nothing; only a recording with simulated sources has it."""
    return np.full(count, Grade.SIMULATED.value if is_simulated(source) else "", object)


def sample_columns(source: SourceInfo) -> Iterator[tuple[str, Channel | None]]:
    """Yield the columns of a source's samples: the name with its unit, and the channel; None for the flags."""
    name = source.name or source.url
    for channel in source.channels:
        unit = "" if channel.quantity in (Quantity.MARKER, Quantity.LOAD) else f"_{channel.unit.lower()}"
        yield f"{name}/{channel.name}{unit}", channel
    yield f"{name}{_FLAGS}", None


def is_flags(name: str, column: Column) -> bool:
    """Return whether a column holds the flags of samples: whole numbers, NaN in the rows of other sources."""
    return name.endswith(_FLAGS) and isinstance(column, np.ndarray) and column.dtype.kind == "f"


def placed(values: NDArray[np.float64], first: int, order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Put one source's values where the common order of time has them."""
    whole = np.full(order.size, np.nan)
    whole[first : first + values.size] = values
    return whole[order]


def utc(recording: Recording, times_ns: NDArray[np.int64]) -> list[str] | None:
    """Return ISO 8601 stamps by the recording's clock pairs, interpolated between them; None without any."""
    found = utc_ns(recording, times_ns)
    if found is None:
        return None
    stamps = (found // 1000).astype("datetime64[us]")
    return [f"{text}Z" for text in np.datetime_as_string(stamps, unit="us").tolist()]


def utc_ns(recording: Recording, times_ns: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return ns since 1970 by the recording's clock pairs, interpolated between them; None without any."""
    pairs = recording.clock_pairs()
    if not pairs:
        return None
    monotonic = np.array([m for m, _ in pairs], np.int64)
    offsets = np.array([u - m for m, u in pairs], np.int64)
    base = int(offsets[0])
    shift = np.interp(times_ns, monotonic, (offsets - base).astype(np.float64))
    return np.asarray(times_ns + base + np.rint(shift).astype(np.int64), np.int64)


def events(a: Analysis, label: str | None = None) -> Table:
    """Return each finished event with what it used, if that is stated of single ones; its attributes have a column each.

    Args:
        label: Only those that it means, as it is typed.

    Raises:
        ConfigurationError: There is no such label.
    """
    stated = stated_singly(a.rows, a.energies)

    def singly(column: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        return np.where(stated, column, np.nan)

    names = list(dict.fromkeys(name for event in a.events for name in event.attributes))
    low, high = ends(a.energies)
    counts = np.array([e.count or np.nan for e in a.events], np.float64)
    table: dict[str, Column] = {
        "label": [e.name for e in a.events],
        "start_s": (a.energies.start_ns - a.start_ns) * 1e-9,
        "duration_s": a.energies.seconds,
        "count": [e.count for e in a.events],
        "energy_j": singly(a.energies.value),
        "energy_low_j": singly(low),
        "energy_high_j": singly(high),
        "energy_per_item_j": singly(a.energies.value / counts),
        "charge_c": singly(a.charges.value) if a.charges is not None else [None] * len(a.events),
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
    return table if label is None else _only(table, _events_meant(a, label))


def without_energies(a: Analysis) -> list[str]:
    """Return the labels of whose events none has an energy of its own in `events`, though what they used together is known."""
    lasting = a.energies.known & (a.energies.seconds > 0)
    unstated = np.flatnonzero(lasting & ~stated_singly(a.rows, a.energies))
    return list(dict.fromkeys(a.events[i].name for i in unstated.tolist()))


def _only(table: Table, kept: Sequence[int]) -> Table:
    return {name: [column[i] for i in kept] for name, column in table.items()}


def _events_meant(a: Analysis, label: str) -> list[int]:
    """Return which events a label means as it is typed; those too that count in no row of it, as what an exception ended."""
    rows = rows_meant(a.rows, label)
    if any(row.group for row in rows):
        return list(map(int, np.sort(np.concatenate([row.index for row in rows]))))
    return [i for i, event in enumerate(a.events) if event.name == rows[0].label]


def labels(charges: Charges, label: str | None = None) -> Table:
    """Return one row per label (and group), the numbers of `powermeter show` unrounded.

    Args:
        label: Only those that it means, as it is typed.

    Raises:
        ConfigurationError: There is no such label.
    """
    every = charges.analysis.rows
    rows = every if label is None else rows_meant(every, label)
    table: dict[str, Column] = {"label": [row.label for row in rows]}
    for name in dict.fromkeys(name for row in rows for name in row.group):
        column = f"attribute_{name}" if name == "label" or name in LABEL_COLUMNS else name
        table[column] = [_plain(row.group.get(name)) for row in rows]
    for name, value in LABEL_COLUMNS.items():
        table[name] = [value(charges, row) for row in rows]
    return table


Cell = Callable[[Charges, LabelRow], Any]


def _interval(name: str, unit: str, of: Callable[[Charges, LabelRow], Result | None]) -> dict[str, Cell]:
    def end(which: str) -> Cell:
        return lambda c, row: None if (found := of(c, row)) is None else getattr(found, which)

    unit = f"_{unit}" if unit else ""
    return {f"{name}{unit}": end("value"), f"{name}_low{unit}": end("low"), f"{name}_high{unit}": end("high")}


def _raised(a: Analysis, row: LabelRow) -> int:
    """Return how many of a row's events exceptions ended."""
    key = row.label, tuple(row.group.values())
    return sum(one.count for one in a.raised if (one.label, one.group) == key)


def _value(result: Result | None) -> float | None:
    return None if result is None else result.value


LABEL_COLUMNS: Mapping[str, Cell] = {
    "events": lambda c, row: row.events,
    "events_of_warmup": lambda c, row: left_out(row),
    "events_raised": lambda c, row: _raised(c.analysis, row),
    "items": lambda c, row: items_counted(row),
    "duration_s": lambda c, row: row.seconds,
    **_interval("energy", "j", lambda c, row: row.energy),
    **_interval("energy_per_item", "j", lambda c, row: row.energy_per_item),
    **_interval("expected_per_item", "j", lambda _, r: r.expected_per_item),
    **_interval("next_event_per_item", "j", lambda _, r: r.next_event_per_item),
    **_interval("per_item", "j", lambda _, r: r.per_item),
    "energy_median_j": lambda c, row: _value(row.energy_median),
    "energy_p95_j": lambda c, row: _value(row.energy_p95),
    "energy_standard_deviation_j": lambda c, row: row.spread_j,
    **_interval("above_baseline_per_item", "j", lambda c, row: row.above_per_item),
    **_interval("expected_above_baseline_per_item", "j", lambda _, r: r.expected_above_per_item),
    **_interval("charge", "c", lambda c, row: c.of(row)),
    **_interval("mean_power", "w", lambda c, row: row.power),
    **_interval("items_per_charge", "", lambda c, row: c.items_held(row)),
    "latency_mean_s": lambda c, row: row.latency_mean,
    "latency_p50_s": lambda c, row: row.latency_p50,
    "latency_p95_s": lambda c, row: row.latency_p95,
    "latency_p99_s": lambda c, row: row.latency_p99,
    "peak_memory_b": lambda c, row: row.peak_memory,
    "grade": lambda c, row: row.energy.grade.value if row.energy else None,
    "warnings": lambda c, row: "; ".join(doubts(c.analysis.notes)),
}
"""Column of the table of labels → what stands in it."""


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
