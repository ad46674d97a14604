"""What a battery supplies: share used, what is left, hours at a power, inferences per charge.

Two conventions, never mixed, named in every output:

* **charge** (`Battery("4Ah")`): ampere-hours on the measured rail, as the 4 Ah budget of one phone charge
  is counted; 4 Ah is 2 h at 2 A whatever the battery's own voltage.
* **energy** (`Battery("4Ah@3.85V", efficiency=0.9)` or `Battery("15.4Wh")`): watt-hours of the cells through
  the converter between them and the rail.

The discharge itself (voltage, cut-off, load profile) is in `discharge`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from powermeter.battery.capacity_notation import capacity_unit, parse_capacity, printed_capacity
from powermeter.battery.converter import EfficiencyCurve, check_ratio
from powermeter.battery.intervals import bounded, falling, left_of, widened
from powermeter.battery.peukert import capacity_at
from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result, worst
from powermeter.units import SECONDS_PER_HOUR, SECONDS_PER_YEAR, format_percent, format_quantity, format_short

MONTH_S = SECONDS_PER_YEAR / 12


@dataclass(frozen=True)
class Battery:
    """A battery, counted by charge on the measured rail or by energy behind a converter.

    Attributes:
        spec: `4Ah` (charge), `4Ah@3.85V` or `15.4Wh` (energy).
        efficiency: Of the converter, a ratio or a curve over its load; energy convention only.
        usable: Share of the capacity that may be used.
        health: Share of the capacity left by ageing.
        derating: Share of the capacity left at the temperature it is used at.
        self_discharge: Share lost a month.
        peukert: Exponent of Peukert's law, t = H (C / (I H))^k; 1 for lithium cells.
        rated_hours: Discharge time H at which the capacity is stated, for Peukert.
        spread: What 5 and 95 % of such packs deliver, over the stated capacity; it goes into every interval.
        title: As printed.
        name: As typed, for errors.
        assumed_rail_v: Volts that convert where no rail voltage is known; what they convert is *assumed*. None to refuse.
        most_w: What the cells of a preset deliver at most, full, above its cut-off; None where that is not known.
    """

    spec: str
    efficiency: float | EfficiencyCurve = 1.0
    usable: float = 1.0
    health: float = 1.0
    derating: float = 1.0
    self_discharge: float = 0.0
    peukert: float = 1.0
    rated_hours: float = 20.0
    spread: tuple[float, float] = (1.0, 1.0)
    title: str = ""
    name: str = ""
    assumed_rail_v: float | None = None
    most_w: float | None = None

    def __repr__(self) -> str:
        return f"<Battery {self.described}>"

    def __post_init__(self) -> None:
        capacity, voltage = parse_capacity(self.spec)
        if capacity <= 0 or (voltage is not None and voltage <= 0):
            raise ConfigurationError(f"battery {self.spec!r}: capacity and voltage must be above zero")
        for name in ("usable", "health", "derating"):
            check_ratio(name, getattr(self, name))
        if isinstance(self.efficiency, float | int):
            check_ratio("efficiency", self.efficiency)
        if not 0 < self.spread[0] <= 1 <= self.spread[1] < 10:
            raise ConfigurationError(
                f"battery range {self.spread}: a low of at most 1 and a high of at least 1"
            )
        if not 0 <= self.self_discharge < 1:
            raise ConfigurationError(
                f"battery self-discharge {self.self_discharge:g}: a monthly share below 1"
            )
        if not 1 <= self.peukert <= 2 or self.rated_hours <= 0:
            raise ConfigurationError("battery: a Peukert exponent is 1 to 2, its rated hours above zero")
        if self.convention == "charge" and self.efficiency != 1.0:
            raise ConfigurationError(
                f"battery {self.spec!r} counts charge on the rail; a converter needs its voltage too, "
                f"for example {self.spec}@3.85V"
            )

    @property
    def convention(self) -> str:
        """`charge` or `energy`."""
        unit = capacity_unit(self.spec)
        return "energy" if unit == "J" or "@" in self.spec else "charge"

    @property
    def capacity(self) -> str:
        """The capacity as it is printed: `4 Ah`, `4 Ah at 3.85 V`."""
        return printed_capacity(self.spec)

    @property
    def described(self) -> str:
        """Its title, where it has one, and the convention with its capacity."""
        return f"{self.title} ({self.convention_text})" if self.title else self.convention_text

    @property
    def convention_text(self) -> str:
        """The convention for people."""
        kept = (
            ""
            if self.kept == 1
            else f", {format_percent(self.kept)} of it (usable share, ageing, temperature)"
        )
        if self.spread != (1.0, 1.0):
            kept += f", such packs deliver {format_percent(self.spread[0])} to {format_percent(self.spread[1])} of it"
        load = ", hours by Peukert's law, use and items by the stated capacity" if self.peukert != 1 else ""
        if self.convention == "charge":
            return f"{self.capacity}, charge on the measured rail{kept}{load}"
        if isinstance(self.efficiency, EfficiencyCurve):
            through = ", converter efficiency by its curve"
        else:
            through = f", converter efficiency {self.efficiency:g}" if self.efficiency != 1 else ""
        return f"{self.capacity}, energy of the cells{kept}{through}{load}"

    @property
    def kept(self) -> float:
        """Usable × health × derating."""
        return self.usable * self.health * self.derating

    @property
    def charge_c(self) -> float:
        """Nominal charge in C.

        Raises:
            ConfigurationError: The battery was given in Wh without a voltage.
        """
        capacity, voltage = parse_capacity(self.spec)
        if capacity_unit(self.spec) == "C":
            return capacity
        if voltage is None:
            raise ConfigurationError(f"battery {self.spec!r} has no voltage, so its charge is not known")
        return capacity / voltage

    @property
    def energy_j(self) -> float:
        """Nominal energy of the cells in J.

        Raises:
            ConfigurationError: The battery was given in Ah without a voltage.
        """
        capacity, voltage = parse_capacity(self.spec)
        if capacity_unit(self.spec) == "J":
            return capacity
        if voltage is None:
            raise ConfigurationError(
                f"battery {self.spec!r} has no voltage, so its energy is not known; "
                f"write for example {self.spec}@3.85V"
            )
        return capacity * voltage

    def efficiency_at(self, power_w: float) -> float:
        """Return the converter's efficiency at an output power."""
        return (
            self.efficiency.at(power_w)
            if isinstance(self.efficiency, EfficiencyCurve)
            else float(self.efficiency)
        )

    @property
    def lossless(self) -> bool:
        """Whether the energy of the cells is taken to reach the rail whole."""
        return self.convention == "energy" and self.efficiency == 1.0

    def overload(self, power_w: float) -> str:
        """Return why the cells cannot deliver a power at the rail; empty where they can, or where it is not known."""
        taken = power_w / self.efficiency_at(power_w) if power_w > 0 else 0.0
        if self.most_w is None or taken <= self.most_w:
            return ""
        drawn, most = (format_quantity(watts, "W", 3) for watts in (taken, self.most_w))
        return (
            f"{drawn} cannot be drawn from {self.title or self.spec}: above {most} even a full one falls below its cut-off; "
            f"where a capacitor carries the peaks, write {self.spec}"
        )

    def available(self, power_w: float = 0.0) -> tuple[float, str]:
        """Return what reaches the rail, with its unit: C by charge, J by energy.

        Args:
            power_w: Mean output power, for an efficiency curve.
        """
        if self.convention == "charge":
            return self.charge_c * self.kept, "C"
        return self.energy_j * self.kept * self.efficiency_at(power_w), "J"

    def counted(self, amount: Result, rail_voltage_v: float | None = None) -> Result:
        """Return an amount or a rate in the convention's unit (C or J, A or W).

        Args:
            amount: In J, C, W or A.
            rail_voltage_v: Of the measured rail, by which the other kind is converted.

        Raises:
            ConfigurationError: The other kind was given and the rail's voltage is not known.
        """
        wanted = {"charge": ("C", "A"), "energy": ("J", "W")}[self.convention]
        if amount.unit in wanted:
            return replace(amount, grade=worst((amount.grade, self.grade)))
        if amount.unit not in ("C", "A", "J", "W"):
            raise ConfigurationError(
                f"a battery delivers charge or energy, not {amount.unit or 'a bare number'}"
            )
        grade = Grade.DERIVED
        if rail_voltage_v is None and self.assumed_rail_v is not None:
            rail_voltage_v, grade = self.assumed_rail_v, Grade.ASSUMED
        if rail_voltage_v is None or rail_voltage_v <= 0:
            have, need = ("energy", "charge") if self.convention == "charge" else ("charge", "energy")
            raise ConfigurationError(
                f"battery {(self.name or self.spec)!r} counts {need} and only {have} is known: state the rail's voltage, "
                f"for example --rail-voltage 5V"
            )
        factor = 1 / rail_voltage_v if self.convention == "charge" else rail_voltage_v
        unit = {"J": "C", "W": "A", "C": "J", "A": "W"}[amount.unit]
        return replace(amount.scaled(factor, unit), grade=worst((amount.grade, grade, self.grade)))

    @property
    def grade(self) -> Grade:
        """Derived for a plain budget; assumed as soon as an efficiency or another share is typed in."""
        plain = self.efficiency == 1.0 and self.kept == 1.0 and not self.self_discharge and self.peukert == 1
        plain = plain and self.spread == (1.0, 1.0)
        return Grade.DERIVED if plain else Grade.ASSUMED

    def share_used(self, amount: Result, rail_voltage_v: float | None = None, power_w: float = 0.0) -> Result:
        """Return the share of one charge that an amount takes (1 is all of it).

        Args:
            amount: In J or C.
            rail_voltage_v: As for `counted`.
            power_w: At which it is drawn, for a converter's efficiency at that load; 0 where not known.

        Raises:
            ConfigurationError: As for `counted`.
        """
        used = bounded(self.counted(amount, rail_voltage_v))
        low, high = self.spread
        return widened(used.scaled(1 / self.available(power_w)[0], "1"), (1 / high, 1 / low), -1)

    def remaining(self, amount: Result, rail_voltage_v: float | None = None, power_w: float = 0.0) -> Result:
        """Return the share that is left; below 0 where more than one charge was used.  Arguments and errors as for `share_used`."""
        return left_of(self.share_used(amount, rail_voltage_v, power_w))

    def hours(self, rate: Result, rail_voltage_v: float | None = None) -> Result:
        """Return the hours one charge lasts at a mean power (W) or current (A).

        Self-discharge is a constant drain beside it; Peukert's law shortens by the current.

        Args:
            rate: Above 0, in W or A.
            rail_voltage_v: As for `counted`.

        Raises:
            ConfigurationError: The rate is not above zero, or its unit does not fit.
        """
        rate = bounded(self.counted(rate, rail_voltage_v))
        if rate.value <= 0:
            raise ConfigurationError("hours at a power: the power must be above zero")
        nominal = self.charge_c if self.convention == "charge" else self.energy_j

        def lasting(value: float) -> float:
            if value <= 0:
                return math.inf
            capacity, _ = self.available(value if self.convention == "energy" else 0.0)
            leak = self.self_discharge * nominal / MONTH_S
            delivered = capacity_at(capacity, value, self.peukert, self.rated_hours)
            return delivered / (value + leak) / SECONDS_PER_HOUR

        return widened(falling(lasting, rate, "h"), self.spread)

    def count(self, per_item: Result, rail_voltage_v: float | None = None, power_w: float = 0.0) -> Result:
        """Return how many items (inferences, epochs) one charge holds.

        Args:
            per_item: Above 0, in J or C.
            rail_voltage_v, power_w: As for `share_used`.

        Raises:
            ConfigurationError: An item takes nothing, or its unit does not fit.
        """
        per_item = bounded(self.counted(per_item, rail_voltage_v))
        if per_item.value <= 0:
            raise ConfigurationError("items per charge: an item must take more than nothing")
        available, _ = self.available(power_w)
        found = falling(lambda value: available / value if value > 0 else math.inf, per_item, "1")
        return widened(found, self.spread)

    def budget(
        self,
        used: Result | None = None,
        rate: Result | None = None,
        per_item: Result | None = None,
        *,
        items: str = "inferences",
        rail_voltage_v: float | None = None,
        highest_w: float = 0.0,
    ) -> Budget:
        """Return everything the battery reports about what was measured; None for what was not given.

        Args:
            used: Charge (C) or energy (J) of a run.
            rate: Mean current (A) or power (W).
            per_item: Charge or energy of one item.
            items: What an item is called.
            rail_voltage_v: Of the measured rail, where the other kind has to be converted.
            highest_w: What the cells must deliver for a while, where that is more than the mean.
        """
        power, delivered = 0.0, 1.0
        if rate is not None:
            drawn = self.counted(rate, rail_voltage_v).value
            power = drawn if self.convention == "energy" else 0.0
            capacity, _ = self.available(power)
            delivered = capacity_at(capacity, drawn, self.peukert, self.rated_hours) / capacity
        overload = self.overload(max(power, highest_w))
        return Budget(
            self,
            None if used is None or overload else self.share_used(used, rail_voltage_v, power),
            None if used is None or overload else self.remaining(used, rail_voltage_v, power),
            None if rate is None or overload else self.hours(rate, rail_voltage_v),
            None if per_item is None or overload else self.count(per_item, rail_voltage_v, power),
            items,
            1.0 if overload else delivered,
            overload,
        )


