"""The contract between an instrument and everything else, and the URL that names one.

A driver is a class with a table of options and three methods:

* *polled* instruments (`PolledSource`) return one row of raw codes when asked; the recorder owns the
  loop, the moments and the time stamps;
* *streaming* instruments (`StreamingSource`) send when they like; `read_block` returns what has
  arrived, already stamped.

URLs read `scheme://location?option=value`, for example `ina219://1/0x40?shunt=0.1ohm`,
`tegrastats://?interval=100ms`, `um25c:///dev/rfcomm0`, `replay://run.power`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import quote, unquote

from powermeter.channel import (
    INTERPOLATED_TIME,
    MISSING,
    REPEAT,
    SATURATED,
    Boundary,
    Channel,
    Gap,
    Quantity,
    saturated,
)
from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import close_names, meant
from powermeter.events import Event, now_ns
from powermeter.result import Grade
from powermeter.units import NS, parse_period, parse_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may follow the `?` of a URL."""

    parse: Callable[[str], Any]
    default: Any
    help: str


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL.

    Attributes:
        scheme: The driver's name.
        location: Everything between `://` and `?`, percent-decoded: a bus and chip (`1/0x40`), a
            device path (`/dev/rfcomm0`), a file, a host.
        options: Undecoded option texts, in the order given.
    """

    scheme: str
    location: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            ConfigurationError: It has no scheme, holds a null byte, or an option is given twice.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or not scheme:
            raise ConfigurationError(
                f"{url!r} is not a source; write for example virtual:// or ina219://1/0x40"
            )
        if "\0" in unquote(
            rest
        ):  # no path, port or address has one, and the system refuses it wherever it is used
            raise ConfigurationError(f"{url!r} holds a null byte")
        location, _, query = rest.partition("?")
        options: dict[str, str] = {}
        for item in filter(None, query.split("&")):
            name, _, value = item.partition("=")
            name = unquote(name)
            if name in options:
                raise ConfigurationError(f"{url!r}: option {name!r} is given twice")
            options[name] = unquote(value)  # a plus is a plus here, not a blank
        return cls(scheme.lower(), unquote(location), options)

    def __str__(self) -> str:
        query = "&".join(f"{quote(k)}={quote(v, safe='/:.,+-_ ')}" for k, v in self.options.items())
        return f"{self.scheme}://{quote(self.location, safe='/:.,+-_@')}" + (f"?{query}" if query else "")


def parse_yes(text: str) -> bool:
    """Return whether an option is yes.

    Raises:
        ConfigurationError: It is neither yes nor no.
    """
    if text not in ("yes", "no"):
        raise ConfigurationError("write yes or no")
    return text == "yes"


class Sampling(str, Enum):
    """Who chose the moments of a source's readings, and how."""

    DITHERED = (
        "dithered"  # one at a random moment in each interval of the grid: no load can be in step with it
    )
    REGULAR = "regular"  # on the grid itself
    INSTRUMENT = "instrument"  # the instrument converts, refreshes or sends when it likes


class Row(NamedTuple):
    """One reading of a polled source.

    Attributes:
        codes: One raw code per channel, `MISSING` for one that this reading does not have.
        flags: `REPEAT`, `SATURATED`, or `saturated(0)` where only the first rail was; `REPEAT` is also set by
            the recorder, see `stale_when_equal`.
        at_ns: When it was measured, in monotonic ns; None for the middle of the call.
    """

    codes: Sequence[int]
    flags: int = 0
    at_ns: int | None = None


@dataclass(slots=True)
class Block:
    """What a streaming source returns at once.

    An instrument with a clock of its own is put on the host's clock by its driver
    (`powermeter.drivers.meters.tick_clock`).

    Attributes:
        times_ns: int64, shape (n,): host monotonic nanoseconds of each sample, never decreasing.
        codes: int64, shape (n, channels): raw codes; `MISSING` where a sample lacks a channel.
        flags: uint8, shape (n,), or None for all zero.
        gaps: Losses the instrument or the driver noticed.
        events: What the measured device itself marked, on a logic input, in the instrument's own clock.
    """

    times_ns: NDArray[np.int64]
    codes: NDArray[np.int64]
    flags: NDArray[np.uint8] | None = None
    gaps: Sequence[Gap] = ()
    events: Sequence[Event] = ()


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


