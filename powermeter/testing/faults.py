"""What goes wrong between a meter and its reader: lost, doubled, damaged, late, bunched and cut frames; a pulled cable."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.units import parse_duration, parse_quantity

KINDS = ("drop", "duplicate", "corrupt", "late", "half")


@dataclass
class Faults:
    """Probabilities per frame, and times at which the cable is out.

    Attributes:
        drop, duplicate, corrupt, late, half: Probability of each for one frame.
        late_s: How late a late frame is.
        bunch_s: Frames wait for the next multiple of this and come at once, as a hub or a busy host hands them on; 0 for as they are sent.
        held_until_s: What the meter sends unasked waits until then and comes at once, as what a link or a busy host holds back at first.
        disconnects: (seconds after the start, for how long).
        seed: Of the dice.
        hits: How often each happened.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    late: float = 0.0
    half: float = 0.0
    late_s: float = 0.2
    bunch_s: float = 0.0
    held_until_s: float = 0.0
    disconnects: Sequence[tuple[float, float]] = ()
    seed: int = 1
    hits: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    @classmethod
    def parse(cls, text: str, seed: int = 1) -> Faults:
        """Return the faults of `corrupt=1%,drop=0.5%,disconnect=20s+1s,disconnect=40s+2s`.

        Raises:
            ConfigurationError: A name or a value is not usable.
        """
        shares: dict[str, Any] = {}
        disconnects = []
        for item in filter(None, text.split(",")):
            name, _, value = item.partition("=")
            if name == "disconnect":
                start, _, length = value.partition("+")
                disconnects.append((parse_duration(start), parse_duration(length or "1s")))
            elif name in KINDS:
                shares[name] = parse_quantity(value, "1")
            else:
                raise ConfigurationError(f"{name!r} is not a fault; choose disconnect, {', '.join(KINDS)}")
        return cls(**shares, disconnects=tuple(sorted(disconnects)), seed=seed)

    def apply(self, frame: bytes) -> list[tuple[float, bytes]]:
        """Return what is sent instead of a frame: (seconds of delay, bytes)."""
        delay, copies = 0.0, 1
        if self._happens("drop"):
            return []
        if self._happens("corrupt"):
            damaged = bytearray(frame)
            damaged[self._dice.randrange(len(frame))] ^= self._dice.randrange(1, 256)
            frame = bytes(damaged)
        if self._happens("half"):
            frame = frame[: self._dice.randrange(1, max(2, len(frame)))]
        if self._happens("late"):
            delay = self.late_s
        if self._happens("duplicate"):
            copies = 2
        return [(delay, frame)] * copies

    def released_s(self, at_s: float, *, unasked: bool = False) -> float:
        """Return when what is sent at a time comes out at the other end."""
        at_s = max(at_s, self.held_until_s) if unasked else at_s
        return math.ceil(at_s / self.bunch_s) * self.bunch_s if self.bunch_s else at_s

    def _happens(self, kind: str) -> bool:
        if self._dice.random() >= getattr(self, kind):
            return False
        self.hits[kind] = self.hits.get(kind, 0) + 1
        return True

    def is_out(self, seconds: float) -> bool:
        """Whether the cable is out at that time."""
        return any(start <= seconds < start + length for start, length in self.disconnects)
