"""Imports an MLPerf Power run: PTDaemon's `spl.txt` and the LoadGen log beside it.

`spl.txt` has one line a second, `Time,…,Watts,…,Volts,…,Amps,…,PF,…,Mark,…` and the same four again
after `Ch1`, `Ch2`, `Ch3` where the analyser has several inputs; the first Watts is the total then.
All times are UTC, also those in the LoadGen log (whatever zones server.json and client.json name).
-1 stands for "not available".

MLCommons computes by a rule of its own: the arithmetic mean of the Watts strictly inside
power_begin … power_end, times the length of that window.  Readings of 0 and below are left out, as today's
submission checker does; figures of v2.0 counted them (−2 of an analyser that was over its range), and v1.0 and
v1.1, of which no figure is published beside the readings, are taken to have.
`by_rule` returns that number.  The energy beside it leaves such readings out in either case.
"""

from __future__ import annotations

import csv
import json
import math
import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import ANALYSER
from powermeter.importers.analyser_product import against_product
from powermeter.importers.column_channels import channel
from powermeter.importers.columns import LogColumn
from powermeter.importers.decimal_grid import float_or_nan, integer_codes
from powermeter.importers.files import MAX_LINE, Peek, find, read_lines
from powermeter.importers.log import UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import Axis, axis, wall
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

RULE = "mlperf-power"

_DETAIL = ("mlperf_log_detail.txt", "mlperf_log_detail.txt.gz", "mlperf_log_detail*")
_SPL = ("spl.txt", "spl.txt.gz")
_PLACES = (".", "run_1", "performance/run_1")
_MARK = ":::MLLOG "

_KEYS = {
    "power_begin",
    "power_end",
    "result_query_count",
    "result_validity",
    "effective_scenario",
    "effective_samples_per_query",
    "generated_samples_per_query",
    "loadgen_version",
}

_QUANTITIES = {
    "Watts": Quantity.POWER,
    "Volts": Quantity.VOLTAGE,
    "Amps": Quantity.CURRENT,
    "PF": Quantity.LOAD,
}
_LABELS = {"Watts": "power", "Volts": "voltage", "Amps": "current", "PF": "power_factor"}
_LINE = re.compile(r"Time,\d\d-\d\d-\d{4} \d\d:\d\d:\d\d\.\d+,Watts,")


class MLPerfPower(Importer):
    name = "mlperf-power"
    title = "an MLPerf Power run"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.names:
            return _run_directory(peek.path) is not None
        return bool(peek.lines) and _LINE.match(peek.lines[0]) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        run = _run_directory(path) if path.is_dir() else path.parent
        if run is None:
            raise DataError(f"{path}: no spl.txt in it or in its run_1; name the run's own folder")
        spl = path if path.is_file() else find(run, *_SPL)
        assert spl is not None
        rows, warnings, left_out = _read_spl(spl)
        log = Log(cls.name, UTC, [rows], warnings=warnings, external=True)
        detail = find(run, *_DETAIL)
        if detail is None:
            log.warnings.append(
                Note.warning(
                    "window-unknown", f"no mlperf_log_detail.txt beside {spl.name}: the window is not known"
                )
            )
            return log
        _add_window(log, detail, left_out)
        summary = find(run, "mlperf_log_summary.txt")
        if summary is not None:
            log.metadata.update(_summary(summary))
        return log


def _run_directory(path: Path) -> Path | None:
    for place in _PLACES:
        if any((path / place / name).is_file() for name in _SPL):
            return path / place
    return None


@dataclass(slots=True)
class _LeftOut:
    """Readings of 0 W and below: times in ns, watts, lines."""

    times_ns: list[int] = field(default_factory=list)
    watts: list[float] = field(default_factory=list)
    lines: Unread = field(default_factory=Unread)

    def notes(self) -> list[Note]:
        """Return a warning that counts them and names the first lines, or nothing."""
        if not self.watts:
            return []
        readings = plural(len(self.watts), "reading")
        text = f"{readings} of 0 W and below, as {min(self.watts):g} ({self.lines.where}), left out as MLCommons' checker does"
        return [Note.warning("missing-values", text)]

    def inside(self, begin_ns: int, end_ns: int) -> list[float]:
        """Return the watts of those strictly inside a window."""
        pairs = zip(self.times_ns, self.watts, strict=True)
        return [watts for ns, watts in pairs if begin_ns < ns < end_ns]


