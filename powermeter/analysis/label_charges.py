"""What the events of labels drew, C: of many labels each is measured when its row is asked for, since few are ever printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.smoothing_instrument import Smoothing
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.result import Result, worst
from powermeter.signals.trace import Trace

Indices = NDArray[np.int64]

_STEADY = 0.05
"""A voltage that strays no further, as a part of its mean, leaves to the current what power between the readings may be."""


def as_open_as(
    charge: Result | None, energy: Result, power: Trace, current: Trace | None, voltage: Trace | None
) -> Result | None:
    """Return a run's charge with the ends that its energy has, where that is open or estimated and of the same readings at a steady voltage.

    What power between readings may be, current between them may be as well.
    """
    if charge is None or current is None or energy.value <= 0 or charge.value <= 0:
        return charge
    grade = worst((charge.grade, energy.grade))
    if (math.isfinite(energy.high) and grade is charge.grade) or not np.array_equal(
        power.times_ns, current.times_ns
    ):
        return charge
    if voltage is not None and np.ptp(voltage.values) > _STEADY * abs(float(voltage.values.mean())):
        return charge
    volts = energy.value / charge.value
    low, high = min(charge.low, energy.low / volts), max(charge.high, energy.high / volts)
    return replace(charge, low=low, high=high, grade=grade)


class LabelCharges:
    """The charges of events.

    Attributes:
        integral: The running integral of the current.
    """

    def __init__(
        self, integral: Integral, group: Indices, energies: Windows, smooths: Smoothing | None = None
    ) -> None:
        """Take the events of some energies.

        Args:
            group: The label of each, 0 …; higher numbers are in none.
            smooths: Over what the instrument smooths, as its power shows.
        """
        self.integral = integral
        self._group, self._energies, self._smooths = group, energies, smooths
        self._whole: Windows | None = None

    @property
    def is_whole(self) -> bool:
        """Whether those of all labels are measured, or can be at once only: windows are divided among labels."""
        return self._whole is not None or self.integral.trace.kind is not Kind.INSTANT

    @property
    def whole(self) -> Windows:
        """Those of all labels."""
        if self._whole is None:
            self._whole = self._measured(None)
        return self._whole

    def of(self, labels: Sequence[int]) -> Windows:
        """Return those of some labels; the events of others have none, unless all are measured already."""
        return self.whole if self.is_whole else self._measured(np.array(labels, np.int64))

    def _measured(self, labels: Indices | None) -> Windows:
        events = self._energies
        return measure(
            self.integral,
            events.start_ns,
            events.end_ns,
            self._group,
            beside=events,
            labels=labels,
            smooths=self._smooths,
        )
