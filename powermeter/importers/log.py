"""What an importer gives: somebody else's log as channels, times and integer codes, not yet written.

An importer only reads.  It keeps the file's own time axis and every digit of its values; what it had
to assume or leave out it says in `Log.warnings`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel
from powermeter.events import Event
from powermeter.importers.files import Peek
from powermeter.source import Gap

UTC = "utc"
"""The stamps are nanoseconds since 1970."""

RELATIVE = "relative"
"""The stamps are nanoseconds since the log began, or of a clock nobody knows."""


@dataclass(slots=True)
class Rows:
    """The samples of one instrument in a log.

    Attributes:
        name: What reports call it.
        channels: One per column.
        times_ns: int64, never decreasing.
        codes: One integer array per channel, as long as `times_ns`; `MISSING` where there is none.
        flags: uint8 per sample, or None for all 0.
        info: Plain facts about the instrument.
        gaps: Stretches without data that the log itself shows.
    """

    name: str
    channels: tuple[Channel, ...]
    times_ns: NDArray[np.int64]
    codes: Sequence[NDArray[np.int64]]
    flags: NDArray[np.uint8] | None = None
    info: dict[str, Any] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(slots=True)
class Log:
    """A whole log.

    Attributes:
        format: The importer's name.
        clock: `UTC` or `RELATIVE`.
        sources: One per instrument; at least one, each with at least one sample.
        events: On the same clock.
        metadata: Plain facts: host, board, tool, model.
        facts: Named sets of facts, for example the rule that a publisher computes by.
        warnings: What was assumed, left out or looks wrong; one line each, for people.
        external: Whether the instrument ran on a clock of its own, so that this log still has to be
            aligned before a program's events can be read on it.
    """

    format: str
    clock: str
    sources: list[Rows]
    events: list[Event] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    external: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user said that the file does not say.

    Attributes:
        unit: The unit of its values, where it names none or a wrong one.
        period_s: Seconds between its rows, where it has no times.
        columns: Header text or number from 1 → unit, or `-` to leave the column out.
        voltage_v: The supply voltage, where only the current was logged.
        zone_s: Seconds east of UTC of wall-clock stamps that name no zone.
        session: Which session of a file with several.
        events: A file with events on the same clock.
        accuracy: The instrument's relative limit of error, where the user knows it.
    """

    unit: str | None = None
    period_s: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    voltage_v: float | None = None
    zone_s: int | None = None
    session: str | None = None
    events: Path | None = None
    accuracy: float | None = None

    def given(self) -> set[str]:
        """Return the names of what was said, as the command line calls them."""
        said = {
            "unit": self.unit,
            "rate": self.period_s,
            "column": self.columns or None,
            "voltage": self.voltage_v,
            "zone": self.zone_s,
            "session": self.session,
            "events": self.events,
        }
        return {name for name, value in said.items() if value is not None}


class Importer(ABC):
    """Reads one format.

    Attributes:
        name: What `--format` takes; the registry's key.
        title: The format in words.
        takes: The choices it can use; any other is refused rather than ignored.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    takes: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    @abstractmethod
    def recognises(cls, peek: Peek) -> bool:
        """Say whether this looks like the format; reads nothing beyond `peek`."""

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Say whether a file among others in a directory is surely one; only tables are unsure."""
        return cls.recognises(peek)

    @classmethod
    @abstractmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        """Read it all.

        Raises:
            DataError: The file is not what it should be; the message names the place.
            ConfigurationError: Something must be said that the file does not say; names the option.
            NotInstalledError: A library is missing.
        """
