"""Makes rows of events from the marks of one process, and keeps account of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.marking import ring
from powermeter.marking.mark_account import MAX_LISTED, MarkAccount
from powermeter.marking.mark_text import as_count, attributes_and_measures, read_text
from powermeter.marking.resident_memory import Memory
from powermeter.marking.ring_reader import Mark, Numbers
from powermeter.marking.unfinished_events import MAX_RUNNING, Begun, ShortNames, names_of, unannounced

FUTURE_NS, PAST_NS = 10_000_000, 60_000_000_000
"""How far a stamp may lie after the moment it is read, and before the start of the recording."""
SHORTEST_BY_COMMAND_NS = 2_000_000
"""What lies between a begin and an end by command at least: the shell's start of another one, known to a tick only."""

COLUMNS = (
    "thread",
    "uid",
    "parent",
    "name",
    "start_ns",
    "end_ns",
    "count",
    "attributes",
    "peak_memory",
    "task",
    "measures",
    "items",
)
"""What a row holds, as the recording stores it."""
Row = tuple[Any, ...]
Owned = tuple[int, Row]
"""A row, and the id of the process whose event it is."""

_PARENT = COLUMNS.index("parent")

_numbers = count(1 << 31).__next__
"""The uids of events whose writer passed none; no program counts this far."""


@dataclass(slots=True)
class _Pending:
    """A mark whose text is not whole yet."""

    mark: Mark
    text: bytes


class EventsEndedByName:
    """Events that are ended by their name, perhaps by another process: a shell's.

    What one process begins so lies inside what it began before and has not ended; where the outer one ends first, the two only overlapped.
    Where the outer one never ends, it was not a part of that either: `mended` returns those.
    """

    def __init__(self) -> None:
        self._running: dict[bytes, list[tuple[Assembly, int]]] = {}
        self._open: dict[tuple[int, int], dict[int, Begun]] = {}
        self._inside: dict[tuple[int, int], list[tuple[Owned, tuple[int, ...]]]] = {}
        self.assemblies: list[Assembly] = []

    def add(self, begun: Begun, assembly: Assembly) -> None:
        """Note that one has begun, and what it lies inside of."""
        self._running.setdefault(begun.name, []).append((assembly, begun.uid))
        around = self._open.setdefault(_writer_of(assembly, begun), {})
        if not begun.parent and around:
            newest = next(reversed(around.values()))
            begun.parent = newest.uid if newest.start_ns <= begun.start_ns else newest.parent
        around[begun.uid] = begun

    def end(self, begun: Begun, assembly: Assembly) -> None:
        """Note that one has ended: what began in it and still runs did not lie inside of it."""
        writer = _writer_of(assembly, begun)
        around = self._open.get(writer, {})
        around.pop(begun.uid, None)
        for other in around.values():
            if other.parent == begun.uid:
                other.parent = begun.parent
        if not around:
            self._open.pop(writer, None)
            self._inside.pop(writer, None)

    def note(self, begun: Begun, assembly: Assembly, row: Owned) -> None:
        """Keep the row of an event that has ended, and what runs around it, until it is known whether that ends."""
        writer = _writer_of(assembly, begun)
        around = self._open.get(writer, {})
        chain, above = [], begun.parent
        while above in around:
            chain.append(above)
            above = around[above].parent
        kept = self._inside.setdefault(writer, []) if chain else []
        if len(kept) < MAX_RUNNING:
            kept.append((row, (*chain, above)))

    def mended(self) -> list[Owned]:
        """Return the rows of events inside of what never ended, with the nearest event around them that did."""
        rows = []
        for writer, kept in self._inside.items():
            for (process, row), chain in kept:
                parent = next(uid for uid in chain if uid not in self._open[writer])
                if parent != chain[0]:
                    rows.append((process, (*row[:_PARENT], parent or None, *row[_PARENT + 1 :])))
        self._inside.clear()
        return rows

    def beginner(self, process: int, event: int) -> Assembly | None:
        """Return the ring in which an event began that ends in another one: what a process marks after it has left has a ring of its own."""
        return next(
            (one for one in self.assemblies if one.account.process == process and event in one._running), None
        )

    def pop(self, name: bytes, process: int) -> tuple[Assembly, int] | None:
        """Return the newest of a name: of the same process, else of any; None where there is none."""
        found = self._running.get(name)
        if not found:
            return None
        own = [place for place, (assembly, _) in enumerate(found) if assembly.account.process == process]
        begun = found.pop(own[-1] if own else -1)
        if not found:
            del self._running[name]
        return begun


def _writer_of(assembly: Assembly, begun: Begun) -> tuple[int, int]:
    """Return process and thread of an event; a shell has one thread, however it came by its times."""
    return assembly.account.process, 0 if begun.thread == ring.BY_COMMAND else begun.thread


