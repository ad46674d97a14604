"""The events of this process, on their way into one recording.

An event is two stamps and two slots of a ring: no file is written, no thread started and no lock taken, so that a
fork at any moment, `os._exit` or a kill loses nothing that was marked.  The recorder process takes the marks out of
the ring.  Nothing here raises into the measured program: what cannot be written is counted, and `problem` states why.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import RLock, get_native_id
from errno import ENOENT, ENOMEM, ENOSPC
from itertools import count
from struct import error as PackError

from powermeter.marking import json_text, recordings, ring
from powermeter.marking.at_exit import closed_at_exit
from powermeter.marking.deferred_signals import Undisturbed
from powermeter.marking.item_count import NAN, ODD, as_count

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from powermeter.marking.span_protocol import Marked


PATIENCE_S = 2.0
"""How long a mark waits for the recorder to empty a full ring, before it is counted as lost."""
MAX_NESTED = 8
"""How many waits of one thread may lie in each other: handlers of signals that come while it waits."""
FLUSH_S = 3.0
BRIEF_NS = 1_000_000
"""An event of a name whose last was shorter is written at its end only."""
MAX_NAMES = 4096
"""Encoded names that are kept; more are encoded each time they come."""

UNNAMED = b"(unnamed)"
_UNNUMBERED = 1 << 62

_clock = time.monotonic_ns
_pack = ring.SLOT.pack_into


_numbers = count(1)
uids = _numbers.__next__
"""Numbers the events of this process, in all its recordings: a nested event's parent has one number in each."""


def next_uid() -> int:
    """Return the number that the next event gets."""
    return int(repr(_numbers)[len("count(") : -1])


def _refuse() -> int:
    return _UNNUMBERED


