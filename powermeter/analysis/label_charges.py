"""What the events of labels drew, C: of many labels each is measured when its row is asked for, since few are ever printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.charge_from_energy import SteadyVoltage
from powermeter.analysis.event_energies import activity_of, measure
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.smoothing_instrument import Smoothing
from powermeter.analysis.whole_run import WholeRun, measure_run
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind
from powermeter.result import Result

Indices = NDArray[np.int64]


class LabelCharges:
    """The charges of events.

    Attributes:
        integral: The running integral of the current.
    """

    def __init__(
        self,
        integral: Integral,
        group: Indices,
        energies: Windows,
        smooths: Smoothing | None = None,
        voltage: SteadyVoltage | None = None,
    ) -> None:
        """Take the events of some energies.

        Args:
            group: The label of each, 0 …; higher numbers are in none.
            smooths: Over what the instrument smooths, as its power shows.
            voltage: Where it is steady, and power is of the same readings; None otherwise.
        """
        self.integral = integral
        self._group, self._energies, self._smooths = group, energies, smooths
        self._voltage = voltage
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
        found = measure(
            self.integral,
            events.start_ns,
            events.end_ns,
            self._group,
            beside=events,
            labels=labels,
            smooths=self._smooths,
        )
        return found if self._voltage is None else self._voltage.events(found, events)


def charge_of_run(
    energy: Integral, events: LabelCharges | None, run: WholeRun, steady: SteadyVoltage | None
) -> Result | None:
    """Return what the whole run drew, or None where no current is known between its ends."""
    if events is None:
        return None
    charge = events.integral
    start, end = max(charge.start_ns, energy.start_ns), min(charge.end_ns, energy.end_ns)
    if end <= start:
        return None
    # Holes are bridged as those of the power are.
    activity = activity_of(events.whole) if charge.hole.size else ()
    found = measure_run(charge, start, end, activity=activity, bridges=Bridges.of(charge))
    if steady is None or run.plain <= 0 or found.plain <= 0:
        return found.energy
    return steady.of_run(found.energy, run.energy, run.plain / run.seconds * found.seconds / found.plain)
