"""The loop behind `meter.repeat(...)`: goes on until the energy of one repeat is known as well as asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.stopping import LEAST, Settled, Stopping
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import now_ns
from powermeter.recording.encodable_text import encodable
from powermeter.recording.protocol import RecordingLike
from powermeter.units import format_duration, format_percent, parse_duration

if TYPE_CHECKING:
    from typing_extensions import Unpack
elif sys.version_info >= (3, 11):
    from typing import Unpack
else:
    Unpack = Optional  # Python 3.10 has none: there it is for type checkers alone

Floats = NDArray[np.floating[Any]]
Times = NDArray[np.int64]
Reader = Callable[[Times, Times], Floats]

_LAG_S = 2.5
FEWEST = 3
"""Repeats whose energies are known, below which nothing is stated of their mean."""


class MeterLike(Protocol):
    """What the loop needs of a meter."""

    def event(self, name: str, /, n: float | None = 1, **attributes: Any) -> AbstractContextManager[Any]:
        """Mark a block as one event."""

    def recording(self) -> AbstractContextManager[RecordingLike]:
        """Open the recording, which still grows."""


def energies_of(meter: MeterLike, start_ns: Times, end_ns: Times, rail: str | None = None) -> Floats:
    """Return the energy of each window in J from a growing recording; NaN where samples are still to come."""
    from powermeter.analysis.energy import analyse
    from powermeter.analysis.inner_events import with_events
    from powermeter.events import Event

    windows = zip(start_ns.tolist(), end_ns.tolist(), strict=True)
    with meter.recording() as recording:
        listed = [Event("repeat", start, end, uid=i + 1) for i, (start, end) in enumerate(windows)]
        energies = analyse(with_events(recording, listed), rail=rail).energies
    return np.where(energies.known, energies.value, np.nan)


_TAKEN = frozenset(("self", "name", "n"))


def marked(
    meter: MeterLike, label: str, items: int, attributes: Mapping[str, Any]
) -> AbstractContextManager[Any]:
    """Return an event of a meter; its attributes may have any names, those of the meter's own parameters too."""
    plain = {name: value for name, value in attributes.items() if name not in _TAKEN}
    made: Any = meter.event(label, items, **plain)
    if len(plain) < len(attributes):
        made.attributes = {**made.attributes, **attributes}
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """The latest end of a loop, and its earliest check.

    Attributes:
        at_most: The longest it may take: a duration (`5m`) or seconds.
        most: The largest number of repeats; None for no limit.
        at_least: Repeats before the first look, at least 8.
        spent_s: What of `at_most` was spent before the loop began, in s.
    """

    at_most: str | float = "10m"
    most: int | None = None
    at_least: int = LEAST
    spent_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise ConfigurationError("at_most must be longer than zero")
        if self.at_least < 8 or (self.most is not None and self.most < 1):
            raise ConfigurationError("at_least must be 8 or more, most 1 or more")

    @property
    def seconds(self) -> float:
        """`at_most` in s."""
        return parse_duration(self.at_most) if isinstance(self.at_most, str) else float(self.at_most)


@dataclass(frozen=True, slots=True)
class World:
    """What a loop reads and waits with; another one in tests.

    Attributes:
        read: Returns the energies of windows in J; None reads the meter's recording.
        clock_ns: The clock of the recording.
        sleep: Waits for some seconds.
        enough: Whether everything else that is asked for is known as well; asked once the repeats are.
        decided: Whether what is asked of the repeats is known although their energy is not yet; asked at each look.
    """

    read: Reader | None = None
    clock_ns: Callable[[], int] = now_ns
    sleep: Callable[[float], Any] = time.sleep
    enough: Callable[[], bool] = lambda: True
    decided: Callable[[], bool] = lambda: False


class LoopSettings(TypedDict, total=False):
    """Fields of `LoopLimits` and `World`, written one by one."""

    at_most: str | float
    most: int | None
    at_least: int
    spent_s: float
    read: Reader | None
    clock_ns: Callable[[], int]
    sleep: Callable[[float], Any]
    enough: Callable[[], bool]
    decided: Callable[[], bool]


_SETTINGS = frozenset(field.name for kind in (LoopLimits, World) for field in fields(kind))


