"""A recording that may still grow, read again and again without disturbing its recorder.

The file is opened for reading only and closed after each look, so that the recorder's write-ahead log can be folded in.  A look
costs what an analysis costs; the next one waits twenty times as long, so that watching takes at most a twentieth of one core.
"""

from __future__ import annotations

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
from powermeter.footprint.intensity import Utc
from powermeter.recording import Recording
from powermeter.recording.file import SUFFIX

SHARE = 20.0
LEAST_S = 1.0
_RECENT_NS = 250_000_000


@dataclass(frozen=True, slots=True)
class Shown:
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
    shown: tuple[Shown, ...] = ()
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
    _highest: dict[tuple[Any, ...], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if not self.what.exists():
            raise ConfigurationError(f"{self.what} is not there; start the recorder first, or name a folder")

    def path(self) -> Path | None:
        """Return the file to read now; None where a folder holds none."""
        if not self.what.is_dir():
            return self.what
        found = [p for p in self.what.glob(f"*{SUFFIX}") if p.is_file() and not p.name.startswith(".")]
        return max(found, key=lambda p: (p.stat().st_mtime_ns, p.name), default=None)

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


def _look(path: Path, recording: Recording, highest: dict[tuple[Any, ...], float]) -> Look:
    device = device_of(recording)
    base = {"device": device, "file": path.name}
    shown = [
        Shown("recording_growing", base, float(recording.is_growing)),
        Shown("recording_simulated", base, float(_is_simulated(recording))),
    ]
    shown += _channels(recording, base)
    problem = ""
    try:
        shown += _energies(analyse(recording), base)
    except DataError as error:
        problem = " ".join(str(error).split())
    steady = []
    for one in shown:
        if one.name.endswith(
            "_total"
        ):  # a counter never falls, though a longer run may bridge a gap with less
            key = (str(path), one.name, *sorted(one.labels.items()))
            highest[key] = max(one.value, highest.get(key, 0.0))
            one = Shown(one.name, one.labels, highest[key])
        steady.append(one)
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


def _channels(recording: Recording, base: Mapping[str, str]) -> list[Shown]:
    """Return the newest reading of each channel, how many readings there are, and when the newest was."""
    found = []
    utc = Utc(recording.clock_pairs()) if recording.clock_pairs() else None
    for source in recording.sources:
        labels = {**base, "source": source.name or source.url}
        found.append(Shown("readings_total", labels, float(recording.count(source.id))))
        gaps = sum(gap.end_ns - gap.start_ns for gap in recording.gaps(source.id))
        found.append(Shown("gap_seconds_total", labels, gaps / 1e9))
        span = recording.span_ns(source.id)
        if span is None:
            continue
        if utc is not None:
            found.append(Shown("last_reading_timestamp_seconds", labels, utc.of(span[1]) / 1e9))
        samples = recording.slice(source.id, span[1] - _RECENT_NS, span[1])
        for channel in source.channels:
            name = _GAUGES.get(channel.quantity)
            codes = samples.codes[channel.name]
            codes = codes[codes != MISSING]
            if name is not None and codes.size:
                value = float(codes[-1]) * channel.scale + channel.offset
                found.append(
                    Shown(name, {**labels, "channel": channel.name, "grade": channel.grade.value}, value)
                )
    return found


def _energies(a: Analysis, base: Mapping[str, str]) -> list[Shown]:
    """Return energy, charge and power of the counted rail, and energy and items of each label: the numbers of `show`."""
    rail = {**base, "rail": a.line.key, "grade": a.energy.grade.value}
    trace = a.power_trace
    found = [
        Shown("energy_joules_total", rail, a.energy.value),
        Shown("energy_low_joules", rail, a.energy.low),
        Shown("energy_high_joules", rail, a.energy.high),
        Shown("run_seconds_total", rail, a.duration.value),
    ]
    if trace.unit == "W" and len(trace):
        recent = trace.values[trace.times_ns >= trace.end_ns - _RECENT_NS]
        found.append(Shown("power_watts", rail, float(np.mean(recent))))
    elif len(trace) > 1:
        rates = a.integral.rates(np.array([len(trace) - 1]))
        found.append(Shown("power_watts", rail, float(rates[-1])))
    if a.charge is not None:
        found.append(Shown("charge_coulombs_total", rail, a.charge.value))
    for row in a.rows:
        labels = {**base, "label": row.label}
        found.append(Shown("events_total", labels, float(row.events)))
        if row.items is not None:
            found.append(Shown("items_total", labels, float(row.items)))
        if row.energy is not None and row.energy.value >= 0:
            graded = {**labels, "grade": row.energy.grade.value}
            found.append(Shown("label_energy_joules_total", graded, row.energy.value))
    return found
