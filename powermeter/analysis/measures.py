"""What stands beside the energy of events: accuracy, loss and whatever else a program noted with `event.measure(…)`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from powermeter.analysis.tokens.measures import is_of_model
from powermeter.events import Event


def means(events: Sequence[Event]) -> dict[str, float]:
    """Return the mean of each measure that is a number over the events that have it, weighted by their items.

    Those of language models' phases are left out: they are sums, and have tables of their own.
    """
    sums: dict[str, tuple[float, float]] = {}
    for event in events:
        if is_of_model(event):
            continue
        weight = float(event.count or 1)
        for name, value in event.measures.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                total, weights = sums.get(name, (0.0, 0.0))
                sums[name] = total + weight * value, weights + weight
    return {name: total / weights for name, (total, weights) in sums.items() if weights}
