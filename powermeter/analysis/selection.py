"""Which part of a recording is asked about, or which numbers instead of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.item_count import ItemCount
from powermeter.errors import ConfigurationError
from powermeter.units import parse_quantity


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a recording, or which numbers instead of one; texts as typed, None where not given.

    Attributes:
        label: Only events of this label.
        rail: The rail to count.
        baseline: Watts or an idle event's label to subtract.
        by: Attributes to split labels by.
        energy, power, current, duration: Numbers without a recording.
        items: How many items that was; the recording's own count otherwise.
        per: What one item is: a label whose events are counted, or with `items` a name.
        items_of: The label that items are of, where the whole recording is asked about.
        rail_voltage: Of the rail, as typed (`5V`) or in V; converts between charge and energy.
    """

    label: str | None = None
    rail: str | None = None
    baseline: BaselineSpec = None
    by: Sequence[str] = ()
    energy: str | None = None
    power: str | None = None
    current: str | None = None
    duration: str | None = None
    items: float | None = None
    rail_voltage: str | float | None = None
    per: str | None = None
    items_of: str | None = None

    @property
    def count(self) -> ItemCount:
        """How many items, as the user counts."""
        return ItemCount(self.items, self.per, self.label if self.label is not None else self.items_of)

    @property
    def volts(self) -> float | None:
        """The rail's voltage in V; None where it is not given.

        Raises:
            ConfigurationError: It is not a voltage above zero.
        """
        typed = self.rail_voltage
        volts = parse_quantity(typed, "V") if isinstance(typed, str) else typed
        if volts is not None and not 0 < volts < math.inf:
            raise ConfigurationError(f"--rail-voltage {typed!r} must be above zero")
        return volts
