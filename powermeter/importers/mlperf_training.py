"""Imports the power of an MLPerf Training run: `power/result_N` with `node_0.txt`, `node_1.txt`, …, `sw_0.txt`.

Each file has lines of `:::MLLOG {json}`: `power_reading` in W with `time_ms`, between `power_measurement_start` and
`…_stop`, and the supply's `conversion_eff`.  A switch may have one estimate instead (`interconnect_power_est`).
The run itself is in `result_N.txt` beside the folder `power`, from `run_start` to `run_stop`.

MLCommons takes each reading for the mean of the interval that it ends, since the start of the measurement, times the
length of the run over that of the measurement, times the efficiency; `by_rule` does the same.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.column_channels import channel, channel_name
from powermeter.importers.columns import LogColumn
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.side_by_side import side_by_side
from powermeter.importers.stamps import axis
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS, format_duration

RULE = "mlperf-training"

_MARK = ":::MLLOG "
_KEYS = ("power_reading", "power_measurement_start", "power_measurement_stop", "interconnect_power_est")
_MAX_NODES = 4096
_MS = 1_000_000
_QUARTER_NS = 900 * 10**9
_MOST_QUARTERS = 104  # 26 h lie between the zones that are furthest apart
_NEAR_NS = 30 * 10**9
_FEWEST_FOR_ZONE = 3
_LATEST_MS = 4_000_000_000_000


@dataclass(slots=True)
class _Node:
    """What one file states: readings in W with their times, the ends of the measurement, the efficiency."""

    path: Path
    stamps: list[int] = field(default_factory=list)
    watts: array[float] = field(default_factory=lambda: array("d"))
    start_ns: int | None = None
    stop_ns: int | None = None
    efficiency: float = 1.0
    estimate_w: float | None = None
    broken: int = 0


class MLPerfTraining(Importer):
    name = "mlperf-training"
    title = "the power of an MLPerf Training run"
    takes = frozenset({"rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.names:
            nodes = _nodes(peek.path)
            return bool(nodes) and cls.recognises(Peek.at(nodes[0]))
        return _MARK.strip() in peek.text[:4000] and any(f'"{key}"' in peek.text for key in _KEYS)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        files = _nodes(path) if path.is_dir() else [path]
        if not files:
            raise DataError(f"{path}: no node_0.txt in it; name the folder of one result, power/result_0")
        nodes = [_read(file) for file in files]
        measured = [node for node in nodes if len(node.watts)]
        if not measured:
            raise DataError(f"{path}: no power_reading in it")
        shifted = _into_one_zone(measured)
        sources = [_rows(node) for node in measured]
        log = Log(cls.name, UTC, [rows for rows, _ in sources], external=True)
        log.warnings += shifted
        for node, (_, warnings) in zip(measured, sources, strict=True):
            log.warnings += [note.about(node.path.name) for note in warnings]
        if len(log.sources) > 1:
            side_by_side(log, [""] * len(log.sources), choices, str(path), devices="node")
        window = _run_window(path if path.is_dir() else path.parent)
        if window is None:
            log.warnings.append(
                Note.warning(
                    "window-unknown",
                    "no result file with run_start and run_stop beside the folder power: the run's window is not known",
                )
            )
            return log
        event = Event("training run", window[0], window[1], count=1)
        log.events.append(event)
        _state_rule(log, nodes, event)
        return log


def _nodes(path: Path) -> list[Path]:
    files = [*path.glob("node_*.txt"), *path.glob("sw_*.txt")][:_MAX_NODES]
    return sorted(files, key=lambda file: (file.name[:2] == "sw", len(file.name), file.name))


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Yield (line number, entry) of each line that MLCommons' log made; None where its JSON is damaged."""
    for number, line in enumerate(read_lines(path), 1):
        _, mark, text = line.partition(_MARK)
        if not mark:
            continue
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError):
            entry = None
        yield number, entry if isinstance(entry, dict) else None


