"""How each source of a recording did, and what recording itself cost, as the recording notes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.energy import Analysis
from powermeter.analysis.health import SourceHealth
from powermeter.channel import Boundary, Quantity, Rail
from powermeter.errors import plural
from powermeter.recording import Recording
from powermeter.result import Grade, worst
from powermeter.units import format_quantity

from . import wording

PAUSE = 5
"""Intervals between readings that nobody declared a gap and that are still one to a reader."""
UNCOUNTED_PAUSE = 1.5
"""The same where nobody integrated the rail: from here on a pause may be bridged."""


ON_ITS_HOST = frozenset(
    {
        "amd",
        "estimate",
        "hwmon",
        "jetson",
        "jtop",
        "nvml",
        "pmic",
        "power_supply",
        "powermetrics",
        "rapl",
        "tegrastats",
    }
)
"""Drivers whose sensors are inside the machine that reads them; of any other nobody but its user knows what hangs behind it."""

ELECTRICAL = frozenset({Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER, Quantity.ENERGY, Quantity.CHARGE})
"""Quantities whose limits go into an energy or a charge; those of a temperature go into no number."""

_WHOLE = frozenset({Boundary.WALL, Boundary.BATTERY, Boundary.BOARD, Boundary.MODULE})


@dataclass(frozen=True, slots=True)
class Instrument:
    """One source of the recording and how it did.

    Attributes:
        name, url, driver: As recorded.
        rails: Name and what it covers, for each rail.
        grade: The worst of its channels that carry power.
        accuracy: Where the stated limits of its electrical channels come from, each once.
        facts: What the instrument reported of itself.
        health: Samples, rate, gaps.
        missed: Deadlines missed or samples dropped, as the recorder or the gaps count them.
        errors: Reads that failed; None where nobody counted.
        reopened: How often it was opened again.
        failure: Why it stopped for good; empty where it did not.
        simulated: Whether nothing real was measured.
    """

    name: str
    url: str
    driver: str
    rails: tuple[tuple[str, str], ...]
    grade: Grade
    accuracy: tuple[str, ...]
    facts: Mapping[str, Any]
    health: SourceHealth
    missed: int
    errors: int | None
    reopened: int
    failure: str
    simulated: bool

    @property
    def is_import(self) -> bool:
        """Whether another program's log holds it: what that log states of a machine is what was measured."""
        return self.url.startswith("import:")

    @property
    def on_host(self) -> bool:
        """Whether it is known to sense the machine that records."""
        return self.driver in ON_ITS_HOST and self.url.split(":", 1)[0] == self.driver

    def counts_recorder(self, rail: Rail) -> bool | None:
        """Return whether a rail's energy holds what recording itself took; None where that is not known."""
        if self.simulated or rail.boundary is Boundary.DEVICE:
            return False
        if not self.on_host:
            return None
        if rail.boundary is Boundary.MODEL:
            return rail.parent is None  # below the machine is one program's share
        return True if rail.boundary in _WHOLE else None


@dataclass(frozen=True, slots=True)
class OwnCost:
    """What recording itself cost: processor seconds, its share of one core, peak memory in byte."""

    cpu_s: float
    share: float | None
    peak_memory: int | None


def instruments(recording: Recording, analysis: Analysis) -> list[Instrument]:
    """Return the sources of a recording, in its order."""
    noted = mapping((recording.facts("recorder") or [{}])[-1].get("sources"))
    health = {h.source: h for h in analysis.health}
    found = []
    for source in recording.sources:
        count = mapping(noted.get(str(source.id)))
        info = mapping(source.info)
        rails = {
            c.rail.name: c.rail.covers or c.rail.boundary.value for c in source.channels if c.rail is not None
        }
        found.append(
            Instrument(
                name=source.name or source.url,
                url=source.url,
                driver=source.driver,
                rails=tuple(rails.items()),
                grade=worst(c.grade for c in source.channels if c.rail is not None),
                accuracy=tuple(
                    dict.fromkeys(
                        c.accuracy.source
                        for c in source.channels
                        if c.accuracy.source and c.quantity in ELECTRICAL
                    )
                ),
                facts=info,
                health=health[str(source.id)],
                missed=max(_count(count.get("missed")) or 0, health[str(source.id)].missed),
                errors=_count(count.get("errors")),
                reopened=_count(count.get("reopened")) or 0,
                failure=str(count.get("failure") or ""),
                simulated=bool(info.get("simulated")),
            )
        )
    return found


def own_cost(recording: Recording, analysis: Analysis) -> OwnCost | None:
    """Return what the recorder noted of itself; None for imported recordings."""
    notes = recording.facts("recorder")
    if not notes or not isinstance(notes[-1].get("cpu_s"), (int, float)):
        return None
    cpu_s = float(notes[-1]["cpu_s"])
    clocks = [pair[0] for pair in recording.clock_pairs()]  # noted from the first moment to the last
    seconds = max(analysis.duration.value, (max(clocks) - min(clocks)) * 1e-9 if clocks else 0.0)
    memory = notes[-1].get("peak_memory")
    return OwnCost(
        cpu_s, cpu_s / seconds if seconds > 0 else None, memory if isinstance(memory, int) else None
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value of the file where it is a mapping; an empty one otherwise: anyone may have written it."""
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def health_text(instrument: Instrument) -> str:
    """Return `1,000 samples/s of 1,000 asked · 0 missed · no gaps`."""
    h = instrument.health
    rate = format_quantity(h.rate_hz, "Hz", 3)
    if h.asked_s:
        rate += f" of {format_quantity(1 / h.asked_s, 'Hz', 3)} asked"
    words = [plural(h.samples, "sample"), rate]
    words += [f"{instrument.missed:,} missed"] if instrument.missed else []
    words += [plural(h.repeats, "repeat")] if h.repeats else []
    words += [f"{h.saturated:,} at the end of the range"] if h.saturated else []
    gaps = [gap for gap in h.gaps if gap.reason != "missed"]
    number = len(gaps) + (h.bridged or 0)
    length = wording.seconds(h.noted_s + h.bridged_s)
    most = PAUSE if h.bridged is not None else UNCOUNTED_PAUSE
    pause = h.longest_s is not None and h.interval_s and h.longest_s > most * h.interval_s
    without = f"longest pause {wording.seconds(h.longest_s)}" if pause else "no gaps"
    words.append(f"{plural(number, 'gap')} of {length}" if number else without)
    return " · ".join(words)
