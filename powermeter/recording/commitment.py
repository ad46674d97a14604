"""What a recorder's own notes commit it to: what it read, and every sample until then, as one running hash.

It does not depend on how samples are laid out in the file, so that a repair that loses nothing, a joined recording and a shared copy keep it.
Who writes the samples anew and copies the recorder's notes is found by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel
from powermeter.recording.sha256 import sha256


class Commitment:
    """A running hash over a source's driver, its channels and its samples.

    Attributes:
        samples: How many it covers.
    """

    def __init__(self, driver: str, channels: Sequence[Channel]) -> None:
        # What a number means, and nothing that a later version may add to a channel.
        meant = [
            [
                c.name,
                c.quantity.value,
                float(c.scale),
                float(c.offset),
                c.kind.value,
                c.grade.value,
                None if c.rail is None else c.rail.name,
            ]
            for c in channels
        ]
        self._hash = sha256(json.dumps([driver, meant]).encode())
        self.samples = 0

    def copy(self) -> Commitment:
        """Return one that is not changed along with this."""
        found = object.__new__(Commitment)
        found._hash, found.samples = self._hash.copy(), self.samples
        return found

    def add(self, times_ns: NDArray[np.int64], flags: NDArray[np.uint8], codes: NDArray[np.int64]) -> None:
        """Add samples: times, flags (n,) and codes (n, channels)."""
        rows = np.column_stack([times_ns, flags.astype(np.int64), codes])
        self._hash.update(np.ascontiguousarray(rows, "<i8").tobytes())
        self.samples += len(times_ns)

    @property
    def digest(self) -> str:
        """32 hexadecimal digits."""
        return self._hash.hexdigest()[:32]

    def note(self) -> dict[str, Any]:
        """Return what a recorder notes of it."""
        return {"written": self.samples, "digest": self.digest}
