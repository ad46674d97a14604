"""The parts of one uncertainty as a fleet pools them: which error is the same elsewhere, and how each is distributed.

What one instrument leaves in every reading (gain, offset, step, the time base of a counter) is the same in all of its
recordings, and so is how late its stamps are and how windows at edges are divided; instruments are independent of each other.  The
gain of a reference that several instruments were calibrated against is the same in all of them, and so is the error of a model that
stands for all machines of one board, and what their meters do during a refresh.  All else belongs to one recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.energy import Analysis
from powermeter.analysis.student_t import student_95
from powermeter.analysis.uncertainty import coverage, limit_names
from powermeter.recording.error_origins import of_any
from powermeter.recording.protocol import RecordingLike
from powermeter.result import COVERAGE_95, Grade, Result

_OF_THE_INSTRUMENT = ("gain", "offset", "rounding", "model", "quantisation")
_ALIKE = ("clock", "skew", "edges", "unseen")
"""What comes out alike in each recording by one meter: late stamps are late each time, a tail is divided one way."""
_COUNTED = ("noise", "repeats")
_MODELLED = (Grade.ESTIMATED, Grade.ASSUMED)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose errors the parts of a recording are.

    Attributes:
        recording: Its name in the dataset.
        sensor: Names the instrument, by a hash; equal texts are one.
        board: Names the kind of machine.
        references: Names of what calibrations were made against.
    """

    recording: str
    sensor: str
    board: str
    references: frozenset[str] = frozenset()

    def shared(self, name: str, grade: Grade) -> str:
        """Return what a part is called across recordings."""
        name = of_any(name)
        kind, _, origin = name.partition(":")
        if kind in ("gain", "offset") and origin in self.references:
            return f"{name} @ reference"
        if kind == "model" and grade in _MODELLED:
            return f"{name} @ {self.board}"
        if kind == "refresh":
            return f"{name.partition(' @ ')[0]} @ {self.board}"
        if kind in _ALIKE:
            return f"{name.partition(' @ ')[0]} @ {self.sensor}"
        if kind in _OF_THE_INSTRUMENT:
            return f"{name} @ {self.sensor}"
        return f"{name} @ {self.recording}"


def references_of(recording: RecordingLike) -> frozenset[str]:
    """Return the names of what a recording's calibrations were made against."""
    return frozenset(str(fact.get("instrument") or "reference") for fact in recording.facts("calibration"))


@dataclass(frozen=True, slots=True)
class ResultPart:
    """One contribution; fields as in the table `parts`."""

    name: str
    shared: str
    u_j: float
    limit: bool
    freedom: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the row's columns."""
        return {
            "part": self.name,
            "kind": self.name.partition(":")[0],
            "shared": self.shared,
            "u_j": self.u_j,
            "limit": self.limit,
            "freedom": self.freedom,
        }


@dataclass(frozen=True, slots=True)
class ResultParts:
    """The parts of a result, and how far its interval reaches beyond what they explain, J."""

    parts: tuple[ResultPart, ...]
    below: float
    above: float


def parts_of(result: Result, analysis: Analysis, owner: Owner, scale: float) -> ResultParts:
    """Return the parts of a result times an exact number.

    The degrees of freedom are those that explain the interval's width: a budget widens its coverage factor by Student's t.
    """
    limits = set(limit_names(analysis.integral.trace.errors))
    if analysis.energies.one_level:
        limits |= {name for name in result.parts if name.startswith("quantisation:")}
    variance = sum(u * u for u in result.parts.values())
    largest = max((abs(u) for name, u in result.parts.items() if name in limits), default=0.0)
    spread = math.sqrt(variance)
    below, above = result.value - result.low, result.high - result.value
    usual = coverage(variance, largest) * spread if variance else 0.0
    counted = _counted(result.parts)
    freedom = math.inf
    if counted and math.isfinite(below + above):
        freedom = _freedom(min(below, above) / usual * COVERAGE_95) if usual else math.inf
        usual *= student_95(freedom) / COVERAGE_95 if math.isfinite(freedom) else 1.0
    shares = variance * variance

    def parts() -> Iterator[ResultPart]:
        for name, u in result.parts.items():
            own: float | None = None
            if name == counted and math.isfinite(freedom) and shares:
                own = max(freedom * u**4 / shares, 1.0)
            yield ResultPart(name, owner.shared(name, result.grade), u * scale, name in limits, own)

    return ResultParts(tuple(parts()), _beyond(below, usual) * scale, _beyond(above, usual) * scale)


def _counted(parts: Mapping[str, float]) -> str:
    """Return the part that was estimated from the events themselves."""
    found = [name for name in parts if name.partition(":")[0] in _COUNTED]
    return max(found, key=lambda name: abs(parts[name]), default="")


def _freedom(t: float) -> float:
    """Return the degrees of freedom whose two-sided 95 % quantile is t; infinite up to the normal's."""
    if t <= COVERAGE_95 * (1 + 1e-6):
        return math.inf
    low, high = 1.0, 1e6
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if student_95(middle) > t else (low, middle)
    return low


def _beyond(reach: float, usual: float) -> float:
    if math.isinf(reach):
        return math.inf
    return math.sqrt(max(reach * reach - usual * usual * (1 + 1e-6), 0.0))
