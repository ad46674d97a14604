"""Imports what Android's `dumpsys batterystats` prints: the battery's history, or the totals since the last charge.

In the history each line names only what changed; `charge` is the gauge's count in mAh and `volt` in mV.  Where the
history holds no counts, *actual drain* (by the level, a range) over *Time on battery* is one total, graded estimated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from powermeter.channel import MISSING, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers.accuracies import GAUGE, PHONE_MODEL
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import datetime_ns
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_COULOMB_PER_MAH = 3.6
_SPAN = r"(?:(?P<d>\d+)d ?)?(?:(?P<h>\d+)h ?)?(?:(?P<m>\d+)m(?!s) ?)?(?:(?P<s>\d+)s ?)?(?:(?P<ms>\d+)ms)?"
_HISTORY = re.compile(rf"\s*(?:\+{_SPAN}|0)\s+\(\d+\)\s+(?P<rest>.*)")
_TIME = re.compile(r"TIME: (\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)")
_FIELD = re.compile(r"\b(charge|volt)=(\d{1,6})\b")
_ON_BATTERY = re.compile(rf"\s*Time on battery: {_SPAN} ")
_DRAIN = re.compile(r"Computed drain: ([\d.]+), actual drain: ([\d.]+)(?:-([\d.]+))?")
_LONGEST_NS = 10 * 31_557_600 * NS


@dataclass(slots=True)
class _History:
    """What the history reports of the battery, and the totals beside it."""

    times: list[int] = field(default_factory=list)
    charge: list[int] = field(default_factory=list)
    volts: list[int] = field(default_factory=list)
    began: datetime | None = None
    plugged: bool = False
    on_battery_ns: int = 0
    drain: tuple[float, float, float] | None = None


class BatteryStats(Importer):
    name = "batterystats"
    title = "an output of Android's dumpsys batterystats"
    has_sections = True
    takes = frozenset({"voltage", "zone"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return "Battery History (" in peek.text or "Statistics since last charge:" in peek.text

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = _read(path)
        known = [code for code in found.charge if code != MISSING]
        if len(known) > 1 and max(found.times) > min(found.times):
            return _counted(cls.name, found, choices)
        if found.drain is not None and 0 < found.on_battery_ns < _LONGEST_NS:
            return _total(cls.name, found, choices)
        raise DataError(
            f"{path}: neither a history with charges nor a drain over a time on battery in it; reset with dumpsys batterystats "
            "--reset, use the phone unplugged, then print it"
        )


def _ns(match: re.Match[str]) -> int:
    parts = {name: int(match[name] or 0) for name in ("d", "h", "m", "s", "ms")}
    seconds = parts["d"] * 86_400 + parts["h"] * 3600 + parts["m"] * 60 + parts["s"]
    return seconds * NS + parts["ms"] * 1_000_000


def _read(path: Path) -> _History:
    found = _History()
    for line in read_lines(path):
        entry = _HISTORY.match(line)
        if entry is not None:
            when = _ns(entry)
            stamp = _TIME.search(entry["rest"])
            if stamp is not None and found.began is None and when == 0:
                found.began = _date(stamp[1])
            found.plugged |= (
                "plug=ac" in entry["rest"] or "plug=usb" in entry["rest"] or "+plugged" in entry["rest"]
            )
            reported = {name: int(value) for name, value in _FIELD.findall(entry["rest"])}
            if reported and when < _LONGEST_NS and (not found.times or when >= found.times[-1]):
                found.times.append(when)
                found.charge.append(reported.get("charge", MISSING))
                found.volts.append(reported.get("volt", MISSING))
            continue
        spent = _ON_BATTERY.match(line)
        if spent is not None and not found.on_battery_ns:
            found.on_battery_ns = _ns(spent)
        drain = _DRAIN.search(line)
        if drain is not None and found.drain is None:
            low = float(drain[2])
            found.drain = float(drain[1]), low, float(drain[3] or low)
    return found


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        return None


def _counted(name: str, found: _History, choices: Choices) -> Log:
    start = choices.utc_ns(datetime_ns(found.began)) if found.began is not None else 0
    rail = Rail("battery", None, Boundary.BATTERY, "what leaves the battery", choices.voltage_v)
    charge = np.array([MISSING if code == MISSING else -code for code in found.charge], np.int64)
    volts = np.array([code if code != 0 else MISSING for code in found.volts], np.int64)
    channels = [
        Channel(
            "battery.charge",
            Quantity.CHARGE,
            _COULOMB_PER_MAH,
            rail,
            Kind.COUNTER,
            grade=Grade.MEASURED,
            accuracy=GAUGE,
            low_code=-(2**62),
        )
    ]
    codes = [charge]
    if (volts != MISSING).sum() > 1:
        channels.append(
            Channel(
                "battery.voltage",
                Quantity.VOLTAGE,
                1e-3,
                rail,
                Kind.INSTANT,
                grade=Grade.MEASURED,
                accuracy=GAUGE,
            )
        )
        codes.append(volts)
    warnings = [
        Note.info(
            "coarse-gauge",
            "the gauge counts whole mAh and is printed when it changes: short stretches are coarse",
        )
    ]
    if found.plugged:
        warnings.append(
            Note.info(
                "charged-meanwhile",
                "the phone was plugged in during this history: its charge rises there, and the sum is what left less what came in",
            )
        )
    if choices.voltage_v is None and len(channels) == 1:
        warnings.append(
            Note.info(
                "voltage-needed",
                "the charge is known; an energy needs the battery's voltage, for example --voltage 3.85V",
            )
        )
    rows = LogRows("phone (batterystats)", tuple(channels), np.array(found.times, np.int64) + start, codes)
    return Log(name, RELATIVE if found.began is None else UTC, [rows], warnings=warnings)


def _total(name: str, found: _History, choices: Choices) -> Log:
    assert found.drain is not None
    computed, low, high = found.drain
    middle = (low + high) / 2
    rail = Rail(
        "battery", None, Boundary.BATTERY, "what left the battery since it was unplugged", choices.voltage_v
    )
    channel = Channel(
        "battery.charge",
        Quantity.CHARGE,
        _COULOMB_PER_MAH * 1e-3,
        rail,
        Kind.COUNTER,
        grade=Grade.ESTIMATED,
        accuracy=PHONE_MODEL,
    )
    rows = LogRows(
        "phone (batterystats)",
        (channel,),
        np.array([0, found.on_battery_ns], np.int64),
        [np.array([0, round(middle * 1000)], np.int64)],
    )
    warnings = [
        Note.info(
            "model-estimates",
            f"one total: {low:g} to {high:g} mAh by the battery's level, {computed:g} mAh by Android's model; estimated",
        ),
    ]
    if choices.voltage_v is None:
        warnings.append(
            Note.info(
                "voltage-needed",
                "the charge is known; an energy needs the battery's voltage, for example --voltage 3.85V",
            )
        )
    return Log(name, RELATIVE, [rows], warnings=warnings)
