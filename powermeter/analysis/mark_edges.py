"""What a shell's marks leave open: the command that sets one takes time to start and to end, and that time lies beside the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.windows import Windows
from powermeter.events import BY_COMMAND, Event
from powermeter.recording.event_columns import EventColumns

_BEGINS_S = 0.007
"""By how much a begin by command is early: 1.6 to 3 ms of 16 on a quiet machine, 1.9 to 16 ms on a loaded one."""
_ENDS_S = 0.003
"""Standard uncertainty of its end: when it was started is known to a tick of 10 ms, rectangular."""
_BESIDE_NS = 20_000_000


def with_edges_of_commands(energies: Windows, events: Sequence[Event]) -> Windows:
    """Return the energies of events with what the edges of those leave open that `powermeter mark` set itself.

    All begins are early alike, which all events of a label share; ends are off in either direction, each on its own.
    """
    columns = EventColumns.of(events)
    mine = np.flatnonzero((columns.numbers["thread"] == BY_COMMAND) & (columns.end_ns != columns.start_ns))
    mine = mine[energies.known[mine]]
    if not mine.size:
        return energies
    start, end = energies.start_ns[mine], energies.end_ns[mine]
    inside = np.abs(energies.value[mine]) / np.maximum(energies.seconds[mine], 1e-9)
    before = np.abs(_power(energies, start - _BESIDE_NS, start))
    after = np.abs(_power(energies, end, end + _BESIDE_NS))
    early, noise = np.zeros(len(energies)), energies.noise.copy()
    early[mine] = _BEGINS_S * before
    noise[mine] = np.hypot(noise[mine], _ENDS_S * np.maximum(after, inside))
    return replace(energies, noise=noise, shared={**energies.shared, "edges:commands": early})


def _power(energies: Windows, start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return mean powers over stretches, as far as the recording reaches, W; 0 beyond it."""
    integral = energies.integral
    a = np.clip(start_ns, integral.start_ns, integral.end_ns)
    b = np.clip(end_ns, integral.start_ns, integral.end_ns)
    seconds = (b - a) * 1e-9
    joules = np.asarray(integral.at(b) - integral.at(a), np.float64)
    watts: NDArray[np.float64] = np.divide(joules, seconds, out=np.zeros(a.size), where=seconds > 0)
    return watts
