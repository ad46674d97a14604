"""Which recordings the events of this process go to: those of its own Meters, and those of its ancestors.

Every instrumented program imports this file, so it imports next to nothing.
"""

from __future__ import annotations

from contextvars import ContextVar

from powermeter.marking import recordings
from powermeter.marking.event_log import EventLog
from powermeter.marking.several_recordings import NoRing, Several

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

    from powermeter.marking.span_protocol import Marked, MarkLog

own: list[EventLog] = []
"""The logs of the Meters that run in this process."""
inherited: list[EventLog] = []
"""The logs of recordings that an ancestor of this process runs."""
_scope: ContextVar[tuple[EventLog, ...]] = ContextVar("powermeter_scope", default=())
"""The logs of the Meters around the code that runs; empty in a thread that was started outside of them."""
_extra: ContextVar[dict[str, Any]] = ContextVar("powermeter_attributes")
"""What a Meter that joined another's recording adds to its events."""
_joined = 0


class _ByContext(NoRing):
    """Events go to the recordings of the Meters around them, and to those of this process's ancestors.

    In a thread that no Meter was entered in they go to every recording that runs.
    """

    def begin(self, span: Marked) -> None:
        logs = logs_here()
        log = logs[0] if len(logs) == 1 else Several(logs)
        extra = attributes()
        if not extra:
            log.begin(span)
            return
        kept = span.attributes
        span.attributes = {**extra, **kept}
        try:
            log.begin(span)
        finally:
            span.attributes = kept  # a span that is kept may be entered again, inside another Meter

    def end(self, span: Marked) -> None:
        raise NotImplementedError  # what begin chose takes the end

    def instant(self, span: Marked) -> None:
        if extra := attributes():
            span.attributes = {**extra, **span.attributes}
        for log in logs_here():
            log.instant(span)


_BY_CONTEXT = _ByContext()


def chosen() -> MarkLog | None:
    """Return what events are written to; None where nothing is recorded."""
    logs = [*inherited, *own]
    return None if not logs else logs[0] if len(logs) == 1 and not _joined else _BY_CONTEXT


def logs_here() -> list[EventLog]:
    """Return what the events of this context are written to."""
    here = [log for log in _scope.get() if log in own]
    return [*inherited, *(here or own)]


def attributes() -> dict[str, Any]:
    """Return what a Meter that joined another's recording adds to the events of this context."""
    return _extra.get({}) if _joined else {}


def add(log: EventLog) -> object:
    """Add a Meter's log to this context; return what `remove` takes."""
    log.expect(not inherited and not own)
    for other in own:
        other.expect(False)
    own.append(log)
    return _scope.set((*_scope.get(), log))


def remove(log: EventLog, token: Any) -> None:
    """Take a Meter's log out again."""
    if log in own:
        own.remove(log)
    _reset(_scope, token)


def add_attributes(more: dict[str, Any]) -> object:
    """Add attributes to the events of this context; return what `remove_attributes` takes."""
    global _joined
    _joined += 1
    return _extra.set({**_extra.get({}), **more})


def remove_attributes(token: Any) -> None:
    """Add them no more."""
    global _joined
    _joined = max(0, _joined - 1)
    _reset(_extra, token)


def _reset(variable: ContextVar[Any], token: Any) -> None:
    try:
        variable.reset(token)
    except (ValueError, RuntimeError):  # the Meter is left in another task than it was entered in
        return


def find() -> None:
    """Find the recordings of this process's ancestors that run now."""
    try:
        folders = recordings.find()
        inherited[:] = [log for log in inherited if not log.is_over]
        for folder in folders:
            path = recordings.recording_of(folder)
            found = EventLog(folder, path or "")
            found.expect(not inherited and not own)
            # Last, and without a call before `append`: the handler of a signal may be looking inside of this.
            if path is not None and folder not in {log.folder for log in (*inherited, *own)}:
                inherited.append(found)
    except (OSError, ValueError, MemoryError):
        inherited[:] = [log for log in inherited if not log.is_over]


def inherit_all() -> None:
    """Take all recordings for an ancestor's: this process was forked."""
    inherited[:] = [log.retire() for log in (*inherited, *own)]
    own.clear()


def living(log: EventLog | None) -> EventLog | None:
    """Return the log that stands for one in this process, which may be a fork; None where its recording is over."""
    if log is None or log.successor is None:
        return log
    return None if log.successor.is_over else log.successor
