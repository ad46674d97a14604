"""From a recording or a schedule, and options, to what a battery reports of it.

found = find(Path("run.power"), Asked(label="infer"))
report = assess(found, BudgetOptions(battery="4Ah", stages=("infer=4Ah", "*=4Ah")))
print(report.text(), report.failed)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from powermeter.analysis.rail_voltage import (
    BUDGET_V,
    BUDGET_V_TEXT,
    ChargeOrigin,
    at_the_socket,
    refused_at_budget_v,
)
from powermeter.analysis.subject import as_drawn
from powermeter.errors import ConfigurationError
from powermeter.result.notes import Note

from .budget_options import BudgetOptions
from .report import BudgetReport

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


def assess(found: Subject | None, wanted: BudgetOptions) -> BudgetReport:
    """Return what a battery reports of a subject, or of a schedule alone.

    Raises:
        ConfigurationError: The battery cannot be used.
    """
    found = None if found is None else as_drawn(found)
    battery, preset = wanted.pack(None if found is None else found.metadata.get("battery"))
    if found is not None and battery.convention == "charge" and _voltage_unused(found):
        text = "the recorded current is counted: --rail-voltage changes no charge"
        found.notes.append(Note.info("rail-voltage-unused", text))
    if found is not None and battery.convention == "charge" and _voltage_unknown(found):
        _refuse_assumed(found)
        battery = replace(battery, assumed_rail_v=BUDGET_V)
        found.notes.append(Note.warning("voltage-unknown", BUDGET_V_TEXT))
    return BudgetReport(found, wanted, battery, preset)


def _voltage_unknown(found: Subject) -> bool:
    """Return whether a recording holds neither a charge nor the voltage that converts its energy."""
    return found.analysis is not None and found.analysis.charge is None and found.rail_voltage_v is None


def _refuse_assumed(found: Subject) -> None:
    """Refuse to take `BUDGET_V` for the voltage of what is not fed with it.

    Raises:
        ConfigurationError: The rail is of an add-on, or draws too much.
    """
    analysis = found.analysis
    assert analysis is not None
    mains = at_the_socket(analysis.line.rail.boundary, None)
    refused = refused_at_budget_v(analysis.line.rail, analysis.power.value)
    if refused and not mains:  # of the mains another reason is stated
        raise ConfigurationError(f"{found.title}: {refused}")


def _voltage_unused(found: Subject) -> bool:
    """Return whether a voltage was typed in where a recorded current needs none."""
    typed, current = found.asked.volts is not None, found.charge_origin is ChargeOrigin.CURRENT
    return typed and current and found.charge is not None
