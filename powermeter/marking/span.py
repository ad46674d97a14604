"""A running event; which recordings it goes to is decided in `destinations`.

This file and `powermeter.marking.api` import next to nothing, because every instrumented program imports them.
"""

from __future__ import annotations

import sys
import time
from _thread import RLock, _local, get_native_id
from struct import error as PackError

from powermeter.marking import accelerators, destinations, event_log, json_text, recordings, task_numbers
from powermeter.marking.after_fork import start_anew_in_children
from powermeter.marking.current_event import has_failed, newest, put, running, set_aside, take_up
from powermeter.marking.deferred_signals import Undisturbed
from powermeter.marking.event_log import BRIEF_NS
from powermeter.marking.interpreter_shutdown import unless_shutting_down
from powermeter.marking.outside_its_block import count_late, end_without_begin, with_late
from powermeter.marking.ring import BRIEF_SLOT, NEWEST

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from powermeter.marking.current_event import Cell
    from powermeter.marking.event_log import EventLog
    from powermeter.marking.span_protocol import MarkLog


_clock = time.monotonic_ns
LOADED_NS = _clock()
"""When this package was loaded."""
_uid = event_log.uids
_modules = sys.modules
_pack = BRIEF_SLOT.pack_into
_ONE, _OF_COPY = 1, 2
_here = _local()

_log: MarkLog | None = None
_word: Any = memoryview(bytearray(8)).cast("Q")
_seen: Any = memoryview(bytearray(8)).cast("Q")  # compared as memories: half the time of two numbers
_seen[0] = 1  # not what the word holds: the first event looks for a recording
_modules_known = 0
_task_of: Callable[[], int] | None = None
_wait: Callable[[], None] | None = None
_copies = 0
_is_shared = False  # whether the word is the one that all processes share


class Span:
    """An event; `with` stamps its start and end, and does nothing outside a recording.

    `span["tokens"] = 12` adds an attribute, `span.count = n` corrects the number of items (None: not known),
    `span.measure(accuracy=0.93)` notes a result that is not part of what the event was.  It is a decorator too.
    """

    __slots__ = (
        "_cell",
        "_count",
        "attributes",
        "end_ns",
        "log",
        "name",
        "parent_uid",
        "start_ns",
        "task",
        "text",
        "uid",
    )

    name: object
    _count: Any
    attributes: dict[str, Any]
    log: MarkLog | None
    start_ns: int
    end_ns: int
    uid: int
    parent_uid: int
    task: int
    text: tuple[bytes, int] | None
    _cell: Cell
    is_of_a_meter = False

    def __enter__(self, into: MarkLog | None = None) -> Span:
        if _word != _seen:
            look()
        log = _log if into is None else into
        if log is None:  # outside a recording: nothing is looked at more than once
            return self
        if self.log is None:
            if len(_modules) != _modules_known and not know_modules():
                return self
            if _wait is not None:
                _wait()  # before anything is noted: what a signal's handler raises meanwhile leaves no event open
        if self.log is not None:
            return _Copy(self).__enter__(into)
        self.log = log  # at once: of threads that share a span, the next one enters a copy
        cell = None
        try:
            outer = newest()
            while outer is not None and not outer[0]:  # `running()`: a call would cost as much again
                outer = outer[1]
            self.parent_uid = 0 if outer is None else outer[0]
            self.task = 0 if _task_of is None else _task_of()
            uid = self.uid = _uid()
            cell = self._cell = [uid, outer]
            put(cell)
            try:
                text = self.text = log.brief[self.name]
            except KeyError:
                text = self.text = None
            except TypeError:  # a list, as a name
                self.name, text = json_text.as_text(self.name), None
            if text is None:
                log.begin(self)
            else:
                log.words[NEWEST] = uid
                self.start_ns = _clock()
        except BaseException:  # out of the handler of a signal: nothing runs inside of it
            if cell is not None:
                cell[0] = 0
            self.log = None
            log.interrupted()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log = self.log
        if _copies:  # also where the run that was copied has ended before its copy
            inner = running()
            if inner is not None and len(inner) > _OF_COPY and inner[_OF_COPY].origin is self:
                inner[_OF_COPY].__exit__(kind, error, trace)
                return
        if log is None:
            if (_log is not None or self.is_of_a_meter) and not hasattr(self, "end_ns"):
                self._end_without_begin()
            return
        if _wait is not None:
            _wait()
        end_ns = self.end_ns = _clock()
        self._cell[0] = 0
        attributes = self.attributes
        brief, count, start_ns = self.text, self._count, self.start_ns
        duration = end_ns - start_ns
        if (
            brief is None
            or duration > BRIEF_NS
            or attributes
            or kind is not None
            or (count is not _ONE and (type(count) is not int or count < 0))
            or not brief[1]
        ):
            if kind is not None and has_failed(kind, error):
                self.attributes = {**attributes, "error": kind.__name__}
            try:
                log.end(self)
            finally:
                self.attributes, self.log = attributes, None
            return
        uid, parent_uid, task = self.uid, self.parent_uid, self.task
        self.log = None  # from here on another thread may enter it
        take = log.next  # the shortest way, which is the usual one: a call would cost as much again
        try:
            index = take()
            if index >= log.limit and (index := log.room(index)) < 0:
                return
            try:
                thread = _here.thread
            except AttributeError:
                thread = _here.thread = get_native_id()
            _pack(
                log.memory,
                4096 + (index & log.mask) * 64,
                start_ns,
                count,
                duration,
                parent_uid,
                thread,
                task,
                brief[0],
                uid,
                brief[1],
                index + 1,
            )
        except (PackError, OverflowError):  # a number beyond float
            log.void(index)
            log.end(self)
        except BaseException:  # out of the handler of a signal
            log.interrupted()
            raise

    @property
    def parent(self) -> int | None:
        """The `uid` of the event around it; None where there is none."""
        return self.parent_uid or None

    def suspend(self) -> Cell | None:
        """Let what runs next not be inside this event, which goes on: a generator has handed out an item; return what `resume` takes."""
        return None if self.log is None else set_aside(self._cell)

    def resume(self, inner: Cell | None = None) -> None:
        """Be the event around what runs next again, and what ran inside of it then."""
        if self.log is not None:
            take_up(self._cell, inner)

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    @property
    def count(self) -> Any:
        """The number of items; None: not known."""
        return self._count

    @count.setter
    def count(self, n: Any) -> None:
        if self.log is not None or not self._is_late():
            self._count = n

    def __setitem__(self, key: str, value: Any) -> None:
        if self.log is not None or not self._is_late():
            self.attributes[key] = value
        else:
            self.attributes = with_late(self.attributes, key, value)

    def __getitem__(self, key: str) -> Any:
        return self.attributes[key]

    def measure(self, /, **values: Any) -> None:
        """Note results that stand beside the energy, such as accuracy or loss; they never split a row."""
        if self.log is not None or not self._is_late():
            self.attributes.setdefault("@measures", {}).update(values)

    def _is_late(self) -> bool:
        """Return whether what is set now comes after the event's end in a recording; it is counted there."""
        return hasattr(self, "end_ns") and attached() is not None and count_late()

    @unless_shutting_down
    def _end_without_begin(self) -> None:
        end_without_begin(self, destinations.logs_here())


