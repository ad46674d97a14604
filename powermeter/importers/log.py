"""What an importer returns: somebody else's log as channels, times and integer codes, not yet written.

An importer only reads.  It keeps the file's own time axis and every digit of its values; what it had
to assume or leave out it states in `Log.warnings`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Channel, Gap
from powermeter.events import Event
from powermeter.importers.files import Peek
from powermeter.importers.time_zones import LogZone, zone_or_utc
from powermeter.result import Grade
from powermeter.result.notes import Note

UTC = "utc"
"""The stamps are nanoseconds since 1970."""

RELATIVE = "relative"
"""The stamps are nanoseconds since the log began, or of an unknown clock."""


BLOCK = 1 << 17
"""Samples in a block."""


@dataclass(frozen=True, slots=True)
class LogBlock:
    """Some samples: int64 times, int64 codes of shape (n, channels), uint8 flags or None."""

    times_ns: NDArray[np.int64]
    codes: NDArray[np.int64]
    flags: NDArray[np.uint8] | None = None


@dataclass
class LogRows:
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

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.times_ns)

    @property
    def ends_ns(self) -> tuple[int, int]:
        """The times of the first and the last sample; there must be one."""
        return int(self.times_ns[0]), int(self.times_ns[-1])

    def blocks(self) -> Iterator[LogBlock]:
        """Yield the samples in blocks of bounded size."""
        for start in range(0, len(self.times_ns), BLOCK):
            part = slice(start, start + BLOCK)
            codes = np.stack([np.asarray(column[part], np.int64) for column in self.codes], axis=1)
            yield LogBlock(self.times_ns[part], codes, None if self.flags is None else self.flags[part])


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
        open_share: Of its amounts, what rows that are missing leave open, however accurate the instrument.
    """

    format: str
    clock: str
    sources: list[LogRows]
    events: list[Event] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[Note] = field(default_factory=list)
    external: bool = False
    open_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user stated that the file does not state.

    Attributes:
        unit: The unit of its values, where it names none or a wrong one.
        period_s: Seconds between its rows, where it has no times.
        columns: Header text or number from 1 → unit, or `-` to leave the column out.
        voltage_v: The supply voltage, where only the current was logged.
        zone: Where wall-clock stamps that name no zone were written.
        session: Which session of a file with several.
        events: A file with events on the same clock.
        accuracy: The instrument's relative limit of error, where the user knows it.
        grade: How its values came to be, where the user knows it.
        rail: The rail that is the whole.
        add_up: Whether all rails add up to the whole.
        as_: Column (or blank for all) → `power`, `mean`, `per-row`, `counter` or `held`.
        dates: The order of day, month and year: `dmy`, `mdy`, `ymd`.
        decimal: The decimal mark of its numbers, `point` or `comma`; the other stands between thousands.
        interleaved: How many devices take turns in the rows, where no column names them.
        progress: Called with how many characters have been read since the last call.
    """

    unit: str | None = None
    period_s: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    voltage_v: float | None = None
    zone: LogZone | None = None
    session: str | None = None
    events: Path | None = None
    accuracy: float | None = None
    grade: Grade | None = None
    rail: str | None = None
    add_up: bool = False
    as_: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    decimal: str | None = None
    interleaved: int | None = None
    progress: Callable[[int], None] | None = None

    def given(self) -> set[str]:
        """Return the names of what was stated, as the command line calls them."""
        typed = {
            "unit": self.unit,
            "rate": self.period_s,
            "column": self.columns or None,
            "voltage": self.voltage_v,
            "zone": self.zone,
            "session": self.session,
            "events": self.events,
            "rail": self.rail,
            "sum": self.add_up or None,
            "as": self.as_ or None,
            "dates": self.dates,
            "decimal": self.decimal,
            "interleaved": self.interleaved,
        }
        return {name for name, value in typed.items() if value is not None}

    def in_utc(self, stamps: Sequence[int | None], naive: Sequence[bool] | None = None) -> list[int | None]:
        """Return UTC nanoseconds of stamps in the order of the log, which distinguishes the two passes of the hour that comes twice.

        Args:
            stamps: Nanoseconds on the wall, None where there is none.
            naive: Which of them named no zone; None for all. The others are UTC already.
        """
        where = [
            i
            for i, ns in enumerate(stamps)
            if ns is not None and abs(ns) < 2**62 and (naive is None or naive[i])
        ]
        moved = zone_or_utc(self.zone).to_utc(np.array([stamps[i] for i in where], np.int64))
        found = list(stamps)
        for i, ns in zip(where, moved, strict=True):
            found[i] = int(ns)
        return found

    def utc_ns(self, local_ns: int) -> int:
        """Return UTC nanoseconds of a wall-clock stamp that names no zone."""
        return zone_or_utc(self.zone).utc_ns(local_ns)


class Importer(ABC):
    """Reads one format.

    Attributes:
        name: What `--format` takes; the registry's key.
        title: The format in words.
        takes: The choices it can use; any other is refused rather than ignored.
        has_rows_of_numbers: Whether a line of its own may be nothing but numbers; where not, such lines are of another log.
        counts_lines: Whether every line of a text is accounted for where it is read.
        has_sections: Whether lines of other kinds follow its readings, so that its end is no other log.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    takes: ClassVar[frozenset[str]] = frozenset()
    has_rows_of_numbers: ClassVar[bool] = True
    counts_lines: ClassVar[bool] = False
    has_sections: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def recognises(cls, peek: Peek) -> bool:
        """Return whether this looks like the format; reads nothing beyond `peek`."""

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Return whether a file among others in a folder is surely one; only tables are unsure."""
        return cls.recognises(peek)

    @classmethod
    @abstractmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        """Read it all.

        Raises:
            DataError: The file is not what it should be; the message names the place.
            ConfigurationError: Something must be stated that the file does not state; names the option.
            NotInstalledError: A library is missing.
        """
