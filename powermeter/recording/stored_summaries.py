"""What a recording knows about stretches of samples and about its programs without reading them one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import ConfigurationError


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """What the pieces of a source amount to, in raw codes.

    A sample counts where its code is there and it is not a repeat.  Fields of an entry: `count, first_ns, last_ns,
    longest_ns, low, high, mean, spread, change, first, last, left, right` (see `summary.ENTRY`).  The integral of
    a whole piece in code·ns is `left` (a reading holds until the next), `right` (it is the mean since the one
    before) or half their sum (trapezoid); between two pieces lies `last` or `first` × (`first_ns` − `last_ns`).

    Attributes:
        start_ns, end_ns: int64, shape (pieces,): times of the first and last sample.
        count: int64, shape (pieces,): samples, missing ones and repeats included.
        channels: Names; column i of `entries` is channel i.
        products: (voltage, current) channels; they follow the channels, code × code.
        entries: Structured, shape (pieces, channels + products).
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    count: NDArray[np.int64]
    channels: tuple[str, ...]
    products: tuple[tuple[str, str], ...]
    entries: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.start_ns)

    def of(self, channel: str) -> NDArray[np.void]:
        """Return the entries of one channel, shape (pieces,).

        Raises:
            ConfigurationError: There is no such channel.
        """
        if channel not in self.channels:
            raise ConfigurationError(f"there is no channel {channel!r}; there are {', '.join(self.channels)}")
        return self.entries[:, self.channels.index(channel)]


@dataclass(frozen=True, slots=True)
class ProcessCounts:
    """How many events one process began, finished and wrote by then; what is missing is lost.

    Attributes:
        at_ns: When it noted this.
        begun, finished, written: Events so far.
        details: What else it noted.
    """

    at_ns: int
    begun: int
    finished: int
    written: int
    details: Mapping[str, Any]