class _Copy(Span):
    """Another run of a span that is entered again while it runs: in a recursion, or by another thread."""

    __slots__ = ("origin",)

    def __init__(self, origin: Span) -> None:
        global _copies
        _copies += 1
        self.origin = origin
        self.name, self._count, self.attributes = origin.name, origin._count, dict(origin.attributes)
        self.log = None

    def __enter__(self, into: MarkLog | None = None) -> Span:
        made = super().__enter__(into)
        if made is self and self.log is not None:
            self._cell.append(self)
        return made


def span(name: object, n: Any, attributes: dict[str, Any]) -> Span:
    """Return a new event."""
    made = Span()
    made.name = name
    made._count = n
    made.attributes = attributes
    made.log = None
    return made


@unless_shutting_down
def know_modules() -> None:
    """Look again for frameworks to wait for, and for asyncio, after modules have been imported."""
    global _modules_known, _task_of, _wait
    loaded = len(_modules)
    accelerators.know()
    _wait, _task_of = accelerators.wait, _task_of or task_numbers.numbering()
    _modules_known = loaded  # last: until then each mark looks


_looking, _depth, _missed = RLock(), [0], [0]


def logs_of(log: EventLog) -> list[EventLog]:
    """Return what the events of one Meter go to: its log, and the recordings of this process's ancestors."""
    if _word != _seen:
        look()
    return list(dict.fromkeys((*destinations.inherited, log)))


def attached() -> MarkLog | None:
    """Return what events are written to now; None outside a recording."""
    if _word != _seen:
        look()
    return _log


def innermost() -> EventLog | None:
    """Return the log that a Meter without a path or source of its own joins; None where nothing is recorded."""
    if _word != _seen:
        look()
    return next(reversed(destinations.logs_here()), None)


def attach(log: EventLog) -> object:
    """Have the events of this context, and of threads without one, go to `log` too; return what `detach` takes."""
    token = destinations.add(log)
    settle()
    return token


def detach(log: EventLog, token: Any) -> None:
    """Have no more events go to `log`."""
    destinations.remove(log, token)
    settle()


def join(attributes: dict[str, Any]) -> object:
    """Add attributes to the events of this context; return what `leave` takes."""
    token = destinations.add_attributes(attributes)
    settle()
    return token


def leave(token: Any) -> None:
    """Add them no more."""
    destinations.remove_attributes(token)
    settle()


def around() -> tuple[int, dict[str, Any]]:
    """Return the number of the event around what runs, 0 for none, and what a Meter that joined adds to its events."""
    cell = running()
    return 0 if cell is None else cell[0], destinations.attributes()


def settle() -> None:
    """Choose what events are written to."""
    global _log
    _log = destinations.chosen()


@unless_shutting_down
def look() -> None:
    """Find out anew which recordings this process belongs to; called when one has started or ended."""
    global _word, _is_shared
    with _looking, Undisturbed(_depth) as inside:
        if inside.is_too_deep:
            _missed[0] += 1
            return
        if not _is_shared:
            _word, _is_shared = recordings.word()[:1], True
        noticed = _word[0]
        if noticed == _seen[0]:  # another thread has looked meanwhile
            return
        destinations.find()
        settle()
        if _missed[0] and destinations.inherited:
            destinations.inherited[0].lose(_missed[0])
            _missed[0] = 0
        _seen[0] = noticed  # last: until then other threads wait here, and mark nothing elsewhere


def instant(name: object, attributes: dict[str, Any], log: MarkLog) -> None:
    """Record an instant."""
    if len(_modules) != _modules_known and not know_modules():
        return
    made = span(name, 1, attributes)
    if _wait is not None:
        _wait()
    made.uid, made.parent_uid, made.task = _uid(), around()[0], 0 if _task_of is None else _task_of()
    log.instant(made)


def _renew() -> None:
    """Replace what a thread of the parent may hold, and what is known of the one that forked."""
    global _looking, _here
    _looking = RLock()
    _depth[0] = 0
    _here = _local()  # this thread has another number in the new process


start_anew_in_children(_renew, settle)


def _no_log() -> None:
    """What a compiler that follows the code sees instead of `attached`: an event cannot be part of a graph."""


attached._torchdynamo_inline = _no_log  # type: ignore[attr-defined]
