"""How long a charge of each device of a fleet lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from powermeter.analysis.rail_voltage import at_the_socket, socket_charge
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError
from powermeter.fleet.engines import Engine
from powermeter.fleet.questions import AskedOfFleet, recordings
from powermeter.result import Grade, Result


@dataclass(frozen=True, slots=True)
class Life:
    """What a charge of one device's battery means.

    Attributes:
        device, battery: Their names.
        hours: That a full charge lasts at the mean power of its recordings.
        used: Share of one charge that its recordings used, 1.
        since, recorded_s: First reading (UTC), and how much of the time since then was recorded.
        problem: Why nothing is known; empty otherwise.
    """

    device: str
    battery: str
    hours: Result | None
    used: Result | None
    since: datetime | None
    recorded_s: float
    problem: str = ""


def life(engine: Engine, asked: AskedOfFleet | None = None, battery: str | None = None) -> list[Life]:
    """Return what is left of each device's battery, by the newest battery that it notes or the one given.

    Raises:
        ConfigurationError: The given battery is none.
    """
    if battery is not None:
        parse_battery(battery)
    of = recordings(engine, asked)
    rows = engine.rows(
        of.group_by("device").agg(
            battery=of.battery.max(),
            kinds=of.battery.nunique(),
            energy_j=of.energy_j.sum(),
            up=(of.energy_high_j - of.energy_j).sum(),
            down=(of.energy_j - of.energy_low_j).sum(),
            charge_c=of.charge_c.sum(),
            charged=of.charge_c.count(),
            count=of.count(),
            seconds=of.seconds.sum(),
            volts=of.rail_voltage_v.mean(),
            since=of.started_utc.min(),
            simulated=of.simulated.max(),
            walls=(of.boundary == Boundary.WALL.value).sum(),
        )
    )
    return sorted(
        (life_of_row(row, battery) for row in rows),
        key=lambda one: (one.hours is None, one.hours.value if one.hours else 0.0),
    )


def life_of_row(row: Mapping[str, Any], given: str | None) -> Life:
    spec = given or row["battery"] or "4Ah"
    blank = Life(row["device"], spec, None, None, _utc(row["since"]), row["seconds"])
    if given is None and row["kinds"] > 1:
        return _without(blank, "its recordings note different batteries; name one with --battery")
    value, grade = row["energy_j"], Grade.SIMULATED if row["simulated"] else Grade.DERIVED
    if not value > 0 or not row["seconds"] > 0 or row["up"] is None or row["down"] is None:
        return _without(blank, "its energy is not known")
    energy = Result(value, "J", value - row["down"], value + row["up"], grade)
    try:
        cell = parse_battery(spec)
        amount = energy
        if cell.convention == "charge" and at_the_socket(
            Boundary.WALL if row["walls"] else Boundary.BOARD, row["volts"]
        ):
            return _without(blank, socket_charge(spec))
        if cell.convention == "charge" and row["charged"] == row["count"] and row["charge_c"] > 0:
            amount = energy.scaled(row["charge_c"] / value, "C")
        rate = amount.scaled(1 / row["seconds"], "A" if amount.unit == "C" else "W")
        return Life(
            row["device"],
            spec,
            cell.hours(rate, row["volts"]),
            cell.share_used(amount, row["volts"], value / row["seconds"]),
            _utc(row["since"]),
            row["seconds"],
        )
    except ConfigurationError as error:
        return _without(blank, str(error))


def _without(blank: Life, problem: str) -> Life:
    return Life(blank.device, blank.battery, None, None, blank.since, blank.recorded_s, problem)


def _utc(value: Any) -> datetime | None:
    return value.astimezone(timezone.utc) if isinstance(value, datetime) else None
