"""Returns a recording's energies by the rule of whoever published them, beside ours.

Publishers do not all integrate.  Where an imported recording names such a rule (the fact
`published_rule`), these numbers can be compared with theirs to the last digit, and the trapezoid over
the same window stands beside them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.registry import PUBLICATION_RULES, load

Rule = Callable[[NDArray[np.int64], NDArray[np.int64], float, Event, dict[str, Any]], float | None]
"""Takes (times_ns, codes, scale, event, fact); returns J, or None."""


@dataclass(frozen=True, slots=True)
class Published:
    """One event by its publisher's rule.

    Attributes:
        event: The window.
        energy_j: By the publisher's rule.
        trapezoid_j: By the trapezoid over the same window, its edges interpolated.
        printed_j: What the publisher printed, where the log has it.
    """

    event: Event
    energy_j: float
    trapezoid_j: float
    printed_j: float | None = None

    @property
    def mean_w(self) -> float:
        """Mean power by the rule, in W."""
        return self.energy_j / ((self.event.end_ns or 0) - self.event.start_ns) * 1e9

    @property
    def trapezoid_mean_w(self) -> float:
        """Mean power by the trapezoid, in W."""
        return self.trapezoid_j / ((self.event.end_ns or 0) - self.event.start_ns) * 1e9

    @property
    def per_item_j(self) -> float | None:
        """Energy by the rule per item (query, inference), in J; None where the number of items is not known."""
        return self.energy_j / self.event.count if self.event.count else None

    @property
    def difference(self) -> float:
        """Trapezoid over rule minus 1."""
        return self.trapezoid_j / self.energy_j - 1 if self.energy_j else 0.0


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """All of a recording's events by its publisher's rule.

    Attributes:
        rule: The rule's name.
        text: The rule in words.
        values: One per event that the rule applies to.
        printed_median_j: The median per item that the publisher printed, in J.
    """

    rule: str
    text: str
    values: tuple[Published, ...]
    printed_median_j: float | None = None

    @property
    def median_j(self) -> float | None:
        """Median energy per item by the rule, in J."""
        known = [value.per_item_j for value in self.values if value.per_item_j is not None]
        return statistics.median(known) if known else None


def published(recording: Recording) -> PublishedSet | None:
    """Return the energies by the publisher's rule, or None where the recording names none.

    Raises:
        DataError: The rule is not known here, or its channel is not in the recording.
    """
    facts = recording.facts("published_rule")
    if not facts:
        return None
    fact = facts[-1]
    name = str(fact.get("rule", ""))
    if name not in PUBLICATION_RULES:
        raise DataError(f"{recording.path}: computed by a rule {name!r} that this version does not know")
    rule: Rule = load(PUBLICATION_RULES[name])
    source = recording.sources[0]
    channel = source.channel(str(fact.get("channel", "")))
    samples = recording.samples(source.id)
    codes, times = samples.codes[channel.name], samples.times_ns
    good = codes != MISSING
    values = []
    for event in recording.events():
        if event.end_ns is None or event.end_ns <= event.start_ns:
            continue
        energy = rule(times[good], codes[good], channel.scale, event, fact)
        if energy is None:
            continue
        printed = event.attributes.get("published_energy_uJ")
        values.append(
            Published(
                event,
                energy,
                trapezoid(times[good], channel.in_si(codes[good]), event),
                float(printed) * 1e-6 if isinstance(printed, (int, float)) else None,
            )
        )
    median = fact.get("median_uJ_per_inference")
    return PublishedSet(
        name,
        str(fact.get("text", "")),
        tuple(values),
        float(median) * 1e-6 if isinstance(median, (int, float)) else None,
    )


def trapezoid(times_ns: NDArray[np.int64], values: NDArray[np.float64], event: Event) -> float:
    """Return the integral over an event in value × second by the trapezoid, its edges interpolated."""
    assert event.end_ns is not None
    seconds = (times_ns - event.start_ns) / 1e9
    end = (event.end_ns - event.start_ns) / 1e9
    inside = (seconds > 0) & (seconds < end)
    grid = np.concatenate(([0.0], seconds[inside], [end]))
    edges = np.interp([0.0, end], seconds, values)
    heights = np.concatenate(([edges[0]], values[inside], [edges[1]]))
    return float(((heights[1:] + heights[:-1]) * np.diff(grid)).sum() / 2)
