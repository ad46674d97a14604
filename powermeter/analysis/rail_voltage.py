"""The voltage that turns a rail's energy into charge: one answer for reports, budgets and footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis


def rail_voltage(analysis: Analysis) -> float | None:
    """Return the voltage of the counted rail in V; None where nobody knows it.

    Energy over charge where both are known (the mean weighted by current), else the mean measured
    voltage, else the nominal one.
    """
    if analysis.charge is not None and analysis.charge.value > 0 and analysis.energy.value > 0:
        return analysis.energy.value / analysis.charge.value
    if analysis.voltage_trace is not None and len(analysis.voltage_trace):
        return float(analysis.voltage_trace.values.mean())
    return analysis.line.rail.nominal_v