class Assembly:
    """The events of one ring.

    Args:
        process: The id of the process whose events they are.
        program: What it calls itself.
        since_ns: When the recording began.
        named: Shared by the rings of a recording.
    """

    def __init__(self, process: int, program: str, since_ns: int, named: EventsEndedByName) -> None:
        self.account = MarkAccount(process, program)
        self.memory = Memory(process)
        self._since_ns = since_ns
        self._named = named
        self.ends: list[tuple[int, int, Any, bytes]] = []
        self._highest = 0
        self._running: dict[int, Begun] = {}
        self._short = ShortNames()
        self._pending: dict[int, _Pending] = {}

    @property
    def is_idle(self) -> bool:
        """Whether none of its events runs."""
        return not self._running

    def add(self, slots: NDArray[np.void], now_ns: int, offset_ns: int = 0) -> list[Owned]:
        """Return the rows of the events that have ended in these slots.

        Args:
            slots: As a `RingReader` returns them.
            now_ns: Monotonic.
            offset_ns: What is added to their stamps.
        """
        if len(slots):
            self._highest = max(self._highest, int(slots["event"].max()))
        kind, at_ns = slots["kind"], slots["time"] + offset_ns
        earliest, latest = self._since_ns - PAST_NS, now_ns + FUTURE_NS
        is_whole = (kind == ring.EVENT) | (kind == ring.INSTANT)
        is_short = is_whole & (slots["length"] <= ring.INLINE) & (slots["event"] > 0)
        lasts = np.where(kind == ring.EVENT, slots["duration"], 0)
        is_short &= (at_ns >= earliest) & (lasts >= 0) & (lasts <= latest - at_ns)
        others = np.flatnonzero(~is_short & (kind != ring.VOID))
        rows = self._whole(slots[is_short], at_ns[is_short], lasts[is_short])
        for slot in slots[others]:
            rows += self._add(slot, earliest - offset_ns, latest - offset_ns, offset_ns)
        return rows

    def _add(self, one: np.void, earliest: int, latest: int, offset_ns: int) -> Iterator[Owned]:
        """Yield the rows that come of one slot."""
        mark = Mark._make(one.item())
        kind, event, length = mark.kind, mark.event, mark.length
        if kind == ring.MORE:
            waiting = self._pending.get(event)
            if waiting is None:
                return
            waiting.text += one.tobytes()[: min(length, ring.PIECE)]
            if len(waiting.text) < waiting.mark.length:
                return
            mark, text = waiting.mark, waiting.text
            kind = mark.kind
            del self._pending[event]
        elif length > ring.INLINE:
            if length <= ring.MAX_TEXT and len(self._pending) < MAX_RUNNING:
                self._pending[event] = _Pending(mark, mark.text)
            else:
                self.account.refused += 1
            return
        else:
            text = mark.text[:length]
        at_ns = mark.time + offset_ns
        if not earliest <= mark.time <= latest:
            self.account.refused += 1
        elif kind == ring.BEGIN:
            self._begin(at_ns, mark, text)
        elif kind == ring.END:
            yield from self._end(at_ns, mark, text)
        elif kind == ring.EVENT and 0 <= mark.duration <= latest - mark.time:
            self.account.begun += 1
            self.account.finished += 1
            yield self._alone(at_ns, at_ns + mark.duration, mark, text)
        elif kind == ring.INSTANT:
            self.account.instants += 1
            yield self._alone(at_ns, at_ns, mark, text)
        else:
            self.account.refused += 1

    def _begin(self, at_ns: int, mark: Mark, text: bytes) -> None:
        name, _, attributes = text.partition(b"\0")
        begun = _begun(mark, at_ns, name, attributes)
        self.account.begun += 1
        if len(self._running) >= MAX_RUNNING:
            self.account.refused += 1
            return
        self._running[begun.uid] = begun
        if not mark.event:
            self._named.add(begun, self)

    def _end(self, at_ns: int, mark: Mark, text: bytes) -> Iterator[Owned]:
        owner, event, attributes = self, mark.event, text
        if not event:
            name, _, attributes = text.partition(b"\0")
            owner, event = self._named.pop(name, self.account.process) or (self, 0)
        elif event not in self._running:
            owner = self._named.beginner(self.account.process, event) or self
        begun = owner._running.pop(event, None)
        if begun is None:
            self.account.strays += 1
            if len(self.ends) < MAX_LISTED * MAX_LISTED:
                count = as_count(mark.items) if mark.flags & ring.HAS_COUNT else None
                count = None if count is not None and count < 0 else count
                self.ends.append((mark.event, at_ns, count, attributes))
            return
        owner.account.finished += 1
        if not mark.event:
            self._named.end(begun, owner)
        if mark.thread == ring.BY_COMMAND:
            begun.thread, at_ns = ring.BY_COMMAND, max(at_ns, begun.start_ns + SHORTEST_BY_COMMAND_NS)
        if mark.flags & ring.HAS_COUNT:
            begun.count = as_count(mark.items)
        row = owner._row(begun, max(at_ns, begun.start_ns), attributes)
        if not mark.event:
            self._named.note(begun, owner, row)
        yield row

    def _alone(self, start_ns: int, end_ns: int, mark: Mark, text: bytes) -> Owned:
        """Return the row of a mark that holds start and end."""
        name, _, attributes = text.partition(b"\0")
        return self._row(_begun(mark, start_ns, name, b""), end_ns, attributes)

    def _whole(
        self, slots: NDArray[np.void], start_ns: NDArray[np.int64], lasts: NDArray[np.int64]
    ) -> list[Owned]:
        """Return the rows of marks that hold start and end, and whose text is in one slot: the bulk."""
        if not len(slots):
            return []
        instants = int(np.count_nonzero(slots["kind"] == ring.INSTANT))
        self.account.instants += instants
        self.account.begun += len(slots) - instants
        self.account.finished += len(slots) - instants
        texts = zip(slots["text"].tolist(), slots["length"].tolist(), strict=True)
        named = [read_text(text[:length]) for text, length in texts]
        counts = np.where(slots["flags"] & ring.HAS_COUNT, slots["count"], 1.0).tolist()
        counted = [as_count(number) for number in counts]
        for i in [i for i, number in enumerate(counted) if number is not None and number < 0]:
            self.account.note_odd(named[i][0])
            counted[i] = None
        self.account.cut += sum(is_cut for *_, is_cut in named)
        is_event = slots["kind"] == ring.EVENT
        names = [name for name, *_ in named]
        self._short.note(compress(names, is_event.tolist()))
        end_ns = start_ns + np.maximum(lasts, is_event)  # only an instant is over in no time at all
        rows = zip(
            slots["thread"].tolist(),
            slots["event"].tolist(),
            [parent or None for parent in slots["parent"].tolist()],
            names,
            start_ns.tolist(),
            end_ns.tolist(),
            [count if isinstance(count, int) else None for count in counted],
            [attributes for _, attributes, *_ in named],
            self.memory.peaks(start_ns, end_ns),
            [str(task) if task else None for task in slots["task"].tolist()],
            [measures for _, _, measures, _ in named],
            [repr(count) if isinstance(count, float) else None for count in counted],
            strict=True,
        )
        return [(self.account.process, row) for row in rows]

    def _row(self, begun: Begun, end_ns: int | None, attributes: bytes = b"") -> Owned:
        peak = None
        self._short.note_ended(begun, end_ns)
        if end_ns is not None:
            (peak,) = self.memory.peaks(np.array([begun.start_ns]), np.array([end_ns]))
        attributes_text, measures, is_cut = attributes_and_measures(begun.attributes, attributes)
        self.account.cut += is_cut and end_ns is not None
        count, items = begun.count, None
        if count is not None and count < 0:
            count = None
            if end_ns is not None:
                self.account.note_odd(begun.name.decode("utf-8", "replace"))
        if isinstance(count, float):
            count, items = None, repr(count)
        row = (
            begun.thread,
            begun.uid,
            begun.parent or None,
            begun.name.decode("utf-8", "replace"),
            begun.start_ns,
            end_ns,
            count,
            attributes_text,
            peak,
            str(begun.task) if begun.task else None,
            measures,
            items,
        )
        return self.account.process, row

    def announced(self) -> list[Owned]:
        """Return rows without an end for the events that run and have not been announced."""
        return [self._row(begun, None) for begun in unannounced(self._running.values())]

    def note_numbers(self, noted: Numbers) -> None:
        """Note which events have begun and are in no slot, by their numbers: a short one leaves none before it ends."""
        account, highest = self.account, max(noted.newest, self._highest)
        if noted.first:
            account.lacking += max(highest + 1 - noted.first, 0)
            account.lacking -= account.begun + account.instants + account.strays + account.refused
            account.interrupted += noted.interrupted
        elif highest > self._highest and not account.lost:
            account.begun += 1
            account.hidden += 1

    def list_running(self) -> None:
        """Name the events that have not ended in the account."""
        self.account.running = names_of(self._running.values())
        self.account.short = self._short.listed()


def _begun(mark: Mark, at_ns: int, name: bytes, attributes: bytes) -> Begun:
    count = as_count(mark.items) if mark.flags & ring.HAS_COUNT else 1
    uid = mark.event or _numbers()
    return Begun(name, at_ns, uid, mark.parent, mark.thread, mark.task, count, attributes)