def _of(kind: type[LoopLimits | World], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings that are fields of `kind`."""
    return {field.name: settings[field.name] for field in fields(kind) if field.name in settings}


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
        spans: Start and end of each repeat in ns.
        reason: Why it ended: `precise`, `decided`, `time`, `repeats`, `failed`, or empty while it runs or where it was left.
    """

    def __init__(
        self,
        meter: MeterLike,
        name: str,
        *,
        precision: float = 0.05,
        limits: LoopLimits | None = None,
        n: int = 1,
        rail: str | None = None,
        world: World | None = None,
        attributes: Mapping[str, Any] | None = None,
        **settings: Unpack[LoopSettings],
    ) -> None:
        """Prepare the loop.

        Args:
            precision: Relative half-width of the 95 % interval of the mean energy, 0.001 to 1.
            limits: Its latest end; single ones (`at_most`, `most`, `at_least`) may be passed instead.
            n: Items of one repeat.
            rail: The rail to count.
            world: What it reads and waits with; its parts (`read`, `clock_ns`, `sleep`, `enough`, `decided`) may be passed instead.
            attributes: Of the events.
            settings: Fields of `LoopLimits` and `World`, which replace those of `limits` and `world`.

        Raises:
            ConfigurationError: An argument is out of its range.
            TypeError: A keyword is none of these.
        """
        unknown = settings.keys() - _SETTINGS
        if unknown:
            raise TypeError(
                f"RepeatLoop() got an unexpected keyword {min(unknown)!r}; "
                f"it takes {', '.join(sorted(_SETTINGS))}; attributes of the events go into attributes={{...}}"
            )
        if not 0 < precision <= 1:
            raise ConfigurationError(f"a precision of {precision} is not usable; write 0.05 for ±5 %")
        self.name = encodable(name)  # as the recording holds it
        self.limits = replace(limits or LoopLimits(), **_of(LoopLimits, settings))
        self.stopping = Stopping(precision, self.limits.at_least)
        self.energies: Floats = np.empty(0)
        self.latencies: Floats = np.empty(0)
        self.spans: list[tuple[int, int]] = []
        self.reason = ""
        self._meter, self._items, self._attributes = meter, n, dict(attributes or {})
        self._world = replace(world or World(), **_of(World, settings))
        self._read = self._world.read or (lambda a, b: energies_of(meter, a, b, rail))

    def __iter__(self) -> Generator[int, None, None]:
        begun = self._world.clock_ns()
        index = 0
        try:
            while not self.reason:
                with marked(self._meter, self.name, self._items, self._attributes):
                    start = self._world.clock_ns()
                    yield index
                    end = self._world.clock_ns()
                self.spans.append((start, end))
                index += 1
                if self.stopping.due(index):
                    self.reason = self._reason_to_end()
                if self.reason:
                    break
                if self._world.clock_ns() - begun >= (self.limits.seconds - self.limits.spent_s) * 1e9:
                    self.reason = "time"
                elif self.limits.most is not None and index >= self.limits.most:
                    self.reason = "repeats"
        finally:
            looked = self.stopping.looks[-1][0] if self.stopping.looks else 0
            if self.reason in ("time", "repeats", "failed") and looked < index:
                self._look_at_the_end()

    @property
    def path(self) -> Path | None:
        """The recording that holds the repeats; None for a meter without one."""
        found = getattr(self._meter, "path", None)
        return None if found is None else Path(found)

    @property
    def settled(self) -> Settled | None:
        """Mean energy of one repeat in J with its interval, warm-up left out; None before the first look."""
        return self.stopping.settled

    @property
    def reached(self) -> bool:
        """Whether the precision asked for was reached."""
        return self.reason == "precise"

    def _reason_to_end(self) -> str:
        if self.look() and self._world.enough():
            return "precise"
        return "decided" if self._world.decided() else ""

    def _look_at_the_end(self) -> None:
        if len(self.spans) < FEWEST:  # that would take seconds, and show nothing
            self.latencies = np.array([end - start for start, end in self.spans]) * 1e-9
        else:
            self.look()

    def look(self) -> bool:
        """Read the energies anew; return whether they are known to the precision asked for."""
        spans = np.array(self.spans, np.int64).reshape(-1, 2)
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
            self._world.sleep(0.25)  # the recorder writes once a second
            waited += 0.25
        if np.isfinite(self.energies).sum() < FEWEST:
            return False
        return self.stopping.look(self.energies, self.latencies)

    def ended(self) -> str:
        """Return why the loop ended, in words: `± 5 % reached`, `± 5 % NOT reached: 10 min were over`."""
        wanted = f"± {100 * self.stopping.precision:g} %"
        if self.reached:
            return f"{wanted} reached"
        early = (
            ", most of them before the first repeat: allow more"
            if self.limits.spent_s > self.limits.seconds / 2
            else ""
        )
        why = {
            "time": f"{format_duration(self.limits.seconds)} were over{early}",
            "decided": "what was asked of it is decided",
            "repeats": f"{plural(self.limits.most, 'repeat was', 'repeats were')} done",
            "failed": "a run failed",
        }.get(self.reason, "the loop was left")
        return f"{wanted} NOT reached: {why}"

    def sentence(self) -> str:
        """Return in one line what was found, why it ended and what would narrow it further."""
        s = self.settled
        if s is None or not np.isfinite(s.relative):
            return f"{self.name}: too few repeats to tell; {self.ended()}"
        return (
            f"{self.name}: {s.mean:.6g} J ± {format_percent(s.relative)} over {plural(s.repeats, 'repeat')} "
            f"({s.warmup} of warm-up left out); {self.ended()}; narrower by: {self.stopping.advice()}"
        )
