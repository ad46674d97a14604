"""One benchmark: repeats until their energy is known, and what the items inside each repeat used."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from powermeter import registry
from powermeter.analysis.energy import analyse
from powermeter.analysis.inner_events import Inner, inner_events, with_events
from powermeter.analysis.repeat_loop import LoopLimits, MeterLike, RepeatLoop
from powermeter.analysis.stopping import Settled
from powermeter.comparison.pairs_and_turns import IN_SPREAD
from powermeter.errors import DataError, printable
from powermeter.events import Event
from powermeter.result import COVERAGE_95, Result


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A thing that was repeated, and what is known of it.

    Attributes:
        title: For people.
        loop: The repeats: energies, durations, warm-up, convergence.
        items: Items of one repeat, as the caller stated.
        per_run: Energy of one repeat in J: the spread between repeats and the sensor's own errors; None where too
            few repeats are known.
        inner: Events that the thing marked itself, a label each; empty where there are none.
    """

    title: str
    loop: RepeatLoop
    items: int
    per_run: Result | None
    inner: tuple[Inner, ...]

    @property
    def per_item(self) -> Result | None:
        """Energy of one item of a repeat in J (of one call of a function); None where it is not known."""
        return None if self.per_run is None else self.per_run.scaled(1 / self.items)

    @property
    def failed_runs(self) -> int:
        """How many runs failed, which are no repeats: the last one, or none."""
        return int(self.loop.reason == "failed")

    def __repr__(self) -> str:
        return f"<Benchmark {self.title}: {self.per_item or 'too few repeats'} per item, {self.loop.ended()}>"

    def __str__(self) -> str:
        text: str = registry.load(registry.TEXTS["benchmark"])(self)
        return text if self.loop.path is None else f"{text}\nrecorded in {printable(self.loop.path)}"

    @property
    def reached(self) -> bool:
        """Whether the energy of a repeat, and of the items inside, is known to the precision asked for."""
        return self.loop.reached


class RunFailed(Exception):
    """What the event of a repeat that failed ends with, so that it is counted apart from those that did their work."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a benchmark is to reach.

    Attributes:
        precision: Half-width of the 95 % interval over the mean.
        limits: Its latest end.
        items: Items of one repeat.
        rail: The rail to count.
        calls: How many calls of the same thing one repeat is.
        budget_j: What an item may use, in J: it ends as soon as that is decided; None where nothing is asked.
    """

    precision: float = 0.05
    limits: LoopLimits = field(default_factory=LoopLimits)
    items: int = 1
    rail: str | None = None
    calls: int = 1
    budget_j: float | None = None


def repeat_until_known(
    meter: MeterLike,
    title: str,
    once: Callable[[], bool],
    wanted: Target,
    name: str = "bench",
    attributes: Mapping[str, Any] | None = None,
) -> Benchmark:
    """Call `once` again and again until its energy is known, or it fails.

    Events that it marks itself (or a command that it runs) must be known to the same precision.

    Args:
        once: Runs the thing once; returns False where that failed: the run is no repeat, and the last one.
        name: The label of its events.
        attributes: Of its events.
    """
    found: list[Inner] = []

    def enough() -> bool:
        try:
            with meter.recording() as recording:
                found[:] = inner_events(recording, loop.spans, loop.name, wanted.rail)
        except DataError:
            return False  # nothing has been written yet
        return all(inner.relative <= wanted.precision for inner in found)

    def decided() -> bool:
        if wanted.budget_j is None or not loop.stopping.excludes(wanted.budget_j * wanted.items):
            return False
        energy = _per_run(meter, loop, wanted.rail)  # the sensor's errors may leave it open
        return energy is not None and not energy.low <= wanted.budget_j * wanted.items <= energy.high

    loop = RepeatLoop(
        meter,
        name,
        precision=wanted.precision,
        limits=wanted.limits,
        n=wanted.items,
        rail=wanted.rail,
        enough=enough,
        decided=decided,
        attributes=attributes,
    )
    loop.stopping.calls = wanted.calls
    repeats = iter(loop)
    for _ in repeats:
        if not once():
            loop.reason = "failed"
            with suppress(RunFailed):
                repeats.throw(RunFailed())
    if not loop.reached:
        enough()
    return Benchmark(title, loop, wanted.items, _per_run(meter, loop, wanted.rail), tuple(found))


def _per_run(meter: MeterLike, loop: RepeatLoop, rail: str | None) -> Result | None:
    """Return the mean of the repeats with the sensor's errors added to their spread."""
    return None if loop.settled is None else with_sensor(meter, loop.name, loop.spans, loop.settled, rail)


def with_sensor(
    meter: MeterLike, label: str, spans: Sequence[tuple[int, int]], s: Settled, rail: str | None
) -> Result | None:
    """Return a mean of repeats in J with the sensor's errors added to their spread; None where too few repeats are known.

    Args:
        label: Of the repeats.
        spans: Start and end of each, in ns.
        s: What their energies settled to.
        rail: The rail to count.
    """
    if not math.isfinite(s.half_width):
        return None
    listed = [Event(label, start, end, uid=i + 1) for i, (start, end) in enumerate(spans)]
    with meter.recording() as recording:
        row = analyse(with_events(recording, listed), rail=rail).rows[0]
    if row.energy_per_item is None:
        return None
    scale = s.mean / row.energy_per_item.value if row.energy_per_item.value else 1.0
    parts = {n: p * scale for n, p in row.energy_per_item.parts.items() if not n.startswith(IN_SPREAD)}
    sensor = COVERAGE_95**2 * sum(part * part for part in parts.values())
    parts[f"repeats:{label}"] = s.half_width / COVERAGE_95
    low, high = (math.hypot(reach, math.sqrt(sensor)) for reach in (s.mean - s.low, s.high - s.mean))
    least = 0.0 if s.low >= 0 else -math.inf  # what cannot be negative stays so
    return Result(s.mean, "J", max(s.mean - low, least), s.mean + high, row.energy_per_item.grade, parts)
