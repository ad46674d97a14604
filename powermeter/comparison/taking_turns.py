"""Functions that take turns, A B B A, so that a steady drift falls on all alike; how often each is called in a turn, and until when."""

from __future__ import annotations

import inspect
import math
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from powermeter.analysis.repeat_loop import LoopLimits, marked
from powermeter.errors import ConfigurationError
from powermeter.events import now_ns
from powermeter.meter import Meter

Call = Callable[[], Any]

_MOST_CALLS = 1_000_000


@dataclass(slots=True)
class Turns:
    """Functions that take turns: forwards, then backwards, so that a steady drift falls on all alike."""

    meter: Meter
    functions: dict[str, Call]
    least_s: float
    ends_ns: int
    marks: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    done: int = 0
    lasted_ns: int = 0

    def __post_init__(self) -> None:
        self.calls = {title: calls_of(fn, self.least_s, self.ends_ns) for title, fn in self.functions.items()}
        self.spans = {title: [] for title in self.functions}

    def take(self) -> None:
        """Let each function have its turn."""
        order, begun = list(self.functions.items()), now_ns()
        for title, fn in order if self.done % 2 == 0 else reversed(order):
            label, attributes = self.marks.get(title, (title, {}))
            with marked(self.meter, label, self.calls[title], attributes):
                start = now_ns()
                for _ in range(self.calls[title]):
                    fn()
                end = now_ns()
            self.spans[title].append((start, end))
        self.lasted_ns = now_ns() - begun
        self.done += 1

    def go_on(self, limits: LoopLimits) -> bool:
        """Return whether there is time for another turn; the first is always taken."""
        if limits.most is not None and self.done >= limits.most:
            return False
        return not self.done or now_ns() + self.lasted_ns < self.ends_ns

    def wait(self, meter: Meter | None) -> None:
        """Wait until the recording of a meter that goes on contains the last turn; the end of one's own writes it, None."""
        if meter is None:
            return
        last = max(span[1] for spans in self.spans.values() for span in spans)
        for _ in range(20):  # the recorder writes once a second
            with meter.recording() as recording:
                ends = [recording.summaries(source.id).end_ns[-1:] for source in recording.sources]
            if ends and all(end.size and end[0] >= last for end in ends):
                return
            time.sleep(0.25)


def calls_of(fn: Call, least_s: float, ends_ns: float = math.inf) -> int:
    """Return how many calls in a row last `least_s`, from calls that are not recorded as events; the first warms up.

    Args:
        fn: What is called.
        least_s: In s.
        ends_ns: When to try no more: as many calls as were tried last are then returned.

    Raises:
        ConfigurationError: What it returned has yet to be run: a generator, a coroutine.
    """
    _check_that_it_ran(fn())
    count = 1
    while (begun := now_ns()) < ends_ns:
        for _ in range(count):
            fn()
        lasted = (now_ns() - begun) * 1e-9
        if lasted >= 0.2 * least_s or count >= _MOST_CALLS:
            return max(1, min(_MOST_CALLS, math.ceil(count * least_s / max(lasted, 1e-9))))
        count = min(_MOST_CALLS, max(2 * count, math.ceil(count * 0.3 * least_s / max(lasted, 1e-9))))
    return count


def _check_that_it_ran(result: object) -> None:
    """Refuse what a call has only made and not run.

    Raises:
        ConfigurationError: It is a generator, a coroutine or the like.
    """
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        remedy = "lambda: asyncio.run(fn()), or loop.run_until_complete of a loop that is kept"
    elif inspect.isasyncgen(result):
        remedy = "a function that runs it to its end in an event loop"
    elif isinstance(result, (types.GeneratorType, map, filter, zip)):
        remedy = "lambda: list(fn())"
    else:
        return
    raise ConfigurationError(
        f"calling this function runs nothing, it returns a {type(result).__name__} that has yet to be run: measure {remedy}"
    )