def _read(path: Path) -> _Node:
    node = _Node(path)
    for _, entry in _entries(path):
        time_ns = None if entry is None else _time_ns(entry)
        if entry is None or time_ns is None:
            node.broken += 1
            continue
        key, value = entry.get("key"), entry.get("value")
        number = float(value) if isinstance(value, (int, float)) and abs(value) < 1e12 else math.nan
        if key == "power_reading":
            node.stamps.append(time_ns)
            node.watts.append(number)
        elif key == "power_measurement_start":
            node.start_ns = time_ns
        elif key == "power_measurement_stop":
            node.stop_ns = time_ns
        elif key == "conversion_eff" and 0 < number <= 1:
            node.efficiency = number
        elif key == "interconnect_power_est" and node.estimate_w is None and number >= 0:
            node.estimate_w = number
    if node.broken * 10 > len(node.watts) + 10:
        raise DataError(f"{path}: {plural(node.broken, 'damaged line')} after {_MARK.strip()}")
    return node


def _time_ns(entry: dict[str, Any]) -> int | None:
    time_ms = entry.get("time_ms")
    if not isinstance(time_ms, (int, float)) or not 0 <= time_ms < _LATEST_MS:
        return None
    return round(time_ms * _MS)


def _into_one_zone(nodes: Sequence[_Node]) -> list[Note]:
    """Shift, in place, what was stamped in another time zone than most, and return a note on it.

    A log that ends before the others begin (or the other way round) and lies whole quarters of an hour from them,
    to within half a minute, was taken on a clock of another zone.
    """
    if len(nodes) < _FEWEST_FOR_ZONE:
        return []
    start = int(np.median([min(node.stamps) for node in nodes]))
    end = int(np.median([max(node.stamps) for node in nodes]))
    notes = []
    for node in nodes:
        if min(node.stamps) <= end and max(node.stamps) >= start:
            continue
        off = min(node.stamps) - start
        quarters = round(off / _QUARTER_NS)
        if not quarters or abs(quarters) > _MOST_QUARTERS or abs(off - quarters * _QUARTER_NS) > _NEAR_NS:
            continue
        node.stamps = [stamp - quarters * _QUARTER_NS for stamp in node.stamps]
        for name in ("start_ns", "stop_ns"):
            stamp = getattr(node, name)
            setattr(node, name, None if stamp is None else stamp - quarters * _QUARTER_NS)
        notes.append(
            Note.warning(
                "time-zone-shifted",
                f"{node.path.name}: its clock lies {quarters / 4:+g} h from the others', as one of another time zone does: shifted by that",
            )
        )
    return notes


def _rows(node: _Node) -> tuple[LogRows, list[Note]]:
    """Return the samples of one node.

    Raises:
        DataError: Its times cannot be put on an axis, or no reading is a number.
    """
    stamps = np.array(node.stamps, np.int64)
    _refuse_set_back(node, stamps)
    order = np.argsort(stamps, kind="stable")  # writers of one file may swap neighbours; MLCommons sorts too
    found = axis(stamps[order], str(node.path), spread=False)
    watts = np.frombuffer(node.watts, np.float64)[order][found.kept].copy()
    missing = int((watts < 0).sum() + (~np.isfinite(watts)).sum())
    watts[watts < 0] = math.nan
    if not np.isfinite(watts).any():
        raise DataError(f"{node.path}: no samples: no power_reading holds a power")
    warnings = list(found.warnings)
    if node.broken:
        warnings.append(
            Note.warning(
                "rows-left-out", f"{plural(node.broken, 'damaged line was', 'damaged lines were')} left out"
            )
        )
    if missing:
        warnings.append(
            Note.warning(
                "missing-values",
                f"kept as missing values: {plural(missing, 'reading without a number', 'readings without a number')}",
            )
        )
    name = node.path.stem
    is_switch = name.startswith("sw")
    covers = (
        "what the switch draws"
        if is_switch
        else "what the node draws, as its management controller or supply reads it"
    )
    column = LogColumn(
        0,
        f"{channel_name(name)}.power",
        Quantity.POWER,
        1.0,
        Rail(name, None, Boundary.WALL, covers),
        Kind.INSTANT,
        accuracy=UNKNOWN,
        grade=Grade.MEASURED,
    )
    codes, grid = integer_codes(watts)
    return LogRows(name, (channel(column, grid),), found.times_ns, [codes], gaps=found.gaps), warnings


