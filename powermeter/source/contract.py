"""What a driver subclasses: an instrument that is asked for each sample, or one that sends on its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from powermeter.channel import Channel, Quantity
from powermeter.source.address import Address, Option, parse_options, parse_yes
from powermeter.source.found import Found
from powermeter.source.rows import Block, Row, Sampling
from powermeter.units import NS, parse_period, parse_rate


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
        self.options = parse_options(address, {**self.COMMON_OPTIONS, **self.OPTIONS})

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
