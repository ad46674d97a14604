"""What the program was doing, on the same clock as the power: labelled intervals and instants."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BY_COMMAND = 0xFFFF_FFFF
"""The `thread` of an event whose begin or end is the time at which `powermeter mark` itself ended or was started."""


@dataclass(frozen=True, slots=True)
class Event:
    """A labelled interval, or an instant where start and end are equal.

    Attributes:
        name: The label, as typed by the user; escaped wherever it is shown.
        start_ns, end_ns: Monotonic nanoseconds.  `end_ns` is None while it runs, or for ever when the
            program died inside.
        process, thread, task: Identifiers on the machine it ran on; tasks of asyncio are numbered in each process,
            None is outside of them.
        uid: Unique within its process, counted from 1.
        parent: `uid` of the event of the same process around it, or None.
        count: How many items it stands for (inferences in a batch), not always a whole number; energies are also
            given per item.  None where it is not known: then nothing is given per item.
        attributes: Free values: model, variant, batch, input size.
        peak_memory: The program's highest resident memory in byte while it ran, where known.
        measures: Results beside the energy, such as accuracy or loss; they never split a row.
    """

    name: str
    start_ns: int
    end_ns: int | None
    process: int = 0
    thread: int = 0
    uid: int = 0
    parent: int | None = None
    count: float | None = 1
    attributes: Mapping[str, Any] = field(default_factory=dict)
    peak_memory: int | None = None
    task: str | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_mark(self) -> bool:
        """Whether it is an instant."""
        return self.end_ns == self.start_ns

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end; None while it has no end."""
        return None if self.end_ns is None else (self.end_ns - self.start_ns) / 1e9


def now_ns() -> int:
    """Return the one clock of this package: monotonic nanoseconds, shared by all processes of a boot."""
    return time.monotonic_ns()