class Source(ABC):
    """An instrument that can be opened, read and closed again.

    Subclass `PolledSource` or `StreamingSource`.  The constructor only looks at the URL; `open`
    touches the instrument.  After `close`, `open` may be called again (the recorder does so to
    recover a lost instrument); the channels must then be the same.

    Attributes:
        scheme: The URL scheme, also the registry's name.
        summary: One line for `powermeter devices` and the documentation.
        example: A URL that works.
        patience_s: How long nothing may come from it before it is reported as stalled.
        OPTIONS: What may follow the `?`, beside `COMMON_OPTIONS`.
        channels: What a row of raw codes holds, in order; known after `open`.
    """

    scheme: ClassVar[str]
    summary: ClassVar[str]
    example: ClassVar[str]
    OPTIONS: ClassVar[Mapping[str, Option]] = {}
    COMMON_OPTIONS: ClassVar[Mapping[str, Option]] = {
        "name": Option(str, None, "a name of your own for this source in reports"),
    }

    patience_s: ClassVar[float] = 1.4
    channels: tuple[Channel, ...] = ()

    def __init__(self, address: Address) -> None:
        self.address = address
        self.options = self._parse_options(address)

    @classmethod
    def _parse_options(cls, address: Address) -> dict[str, Any]:
        table = {**cls.COMMON_OPTIONS, **cls.OPTIONS}
        values = {name: option.default for name, option in table.items()}
        for name, text in address.options.items():
            if name not in table:
                hint = meant(close_names(name, table, most=1)) or "it takes " + ", ".join(sorted(table))
                raise ConfigurationError(f"{address}: no option {name!r}; {hint}")
            try:
                values[name] = table[name].parse(text)
            except ConfigurationError as error:
                raise ConfigurationError(f"{address}: option {name!r}: {error}") from None
            except ValueError as error:
                raise ConfigurationError(f"{address}: option {name!r}: {text!r}: {error}") from None
        return values

    @property
    def name(self) -> str:
        """The user's name for it, or the URL without options."""
        return self.options["name"] or f"{self.address.scheme}://{self.address.location}"

    @abstractmethod
    def open(self) -> None:
        """Open the instrument and set `channels`.

        Raises:
            OpenError: It cannot be opened; the message names the remedy.
            NotInstalledError: A library is missing; the message names the extra.
        """

    def close(self) -> None:  # noqa: B027
        """Release the instrument; never raises, may be called twice."""

    def info(self) -> dict[str, Any]:
        """Return plain facts about the opened instrument for the recording: model, serial, settings."""
        return {}

    def counts(self) -> dict[str, int]:
        """Return what it had to cope with so far (frames refused, samples lost); kept in the recording."""
        return {}

    @property
    def clock_doubt_ns(self) -> float:
        """The most that all its stamps together may be off against this machine's clock, in ns; noted at the end."""
        return 0.0

    @classmethod
    def discover(cls) -> list[Found]:
        """Look for instruments of this kind without writing to any hardware, within two seconds."""
        return []


class PolledSource(Source):
    """An instrument that is asked for each sample.

    Attributes:
        default_period_s: How often it is asked where the user does not state it.
        stale_when_equal: True where two equal rows mean that it has not refreshed (slow meters that
            answer faster than they measure): the recorder marks the second as a repeat.
    """

    COMMON_OPTIONS: ClassVar[Mapping[str, Option]] = {
        **Source.COMMON_OPTIONS,
        "rate": Option(parse_rate, None, "how often to sample: 100Hz, 1kHz"),
        "interval": Option(parse_period, None, "the same as a period: 10ms"),
        "dither": Option(
            parse_yes, True, "no: sample on an even grid, not at a random moment of each interval"
        ),
    }
    default_period_s: ClassVar[float] = 0.1
    stale_when_equal: ClassVar[bool] = False

    @property
    def period_ns(self) -> int:
        """The sampling period asked for, in nanoseconds; a driver may answer with what it can do."""
        seconds = self.options["interval"] or self.options["rate"] or self.default_period_s
        return max(1, round(seconds * NS))

    @property
    def conversion_ns(self) -> int:
        """How long the instrument takes to a new value; 0 where it measures when it is asked."""
        electric = (Quantity.POWER, Quantity.CURRENT)
        return max((c.refresh_ns or 0 for c in self.channels if c.quantity in electric), default=0)

    @property
    def sampling(self) -> Sampling:
        """Who chooses the moments of its readings; known after `open`.

        Where its own conversion takes more than a tenth of the interval, the instrument's moments are
        what counts, and asking at random ones would change nothing.
        """
        if self.self_paced or 10 * self.conversion_ns > self.period_ns:
            return Sampling.INSTRUMENT
        return Sampling.DITHERED if self.options["dither"] else Sampling.REGULAR

    @abstractmethod
    def sample(self) -> Row | None:
        """Return one row of raw codes.

        None means that nothing new was there and nothing is to be recorded (a conversion still
        running).

        Raises:
            ReadError: The instrument did not answer or its answer cannot be trusted.
        """

    @property
    def self_paced(self) -> bool:
        """Whether `sample` itself waits for the instrument's next value (at most a fifth of a second).

        Then it is called again at once: no deadlines are kept, and none can be missed.
        """
        return False


class StreamingSource(Source):
    """An instrument that sends on its own."""

    @abstractmethod
    def read_block(self, timeout_s: float) -> Block | None:
        """Return what has arrived, waiting at most `timeout_s`; None when nothing has.

        Raises:
            ReadError: The stream broke.
            EOFError: The stream has ended for good (a replayed file, a program that exited with 0).
        """

    def finish(self) -> None:
        """Check, once reading ends and before `close`, that what was returned can be right.

        Raises:
            ReadError: It cannot; the message names the remedy.
        """


__all__ = [
    "INTERPOLATED_TIME",
    "MISSING",
    "REPEAT",
    "SATURATED",
    "Address",
    "Block",
    "Event",
    "Found",
    "Gap",
    "Option",
    "PolledSource",
    "Row",
    "Sampling",
    "Source",
    "StreamingSource",
    "now_ns",
    "parse_yes",
    "saturated",
]