def _read_spl(path: Path) -> tuple[LogRows, list[Note], _LeftOut]:
    names: list[tuple[str, str]] = []
    values: dict[tuple[str, str], array[float]] = {}
    stamps: list[int | None] = []
    broken = 0
    low = _LeftOut()
    for number, fields in enumerate(csv.reader(read_lines(path)), 1):
        pairs = _pairs(fields)
        if pairs is None or (names and [key for key, _ in pairs] != names):
            broken += 1
            continue
        if not names:
            names = [key for key, _ in pairs]
            values = {key: array("d") for key in names}
        stamp = wall(fields[1])
        stamps.append(None if stamp is None else stamp.ns)
        for key, value in pairs:
            values[key].append(math.nan if key == _WHOLE and value <= 0 else value)
        watts = pairs[0][1]
        if watts <= 0 and watts != _NOT_AVAILABLE and stamp is not None:
            low.times_ns.append(stamp.ns)
            low.watts.append(watts)
            low.lines.add(number)
    if not stamps:
        raise DataError(f"{path}: no samples: no line reads Time,…,Watts,…")
    if broken * 10 > len(stamps):
        raise DataError(f"{path}: {broken} of {plural(broken + len(stamps), 'line')} are not from PTDaemon")
    found = axis(stamps, str(path), spread=False)
    warnings = (
        [Note.warning("rows-left-out", f"{broken} broken lines of {path.name} were left out")]
        if broken
        else []
    )
    if {place for place, _ in names} == {"total"}:  # totals of several inputs are no product
        warnings += against_product({label: series for (_, label), series in values.items()})
    return _rows(found, values, path), warnings + low.notes() + found.warnings, low


_WHOLE = ("total", "Watts")
_NOT_AVAILABLE = -1.0


def _pairs(fields: list[str]) -> list[tuple[tuple[str, str], float]] | None:
    """Return ((input, label), value) of one line; the input is `total` before any `Ch1`."""
    if len(fields) < 4 or fields[0] != "Time" or fields[2] != "Watts":
        return None
    place, found, index = "total", [], 2
    while index < len(fields):
        word = fields[index]
        if re.fullmatch(r"Ch\d", word):
            place = word.lower()
            index += 1
        elif word in _QUANTITIES and index + 1 < len(fields):
            found.append(((place, word), float_or_nan(fields[index + 1])))
            index += 2
        elif word == "Mark":
            index += 2
        else:
            return None
    return found if len({key for key, _ in found}) == len(found) else None


def _rows(found: Axis, values: dict[tuple[str, str], array[float]], path: Path) -> LogRows:
    """Return the samples; voltages and currents are effective values of AC, so they carry no rail."""
    channels, codes = [], []
    for (place, label), stored in values.items():
        read = np.frombuffer(stored, np.float64)[found.kept].copy()
        read[read == _NOT_AVAILABLE] = math.nan
        if not np.isfinite(read).any() or (place != "total" and not np.nan_to_num(read).any()):
            continue
        rail = None
        if label == "Watts":
            rail = (
                Rail("total", boundary=Boundary.WALL, covers="everything plugged into the analyser")
                if place == "total"
                else Rail(place, "total", Boundary.PART, f"the analyser's input {place[2:]}")
            )
        column = LogColumn(
            0,
            f"{place}.{_LABELS[label]}",
            _QUANTITIES[label],
            1.0,
            rail,
            Kind.MEAN,
            accuracy=ANALYSER,
        )
        code, grid = integer_codes(read)
        channels.append(channel(column, grid))
        codes.append(code)
    if not any(entry.rail is not None for entry in channels):
        raise DataError(f"{path}: no samples: every Watts is -1 (not available), 0 or below")
    return LogRows("power analyser (PTDaemon)", tuple(channels), found.times_ns, codes, gaps=found.gaps)


