"""What a class asks of a hand-in, read from a TOML file that an instructor writes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timezone
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.errors import ConfigurationError
from powermeter.units import parse_duration, parse_quantity

CRITERIA: Mapping[str, str] = {
    "complete": "the recording opens, was closed in order and holds the label, events and time asked for",
    "unedited": "every row and reading is as the recorder wrote it, and it is the team's own",
    "measured": "an instrument saw the energy: neither simulated nor estimated",
    "budget": "it is set against the battery that the class agreed on",
    "method": "a method paragraph can be written: machine, instrument, rail, accuracy, clock",
    "plausible": "power, times and dates are such as a device draws and a person works",
}
"""What is judged → what it means.  A hand-in earns a criterion's points where no finding speaks against it."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """What is asked of each hand-in.

    Attributes:
        title: Of the exercise.
        battery: Every recording is set against this one; None for any.
        measured: Whether simulated and estimated energies are refused.
        label: The events that must be there; None for any.
        events: At least so many of them.
        seconds: The run lasts at least so long, s.
        opens, closes: The recording was made between them, UTC; None where open.
        power: Lowest and highest mean power of the run, W.
        team: The attribute that names the team (`powermeter record --attribute team=NAME`).
        points: Criterion → points.
    """

    title: str = "Energy exercise"
    battery: str | None = None
    measured: bool = True
    label: str | None = None
    events: int = 1
    seconds: float = 0.0
    opens: datetime | None = None
    closes: datetime | None = None
    power: tuple[float, float] = (0.0, 10_000.0)
    team: str = "team"
    points: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(CRITERIA, 1.0))

    @property
    def most_points(self) -> float:
        """The sum of all criteria."""
        return sum(self.points.values())


def read_rubric(path: Path) -> Rubric:
    """Return the rubric of a TOML file.

    Raises:
        ConfigurationError: A name is not known, or a value cannot be used.
        DataError: It is not TOML.
    """
    typed = toml.read(path)
    known = [f.name for f in fields(Rubric)]
    for name in typed:
        if name not in known:
            raise ConfigurationError(f"{path.name}: {name!r} is not known; a rubric has {', '.join(known)}")
    read = {name: _READ[name](value, f"{path.name}: {name}") for name, value in typed.items()}
    return Rubric(**read)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where} is a text in quotes")
    return value


def _battery(value: Any, where: str) -> str:
    parse_battery(_text(value, where))
    return str(value)


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where} is true or false")
    return value


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"{where} is a whole number, 0 or more")
    return value


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    return _number(value, where)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ConfigurationError(f"{where} is a number, 0 or more")
    return float(value)


def _moment(value: Any, where: str) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc)
    raise ConfigurationError(f"{where} is a date, for example 2026-10-01 or 2026-10-01T08:00:00+02:00")


def _range(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ConfigurationError(f'{where} is two powers, for example ["0.1W", "30W"]')
    low, high = (parse_quantity(str(end), "W") for end in value)
    if low > high:
        raise ConfigurationError(f"{where}: the first is the lower one")
    return low, high


def _points(value: Any, where: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} is a table of numbers")
    for name in value:
        if name not in CRITERIA:
            raise ConfigurationError(f"{where}: {name!r} is not judged; criteria are {', '.join(CRITERIA)}")
    return {name: _number(value.get(name, 0), f"{where}.{name}") for name in CRITERIA}


_READ: Mapping[str, Any] = {
    "title": _text,
    "battery": _battery,
    "measured": _flag,
    "label": _text,
    "events": _count,
    "seconds": _seconds,
    "opens": _moment,
    "closes": _moment,
    "power": _range,
    "team": _text,
    "points": _points,
}
