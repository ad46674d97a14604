"""Imports energy traces of MLPerf Tiny: EEMBC's EnergyRunner folder and the v1.3 runner's results.json.

EnergyRunner writes `trace1-energy.bin` (a byte 0xF1, the sample rate as float32, then the energy of
each sample in microjoule as float32) and `trace1-timestamps.json` (seconds of the device's falling
GPIO edges from the start of the trace); window k lies between edges k-1 and k and the even ones hold
the inferences.  The v1.3 runner writes one trial per entry of `results.json`: energy per 1 ms sample
in joule and the window as two sample indexes.

A sample is stored as mean power over the interval it was taken in, in codes that reproduce the very
float that was read.  The publishers sum the samples between the edges, both ends included, with a
time that is accumulated in binary floating point; `by_rule` does the same.
"""

from __future__ import annotations

import json
import math
import re
import struct
from itertools import accumulate, repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Gap, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import LPM01A
from powermeter.importers.column_channels import channel
from powermeter.importers.columns import LogColumn
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import Peek, find, read_all, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.result.notes import Note
from powermeter.units import NS

RULE_EDGES = "energyrunner"
RULE_INDEXES = "mlperf-tiny-runner"

_MICROJOULE = 1e-6
_VERSION = 0xF1
_MAX_JSON = 256 << 20
_MIN_RATE_HZ, _MAX_RATE_HZ = 0.1, 10e6
_BETWEEN_NS = NS

_TRACE = ("*-energy.bin", "*-energy.bin.gz")
_EDGES = ("*-timestamps.json",)
_TRIALS = ("results.json", "results.json.gz")

_WINDOW = re.compile(r"Energy data for (?:window|trial) (\d+)")
_RUNS = re.compile(r"Performance results for window (\d+)")
_FIELDS = {
    "energy_uJ": re.compile(r"(?:Total )?Energy\s*:\s*([\d.]+) uJ"),
    "uJ_per_inference": re.compile(r"Energy/Inf\.?\s*:\s*([\d.]+) uJ/inf"),
    "inferences": re.compile(r"(?:# )?Inferences\s*:\s*(\d+)"),
}
_MEDIAN = re.compile(r"Median energy cost is ([\d.]+) uJ/inf")


