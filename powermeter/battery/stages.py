"""Budgets for stages: labels of events, a battery share each, passed or failed.

The course asks for 4 Ah a stage: inference; training or updating on the device; the whole product.  A
grader runs `powermeter budget` and reads the exit status.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from powermeter.analysis.rail_voltage import ChargeOrigin, charge_origin, refused_at_budget_v
from powermeter.analysis.subject import charge_per_item, row_of
from powermeter.battery.battery import Battery
from powermeter.errors import ConfigurationError, plural
from powermeter.result import Result

if TYPE_CHECKING:
    from powermeter.analysis.energy import Analysis

WHOLE = "*"
"""A stage of this label is the whole recording."""


class StageVerdict(str, Enum):
    """Whether a stage kept its budget; unclear where the interval holds the limit."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Stage:
    """A label with its budget.

    Attributes:
        label: Of the events, or `*` for the whole recording.
        battery: The budget, one charge of it.
        repeats: How many items (inferences, epochs) the budget must carry; None for what was recorded.
    """

    label: str
    battery: Battery
    repeats: float | None = None


@dataclass(frozen=True)
class StageOutcome:
    """A stage with what it used.

    Attributes:
        stage: What was asked.
        share: Of the budget, interval included.
        verdict: By the value; `unclear` where the interval holds 1.
        passed: By the value alone, for the exit status.
    """

    stage: Stage
    share: Result

    @property
    def passed(self) -> bool:
        """Whether the value is within the budget."""
        return self.share.value <= 1

    @property
    def verdict(self) -> StageVerdict:
        """Pass, fail, or unclear where the 95 % interval holds the limit."""
        if self.share.low <= 1 < self.share.high:
            return StageVerdict.UNCLEAR
        return StageVerdict.PASS if self.passed else StageVerdict.FAIL

    def line(self) -> str:
        """Return it for people."""
        name = "whole recording" if self.stage.label == WHOLE else self.stage.label
        scale = "" if self.stage.repeats is None else f" for {plural(self.stage.repeats, 'item')}"
        return f"{name}{scale}: {self.share.to('%')} of {self.stage.battery.convention_text}: {self.verdict.value}"


def parse_stage(text: str, otherwise: Battery) -> Stage:
    """Return the stage of `LABEL`, `LABEL=4Ah`, `LABEL=4Ah@3.85V` or `LABEL:1000=4Ah` (1000 items).

    Raises:
        ConfigurationError: It has no label, or the budget or the count cannot be used.
    """
    from powermeter.battery.preset_or_capacity import parse_battery

    head, equals, budget = text.partition("=")
    label, colon, count = head.partition(":")
    if not label:
        raise ConfigurationError(f"stage {text!r}: write LABEL=4Ah, or *=4Ah for the whole recording")
    repeats = None
    if colon:
        try:
            repeats = float(count)
        except ValueError as error:
            raise ConfigurationError(f"stage {text!r}: {count!r} is not a number of items") from error
        if not 0 < repeats < 1e15:
            raise ConfigurationError(f"stage {text!r}: a number of items is above zero")
    own = replace(parse_battery(budget), assumed_rail_v=otherwise.assumed_rail_v) if equals else otherwise
    return Stage(label, own, repeats)


def check(stage: Stage, analysis: Analysis, rail_voltage_v: float | None = None) -> StageOutcome:
    """Return the outcome of a stage over an analysed recording.

    Raises:
        ConfigurationError: The label is not in the recording, charge and energy do not go together, or the cells
            cannot deliver its power.
    """
    by_charge = stage.battery.convention == "charge"
    if by_charge and analysis.charge is None and rail_voltage_v is None:
        in_wh = f"the budget in Wh ({stage.label}=20Wh)"
        if refusal := refused_at_budget_v(analysis.line.rail, analysis.power.value, in_wh):
            raise ConfigurationError(f"stage {stage.label!r}: {refusal}")
    sensed = charge_origin(analysis) is ChargeOrigin.CURRENT
    if stage.label == WHOLE:
        used = _counted(by_charge, analysis.charge, analysis.energy, rail_voltage_v, sensed)
        if stage.repeats is not None:
            raise ConfigurationError("a stage of the whole recording has no number of items; name a label")
        assert used is not None  # the energy of a run is always known
        return _outcome(stage, used, rail_voltage_v, analysis.power.value)
    row = row_of(analysis, stage.label)
    if stage.repeats is None:
        used = _counted(by_charge, row.charge, row.energy, rail_voltage_v, sensed)
    else:
        per_item = _counted(by_charge, charge_per_item(row), row.per_item, rail_voltage_v, sensed)
        used = None if per_item is None else per_item.scaled(stage.repeats)
    if used is None:
        raise ConfigurationError(f"stage {stage.label!r}: what its events used is not known")
    power = row.power.value if row.power is not None else 0.0
    return _outcome(stage, used, rail_voltage_v, power)


def _outcome(stage: Stage, used: Result, rail_voltage_v: float | None, power_w: float) -> StageOutcome:
    """Return the outcome; a stage whose load the cells cannot deliver has none, whatever its share of the charge."""
    if overload := stage.battery.overload(power_w):
        raise ConfigurationError(f"stage {stage.label!r}: {overload}")
    return StageOutcome(stage, stage.battery.share_used(used, rail_voltage_v, power_w))


def _counted(
    by_charge: bool, charge: Result | None, energy: Result | None, rail_voltage_v: float | None, sensed: bool
) -> Result | None:
    """Return the charge for a charge budget, unless it was derived with another voltage than the one given."""
    if not by_charge or charge is None:
        return energy
    if rail_voltage_v is None or energy is None or sensed:
        return charge
    same = abs(energy.value - charge.value * rail_voltage_v) <= 1e-6 * abs(energy.value)
    return charge if same else energy