class EventLog:
    """The events of this process for one recording.

    Args:
        folder: The folder of marks of the recording, which exists already.
        path: The recording, for messages.
        is_foreign: Whether it notes what another program did: then nothing of this process is looked at.
    """

    def __init__(self, folder: str, path: str = "", is_foreign: bool = False) -> None:
        self.folder = folder
        self.path = path or folder
        self._is_foreign = is_foreign
        self.problem = ""
        self.successor: EventLog | None = None
        self.memory: Any = None
        self._opening = RLock()
        self._depth = [0]
        self.words: Any = None
        self._names: dict[object, bytes] = {}
        self.brief: dict[object, tuple[bytes, int]] = {}
        """The names whose last event was over at once: the next is written at its end only, in one slot (`ring.brief_kind`)."""
        self._number = self.next = count(0).__next__
        self.limit = 0
        self.mask = 0
        self._holes: list[int] = []
        self._lost = self._given_up = self._next_try = 0
        self._first = 0
        self._note = recordings.LostNote(folder)
        self._waited_ns = 0
        self._is_patient = True
        self._is_abandoned = False
        self._has_left = False
        self._waiting: list[int] = []
        self._at_exit: list[Callable[[], object]] = []

    def begin(self, span: Marked) -> None:
        """Write that a span begins, in a slot of its own; sets its `start_ns` and `log`."""
        span.log, span.text = self, None
        text = self.named(span.name)
        if span.attributes:
            text += b"\0" + json_text.encode(span.attributes)
        self.write(span, ring.BEGIN, ring.HAS_COUNT, text, None, as_count(span.count))

    def end(self, span: Marked) -> None:
        """Write that a span has ended."""
        count, brief = span.count, span.text
        if count.__class__ is not int or count < 0:
            count = as_count(count)
        duration = span.end_ns - span.start_ns
        if brief is None:
            text = self._names.get(span.name) if duration < BRIEF_NS and self.memory is not None else None
            if text is not None:
                self.brief[span.name] = text, ring.brief_kind(text)
            attributes = json_text.encode(span.attributes) if span.attributes else b""
            self.write(span, ring.END, ring.HAS_COUNT, attributes, span.end_ns, count)
            return
        if duration > BRIEF_NS:
            self.brief.pop(span.name, None)
        text = brief[0]
        if span.attributes:
            text += b"\0" + json_text.encode(span.attributes)
        self.write(span, ring.EVENT, ring.HAS_COUNT, text, span.start_ns, count, duration)

    def instant(self, span: Marked) -> None:
        """Write an instant, now."""
        text = self.named(span.name)
        if span.attributes:
            text += b"\0" + json_text.encode(span.attributes)
        self.write(span, ring.INSTANT, 0, text, None, NAN)

    def named(self, name: object) -> bytes:
        try:
            return self._names[name]
        except (KeyError, TypeError):
            pass
        text = ring.name_bytes(json_text.as_text(name)) or UNNAMED
        if name.__class__ is str and len(self._names) < MAX_NAMES:
            self._names[name] = text
        return text

    def write(
        self,
        span: Marked,
        kind: int,
        flags: int,
        text: bytes,
        at_ns: int | None,
        count: object,
        duration: int = 0,
    ) -> None:
        """Write a mark, whose text may take several slots; it is stamped, as the span's start, where `at_ns` is None."""
        try:
            self._write(span, (kind, flags), text[: ring.MAX_TEXT], at_ns, count, duration)
        except BaseException:  # out of the handler of a signal
            self.interrupted()
            raise

    def _write(
        self,
        span: Marked,
        what: tuple[int, int],
        text: bytes,
        at_ns: int | None,
        count: object,
        duration: int,
    ) -> None:
        size = len(text)
        if size <= ring.INLINE + ring.PIECE:  # the rule
            pieces = [text[ring.INLINE :]] if size > ring.INLINE else []
        else:
            pieces = [text[i : i + ring.PIECE] for i in range(ring.INLINE, size, ring.PIECE)]
        places = []
        for _ in range(1 + len(pieces)):
            index = self.next()
            if index >= self.limit and (index := self.room(index)) < 0:
                break
            places.append(index)
        if at_ns is None:
            at_ns = span.start_ns = _clock()
        if len(places) <= len(pieces):
            for index in places:
                self.void(index)
            return
        for index, piece in zip(places[1:], pieces, strict=True):
            at = ring.HEADER_BYTES + (index & self.mask) * ring.SLOT_BYTES
            ring.MORE_TEXT.pack_into(self.memory, at, piece, span.uid, len(piece), ring.MORE, 0, index + 1)
        at = ring.HEADER_BYTES + (places[0] & self.mask) * ring.SLOT_BYTES
        who = (span.parent_uid, get_native_id(), span.task)
        rest = (text[: ring.INLINE], span.uid, len(text), *what, places[0] + 1)
        try:
            _pack(self.memory, at, at_ns, count, duration, *who, *rest)
        except (PackError, OverflowError):  # a number beyond float
            _pack(self.memory, at, at_ns, ODD, duration, *who, *rest)

    def open(self) -> bool:
        """Make the ring, so that the first event need not wait for it; return whether there is one."""
        if self.memory is not None and not self._has_left:
            return True
        with (
            self._opening,
            Undisturbed(self._depth) as inside,
        ):  # of threads whose first events begin together, one makes it for all
            if self.memory is not None and not self._has_left:
                return True
            return not inside.is_too_deep and self._make_ring()

    def _make_ring(self) -> bool:
        if self._is_abandoned or self.successor is not None:
            return False
        self._at_exit = self._at_exit or closed_at_exit(self.leave)
        program = " ".join(sys.argv[:2]) if getattr(sys, "argv", None) else "python"
        try:
            text = program.encode("utf-8", "replace")
            try:
                made = ring.create(self.folder, os.getpid(), capacity := ring.CAPACITY, text)
            except OSError as error:
                if error.errno != ENOSPC:
                    raise
                made = ring.create(self.folder, os.getpid(), capacity := ring.SMALL_CAPACITY, text)
        except (OSError, ValueError, MemoryError) as error:
            self._refuse(error)
            return False
        if self._is_foreign:
            ring.HEADER.pack_into(made, 0, ring.MAGIC, capacity, ring.MONOTONIC, os.getpid(), 0)
        words, number = memoryview(made)[: ring.HEADER_BYTES].cast("Q"), count(0).__next__
        mask, had_left = capacity - 1, self._has_left
        if self.memory is not None and not had_left:  # the handler of a signal has made one meanwhile
            return True
        words[ring.LOST], words[ring.FIRST] = 0 if had_left else self._lost, self._first
        # No call from here until all is set: no such handler can come in between.
        self.words, self.mask, self.memory = words, mask, made
        if had_left:
            self._number = self.next = number
            self._holes, self._lost, self._given_up, self._waited_ns = [], 0, 0, 0
            self._has_left = False
            return True
        self.problem = ""
        self._note.withdraw()
        return True

    def _refuse(self, error: Exception) -> None:
        """Note that no ring can be made; it is tried again whenever twice as many marks are lost."""
        why = getattr(error, "errno", None) or ENOMEM
        self.problem = f"the events of process {os.getpid()} are not in {self.path}: {error}"
        self._is_abandoned = why == ENOENT  # the recording is over
        self._next_try = 2 * self._lost + 1
        self._note.why = 0 if self._is_abandoned else why

    def room(self, index: int) -> int:
        """Return the index of a free slot, or −1 where there is none; the slow way into the ring."""
        has_left = self._has_left
        if self._is_abandoned or self._lost < self._next_try or not self.open():
            self._abandon(_UNNUMBERED if has_left or self._is_abandoned else index)
            return -1
        if has_left:  # the number was one of the ring before
            index = self._number()
        words, capacity = self.words, self.mask + 1
        words[ring.LOST] = self._lost  # also what another thread counted while the ring was made
        while True:
            need = max(self._holes, default=index)
            limit = words[ring.TAKEN] + capacity
            if need >= limit and self._is_patient:
                try:
                    limit = self._wait(need)
                except BaseException:  # out of the handler of a signal: the mark is lost, its number is not
                    self._keep_hole(index)
                    self._given_up += 1
                    words[ring.GIVEN_UP] = self._given_up
                    raise
                if max(self._holes, default=need) > need:  # a signal's handler, or another thread, meanwhile
                    continue
            if need >= limit:
                self._abandon(index)
                return -1
            self._is_patient = True
            self.limit = limit
            for hole in list(self._holes):
                if hole < limit:
                    self._holes.remove(hole)
                    self.void(hole)
            if self._holes:
                continue
            self.next = self._number
            if index >= _UNNUMBERED:
                index = self._number()
            if index < limit:
                return index

    def _abandon(self, index: int) -> None:
        """Count a mark as lost."""
        self._keep_hole(index)
        self.lose()

    def _keep_hole(self, index: int) -> None:
        """Have a slot filled with nothing once there is room, so that no number is missing."""
        if index < _UNNUMBERED:
            self._holes.append(index)
            self.next = _refuse

    def interrupted(self) -> None:
        """Note that an exception came out of a mark, perhaps between its number and its slot: the reader need not wait long for that."""
        words = self.words
        if words is not None:
            words[ring.INTERRUPTED] += 1

    def lose(self, marks: int = 1) -> None:
        """Count marks as lost."""
        self._lost += marks
        if self.words is not None:
            if not self._is_abandoned:  # else its event has not ended, which is counted
                self.words[ring.LOST] = self._lost
        elif self._lost >= self._next_try:
            self._note.write(self._lost)

    def _wait(self, need: int) -> int:
        """Wait a little for the reader to take what is in the way; return the first index that has no room."""
        words, capacity = self.words, self.mask + 1
        thread = get_native_id()
        if self._waiting.count(thread) >= MAX_NESTED:
            return int(words[ring.TAKEN]) + capacity
        begun = _clock()
        self._waiting.append(thread)
        try:
            while need >= words[ring.TAKEN] + capacity and not words[ring.CLOSED]:
                if _clock() - begun > PATIENCE_S * 1e9:
                    self._is_patient = False
                    break
                time.sleep(0.0005)
        finally:
            self._waiting.remove(thread)
        self._waited_ns += _clock() - begun
        words[ring.WAITED_NS] = self._waited_ns
        return int(words[ring.TAKEN]) + capacity

    def void(self, index: int) -> None:
        """Fill a slot with nothing, so that no number is missing."""
        at = ring.HEADER_BYTES + (index & self.mask) * ring.SLOT_BYTES
        ring.MORE_TEXT.pack_into(self.memory, at, b"", 0, 0, ring.VOID, 0, index + 1)

    def flush(self) -> bool:
        """Wait until what was marked so far is in the recording; return whether it is."""
        if self.memory is None or self._is_abandoned:
            return True
        index = self.next()
        if index >= self.limit and (index := self.room(index)) < 0:
            return False
        self.void(index)
        words = self.words
        words[ring.WANTED] = index + 1
        deadline = _clock() + int(FLUSH_S * 1e9)
        while words[ring.COMMITTED] <= index and not words[ring.CLOSED]:
            if _clock() > deadline:
                return False
            time.sleep(0.005)
        return True

    @property
    def is_over(self) -> bool:
        """Whether the recording has ended."""
        if self.words is not None:
            return bool(self.words[ring.CLOSED])
        return not recordings.is_there(self.folder)

    def leave(self) -> None:
        """Note that this process leaves in order; what it marks even then, in its last handlers, gets a ring of its own."""
        if self.words is not None and not self._is_abandoned:
            self.words[ring.LEFT] = ring.IN_ORDER
            self._has_left, self.limit, self.brief = True, 0, {}
            self._first = self._first and next_uid()
        self._note.write(self._lost)

    def expect(self, every: bool) -> None:
        """Note whether every event of this process from now on is to come here, so that a number that lacks is one that never ended."""
        self._first = next_uid() if every else 0
        if self.words is not None:
            self.words[ring.FIRST] = self._first

    def close(self) -> None:
        """Note that the recording is ended by a Meter of this process, and let go of the ring."""
        self.limit, self.next, self._is_abandoned, self.brief = 0, _refuse, True, {}
        if self.words is not None:  # kept: another thread may just be about to write
            self.words[ring.LEFT] = ring.BY_METER
        for forget in self._at_exit:
            forget()
        self._at_exit.clear()

    def retire(self) -> EventLog:
        """Return the log that takes this one's place in a new process after a fork; this one writes no more."""
        if self.successor is None:
            self.memory = self.words = None
            self.limit, self.next, self.brief = 0, _refuse, {}
            for forget in self._at_exit:
                forget()
            self._at_exit.clear()
            self.successor = EventLog(self.folder, self.path)
            self.successor.expect(True)
        return self.successor