class MLPerfTiny(Importer):
    name = "mlperf-tiny"
    title = "an MLPerf Tiny energy run"
    takes = frozenset({"voltage"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.names:
            return any(name.endswith(("-energy.bin", "-energy.bin.gz")) for name in peek.names) or any(
                cls.recognises(Peek.at(peek.path / name)) for name in _TRIALS if name in peek.names
            )
        if peek.head[:1] == b"\xf1" and re.search(r"-energy\.bin(\.gz)?\Z", peek.path.name):
            return True
        return peek.text.lstrip().startswith("[{") and '"samples"' in peek.text and '"power"' in peek.text

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        folder = path if path.is_dir() else path.parent
        printed = _printed(find(folder, "results.txt"))
        trace = path if path.is_file() and path.name.startswith("trace") else find(folder, *_TRACE)
        if path.is_file() and "results.json" in path.name:
            trace = None
        if trace is not None:
            return _edge_log(trace, folder, printed, choices)
        trials = path if path.is_file() else find(folder, *_TRIALS)
        if trials is None:
            raise DataError(f"{path}: neither a trace1-energy.bin nor a results.json in it")
        return _trial_log(trials, printed, choices)


def _edge_log(path: Path, folder: Path, printed: dict[str, Any], choices: Choices) -> Log:
    data = read_all(path)
    if len(data) < 9 or data[0] != _VERSION:
        raise DataError(f"{path}: no energy trace: its first byte is not 0xF1, or it holds no samples")
    (rate,) = struct.unpack_from("<f", data, 1)
    if not (math.isfinite(rate) and _MIN_RATE_HZ <= rate <= _MAX_RATE_HZ):
        raise DataError(f"{path}: a sample rate of {rate:g} Hz; the file is damaged")
    whole = (len(data) - 5) // 4
    energies = np.frombuffer(data, "<f4", whole, 5)
    _refuse_nonsense(path, energies, rate * _MICROJOULE)
    warnings = (
        []
        if (len(data) - 5) % 4 == 0
        else [Note.warning("rows-left-out", "the last sample is cut and was left out")]
    )
    period = 1.0 / rate
    times = np.rint((np.arange(whole) + 1) * (period * NS)).astype(np.int64)
    session = _session(find(folder, "log.txt"))
    voltage = choices.voltage_v or session.get("voltage_v")
    rows = _rows([energies], times, rate, _MICROJOULE, voltage, session)
    log = Log(MLPerfTiny.name, RELATIVE, [rows], metadata=session, warnings=warnings, external=True)
    edges = find(folder, *_EDGES)
    if edges is None:
        log.warnings.append(
            Note.warning("window-unknown", f"no timestamps beside {path.name}: its windows are not known")
        )
        return log
    _add_windows(log, edges, printed, period, whole, session)
    return log


def _add_windows(
    log: Log, path: Path, printed: dict[str, Any], period: float, samples: int, session: dict[str, Any]
) -> None:
    seconds = _json(path)
    if not isinstance(seconds, list) or not all(
        isinstance(entry, (int, float)) and not isinstance(entry, bool) for entry in seconds
    ):
        raise DataError(f"{path}: not a list of seconds")
    if any(not 0 <= entry <= samples * period + 1 for entry in seconds) or sorted(seconds) != seconds:
        raise DataError(f"{path}: its edges do not lie in order within the trace of {samples * period:g} s")
    wanted = sorted(printed["windows"]) or list(range(2, len(seconds), 2))
    for number in wanted:
        if not 2 <= number < len(seconds):
            raise DataError(f"{path}: results.txt names window {number}, the trace has {len(seconds)} edges")
        begin, end = float(seconds[number - 1]), float(seconds[number])
        shown = printed["windows"].get(number, {})
        count = int(shown.get("inferences") or session.get("inferences") or 1)
        log.events.append(
            Event(
                "inference window",
                round(begin * NS),
                round(end * NS),
                count=count,
                attributes={"window": number, "begin_s": begin, "end_s": end, **_as_published(shown)},
            )
        )
    log.facts["published_rule"] = {
        "rule": RULE_EDGES,
        "channel": log.sources[0].channels[0].name,
        "period_s": period,
        "text": "sum of the samples between two edges, both included, time accumulated in binary64",
        "median_uJ_per_inference": printed["median"],
    }


def _trial_log(path: Path, printed: dict[str, Any], choices: Choices) -> Log:
    trials = _json(path)
    if not isinstance(trials, list) or not trials:
        raise DataError(f"{path}: no list of trials")
    parts: list[NDArray[np.float64]] = []
    times: list[NDArray[np.int64]] = []
    gaps: list[Gap] = []
    events: list[Event] = []
    period, start, first, voltage = 0.001, 0, 0, choices.voltage_v
    for number, trial in enumerate(trials):
        energies, begin, end, volts, count = _trial(path, number, trial)
        voltage = voltage or volts
        stamps = start + np.rint((np.arange(len(energies)) + 1) * (period * NS)).astype(np.int64)
        if times:
            gaps.append(Gap(int(times[-1][-1]), start, "missed", f"between trials {number - 1} and {number}"))
        shown = printed["windows"].get(number, {})
        events.append(
            Event(
                "inference window",
                start + round(begin * period * NS),
                start + round(end * period * NS),
                count=count,
                attributes={
                    "trial": number,
                    "begin_index": first + begin,
                    "end_index": first + end,
                    **_as_published(shown),
                },
            )
        )
        parts.append(energies)
        times.append(stamps)
        start, first = int(stamps[-1]) + _BETWEEN_NS, first + len(energies)
    rows = _rows(parts, np.concatenate(times), 1 / period, 1.0, voltage, {})
    rows.gaps = gaps
    fact = {
        "rule": RULE_INDEXES,
        "channel": rows.channels[0].name,
        "period_s": period,
        "text": "sum of the samples from the first index up to, not including, the second",
        "median_uJ_per_inference": printed["median"],
    }
    warnings = [
        Note.info(
            "pauses-unknown", f"{len(trials)} separate traces were laid one after another, a second apart"
        )
    ]
    return Log(
        MLPerfTiny.name,
        RELATIVE,
        [rows],
        events,
        facts={"published_rule": fact},
        warnings=warnings,
        external=True,
    )


class _Trial(NamedTuple):
    """One trial: its samples in J, the samples that its window begins and ends at, and its inferences."""

    energies: NDArray[np.float64]
    begin: int
    end: int
    volts: float | None
    inferences: int


def _trial(path: Path, number: int, trial: Any) -> _Trial:
    try:
        power = trial["power"]
        energies = np.array(power["samples"], np.float64)
        begin, end = (int(entry[1]) for entry in power["timestamps"][-2:])
        volts = power.get("voltage")
        count = int(trial["infer"]["iterations"])
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise DataError(
            f"{path}: trial {number} has no power.samples, power.timestamps or infer.iterations"
        ) from None
    if energies.ndim != 1 or not 0 <= begin < end <= len(energies) or count < 1:
        raise DataError(
            f"{path}: trial {number}: its window {begin}…{end} lies outside its {plural(len(energies), 'sample')}"
        )
    _refuse_nonsense(path, energies, 1000.0)
    return _Trial(
        energies,
        begin,
        end,
        float(volts) if isinstance(volts, (int, float)) and volts > 0 else None,
        count,
    )


def _refuse_nonsense(path: Path, energies: NDArray[Any], watt: float) -> None:
    """Refuse traces whose floats are not energies: what damage and foreign files look like."""
    with np.errstate(invalid="ignore"):
        powers = energies.astype(np.float64) * watt
    if not np.isfinite(powers).all() or np.abs(powers).max() > 1e4:
        raise DataError(
            f"{path}: holds samples that are not energy (not finite, or above 10 kW); it is damaged"
        )


def _rows(
    parts: list[Any],
    times: NDArray[np.int64],
    rate: float,
    factor: float,
    voltage: Any,
    session: dict[str, Any],
) -> LogRows:
    """Return energies per sample as mean powers; the code is the energy on its own grid."""
    codes, grid = integer_codes(np.concatenate(parts))
    rail = Rail(
        "supply",
        boundary=Boundary.BOARD,
        covers="what the monitor feeds: usually the microcontroller alone",
        nominal_v=float(voltage) if voltage else None,
    )
    column = LogColumn(
        0,
        "supply.power",
        Quantity.POWER,
        factor * rate,
        rail,
        Kind.MEAN,
        accuracy=LPM01A,
        window_ns=round(NS / rate),
    )
    return LogRows(
        "energy monitor",
        (channel(column, grid),),
        times,
        [codes],
        info={"monitor": session.get("monitor", ""), "rate_hz": rate},
    )


def _json(path: Path) -> Any:
    data = read_all(path, _MAX_JSON)
    try:
        return json.loads(data)
    except ValueError:
        raise DataError(f"{path}: not JSON") from None


def _session(path: Path | None) -> dict[str, Any]:
    """Return what EnergyRunner's log states of the session."""
    if path is None:
        return {}
    patterns = {
        "voltage_mv": r"m-voltage-mv\[(\d+)\]",
        "model": r"m-model-\[([^\]]*)\]",
        "monitor": r"type\[emon\]-name\[([^\]]*)\]",
        "inferences": r"m-infer-start-(\d+)",
        "firmware": r"m-profile-\[([^\]]*)\]",
    }
    session: dict[str, Any] = {}
    for line in read_lines(path):
        for key, pattern in patterns.items():
            match = re.search(pattern, line)
            if match is not None:
                session[key] = match[1][:200]
    if "voltage_mv" in session:
        session["voltage_v"] = int(session.pop("voltage_mv")) / 1000
    return session


def _printed(path: Path | None) -> dict[str, Any]:
    """Return the numbers that the publisher's results.txt prints, by window."""
    windows: dict[int, dict[str, float]] = {}
    median, current = None, None
    for line in read_lines(path) if path is not None else ():
        start = _WINDOW.search(line) or _RUNS.search(line)
        if start is not None:
            current = windows.setdefault(int(start[1][:6]), {})
        found = _MEDIAN.search(line)
        if found is not None:
            median = float(found[1].rstrip("."))
        for key, pattern in _FIELDS.items():
            match = pattern.search(line)
            if match is not None and current is not None:
                current.setdefault(key, float(match[1]))
    return {"windows": windows, "median": median}


def _as_published(shown: dict[str, float]) -> dict[str, float]:
    return {f"published_{key}": value for key, value in shown.items() if key != "inferences"}


def by_edges(times_ns: Any, codes: Any, scale: float, event: Event, fact: dict[str, Any]) -> float | None:
    """Return a window's energy in J as EnergyRunner sums it.

    A sample counts if begin ≤ t ≤ end, where t is the sample period added up sample by sample in
    binary64: after 10 000 samples of 1 ms it is 10.000000000000159 s, and that decides edge samples.
    """
    period = float(fact["period_s"])
    begin, end = event.attributes.get("begin_s"), event.attributes.get("end_s")
    if begin is None or end is None:
        return None
    clock = np.fromiter(accumulate(repeat(period, max(len(codes) - 1, 0)), initial=0.0), np.float64)
    inside = codes[(clock >= begin) & (clock <= end)]
    return int(inside.sum()) * scale * period


def by_indexes(times_ns: Any, codes: Any, scale: float, event: Event, fact: dict[str, Any]) -> float | None:
    """Return a window's energy in J as the v1.3 runner sums it: from one index up to before the other."""
    begin, end = event.attributes.get("begin_index"), event.attributes.get("end_index")
    if begin is None or end is None:
        return None
    return int(codes[begin:end].sum()) * scale * float(fact["period_s"])
