"""Battery fuel gauges through Linux's `/sys/class/power_supply`.

Power is counted as positive when it leaves the battery.  The class documents a negative current for
discharging, but many laptops' drivers report a magnitude; the direction then comes from `status`.
Gauges refresh every 1 s to 60 s, so equal rows are marked as repeats.  While the charger is in, the
gauge measures what goes into the battery and nothing of what the machine draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.platforms.assumptions import GAUGE_GAIN, GAUGES
from powermeter.source import Found, Option, PolledSource, Row

from .system.sysfs import read_code, read_number, read_text

_TREE = "sys/class/power_supply"
_LEAVING, _ENTERING = "Discharging", "Charging"
_NOT_IN_USE = frozenset({"Charging", "Full", "Not charging"})
_ALL = "batteries"

_COVERS = "the whole machine at its battery, while it discharges; refreshed by the gauge every 1 s to 60 s"

# Attribute → (channel, quantity, scale to SI, kind, step).  µV, µA, µW; µAh and µWh as 3.6e-3 C and J.
# What is left is counted in 1 mAh or 10 mWh by most gauges, far too coarse where current is there.


class Value(NamedTuple):
    """A file of the class: what it holds, in micro units."""

    title: str
    quantity: Quantity
    scale: float
    kind: Kind
    step: float


_VALUES = {
    "voltage_now": Value("voltage", Quantity.VOLTAGE, 1e-6, Kind.INSTANT, 1e-3),
    "current_now": Value("current", Quantity.CURRENT, 1e-6, Kind.INSTANT, 1e-3),
    "power_now": Value("power", Quantity.POWER, 1e-6, Kind.INSTANT, 1e-3),
    "charge_now": Value("charge", Quantity.CHARGE, 3.6e-3, Kind.COUNTER, 3.6),
    "energy_now": Value("energy", Quantity.ENERGY, 3.6e-3, Kind.COUNTER, 36.0),
}
_SIGNED = {"current_now", "power_now"}
_FALLING = {"charge_now", "energy_now"}


@dataclass(frozen=True, slots=True)
class Gauge:
    """One battery and the attributes of it that are recorded."""

    battery: Path
    values: tuple[str, ...]


def _state(text: str) -> str:
    if text not in ("discharging", "any"):
        raise ConfigurationError("write discharging or any")
    return text


def find_batteries(root: str | Path = "/") -> list[Path]:
    """Return the folders of the machine's own batteries: not those of mice, nor USB-C negotiation."""
    found = []
    for path in sorted((Path(root) / _TREE).glob("*")):
        if read_text(path / "type") in ("Battery", "UPS") and read_text(path / "scope") != "Device":
            found.append(path)
    return found


