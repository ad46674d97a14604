"""Battery fuel gauges through Linux's `/sys/class/power_supply`.

Power is counted as positive when it leaves the battery.  The class documents a negative current for
discharging, but many laptops' drivers give a magnitude; the direction then comes from `status`.
Gauges refresh every 1 s to 60 s, so equal rows are marked as repeats.  While the charger is in, the
gauge says what goes into the battery and nothing of what the machine draws.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import Found, Option, PolledSource, Row

from .system.sysfs import read_code, read_number, read_text

_TREE = "sys/class/power_supply"
_LEAVING, _ENTERING = "Discharging", "Charging"

_COVERS = "the whole machine at its battery, while it discharges; refreshed by the gauge every 1 s to 60 s"

_ASSUMED = "assumed: 3 %, gauges state no accuracy"

# Attribute → (channel, quantity, scale to SI, kind, step).  µV, µA, µW; µAh and µWh as 3.6e-3 C and J.
# What is left is counted in 1 mAh or 10 mWh by most gauges, far too coarse where current is there.
_VALUES = {
    "voltage_now": ("voltage", Quantity.VOLTAGE, 1e-6, Kind.INSTANT, 1e-3),
    "current_now": ("current", Quantity.CURRENT, 1e-6, Kind.INSTANT, 1e-3),
    "power_now": ("power", Quantity.POWER, 1e-6, Kind.INSTANT, 1e-3),
    "charge_now": ("charge", Quantity.CHARGE, 3.6e-3, Kind.COUNTER, 3.6),
    "energy_now": ("energy", Quantity.ENERGY, 3.6e-3, Kind.COUNTER, 36.0),
}
_SIGNED = {"current_now", "power_now"}
_FALLING = {"charge_now", "energy_now"}


def find_batteries(root: str | Path = "/") -> list[Path]:
    """Return the directories of the machine's own batteries: not those of mice, nor USB-C negotiation."""
    found = []
    for path in sorted((Path(root) / _TREE).glob("*")):
        if read_text(path / "type") in ("Battery", "UPS") and read_text(path / "scope") != "Device":
            found.append(path)
    return found


class PowerSupply(PolledSource):
    """A battery's own gauge: voltage, current or power, and what is left in it."""

    scheme = "power_supply"
    summary = "battery fuel gauges of laptops and UPS boards"
    example = "power_supply://BAT0"
    OPTIONS: ClassVar = {"root": Option(str, "/", "where sys is, for tests")}
    default_period_s: ClassVar[float] = 1.0
    stale_when_equal: ClassVar[bool] = True

    _battery: Path | None = None
    _values: tuple[str, ...] = ()

    def open(self) -> None:
        """Find the battery and which of its values exist."""
        batteries = find_batteries(self.options["root"])
        wanted = self.address.location.strip("/")
        named = [path for path in batteries if not wanted or path.name == wanted]
        if not named:
            known = ", ".join(path.name for path in batteries) or "none"
            raise OpenError(f"{self.address}: no such battery; there are: {known}", Reason.ABSENT)
        if len(named) > 1:
            names = ", ".join(f"power_supply://{path.name}" for path in named)
            raise OpenError(f"{self.address}: several batteries; name one: {names}", Reason.ABSENT)
        battery = named[0]
        values = tuple(name for name in _VALUES if _has(battery / name))
        if {"power_now", "current_now"} & set(values):
            values = tuple(name for name in values if name not in _FALLING)
        elif not _FALLING & set(values):
            raise OpenError(f"{battery}: gives neither power nor current nor charge", Reason.NO_ANSWER)
        rail = Rail(battery.name, None, Boundary.BATTERY, _COVERS, self._nominal_v(battery))
        channels = []
        for name in values:
            title, quantity, scale, kind, step = _VALUES[name]
            accuracy = Accuracy(gain=0.03, step=step, source=_ASSUMED)
            channels.append(
                Channel(f"{battery.name.lower()}.{title}", quantity, scale, rail, kind, accuracy=accuracy)
            )
        if self.channels and self.channels != tuple(channels):
            raise OpenError(f"{self.address}: its values are not those of before", Reason.WRONG_DEVICE)
        self._battery, self._values, self.channels = battery, values, tuple(channels)
        self.sample()

    def _nominal_v(self, battery: Path) -> float | None:
        design = read_number(battery / "voltage_min_design")
        return design * 1e-6 if design else None

    def sample(self) -> Row:
        """Read the gauge once; positive is out of the battery."""
        if self._battery is None:
            raise ReadError("power_supply:// is not open", Reason.ABSENT)
        status = read_text(self._battery / "status")
        row = []
        for name in self._values:
            value = read_code(self._battery / name)
            if value != MISSING and name in _SIGNED:
                value = _outward(value, status)
            elif value != MISSING and name in _FALLING:
                value = -value  # what is left falls while the battery is used; a counter must rise
            row.append(value)
        return Row(row)

    def close(self) -> None:
        """Forget the battery."""
        self._battery = None

    def info(self) -> dict[str, Any]:
        """Return the battery's make, state and design figures."""
        if self._battery is None:
            return {}
        names = ("manufacturer", "model_name", "technology", "status", "cycle_count", "capacity")
        facts: dict[str, Any] = {name: read_text(self._battery / name) for name in names}
        for name in ("charge_full", "charge_full_design", "energy_full", "energy_full_design"):
            value = read_number(self._battery / name)
            unit = "_uah" if name.startswith("charge") else "_uwh"
            facts[name + unit] = value
        return {name: value for name, value in facts.items() if value not in ("", None)}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the batteries of this machine."""
        return look()


def _has(path: Path) -> bool:
    return read_number(path) is not None


def _outward(value: int, status: str) -> int:
    """Return the value with its sign: positive out of the battery, negative into it.

    The class says negative is discharging; a driver that gives a magnitude is recognised by a
    positive value while discharging.
    """
    if status == _LEAVING:
        return abs(value)
    if status == _ENTERING:
        return -abs(value)
    return -value


def look(root: str | Path = "/") -> list[Found]:
    """Return what `powermeter devices` says of the batteries under `root`."""
    found = []
    for battery in find_batteries(root):
        status = read_text(battery / "status")
        usable = any(
            _has(battery / name) for name in ("power_now", "current_now", "charge_now", "energy_now")
        )
        problem = "" if usable else "the gauge gives neither power nor current nor charge"
        remedy = ""
        if usable and status != _LEAVING:
            problem = f"the battery is not discharging ({status or 'status unknown'})"
            remedy = "unplug the charger"
        maker = " ".join(
            t for t in (read_text(battery / "manufacturer"), read_text(battery / "model_name")) if t
        )
        found.append(
            Found(
                f"power_supply://{battery.name}" if usable else None,
                f"battery gauge {battery.name}" + (f" ({maker})" if maker else ""),
                Boundary.BATTERY,
                rails=(battery.name,),
                rate_hz=1.0,
                covers=_COVERS,
                problem=problem,
                remedy=remedy,
            )
        )
    return found
