"""What stands beside the energy of events: accuracy, loss and whatever else a program noted with `event.measure(…)`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from powermeter.analysis.tokens.measures import is_of_model
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns


@dataclass(frozen=True, slots=True)
class MeasureMean:
    """The mean of one measure over the events that have it as a number.

    Attributes:
        value: Weighted by items; of events not all of whose items are known, each event counts alike.
        having: Events that have it.
        events: Events that might.
        is_by_event: Whether events count alike although their values differ, because items are not known.
    """

    value: float
    having: int
    events: int
    is_by_event: bool = False


def means(events: Sequence[Event]) -> dict[str, float]:
    """Return the mean of each measure that is a number over the events that have it, weighted by their items.

    Those of language models' phases are left out: they are sums, and have tables of their own.
    """
    return {name: mean.value for name, mean in measure_means(events).items()}


def measure_means(events: Sequence[Event]) -> dict[str, MeasureMean]:
    """Return the mean of each measure that is a number, and of how many of the events; without those of language models' phases."""
    columns = EventColumns.of(events)
    carrying = list(columns.at(columns.having("measures")))  # of a day's events hardly any
    asked = [event for event in carrying if not is_of_model(event)]
    might = len(events) - len(carrying) + len(asked)
    found: dict[str, list[tuple[float | None, float]]] = {}
    for event in asked:
        for name, value in event.measures.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                found.setdefault(name, []).append((event.count, value))
    return {name: _mean(cells, might) for name, cells in found.items() if any(n != 0 for n, _ in cells)}


def _mean(cells: Sequence[tuple[float | None, float]], events: int) -> MeasureMean:
    """Return the mean of (items, value) of each event; what no item has does not count."""
    counted = [(n, value) for n, value in cells if n != 0]
    is_known = all(n is not None for n, _ in counted)
    weights = [1.0 if n is None or not is_known else float(n) for n, _ in counted]
    mean = math.fsum(w * value for w, (_, value) in zip(weights, counted, strict=True)) / math.fsum(weights)
    return MeasureMean(mean, len(cells), events, not is_known and len({value for _, value in counted}) > 1)
