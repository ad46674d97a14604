"""What a driver reports of an instrument that it has found."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.channel import Boundary
from powermeter.result import Grade


@dataclass(frozen=True, slots=True)
class Found:
    """What discovery reports of one instrument, usable or not.

    Attributes:
        url: What to type after `--source`; None where nothing usable was found.
        title: What it is, for people: `INA3221 on I²C bus 1 at 0x40 (Jetson Orin Nano)`.
        boundary: What its best rail covers.
        grade: How its numbers come to be.
        rails: The names of the rails it would record.
        rate_hz: The fastest useful sampling rate, where known.
        resolution_w: One step of its power reading in watt at its nominal voltage, where known.
        covers: What is and is not included.
        certainty: `sure`, `likely` or `guess` that this is the instrument named.
        problem: Why it cannot be used as things are; empty when it can.
        remedy: What to do about it: the group to join, the extra to install, the cable.
        rank: Added to the table of `powermeter.recorder.ranking` to break ties; lower is better.
    """

    url: str | None
    title: str
    boundary: Boundary = Boundary.BOARD
    grade: Grade = Grade.MEASURED
    rails: tuple[str, ...] = ()
    rate_hz: float | None = None
    resolution_w: float | None = None
    covers: str = ""
    certainty: str = "sure"
    problem: str = ""
    remedy: str = ""
    rank: int = 0
