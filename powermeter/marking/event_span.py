"""The events that users hold: spans that also decorate a function, and those of one Meter."""

from __future__ import annotations

from powermeter.marking.destinations import living
from powermeter.marking.outside_its_block import end_without_begin
from powermeter.marking.several_recordings import Several
from powermeter.marking.span import Span, logs_of

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    from powermeter.marking.event_log import EventLog
    from powermeter.marking.span_protocol import MarkLog

    F = TypeVar("F", bound=Callable[..., Any])

    class OwnMeter(Protocol):
        """What an event needs of the Meter that it belongs to."""

        _log: EventLog | None
        _begun_outside: int

        def event(self) -> MeterSpan:
            """Return an event without a name."""


class EventSpan(Span):
    """An event; `with` or `async with` stamps its start and end, and it decorates a function too."""

    __slots__ = ()

    def __call__(self, function: F | None = None, /, *_: Any, **__: Any) -> F:
        """Decorate a function so that each call is an event like this one.

        Raises:
            ConfigurationError: It stands above a function without its parentheses.
        """
        from powermeter.marking.tracking import decorated

        if function is None or callable(self.name):
            from powermeter.errors import ConfigurationError

            raise ConfigurationError(
                'an event decorates a function by its name, in parentheses: @powermeter.event("infer"); '
                "@powermeter.track takes the function's own"
            )
        return decorated(function, self.name, self.count, dict(self.attributes))


class MeterSpan(EventSpan):
    """An event in the recording of one Meter; it does nothing after the Meter's block."""

    __slots__ = ("meter",)

    meter: OwnMeter
    is_of_a_meter = True

    def __enter__(self, into: MarkLog | None = None) -> MeterSpan:
        log = living(self.meter._log)
        if log is None:
            if not hasattr(self, "end_ns"):
                self.meter._begun_outside += 1
        elif self.log is None:
            logs = logs_of(log)
            super().__enter__(logs[0] if len(logs) == 1 else Several(logs))
        return self

    def _end_without_begin(self) -> bool:
        """Have the Meter count it, where its block runs by now; what runs else may be another Meter."""
        self.meter._begun_outside = max(0, self.meter._begun_outside - 1)
        log = living(self.meter._log)
        if log is not None:
            end_without_begin(self, logs_of(log))
        return log is not None


def count_begun_outside(meter: OwnMeter) -> None:
    """Have a Meter count the events of its own that began before its block and outlast it."""
    around = meter._begun_outside
    for _ in range(around):
        meter.event()._end_without_begin()
    meter._begun_outside = around
