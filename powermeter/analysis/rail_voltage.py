"""The voltage that turns a rail's energy into charge: one answer for reports, budgets and footprints."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from powermeter.channel import Boundary, Quantity, Rail
from powermeter.result import Grade, Result, worst
from powermeter.units import format_number

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis


def rail_voltage(analysis: Analysis) -> float | None:
    """Return the voltage of the counted rail in V; None where it is not known.

    Energy over charge where both are known (the mean weighted by current), else the mean measured
    voltage, else the nominal one.
    """
    if analysis.charge is not None and analysis.charge.value > 0 and analysis.energy.value > 0:
        return analysis.energy.value / analysis.charge.value
    if analysis.voltage_trace is not None and len(analysis.voltage_trace):
        return float(analysis.voltage_trace.values.mean())
    return analysis.line.rail.nominal_v


BUDGET_V = 5.0
"""Volts at which charge is counted where no rail voltage is known: the 4 Ah budget is charge at 5 V."""

BUDGET_V_TEXT = (
    f"no rail voltage is known: charge is counted at {BUDGET_V:g} V (--rail-voltage VOLT changes it)"
)


_MOST_A = 10.0
"""Amperes at `BUDGET_V` above which nobody's supply is taken to have that voltage: twice what USB delivers."""


def refused_at_budget_v(rail: Rail, watts: float, otherwise: str = "a battery in Wh (--battery 20Wh)") -> str:
    """Return why the charge of a rail of unknown voltage is not counted at `BUDGET_V`, and what to do; empty where it may be.

    Args:
        rail: What is counted.
        watts: Its mean power.
        otherwise: What can be stated in place of the voltage.
    """
    if rail.boundary is Boundary.DEVICE:
        why = (
            f"what is counted ({rail.name}) is a graphics card or another add-on, not fed with {BUDGET_V:g} V"
        )
    elif watts > _MOST_A * BUDGET_V:
        why = f"{format_number(watts, 3)} W at {BUDGET_V:g} V would be {format_number(watts / BUDGET_V, 3)} A"
    else:
        return ""
    return f"no rail voltage is known, and {why}: no charge is counted; state the voltage (--rail-voltage 12V), or {otherwise}"


class ChargeOrigin(Enum):
    """What a charge was counted from; the grade does not decide it: a simulated current is a current."""

    CURRENT = "recorded current"
    TYPED = "current typed in"
    ENERGY = "energy over a voltage"


def charge_origin(analysis: Analysis) -> ChargeOrigin | None:
    """Return what an analysis counted its charge from; None where there is no charge."""
    if analysis.charge is None:
        return None
    sensed = any(analysis.line.direct(of) is not None for of in (Quantity.CHARGE, Quantity.CURRENT))
    return ChargeOrigin.CURRENT if sensed else ChargeOrigin.ENERGY


def origin_text(
    used: Result, origin: ChargeOrigin | None, volts: float | None, given: bool = False, assumed: bool = False
) -> str | None:
    """Return what a battery's ampere-hours are set against, where that is no measured current; else None.

    Args:
        used: Charge in C, or energy in J that is converted.
        origin: Of the charge.
        volts: What converts an energy.
        given: Whether a user stated that voltage.
        assumed: Whether nobody knows it, and `BUDGET_V` stands in.
    """
    if used.unit == "C" and origin is not ChargeOrigin.ENERGY:
        simulated = origin is ChargeOrigin.CURRENT and used.grade is not Grade.MEASURED
        return f"charge {used.grade.value}: from the {origin.value}" if simulated and origin else None
    if not volts:
        return None
    converted = f"{format_number(volts, 3)} V"
    converted = (
        f"an assumed {converted}" if assumed else f"{converted} {'as given' if given else 'of the rail'}"
    )
    grade = worst((used.grade, Grade.ASSUMED if assumed else Grade.DERIVED)).value
    return f"charge {grade}: energy over {converted}, not a measured current"


MAINS_V = 60.0
"""Volts above which a supply is not a battery of a device: the limit of extra-low voltage (IEC 61140)."""

_AC_V = 85.0
"""Volts from which a supply that nobody described is taken for mains: the lowest input of wide-range supplies."""


def at_the_socket(boundary: Boundary, volts: float | None) -> bool:
    """Return whether what is counted is drawn at the socket: its ampere-hours are not those of a battery of a few volts."""
    if boundary is Boundary.WALL:
        return volts is None or volts > MAINS_V
    return boundary is not Boundary.BATTERY and volts is not None and volts > _AC_V


def socket_charge(battery: str) -> str:
    """Return why a battery in ampere-hours is not set against what is drawn at the socket, and what to do."""
    return (
        f"what is drawn at the socket is not set against a battery of {battery}: its charge is of the mains; state a battery "
        "in Wh (--battery 20Wh), or the voltage at which the device draws it (--rail-voltage 5V)"
    )
