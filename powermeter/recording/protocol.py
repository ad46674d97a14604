"""What analysis, reports and calibration need of a recording, whether it is a file or held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel, Gap
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.recording.stored_summaries import Summaries


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source of a recording: its id, URL, name, driver, what it reported of itself, its channels."""

    id: int
    url: str
    name: str
    driver: str
    info: dict[str, Any]
    channels: tuple[Channel, ...]

    def __repr__(self) -> str:
        return f"<SourceInfo {self.id} {self.url}: {', '.join(channel.name for channel in self.channels)}>"

    def channel(self, name: str) -> Channel:
        """Return the channel of that name.

        Raises:
            ConfigurationError: There is none; the names are listed.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel
        names = ", ".join(channel.name for channel in self.channels)
        raise ConfigurationError(f"{self.name} has no channel {name!r}; it has {names}")


@dataclass(frozen=True, slots=True)
class Samples:
    """Raw samples of one source.

    Attributes:
        times_ns: int64, shape (n,).
        codes: Channel name → int64, shape (n,); `MISSING` where a sample lacks it.
        flags: uint8, shape (n,): bits `source.REPEAT`, `SATURATED`, `INTERPOLATED_TIME`, and those of
            `source.saturated`; `channel.flags_of` returns them as they hold for one channel.
    """

    times_ns: NDArray[np.int64]
    codes: dict[str, NDArray[np.int64]]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.times_ns)

    def table(self) -> NDArray[np.int64]:
        """Return the raw codes as int64, shape (n, channels), in the channels' order."""
        return np.stack(list(self.codes.values()), axis=1)

    def values(self, channel: Channel) -> NDArray[np.float64]:
        """Return one channel in SI units, NaN where missing."""
        return channel.in_si(self.codes[channel.name])


class RecordingLike(Protocol):
    """A recording as analysis reads it; `Recording` and the simulated one satisfy it."""

    @property
    def path(self) -> Path | None:
        """The file; None where the recording is held in memory."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about host, program and run."""

    @property
    def sources(self) -> Sequence[SourceInfo]:
        """What was recorded, in the order it was added."""

    def samples(self, source: int, start_ns: int | None = None, end_ns: int | None = None) -> Samples:
        """Return the raw samples of a source, those within [start_ns, end_ns] where given."""

    def stream(
        self,
        source: int,
        start_ns: int | None = None,
        end_ns: int | None = None,
        channels: Sequence[str] | None = None,
    ) -> Iterator[Samples]:
        """Yield the raw samples of a source in pieces of bounded size."""

    def slice(self, source: int, start_ns: int, end_ns: int, around: int = 0) -> Samples:
        """Return the raw samples with start ≤ time ≤ end, and `around` more on either side."""

    def summaries(self, source: int) -> Summaries:
        """Return what each piece of an unbounded `stream` amounts to."""

    def flag_counts(self, source: int) -> dict[int, int]:
        """Return, for each value that flags of samples have, how many have it."""

    def gaps(self, source: int) -> list[Gap]:
        """Return the stretches of a source without trustworthy data."""

    def events(self) -> list[Event]:
        """Return all events in the order of their start."""

    def facts(self, name: str) -> list[dict[str, Any]]:
        """Return the facts noted under a name, oldest first."""

    def clock_pairs(self) -> list[tuple[int, int]]:
        """Return the (monotonic ns, UTC ns) pairs, oldest first."""

    def ticks(self, source: int) -> list[tuple[int, int]]:
        """Return the (instrument tick, host arrival ns) pairs of a source."""
