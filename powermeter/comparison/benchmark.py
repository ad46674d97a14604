"""One benchmark: repeats until their energy is known, and what the items inside each repeat used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from powermeter.comparison.inner_events import Inner, inner_events
from powermeter.comparison.repeat_loop import Limits, MeterLike, RepeatLoop, World


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A thing that was repeated, and what is known of it.

    Attributes:
        title: For people.
        loop: The repeats: energies, durations, warm-up, convergence.
        items: Items of one repeat, as the caller said.
        inner: Events that the thing marked itself, a label each; empty where there are none.
    """

    title: str
    loop: RepeatLoop
    items: int
    inner: tuple[Inner, ...]

    @property
    def reached(self) -> bool:
        """Whether the energy of a repeat, and of the items inside, is known to the precision asked for."""
        return self.loop.reached


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a benchmark is to reach.

    Attributes:
        precision: Half-width of the 95 % interval over the mean.
        limits: When it ends at the latest.
        items: Items of one repeat.
        rail: The rail to count.
    """

    precision: float = 0.05
    limits: Limits = field(default_factory=Limits)
    items: int = 1
    rail: str | None = None


def repeat_until_known(
    meter: MeterLike,
    title: str,
    once: Callable[[], bool],
    wanted: Wanted,
    name: str = "bench",
    **attributes: Any,
) -> Benchmark:
    """Call `once` again and again until its energy is known, or it returns False.

    Events that it marks itself (or a command that it runs) must be known to the same precision.

    Args:
        once: Runs the thing once; returns whether it may be run again.
        name: The label of its events.
        attributes: Of its events.
    """
    found: list[Inner] = []

    def enough() -> bool:
        with meter.recording() as recording:
            found[:] = inner_events(recording, loop.spans, name, wanted.rail)
        return all(inner.relative <= wanted.precision for inner in found)

    loop = RepeatLoop(
        meter, name, precision=wanted.precision, limits=wanted.limits, n=wanted.items, rail=wanted.rail,
        world=replace(World(), enough=enough), **attributes,
    )  # fmt: skip
    for _ in loop:
        if not once():
            break
    if not loop.reached:
        enough()
    return Benchmark(title, loop, wanted.items, tuple(found))
