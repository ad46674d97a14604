"""Whether the windows that the ends of few events cut hold more than those events show inside: their last part, or what follows them.

Ten or more events show a tail by itself (`tails.py`), where pauses leave whole windows behind it.  One that is over within the window that an end
cuts leaves nothing behind it, and that window does not distinguish it from the event.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.quantiles import quantile

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_STANDARD_ERRORS = 3.0
_WORTH = 0.002  # of the energy
_MOSTLY = 0.3  # of a window
_MANY = 20  # changes, from which on the largest of them do not count
_MOST = 0.9


def stands_out(surplus: Floats, allowed: Floats, joules: float) -> bool:
    """Return whether what end windows hold beyond the event and what is beside it is more than the load and the noise leave open.

    Args:
        surplus: Of each end, J.
        allowed: What each may hold, J: its noise, and as much as power inside the events changes from window to window.
        joules: Of all events.
    """
    if not surplus.size:
        return False
    total = float(surplus.sum())
    return total > _STANDARD_ERRORS * math.sqrt(float(allowed @ allowed)) and total > _WORTH * abs(joules)


def changes_inside(rates: Floats, first: Indices, last: Indices, share: Floats, quiet: float) -> float:
    """Return the largest change of power, W, from one window to the next inside the same event; infinite where none holds two.

    Of twenty changes and more, what all but a tenth are below: what follows an event may lie in the window in which the next one begins.

    Args:
        rates: Of each window, W.
        first, last: The windows that each event's start and end cut.
        share: Of the first one that is the event's; where it is large, what is left without idle power counts as well.
        quiet: Power beside events, W.
    """
    changes: list[Floats] = []
    for a, b, its in zip(first.tolist(), last.tolist(), share.tolist(), strict=True):
        begins = [(rates[a] - (1 - its) * quiet) / its] if its > _MOSTLY else []
        levels = np.concatenate([begins, rates[a + 1 : b]])
        changes.append(np.abs(np.diff(levels)))
    every = np.concatenate(changes) if changes else np.empty(0)
    if not every.size:
        return math.inf
    return quantile(every, _MOST) if every.size >= _MANY else float(every.max())
