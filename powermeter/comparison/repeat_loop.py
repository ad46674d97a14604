"""The loop behind `meter.repeat(...)`: goes on until the energy of one repeat is known as well as asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.gaps import bridged
from powermeter.comparison.stopping import LEAST, Settled, Stopping
from powermeter.errors import ConfigurationError, DataError
from powermeter.source import now_ns
from powermeter.units import format_duration, parse_duration

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Reader = Callable[[Times, Times], Floats]

_LAG_S = 2.5


class MeterLike(Protocol):
    """What the loop needs of a meter."""

    def event(self, name: str, n: int = 1, **attributes: Any) -> AbstractContextManager[Any]:
        """Mark a block as one event."""

    def recording(self) -> Any:
        """Open the recording, which still grows."""


def energies_of(meter: MeterLike, start_ns: Times, end_ns: Times, rail: str | None = None) -> Floats:
    """Return the energy of each window in J from a growing recording; NaN where samples are still to come."""
    from powermeter.analysis.windows import measure
    from powermeter.signals.rails import choose, lines

    with meter.recording() as recording:
        power = choose(lines(recording), rail).power()
        assert power is not None
        values: Floats = measure(bridged(power), start_ns, end_ns).value
    return values


class RepeatLoop:
    """Iterate over it; each pass is one event.

    ::

        for _ in RepeatLoop(meter, "infer", precision=0.05, at_most="5m"):
            model(x)

    Attributes:
        name: The events' label.
        stopping: The rule, with its looks (the convergence plot).
        energies: Energy of each repeat in J, as far as known at the last look.
        latencies: Duration of each repeat in s.
        reason: Why it ended: `precise`, `time`, `repeats`, or empty while it runs.
    """

    def __init__(
        self,
        meter: MeterLike,
        name: str,
        *,
        precision: float = 0.05,
        at_most: str | float = "10m",
        at_least: int = LEAST,
        most: int | None = None,
        n: int = 1,
        rail: str | None = None,
        read: Reader | None = None,
        clock_ns: Callable[[], int] = now_ns,
        sleep: Callable[[float], Any] = time.sleep,
        **attributes: Any,
    ) -> None:
        """Prepare the loop.

        Args:
            precision: Relative half-width of the 95 % interval of the mean energy, 0.001 to 1.
            at_most: The longest it may take: a duration (`5m`) or seconds.
            at_least: Repeats before the first look, 8 at least.
            most: The largest number of repeats.
            n: Items of one repeat.
            read: Gives the energies of windows; the recording is read by default.

        Raises:
            ConfigurationError: An argument is out of its range.
        """
        if not 0.001 <= precision <= 1:
            raise ConfigurationError(f"a precision of {precision} is not usable; write 0.05 for ±5 %")
        limit = parse_duration(at_most) if isinstance(at_most, str) else float(at_most)
        if limit <= 0:
            raise ConfigurationError("at_most must be longer than nothing")
        if at_least < 8 or (most is not None and most < 1):
            raise ConfigurationError("at_least must be 8 or more, most 1 or more")
        self.name = name
        self.stopping = Stopping(precision, at_least)
        self.energies: Floats = np.empty(0)
        self.latencies: Floats = np.empty(0)
        self.reason = ""
        self._meter, self._items, self._attributes = meter, n, attributes
        self._limit_ns, self._most = round(limit * 1e9), most
        self._read = read or (lambda a, b: energies_of(meter, a, b, rail))
        self._clock_ns, self._sleep = clock_ns, sleep
        self._spans: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[int]:
        begun = self._clock_ns()
        index = 0
        try:
            while not self.reason:
                with self._meter.event(self.name, self._items, **self._attributes):
                    start = self._clock_ns()
                    yield index
                    end = self._clock_ns()
                self._spans.append((start, end))
                index += 1
                if self.stopping.due(index) and self._look():
                    self.reason = "precise"
                elif self._clock_ns() - begun >= self._limit_ns:
                    self.reason = "time"
                elif self._most is not None and index >= self._most:
                    self.reason = "repeats"
        finally:
            looked = self.stopping.looks[-1][0] if self.stopping.looks else 0
            if self.reason in ("time", "repeats") and looked < index:
                self._look()

    @property
    def settled(self) -> Settled | None:
        """Mean energy of one repeat in J with its interval, warm-up left out; None before the first look."""
        return self.stopping.settled

    def _look(self) -> bool:
        spans = np.array(self._spans, np.int64).reshape(-1, 2)
        self.latencies = (spans[:, 1] - spans[:, 0]) * 1e-9
        waited = 0.0
        while True:
            try:
                self.energies = self._read(spans[:, 0], spans[:, 1])
                missing = bool(np.isnan(self.energies[-1])) if self.energies.size else True
            except DataError:
                missing, self.energies = True, np.full(spans.shape[0], np.nan)
            if not missing or waited >= _LAG_S:
                break
            self._sleep(0.25)  # the recorder writes once a second
            waited += 0.25
        if np.isfinite(self.energies).sum() < 3:
            return False
        return self.stopping.look(self.energies, self.latencies)

    def sentence(self) -> str:
        """Say in one line what was found, why it ended and what would narrow it further."""
        s = self.settled
        if s is None or not np.isfinite(s.relative):
            return f"{self.name}: too few repeats to say anything"
        ends = {
            "precise": f"±{self.stopping.precision:.1%} was reached",
            "time": f"{format_duration(self._limit_ns * 1e-9)} were over",
            "repeats": f"{self._most} repeats were done",
        }
        return (
            f"{self.name}: {s.mean:.6g} J ±{s.relative:.1%} over {s.repeats} repeats "
            f"({s.warmup} of warm-up left out); ended because {ends.get(self.reason, 'the loop was left')}; "
            f"narrower by: {self.stopping.advice()}"
        )
