"""The charge of readings at a steady voltage, from the energy of the same readings: what was found of one is true of the other.

How an instrument averages, how late its stamps are and what kept step with it shows in power more clearly than in current, and
is looked for there only.  Energy over charge of the bare rule is the voltage; gains and offsets of the voltage cancel in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.reasons_for_estimated import BOUNDED
from powermeter.analysis.uncertainty import Shape, beyond, budget, common_parts, coverage, limit_names
from powermeter.analysis.windows import Windows
from powermeter.result import COVERAGE_95, ROUNDING, Result, worst
from powermeter.signals.trace import Trace

Indices = NDArray[np.int64]

_STEADY = 0.05
"""A voltage that strays no further, as a part of its mean, leaves to the charge what was found of the energy."""

_STRAY = "edges:voltage that strays"


@dataclass(frozen=True, slots=True, eq=False)
class SteadyVoltage:
    """A voltage that hardly moves, at which power and current were read by the same channels.

    Attributes:
        low, high: Its lowest and its highest reading, V; what a rail is stated to have where none is measured.
    """

    power: Trace
    current: Trace
    low: float
    high: float

    @property
    def stray(self) -> float:
        """Standard uncertainty of its mean over any part of the run, relative."""
        return 2 * (self.high - self.low) / (self.high + self.low) / math.sqrt(12)

    @classmethod
    def of(cls, power: Trace, current: Trace | None, voltage: Trace | None) -> SteadyVoltage | None:
        """Return it; None where the voltage moves, or power and current are not of the same readings."""
        if current is None or not set(power.channels) & set(current.channels):
            return None
        if voltage is None or not len(voltage):
            nominal = power.rail.nominal_v if power.rail else None
            return cls(power, current, nominal, nominal) if nominal and nominal > 0 else None
        low, high = float(voltage.values.min()), float(voltage.values.max())
        return cls(power, current, low, high) if low > 0 and high - low <= _STEADY * low else None

    def events(self, charge: Windows, energy: Windows) -> Windows:
        """Return the charges of events, of each label from its energy where that is known better or found to be open."""
        taken: dict[int, float] = {}
        for g, members in enumerate(energy.members):
            index = members[charge.known[members] & energy.known[members]]
            joules, coulombs = float(energy.plain[index].sum()), float(charge.plain[index].sum())
            if index.size and joules > 0 and coulombs > 0:
                taken[g] = self._within(joules / coulombs)
        other = self._divided(charge, energy, taken)
        for g in list(taken):
            index = charge.members[g][charge.known[charge.members[g]] & energy.known[charge.members[g]]]
            one_each = np.ones(index.size)
            direct, through = (one.combine_of(index, one_each, "charge") for one in (charge, other))
            open_energy = energy.groups[g].why in BOUNDED and charge.groups[g].why not in BOUNDED
            if not (open_energy or is_better(through, direct)):
                del taken[g]
        return self._divided(charge, energy, taken) if taken else charge

    def _divided(self, charge: Windows, energy: Windows, volts: dict[int, float]) -> Windows:
        """Return the charges, those of some labels energies over volts."""
        groups, members = list(charge.groups), list(charge.members)
        names = {*charge.shared, *energy.shared, _STRAY}
        shared = {name: charge.shared.get(name, np.zeros(len(charge))).copy() for name in names}
        columns = {name: getattr(charge, name).copy() for name in (*_WITHOUT_UNIT, *_IN_JOULES)}
        for g, v in volts.items():
            mine = energy.members[g]
            groups[g], members[g] = energy.groups[g], mine
            for name in _WITHOUT_UNIT:
                columns[name][mine] = getattr(energy, name)[mine]
            for name in _IN_JOULES:
                columns[name][mine] = getattr(energy, name)[mine] / v
            for name, column in shared.items():
                column[mine] = energy.shared[name][mine] / v if name in energy.shared else 0.0
            shared[_STRAY][mine] = self.stray * columns["value"][mine]
        return replace(charge, groups=tuple(groups), members=tuple(members), shared=shared, **columns)

    def of_run(self, charge: Result, energy: Result, volts: float) -> Result:
        """Return a run's charge: from its energy where that is known better, or found to be open.

        Args:
            volts: Mean power over mean current, both by the bare rule.
        """
        through = self._over(energy, self._within(volts))
        open_energy = energy.grade.rank > charge.grade.rank or not math.isfinite(energy.high)
        return through if open_energy or is_better(through, charge) else charge

    def _within(self, volts: float) -> float:
        return min(max(volts, self.low), self.high)

    def _over(self, energy: Result, volts: float) -> Result:
        common = {e.key for e in self.power.errors}
        own = {k: part for k, part in energy.parts.items() if not k.startswith("unseen:")}
        even = {k: part for k, part in own.items() if not k.startswith(ROUNDING)}
        variance = sum(part * part for part in even.values())
        largest = max((abs(even.get(k, 0.0)) for k in limit_names(self.power.errors)), default=0.0)
        half = float(coverage(variance, largest)) * math.sqrt(variance)
        # What rounding leaves of two equal numbers is nothing.
        half *= 1 + 1e-9
        cut = COVERAGE_95 * sum(part for k, part in own.items() if k.startswith(ROUNDING))
        below = beyond(energy.value - energy.low - max(-cut, 0.0), half) / volts
        above = beyond(energy.high - energy.value - max(cut, 0.0), half) / volts
        value = energy.value / volts
        seconds = abs(self.current.times_ns[-1] - self.current.times_ns[0]) * 1e-9
        parts = {k: part / volts for k, part in own.items() if k not in common}
        parts |= common_parts(self.current.errors, value, float(seconds))
        parts[f"{_STRAY} {'+'.join(self.current.channels)}"] = self.stray * value
        grade = worst((energy.grade, self.current.grade))
        shape = Shape(below=below, above=above, floor=0.0 if energy.low >= 0 else None)
        return budget(value, "C", parts, grade=grade, limits=limit_names(self.current.errors), shape=shape)


_WITHOUT_UNIT = ("samples", "lean", "known")
_IN_JOULES = ("value", "noise", "clock", "gaps", "below", "above")


def is_better(one: Result, other: Result) -> bool:
    """Return whether a result is narrower than another, or shows it to be wrong."""
    half = (other.high - other.low) / 2
    return one.high - one.low < other.high - other.low or abs(one.value - other.value) > half