class PowerSupply(PolledSource):
    """The batteries' own gauges: voltage, current or power, and what is left in them; several batteries add up."""

    scheme = "power_supply"
    summary = "battery fuel gauges of laptops and UPS boards"
    example = "power_supply://BAT0"
    OPTIONS: ClassVar = {
        "root": Option(str, "/", "where sys is, for tests"),
        "while": Option(_state, "discharging", "any: record also while it is charged or idle"),
    }
    default_period_s: ClassVar[float] = 1.0
    stale_when_equal: ClassVar[bool] = True
    patience_s: ClassVar[float] = 5.0

    _gauges: tuple[Gauge, ...] = ()

    def open(self) -> None:
        """Find the batteries and which of their values exist, and make sure that they feed the machine."""
        batteries = find_batteries(self.options["root"])
        wanted = self.address.location.strip("/")
        named = [path for path in batteries if not wanted or path.name == wanted]
        if not wanted:
            named = [path for path in named if _reports_power(path)] or named
        if not named:
            known = ", ".join(path.name for path in batteries) or "none"
            raise OpenError(f"{self.address}: no such battery; there are: {known}", Reason.ABSENT)
        gauges = tuple(Gauge(battery, _values_of(battery)) for battery in named)
        channels = tuple(channel for gauge in gauges for channel in _channels(gauge, len(gauges) > 1))
        if self.channels and self.channels != channels:
            raise OpenError(f"{self.address}: its values are not those of before", Reason.WRONG_DEVICE)
        self._check_use(gauges)
        self._gauges, self.channels = gauges, channels
        self.sample()

    def _check_use(self, gauges: Sequence[Gauge]) -> None:
        """Refuse gauges of which none discharges: what they show is not what the machine draws.

        Raises:
            OpenError: None discharges.
        """
        states = [read_text(gauge.battery / "status") for gauge in gauges]
        if self.options["while"] == "any" or any(state not in _NOT_IN_USE for state in states):
            return
        listed = ", ".join(
            f"{gauge.battery.name} is {state.lower()}" for gauge, state in zip(gauges, states, strict=True)
        )
        raise OpenError(
            f"{self.address}: {listed}: the gauge does not measure what the machine draws; unplug the charger "
            "(while=any records it all the same)",
            Reason.FROZEN,
        )

    def sample(self) -> Row:
        """Read the gauges once; positive is out of the battery."""
        if not self._gauges:
            raise ReadError("power_supply:// is not open", Reason.ABSENT)
        row: list[int] = []
        in_use = self.options["while"] == "any"
        for gauge in self._gauges:
            status = read_text(gauge.battery / "status")
            in_use = in_use or status not in _NOT_IN_USE
            for name in gauge.values:
                value = read_code(gauge.battery / name)
                if value != MISSING and name in _SIGNED:
                    value = _outward(value, status)
                elif value != MISSING and name in _FALLING:
                    value = -value  # what is left falls while the battery is used; a counter must rise
                row.append(value)
        if not in_use:
            raise ReadError(
                f"{self.address}: no battery discharges any more; unplug the charger", Reason.FROZEN
            )
        return Row(row)

    def close(self) -> None:
        """Forget the batteries."""
        self._gauges = ()

    def info(self) -> dict[str, Any]:
        """Return the batteries' make, state and design figures."""
        if len(self._gauges) == 1:
            return _facts(self._gauges[0].battery)
        return {gauge.battery.name: _facts(gauge.battery) for gauge in self._gauges}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the batteries of this machine."""
        return look()


def _values_of(battery: Path) -> tuple[str, ...]:
    """Return the attributes to record of a battery.

    Raises:
        OpenError: It has none that measures what is drawn.
    """
    values = tuple(name for name in _VALUES if _has(battery / name))
    if {"power_now", "current_now"} & set(values):
        return tuple(name for name in values if name not in _FALLING)
    if not _FALLING & set(values):
        raise OpenError(f"{battery}: has neither power nor current nor charge", Reason.NO_ANSWER)
    return values


def _channels(gauge: Gauge, one_of_several: bool) -> Iterator[Channel]:
    battery = gauge.battery
    design = read_number(battery / "voltage_min_design")
    nominal_v = design * 1e-6 if design else None
    rail = Rail(battery.name, _ALL if one_of_several else None, Boundary.BATTERY, _COVERS, nominal_v)
    for name in gauge.values:
        value = _VALUES[name]
        accuracy = Accuracy(gain=GAUGE_GAIN, step=value.step, source=GAUGES)
        title = f"{battery.name.lower()}.{value.title}"
        yield Channel(title, value.quantity, value.scale, rail, value.kind, accuracy=accuracy)


def _facts(battery: Path) -> dict[str, Any]:
    names = ("manufacturer", "model_name", "technology", "status", "cycle_count", "capacity")
    facts: dict[str, Any] = {name: read_text(battery / name) for name in names}
    for name in ("charge_full", "charge_full_design", "energy_full", "energy_full_design"):
        unit = "_uah" if name.startswith("charge") else "_uwh"
        facts[name + unit] = read_number(battery / name)
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _reports_power(battery: Path) -> bool:
    """Return whether a gauge shows more than a voltage."""
    return any(_has(battery / name) for name in _VALUES if name != "voltage_now")


def _has(path: Path) -> bool:
    return read_number(path) is not None


def _outward(value: int, status: str) -> int:
    """Return the value with its sign: positive out of the battery, negative into it.

    By the class negative is discharging; a driver that returns a magnitude is recognised by a
    positive value while discharging.
    """
    if status == _LEAVING:
        return abs(value)
    if status == _ENTERING:
        return -abs(value)
    return -value


def look(root: str | Path = "/") -> list[Found]:
    """Return what `powermeter devices` prints of the batteries under `root`; several are one source."""
    batteries = find_batteries(root)
    usable = [
        battery
        for battery in batteries
        if any(_has(battery / name) for name in _VALUES if name != "voltage_now")
    ]
    found = [
        Found(
            None,
            _title(battery),
            Boundary.BATTERY,
            rails=(battery.name,),
            covers=_COVERS,
            problem="the gauge has neither power nor current nor charge",
            remedy="measure in the cable of the battery or the charger instead",
        )
        for battery in batteries
        if battery not in usable
    ]
    if not usable:
        return found
    states = [read_text(battery / "status") for battery in usable]
    idle = all(state != _LEAVING for state in states)
    which = "the battery is" if len(usable) == 1 else "the batteries are"
    found.append(
        Found(
            f"power_supply://{usable[0].name}" if len(batteries) == 1 else "power_supply://",
            " and ".join(_title(battery) for battery in usable),
            Boundary.BATTERY,
            rails=tuple(battery.name for battery in usable),
            rate_hz=1.0,
            covers=_COVERS,
            problem=f"{which} not discharging ({', '.join(s or 'status unknown' for s in states)})"
            if idle
            else "",
            remedy="unplug the charger" if idle else "",
        )
    )
    return found


def _title(battery: Path) -> str:
    names = (read_text(battery / "manufacturer"), read_text(battery / "model_name"))
    maker = " ".join(name for name in names if name)
    return f"battery gauge {battery.name}" + (f" ({maker})" if maker else "")