def _add_window(log: Log, path: Path, left_out: _LeftOut) -> None:
    loadgen = _loadgen(path)
    missing = [key for key in ("power_begin", "power_end") if key not in loadgen]
    if missing:
        log.warnings.append(
            Note.warning(
                "window-unknown", f"{path.name} has no {' and no '.join(missing)}: the window is not known"
            )
        )
        return
    begin, end = wall(str(loadgen["power_begin"])), wall(str(loadgen["power_end"]))
    if begin is None or end is None or end.ns <= begin.ns:
        raise DataError(f"{path}: power_begin and power_end are not a window")
    times = log.sources[0].times_ns
    if end.ns < times[0] or begin.ns > times[-1]:
        raise DataError(f"{path}: its window lies outside the samples of spl.txt; they are of different runs")
    queries, per_query = loadgen.get("result_query_count"), loadgen.get("effective_samples_per_query")
    known = queries if isinstance(queries, int) and queries > 0 else None
    if known is None:
        log.warnings.append(
            Note.warning(
                "queries-unknown", f"{path.name} has no result_query_count: energy per query is not known"
            )
        )
    attributes = {
        key: value
        for key, value in {
            "scenario": loadgen.get("effective_scenario"),
            "validity": loadgen.get("result_validity"),
            "queries": known,
            "samples_per_query": per_query,
        }.items()
        if value is not None
    }
    log.events.append(Event("mlperf window", begin.ns, end.ns, count=known or 1, attributes=attributes))
    low = left_out.inside(begin.ns, end.ns) if _counts_all(str(loadgen.get("loadgen_version", ""))) else []
    which = "samples, those of 0 and below too," if low else "samples above 0"
    log.facts["published_rule"] = {
        "rule": RULE,
        "channel": log.sources[0].channels[0].name,
        "text": f"mean of the {which} strictly inside the window, times its length (MLCommons power-dev)",
        "counted_too": {"count": len(low), "sum_w": math.fsum(low)},
    }


def _counts_all(version: str) -> bool:
    """Return whether the checker of LoadGen's version (`2.0 @ 68c681b628`) counted readings of 0 and below."""
    match = re.match(r"(\d*)\.(\d+)", version)
    return match is not None and (int(match[1] or 0), int(match[2])) <= _LAST_TO_COUNT_ALL


_LAST_TO_COUNT_ALL = (2, 0)
"""Four published figures of v2.0 hold readings of −2; no window of v2.1 and v3.0 holds one, and v5.1 leaves them out."""


def _loadgen(path: Path) -> dict[str, Any]:
    """Return the last value of each key that matters from a LoadGen log."""
    loadgen: dict[str, Any] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.startswith(_MARK) or len(line) > MAX_LINE:
            continue
        try:
            entry = json.loads(line[len(_MARK) :])
        except ValueError:
            raise DataError(f"{path}, line {number}: not JSON after {_MARK.strip()}") from None
        if isinstance(entry, dict) and entry.get("key") in _KEYS:
            loadgen[entry["key"]] = entry.get("value")
    return loadgen


def _summary(path: Path) -> dict[str, Any]:
    wanted = {"SUT name": "system under test", "Scenario": "scenario", "Result is": "result"}
    found: dict[str, Any] = {}
    for line in read_lines(path):
        label, separator, text = line.partition(":")
        if separator and label.strip() in wanted:
            found.setdefault(wanted[label.strip()], text.strip()[:200])
    return found


def by_rule(times_ns: Any, codes: Any, scale: float, event: Event, fact: dict[str, Any]) -> float | None:
    """Return the window's energy in J by MLCommons' rule; None where no sample above 0 lies inside.

    Args:
        times_ns, codes: The channel's samples.
        scale: W per code.
        event: The window.
        fact: The recording's fact `published_rule`: `counted_too` holds readings that are no samples here.
    """
    if event.end_ns is None:
        return None
    inside = codes[(times_ns > event.start_ns) & (times_ns < event.end_ns) & (codes * scale > 0)]
    if not len(inside):
        return None
    too = fact.get("counted_too") or {"count": 0, "sum_w": 0.0}
    mean_w = (int(inside.sum()) * scale + too["sum_w"]) / (len(inside) + too["count"])
    return float(mean_w * ((event.end_ns - event.start_ns) / 1e9))