@dataclass(frozen=True)
class Budget:
    """What one battery charge means for a run.

    Attributes:
        battery: Whose charge.
        share_used, remaining: Shares of one charge.
        hours: At the run's mean power, in h.
        count: Items per charge.
        items: What an item is called.
        delivered: Share of the capacity that `hours` counts, by Peukert's law; the other figures count all of it.
        overload: Why the cells cannot deliver the load, so that shares, hours and count are None; empty where they can.
    """

    battery: Battery
    share_used: Result | None
    remaining: Result | None
    hours: Result | None
    count: Result | None
    items: str = "inferences"
    delivered: float = 1.0
    overload: str = ""

    def lines(self) -> list[str]:
        """Return a line each, the convention first."""
        text = [f"battery: {self.battery.described}"]
        if self.share_used is not None:
            over = f": {format_short(self.share_used.value)} charges" if self.share_used.value > 1 else ""
            text.append(f"used: {self.share_used.to('%')}{over}")
        if self.share_used is not None and self.share_used.low > 1:
            text.append("remaining: none")
        elif self.remaining is not None:
            text.append(f"remaining: {self.remaining.to('%')}")
        if self.hours is not None:
            text.append(f"hours at this power: {self.hours}")
        elif self.overload:
            text.append(f"use and hours at this power: – ({self.overload})")
        if self.count is not None:
            text.append(f"{self.items} per charge: {self.count}")
        if self.delivered < 1:
            load = f"this load leaves {format_percent(self.delivered)} of the capacity (Peukert exponent {self.battery.peukert:g})"
            text.append(
                f"hours are without a pause: {load}; use and items count all of it, as a light load does"
            )
        return text
