"""Stretches in which a logic input is high, as events in the instrument's own clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from powermeter.channel import MISSING
from powermeter.errors import ConfigurationError
from powermeter.source import Event

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EVERY_INPUT: Mapping[int, str] = {number: f"D{number}" for number in range(8)}
MOST_EDGES = 400
"""Of one input in one block: more is a wire that hangs loose or a clock, not a program's marks."""
_INPUT = re.compile(r"D([0-7])(?::([^,:]{1,100}))?\Z")


def parse_inputs(text: str) -> Mapping[int, str]:
    """Return input number → event name of `D0:infer,D3`; nothing for `none`.

    Raises:
        ConfigurationError: An item is not an input.
    """
    if text == "none":
        return {}
    names: dict[int, str] = {}
    for item in text.split(","):
        match = _INPUT.match(item.strip())
        if match is None or int(match[1]) in names:
            raise ConfigurationError("write the inputs and their names: D0:infer,D3:radio, or none")
        names[int(match[1])] = match[2] or f"D{match[1]}"
    return names


class LogicEdges:
    """Turns the bits of a marker channel into events, block after block.

    An event begins at the first high sample and ends at the first low one after it; what was high at
    the first sample began before and is left out.  An input that changes too often is dropped for good.

    Attributes:
        noisy: The inputs that were dropped.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self.noisy: set[int] = set()
        self._names = dict(names)
        self._since: dict[int, int | None] = {}
        self._last: int | None = None
        self._uid = 0

    def restart(self) -> None:
        """Forget what was high: the stream was broken."""
        self._since, self._last = {}, None

    def feed(self, times_ns: NDArray[np.int64], logic: NDArray[np.int64]) -> tuple[Event, ...]:
        """Return the events that end in this block."""
        import numpy as np

        known = logic != MISSING
        if not known.all():
            times_ns, logic = times_ns[known], logic[known]
        if not len(logic) or not self._names:
            return ()
        before = int(logic[0]) if self._last is None else self._last
        changed = np.flatnonzero(np.diff(logic, prepend=before))
        self._last = int(logic[-1])
        found: list[Event] = []
        for number in [number for number in self._names if number not in self.noisy] if len(changed) else ():
            bits = logic[changed] >> number & 1
            edges = np.flatnonzero(np.diff(bits, prepend=before >> number & 1))
            if len(edges) > MOST_EDGES:
                self.noisy.add(number)
                continue
            for edge in edges.tolist():
                at_ns = int(times_ns[changed[edge]])
                if bits[edge]:
                    self._since[number] = at_ns
                elif (start_ns := self._since.pop(number, None)) is not None:
                    self._uid += 1
                    found.append(
                        Event(
                            self._names[number],
                            start_ns,
                            at_ns,
                            uid=self._uid,
                            attributes={"input": f"D{number}"},
                        )
                    )
        return tuple(sorted(found, key=lambda event: event.start_ns))
