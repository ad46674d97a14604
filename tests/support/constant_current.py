"""A cell emptied by a constant current: the curve a data sheet prints.

The cell is that of `discharge`: V = OCV(s) - I R, until its charge is used or V is at the cut-off.  Above
the rated current Peukert's law multiplies the drain by (I / I_rated)^(k - 1).
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.battery.battery import Battery
from powermeter.battery.cell import Cell
from powermeter.errors import ConfigurationError
from powermeter.units import SECONDS_PER_HOUR

STEPS = 2000


@dataclass(frozen=True)
class Curve:
    """A discharge at constant current.

    Attributes:
        amperes: The current.
        hours: Until the end.
        charge_ah, energy_wh: Delivered at the cell's terminals.
        course: (hours, terminal voltage) along the way.
    """

    amperes: float
    hours: float
    charge_ah: float
    energy_wh: float
    course: tuple[tuple[float, float], ...]


def constant_current(battery: Battery, cell: Cell, amperes: float, cutoff_v: float | None = None) -> Curve:
    """Return the discharge of a battery at a constant current.

    Args:
        battery: Its charge, shares, health, temperature and Peukert exponent; the converter is not in it.
        cell: Its voltage and resistance.
        amperes: At the terminals.
        cutoff_v: Of the device, in place of the cell's.

    Raises:
        ConfigurationError: The current is not above zero.
    """
    if not 0 < amperes < 1e6:
        raise ConfigurationError(f"a discharge at {amperes:g} A: the current must be above zero")
    cutoff = cell.cutoff_v if cutoff_v is None else cutoff_v
    charge_c = battery.charge_c * battery.health * battery.derating
    rated = charge_c / (battery.rated_hours * SECONDS_PER_HOUR)
    drain = amperes * ((amperes / rated) ** (battery.peukert - 1) if amperes > rated else 1.0)
    step_s = charge_c * battery.usable / STEPS / drain
    seconds, volt_seconds = 0.0, 0.0
    course = []
    for index in range(STEPS):
        state = 1 - (index + 0.5) / STEPS * battery.usable
        volts = cell.voltage(state) - amperes * cell.resistance_ohm
        if volts < cutoff:
            break
        course.append((seconds / SECONDS_PER_HOUR, volts))
        seconds += step_s
        volt_seconds += volts * step_s
    hours = seconds / SECONDS_PER_HOUR
    energy = volt_seconds * amperes / SECONDS_PER_HOUR
    return Curve(amperes, hours, amperes * hours, energy, tuple(course[:: max(1, len(course) // 400)]))
