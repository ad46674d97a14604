"""A recording that may still grow, read again and again without disturbing its recorder.

The file is opened for reading only and closed after each look, so that the recorder's write-ahead log can be folded in.  A look
costs what an analysis costs; the next one waits twenty times as long, so that watching takes at most a twentieth of one core.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import MISSING, Quantity
from powermeter.errors import ConfigurationError, DataError, PowermeterError
from powermeter.footprint.hourly_intensity import Utc
from powermeter.recording import Recording
from powermeter.recording.file_names import SUFFIX
from powermeter.recording.fingerprint import run_of

SHARE = 20.0
LEAST_S = 1.0
_RECENT_NS = 250_000_000


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One number with its labels, as monitoring takes it.

    Attributes:
        name: Without prefix and unit suffix rules: `power_watts`, `energy_joules_total`.
        labels: Name → value.
        value: In the unit of the name.
    """

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Look:
    """What a recording showed at one moment.

    Attributes:
        path: The file.
        shown: Numbers.
        growing: Whether its recorder still runs.
        device: What the device is called.
        problem: Why there are no numbers; empty where there are.
    """

    path: Path | None
    shown: tuple[MetricValue, ...] = ()
    growing: bool = False
    device: str = ""
    problem: str = ""


@dataclass
class Watched:
    """A recording, or the newest one of a folder, looked at from time to time.

    Args:
        what: A file, or a folder: then its newest recording.
    """

    what: Path
    _look: Look = field(default_factory=lambda: Look(None, problem="not read yet"))
    _again: float = 0.0
    _highest: _Highest = field(default_factory=lambda: _Highest())
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not self.what.exists():
            raise ConfigurationError(f"{self.what} is not there; start the recorder first, or name a folder")

    def path(self) -> Path | None:
        """Return the file to read now; None where a folder holds none."""
        found = self.paths()
        return found[-1] if found else None

    def paths(self) -> list[Path]:
        """Return the file, or the recordings of the folder, the newest last."""
        if not self.what.is_dir():
            return [self.what]
        dated = []
        for path in self.what.glob(f"*{SUFFIX}"):
            try:
                if path.is_file() and not path.name.startswith("."):
                    dated.append((path.stat().st_mtime_ns, path.name, path))
            except OSError:
                continue  # removed at this moment
        return [path for _, _, path in sorted(dated)]

    def look(self, *, now: bool = False) -> Look:
        """Return what the recording shows; the last look where that is recent enough, unless `now`."""
        with self._lock:
            if not now and time.monotonic() < self._again:
                return self._look
            begun = time.monotonic()
            self._look = self._read()
            cost = time.monotonic() - begun
            self._again = time.monotonic() + max(LEAST_S, SHARE * cost)
            return self._look

    def _read(self) -> Look:
        path = self.path()
        if path is None:
            return Look(None, problem=f"{self.what} holds no recording yet")
        try:
            with Recording.open(path) as recording:
                return _look(path, recording, self._highest)
        except (PowermeterError, OSError) as error:
            return Look(path, problem=" ".join(str(error).split()))


class _Highest:
    """The highest values of one recording's counters: one never falls, though a longer run may bridge a gap with less.

    Another recording under the same name, or the next one of a folder, begins anew.
    """

    def __init__(self) -> None:
        self._name = ""
        self._values: dict[tuple[Any, ...], float] = {}

    def of(self, name: str) -> _Highest:
        """Return itself, for the recording of that name."""
        if name != self._name:
            self._name, self._values = name, {}
        return self

    def raised(self, one: MetricValue) -> MetricValue:
        """Return a counter that is at least as high as it was."""
        key = (one.name, *sorted(one.labels.items()))
        self._values[key] = max(one.value, self._values.get(key, 0.0))
        return MetricValue(one.name, one.labels, self._values[key])


def name_of(recording: Recording) -> str:
    """Return what names a recording, also while it grows: as in a collected dataset, 16 hexadecimal digits."""
    run = run_of(recording) or f"{recording.path}|{recording.metadata.get('started_utc')}"
    return hashlib.sha256(run.encode()).hexdigest()[:16]