def _refuse_set_back(node: _Node, stamps: NDArray[np.int64]) -> None:
    """Refuse readings behind which a clock was set back: sorted, two stretches would lie in each other.

    Writers of one file may swap neighbours, or lie a few readings behind; those catch up at once.

    Raises:
        DataError: One was.
    """
    highest = np.maximum.accumulate(stamps)
    late = highest - stamps
    steps = np.diff(stamps)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    behind = np.flatnonzero(late > _BEHIND * usual)
    if usual and behind.size > _BEHIND:
        first = int(behind[0])
        raise DataError(
            f"{node.path}: reading {first + 1} lies {format_duration(int(late[first]) / NS)} before an earlier one, and so do those behind it: "
            "a clock was set, or two logs were put together; sorted they would be a stretch that never was. Write the lines before it and "
            "those from it on into a folder each"
        )


_BEHIND = 10


def _run_window(folder: Path) -> tuple[int, int] | None:
    """Return run_start and run_stop of the result that a folder `power/result_N` belongs to."""
    result = folder.parent.parent / f"{folder.name}.txt"
    if not result.is_file():
        return None
    found: dict[str, int] = {}
    for _, entry in _entries(result):
        if entry is not None and entry.get("key") in ("run_start", "run_stop"):
            time_ns = _time_ns(entry)
            if time_ns is not None:
                found.setdefault(str(entry["key"]), time_ns)
    start, stop = found.get("run_start"), found.get("run_stop")
    return None if start is None or stop is None or stop <= start else (start, stop)


def _state_rule(log: Log, nodes: Sequence[_Node], event: Event) -> None:
    """Add MLCommons' figure: of one node as a rule that `show` applies, of several as a note."""
    facts = [_fact(node) for node in nodes]
    assert event.end_ns is not None
    seconds = (event.end_ns - event.start_ns) / 1e9
    total = 0.0
    for node, fact in zip(nodes, facts, strict=True):
        if node.estimate_w is not None:
            total += node.estimate_w * node.efficiency * seconds
            log.warnings.append(
                Note.info(
                    "estimate-left-out",
                    f"{node.path.name}: an estimate of {node.estimate_w:g} W, no reading: it is part of MLCommons' figure and of no rail",
                )
            )
        elif len(node.watts) and not node.path.name.startswith("sw"):
            times, watts = np.array(node.stamps, np.int64), np.frombuffer(node.watts, np.float64)
            good = np.isfinite(watts)
            total += by_rule(times[good], watts[good], 1.0, event, fact) or 0.0
    log.metadata["mlperf_training_energy_j"] = total
    log.warnings.append(
        Note.info(
            "mlcommons-energy",
            f"by MLCommons' rule the run used {total / 1e3:.6g} kJ (efficiency of the supply "
            f"{min(node.efficiency for node in nodes):g}; the rails are what was read, before it)",
        )
    )
    if len(nodes) == 1:
        log.facts["published_rule"] = facts[0] | {
            "rule": RULE,
            "channel": log.sources[0].channels[0].name,
            "text": "each reading times its interval, scaled to the run, times the supply's efficiency (MLCommons logging)",
        }


def _fact(node: _Node) -> dict[str, Any]:
    start = node.start_ns if node.start_ns is not None else min(node.stamps, default=0)
    stop = node.stop_ns if node.stop_ns is not None and node.stop_ns > start else max(node.stamps, default=0)
    return {"start_ns": start, "stop_ns": stop, "efficiency": node.efficiency}


def by_rule(times_ns: Any, codes: Any, scale: float, event: Event, fact: dict[str, Any]) -> float | None:
    """Return the run's energy in J by MLCommons' rule; None where the measurement has no length.

    Args:
        times_ns, codes: The node's readings.
        scale: W per code.
        event: The run.
        fact: The recording's fact `published_rule`: start, stop and efficiency.
    """
    start, stop = int(fact["start_ns"]), int(fact["stop_ns"])
    if event.end_ns is None or stop <= start:
        return None
    order = np.argsort(times_ns, kind="stable")
    times, values = np.asarray(times_ns)[order], np.asarray(codes, np.float64)[order]
    inside = (times >= start) & (times <= stop)
    steps = np.diff(np.concatenate(([start], times[inside])))
    joules = float((values[inside] * steps).sum()) * scale / 1e9
    return float(fact["efficiency"]) * joules * (event.end_ns - event.start_ns) / (stop - start)
