"""Imports Home Assistant's long-term statistics: one row an hour (or five minutes) of each sensor.

A power has `mean`, the mean of the interval that begins at `start`; a total has `sum`, which never resets, at its end (`state` does
reset, and is not used).  An export names the unit in `unit_of_measurement`; the database's own table has only a number for the
sensor, and no unit: then `--unit` states it, of the one sensor that `--rail` names where there are several: gas and water have the same rows.
A history of states, a row each time one changes, is in `home_assistant_history.py`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from shlex import quote

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.headers import words
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import wall
from powermeter.importers.unit_spellings import of_unit
from powermeter.result.notes import Note
from powermeter.units import NS

_SENSORS = ("statistic_id", "metadata_id")
_STARTS = ("start", "start_ts")
_PERIODS_S = (300, 3600)
_MOST_ROWS = 5_000_000
_OTHER = frozenset(("gas", "water", "wasser", "heat", "waerme", "wärme"))
"""Words of what is counted like electricity, in kWh even, and is none."""

_DRIVEN = frozenset(("pump", "pumpe", "heater", "boiler", "electric", "electricity", "strom"))
"""Words beside those of what draws electricity, such as a heat pump or a water heater; not beside gas, which boilers burn."""


@dataclass(slots=True)
class _Sensor:
    """One sensor: its unit, and text of `mean` and `sum` by the start of the interval."""

    unit: str
    means: dict[datetime, str] = field(default_factory=dict)
    sums: dict[datetime, str] = field(default_factory=dict)


class HomeAssistantStatistics(Importer):
    name = "home-assistant-statistics"
    title = "statistics of Home Assistant"
    takes = frozenset({"unit", "zone", "rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        names = _names(peek.lines[0]) if peek.lines and not peek.is_binary else []
        return (
            any(name in names for name in _SENSORS)
            and any(name in names for name in _STARTS)
            and ("mean" in names or "sum" in names)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        aside: dict[str, None] = {}
        columns: dict[str, dict[datetime, str]] = {}
        as_: dict[str, str] = {}
        used: list[str] = []
        sensors = _sensors(path)
        open_ = _without_unit(path, sensors, choices)
        for name, sensor in sensors.items():
            unit = sensor.unit or (choices.unit or "" if name in open_ else "")
            if _is_other(name) and _bare(choices.rail) != _bare(name):
                unit = ""
            quantity, kind = (of_unit(unit) or ("", 0))[0], "counter"
            if quantity is Quantity.POWER and sensor.means:
                kind, found, unit = "per-row", _energies(sensor.means), f"{unit}h"
            elif quantity is Quantity.ENERGY and sensor.sums:
                found = sensor.sums
            else:
                aside[f"{name} ({unit or sensor.unit or 'no unit'})"] = None
                continue
            title = f"{name.removeprefix('sensor.')} ({unit})"
            columns[title], as_[title] = found, kind
            used.append(name)
        if not columns:
            raise DataError(
                f"{path}: no sensor of power or energy in these statistics ({', '.join(list(aside)[:8])})"
            )
        alone = len(used) == 1 and _bare(choices.rail) == _bare(used[0])
        own = replace(choices, unit=None, rail=None if alone else choices.rail, as_=as_)
        log = read_as_table(path, ["time", *columns], _rows(columns), own, of=cls)
        log.metadata["tool"] = "Home Assistant"
        if open_:
            text = f"the file states neither name nor unit of {', '.join(open_)}: --unit {choices.unit} was taken, and gas and water have the same rows"
            log.warnings.append(Note.warning("unit-stated", text))
        if aside:
            log.warnings.append(
                Note.info(
                    "series-left-out",
                    f"neither power nor energy of electricity, left out: {', '.join(list(aside)[:8])}",
                )
            )
        return log


def _names(line: str) -> list[str]:
    return [text.strip().lower() for text in next(csv.reader([line]), [])]


def _is_other(name: str) -> bool:
    """Return whether a sensor is called after something else than electricity."""
    own = frozenset(words(name))
    return "gas" in own or bool(_OTHER & own and not _DRIVEN & own)


def _bare(name: str | None) -> str:
    return (name or "").removeprefix("sensor.").lower()


def _without_unit(path: Path, sensors: Mapping[str, _Sensor], choices: Choices) -> list[str]:
    """Return the sensors that `--unit` is of: those that the file states none of.

    Raises:
        ConfigurationError: It is missing, or several sensors lack one and `--rail` names none of them.
    """
    open_ = [name for name, sensor in sensors.items() if not sensor.unit and (sensor.sums or sensor.means)]
    chosen = [name for name in open_ if _bare(choices.rail) == _bare(name)]
    open_ = chosen or ([] if choices.rail else open_)
    if len(open_) > 1 and not choices.add_up:
        unit = choices.unit or _likely(sensors[open_[0]])
        raise ConfigurationError(
            f"{path}: the file leaves open the unit and which of the sensors {', '.join(open_[:12])} measures electricity (gas and water "
            f"have the same rows), for example --unit {unit} --rail {quote(_bare(open_[0]))}, or --sum where all of them do"
        )
    if open_ and choices.unit is None:
        raise ConfigurationError(
            f"{path}: the file leaves open the unit, for example --unit {_likely(sensors[open_[0]])} (kWh, Wh, W, kW …)"
        )
    return open_


def _likely(sensor: _Sensor) -> str:
    return "W" if sensor.means and not sensor.sums else "kWh"


def _sensors(path: Path) -> dict[str, _Sensor]:
    """Return each sensor's statistics.

    Raises:
        DataError: There are none, or a time is none.
    """
    found: dict[str, _Sensor] = {}
    for number, row in enumerate(csv.DictReader(read_lines(path)), 2):
        own = {
            str(name).strip().lower(): (value or "").strip()
            for name, value in row.items()
            if isinstance(value, str)
        }
        name = next((own[key] for key in _SENSORS if own.get(key)), "")
        start = _start(next((own[key] for key in _STARTS if own.get(key)), ""))
        if start is None or not name or number > _MOST_ROWS:
            raise DataError(
                f"{path}, line {number}: no row of Home Assistant's statistics: it needs a sensor and the start of its interval"
            )
        sensor = found.setdefault(name, _Sensor(own.get("unit_of_measurement", "")))
        for key, values in (("mean", sensor.means), ("sum", sensor.sums)):
            if own.get(key):
                values[start] = own[key]
    for sensor in found.values():
        period = _period(path, [*(sensor.sums or sensor.means)])
        sensor.means = {start + period: text for start, text in _filled(sensor.means, period)}
        sensor.sums = {start + period: text for start, text in sensor.sums.items()}
    return found


def _start(text: str) -> datetime | None:
    """Return a time as written: UTC where it states a zone or is a number, else without one; None for none of these two centuries."""
    number, stamp = float_or_nan(text), wall(text)
    if _EARLIEST_S <= number <= _LATEST_S * 1000:
        return _EPOCH + timedelta(seconds=number / (1000 if number > _LATEST_S else 1))
    if stamp is None or not _EARLIEST_S * NS <= stamp.ns <= _LATEST_S * NS:
        return None
    moment = _EPOCH + timedelta(microseconds=stamp.ns // 1000)
    return (
        moment.replace(tzinfo=None)
        if stamp.zone_ns is None
        else moment - timedelta(seconds=stamp.zone_ns / NS)
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EARLIEST_S = 1e8
_LATEST_S = 7e9


def _period(path: Path, starts: list[datetime]) -> timedelta:
    """Return the usual step between rows: an hour or five minutes.

    Raises:
        DataError: It is neither.
    """
    steps = Counter((b - a).total_seconds() for a, b in pairwise(sorted(starts)))
    usual = steps.most_common(1)[0][0] if steps else 0
    if usual not in _PERIODS_S:
        raise DataError(
            f"{path}: rows of one sensor are {usual:g} s apart; Home Assistant's statistics are of 5 min or of an hour"
        )
    return timedelta(seconds=usual)


def _filled(values: dict[datetime, str], period: timedelta) -> Iterator[tuple[datetime, str]]:
    """Yield each interval from the first to the last, blank where there is none."""
    stamps = sorted(values)
    for here, after in pairwise(stamps):
        yield here, values[here]
        missing = min(round((after - here) / period) - 1, _MOST_ROWS)
        yield from ((here + period * (i + 1), "") for i in range(missing))
    yield from ((stamp, values[stamp]) for stamp in stamps[-1:])


def _energies(means: dict[datetime, str]) -> dict[datetime, str]:
    """Return the energy of each interval, in the unit of the power times an hour."""
    step = next((b - a for a, b in pairwise(means)), timedelta(hours=1))
    share = step / timedelta(hours=1)
    return {stamp: repr(float_or_nan(text) * share) if text else "" for stamp, text in means.items()}


def _rows(columns: dict[str, dict[datetime, str]]) -> Iterator[list[str]]:
    for stamp in sorted({stamp for values in columns.values() for stamp in values}):
        yield [stamp.isoformat(sep=" "), *(values.get(stamp, "") for values in columns.values())]