def _look(path: Path, recording: Recording, highest: _Highest) -> Look:
    device = device_of(recording)
    base = {"device": device, "file": path.name}
    shown = [
        MetricValue("recording_growing", base, float(recording.is_growing)),
        MetricValue("recording_simulated", base, float(_is_simulated(recording))),
    ]
    shown += _channels(recording, base)
    problem = ""
    try:
        shown += _energies(analyse(recording), base)
    except DataError as error:
        problem = " ".join(str(error).split())
    held = highest.of(name_of(recording))
    steady = [held.raised(one) if one.name.endswith("_total") else one for one in shown]
    return Look(path, tuple(steady), recording.is_growing, device, problem)


def device_of(recording: Recording) -> str:
    """Return what the recorded device is called."""
    attributes, host = recording.metadata.get("attributes"), recording.metadata.get("host")
    for facts, name in ((attributes, "device"), (host, "name"), (host, "board")):
        if isinstance(facts, dict) and facts.get(name):
            return str(facts[name])
    return "unnamed"


def _is_simulated(recording: Recording) -> bool:
    return bool(recording.metadata.get("simulated")) or any(
        source.info.get("simulated") for source in recording.sources
    )


_GAUGES = {
    Quantity.VOLTAGE: "voltage_volts",
    Quantity.CURRENT: "current_amperes",
    Quantity.POWER: "channel_power_watts",
    Quantity.TEMPERATURE: "temperature_celsius",
}


def _channels(recording: Recording, base: Mapping[str, str]) -> list[MetricValue]:
    """Return the newest reading of each channel, how many readings there are, and when the newest was."""
    found = []
    utc = Utc(recording.clock_pairs()) if recording.clock_pairs() else None
    for source in recording.sources:
        labels = {**base, "source": source.name or source.url}
        found.append(MetricValue("readings_total", labels, float(recording.count(source.id))))
        gaps = sum(gap.end_ns - gap.start_ns for gap in recording.gaps(source.id))
        found.append(MetricValue("gap_seconds_total", labels, gaps / 1e9))
        span = recording.span_ns(source.id)
        if span is None:
            continue
        if utc is not None:
            found.append(MetricValue("last_reading_timestamp_seconds", labels, utc.of(span[1]) / 1e9))
        samples = recording.slice(source.id, span[1] - _RECENT_NS, span[1])
        for channel in source.channels:
            name = _GAUGES.get(channel.quantity)
            codes = samples.codes[channel.name]
            codes = codes[codes != MISSING]
            if name is not None and codes.size:
                value = float(channel.in_si(codes[-1:])[0])
                found.append(
                    MetricValue(
                        name, {**labels, "channel": channel.name, "grade": channel.grade.value}, value
                    )
                )
    return found


def _energies(a: Analysis, base: Mapping[str, str]) -> list[MetricValue]:
    """Return energy, charge and power of the counted rail, and energy and items of each label: the numbers of `show`."""
    rail = {**base, "rail": a.line.key, "grade": a.energy.grade.value}
    trace = a.power_trace
    found = [
        MetricValue("energy_joules_total", rail, a.energy.value),
        MetricValue("energy_low_joules", rail, a.energy.low),
        MetricValue("energy_high_joules", rail, a.energy.high),
        MetricValue("run_seconds_total", rail, a.duration.value),
    ]
    if trace.unit == "W" and len(trace):
        recent = trace.values[trace.times_ns >= trace.end_ns - _RECENT_NS]
        found.append(MetricValue("power_watts", rail, float(np.mean(recent))))
    elif len(trace) > 1:
        rates = a.integral.rates(np.array([len(trace) - 1]))
        found.append(MetricValue("power_watts", rail, float(rates[-1])))
    if a.charge is not None:
        found.append(MetricValue("charge_coulombs_total", rail, a.charge.value))
    for row in a.rows:
        labels = {**base, "label": row.label}
        found.append(MetricValue("events_total", labels, float(row.events)))
        if row.items is not None:
            found.append(MetricValue("items_total", labels, float(row.items)))
        if row.energy is not None and row.energy.value >= 0:
            graded = {**labels, "grade": row.energy.grade.value}
            found.append(MetricValue("label_energy_joules_total", graded, row.energy.value))
    return found
