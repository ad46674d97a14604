"""An instrument that is asked for each sample: its sampling period, whether its moments are dithered, and one row of codes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from powermeter.channel import Quantity
from powermeter.source.address import Option, parse_yes
from powermeter.source.rows import Row, Sampling
from powermeter.source.source import Source
from powermeter.units import NS, parse_period, parse_rate


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
