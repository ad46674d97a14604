"""Everything a fleet was asked, answered once: what is printed, drawn or written as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from powermeter.analysis.rail_voltage import at_the_socket
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError
from powermeter.fleet.anomalies import Drift, Outlier, drifts, outliers
from powermeter.fleet.battery_life import Life, life
from powermeter.fleet.engines import Engine
from powermeter.fleet.pooling import Pooled
from powermeter.fleet.questions import AskedOfFleet, energies, recordings
from powermeter.fleet.regressions import Regression, regressions
from powermeter.fleet.totals import Totals, totals
from powermeter.result import Result, plain
from powermeter.result.notes import plain_notes


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """What is asked.

    Attributes:
        questions: Their names.
        by: Columns that energies are grouped by.
        asked: Of which part of the fleet.
        battery: What the leaderboard and lives are set against; each device's own where None (4Ah for the board).
        place: Of recordings that note none.
        intensity: A file of hourly g CO2e/kWh.
        margin: A change between versions that does not count.
    """

    questions: Sequence[str]
    by: Sequence[str] = ("model", "version", "label")
    asked: AskedOfFleet = field(default_factory=AskedOfFleet)
    battery: str | None = None
    place: str | None = None
    intensity: Path | None = None
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the leaderboard: equal places where the intervals cannot separate two."""

    place: int
    pooled: Pooled
    items_per_charge: Result | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found; None where it was not asked.

    Attributes:
        name: Of the dataset.
        engine: That answered.
        recordings, devices, days: What the part that was asked for holds.
        by: What energies are grouped by.
        battery: What the leaderboard is set against.
    """

    name: str
    engine: str
    recordings: int
    devices: int
    days: tuple[str, str]
    by: Sequence[str]
    battery: str
    energies: Sequence[Pooled] | None = None
    leaderboard: Sequence[Placed] | None = None
    outliers: Sequence[Outlier] | None = None
    kinds_too_small: int = 0
    drifts: Sequence[Drift] | None = None
    series_too_short: int = 0
    regressions: Sequence[Regression] | None = None
    totals: Totals | None = None
    life: Sequence[Life] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        document: dict[str, Any] = {
            "dataset": self.name,
            "engine": self.engine,
            "recordings": self.recordings,
            "devices": self.devices,
            "days": list(self.days),
        }
        if self.energies is not None:
            document["energies"] = [one.to_dict() for one in self.energies]
        if self.leaderboard is not None:
            document["battery"] = self.battery
            document["leaderboard"] = [
                {"place": p.place, **p.pooled.to_dict(), "items_per_charge": plain(p.items_per_charge)}
                for p in self.leaderboard
            ]
        if self.outliers is not None:
            document["outliers"] = [_fields(one) for one in self.outliers]
            document["kinds_too_small"] = self.kinds_too_small
        if self.drifts is not None:
            document["drifts"] = [_fields(one) for one in self.drifts]
            document["series_too_short"] = self.series_too_short
        if self.regressions is not None:
            document["regressions"] = [_fields(one) for one in self.regressions]
        if self.totals is not None:
            document["totals"] = _totals(self.totals)
        if self.life is not None:
            document["life"] = [
                {
                    "device": one.device,
                    "battery": one.battery,
                    "hours": plain(one.hours),
                    "used": plain(one.used),
                    "recorded_s": one.recorded_s,
                    "problem": one.problem,
                }
                for one in self.life
            ]
        return document


def _fields(one: Any) -> dict[str, Any]:
    found = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return {name: value.value if hasattr(value, "value") else value for name, value in found.items()}


def _totals(found: Totals) -> dict[str, Any]:
    return {
        "energy": plain(found.energy),
        "carbon": plain(found.carbon),
        "water": plain(found.water),
        "adpe": plain(found.adpe),
        "places": [
            {
                "place": one.place or None,
                "devices": one.devices,
                "recordings": one.recordings,
                "seconds": one.seconds,
                "energy": plain(one.energy),
                "carbon": plain(one.footprint.carbon) if one.footprint else None,
                "water": plain(one.footprint.water) if one.footprint else None,
                "adpe": plain(one.footprint.adpe) if one.footprint else None,
            }
            for one in found.places
        ],
        "notes": list(found.notes),
        "remarks": plain_notes(found.notes),
    }


def answers(engine: Engine, wanted: FleetOptions, progress: Callable[[float], None] | None = None) -> Answers:
    """Return what a dataset answers.

    Args:
        engine: The dataset, opened.
        wanted: The questions, and of what.
        progress: Called after each question with the share that is answered.

    Raises:
        ConfigurationError: A group, battery or place is not known, or nothing of what is asked is there.
    """
    of = recordings(engine, wanted.asked)
    (whole,) = engine.rows(
        of.agg(recordings=of.count(), devices=of.device.nunique(), first=of.day.min(), last=of.day.max())
    )
    if not whole["recordings"]:
        raise ConfigurationError(f"{engine.folder} holds no recordings of what is asked")
    battery = wanted.battery or "4Ah"
    found = Answers(
        engine.folder.resolve().name,
        engine.name,
        whole["recordings"],
        whole["devices"],
        (whole["first"], whole["last"]),
        wanted.by,
        battery,
    )
    for number, question in enumerate(wanted.questions, 1):
        found = replace(found, **_ANSWERS[question](engine, wanted))
        if progress is not None:
            progress(number / len(wanted.questions))
    return found


def leaderboard(engine: Engine, asked: AskedOfFleet | None, battery: str) -> list[Placed]:
    """Return devices by energy per item of each label, with how many items one charge holds where the battery counts energy."""
    cell = parse_battery(battery)
    rows = energies(engine, ("label", "model", "device"), asked)
    of = recordings(engine, asked)
    listed = engine.rows(
        of.group_by("device").agg(
            volts=of.rail_voltage_v.mean(), walls=(of.boundary == Boundary.WALL.value).sum()
        )
    )
    volts = {
        row["device"]: None
        if at_the_socket(Boundary.WALL if row["walls"] else Boundary.BOARD, row["volts"])
        else row["volts"]
        for row in listed
    }
    placed: list[Placed] = []
    leaders: dict[tuple[Any, Any], tuple[int, int, Result]] = {}
    for one in rows:
        key = (one.group["label"], one.group["model"])
        own = replace(one.quoted, parts={})  # devices are independent, whatever their parts are called
        number, place, leader = leaders.get(key, (0, 0, own))
        number += 1
        if number == 1 or leader < own:
            place, leader = number, own
        leaders[key] = (number, place, leader)
        count = None
        if one.quoted.value > 0:
            try:
                count = cell.count(one.quoted, volts.get(one.group["device"]), 0.0)
            except ConfigurationError:
                count = None
        placed.append(Placed(place, one, count))
    return placed


def _leaderboard(engine: Engine, wanted: FleetOptions) -> Mapping[str, Any]:
    return {"leaderboard": leaderboard(engine, wanted.asked, wanted.battery or "4Ah")}


def _outliers(engine: Engine, wanted: FleetOptions) -> Mapping[str, Any]:
    found, small = outliers(engine, wanted.asked)
    return {"outliers": found, "kinds_too_small": small}


def _drifts(engine: Engine, wanted: FleetOptions) -> Mapping[str, Any]:
    found, short = drifts(engine, wanted.asked)
    return {"drifts": found, "series_too_short": short}


_ANSWERS: Mapping[str, Any] = {
    "energies": lambda engine, wanted: {"energies": energies(engine, wanted.by, wanted.asked)},
    "leaderboard": _leaderboard,
    "outliers": _outliers,
    "drifts": _drifts,
    "regressions": lambda engine, wanted: {"regressions": regressions(engine, wanted.asked, wanted.margin)},
    "totals": lambda engine, wanted: {"totals": totals(engine, wanted.asked, wanted.place, wanted.intensity)},
    "life": lambda engine, wanted: {"life": life(engine, wanted.asked, wanted.battery)},
}
"""Question → what answers it."""
