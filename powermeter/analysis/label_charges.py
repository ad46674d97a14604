"""What the events of labels drew, C: of many labels each is measured when its row is asked for, since few are ever printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.smoothing_instrument import Smoothing
from powermeter.analysis.windows import Windows
from powermeter.channel import Kind

Indices = NDArray[np.int64]


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
