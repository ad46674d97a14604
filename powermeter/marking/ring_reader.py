"""Reads one ring: which slots are whole, and what the writer counted.

It reads with `pread`, never through a mapping: a writer that cuts its file short must not end the reader.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.marking import ring

SETTLE_NS = 4_000_000
"""How long a slot has been whole before it is taken: its bytes may arrive in another order on another core."""
TORN_NS = 1_500_000_000
"""How long a slot may lack while later ones are whole, before its writer is taken for interrupted inside it."""
INTERRUPTED_NS = 200_000_000
"""The same where the writer notes that an exception came out of a mark: a ring that fills meanwhile holds the program up."""
MAX_AT_ONCE = 1 << 17
"""Slots that are taken at a time."""

SLOT = np.dtype(
    [
        ("time", "<i8"),
        ("count", "<f8"),
        ("duration", "<i8"),
        ("parent", "<u4"),
        ("thread", "<u4"),
        ("task", "<u4"),
        ("text", "V12"),
        ("event", "<u4"),
        ("length", "<u2"),
        ("kind", "u1"),
        ("flags", "u1"),
        ("sequence", "<u8"),
    ]
)


class Mark(NamedTuple):
    """One slot, field by field in the order of `SLOT`; `items` is its count."""

    time: int
    items: float
    duration: int
    parent: int
    thread: int
    task: int
    text: bytes
    event: int
    length: int
    kind: int
    flags: int
    sequence: int


_LOOK = 64
_WORD = struct.Struct("<Q")
_HEADER_WORDS = struct.Struct(f"<{ring.FIRST + 1}Q")
_WRITERS = struct.Struct(f"<{ring.LATE - ring.LOST + 1}Q")


class WriterCounts(NamedTuple):
    """The writer's words: slots lost, ns waited, slots it wants committed, how it left, marks an exception took from a full ring, what was set too late."""

    lost: int
    waited_ns: int
    wanted: int
    left: int
    given_up: int
    late: int


class Numbers(NamedTuple):
    """Numbers of a writer's events, each 0 where it is not noted: of the newest, and the first from which on all are this ring's; marks an exception came out of."""

    newest: int
    first: int
    interrupted: int


class RingReader:
    """One ring of a recording, opened for reading.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be opened, or is something else than a file.
        ValueError: It is not a ring, or not whole yet.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        flags = (
            os.O_RDWR
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_CLOEXEC", 0)
        )
        self._file = os.open(path, flags)
        try:
            self._read_header()
        except BaseException:
            os.close(self._file)
            raise
        self.taken = 0
        self._seen = 0
        self._seen_ns = 0
        self._likely = _LOOK
        self._stuck_at, self._stuck_ns = -1, 0
        self.torn = 0
        """Slots that were passed over: a signal's handler or a kill came between a mark's number and its slot."""

    def _read_header(self) -> None:
        found = os.fstat(self._file)
        head = os.pread(self._file, ring.HEADER_BYTES, 0)
        if not stat.S_ISREG(found.st_mode) or len(head) < ring.HEADER_BYTES:
            raise ValueError("no ring")
        magic, self.capacity, self.clock, process, self.namespace = ring.HEADER.unpack_from(head)
        if (
            magic != ring.MAGIC
            or not 0 < self.capacity <= ring.MAX_CAPACITY
            or self.capacity & (self.capacity - 1)
        ):
            raise ValueError("no ring")
        if found.st_size < ring.HEADER_BYTES + self.capacity * ring.SLOT_BYTES or self.clock > ring.UTC:
            raise ValueError("no ring")
        self.process = process & 0x7FFFFFFF
        name = head[ring.PROGRAM_AT : ring.PROGRAM_AT + ring.PROGRAM_BYTES].partition(b"\0")[0]
        self.program = name.decode("utf-8", "replace")

    def take(self, now_ns: int, most: int = MAX_AT_ONCE) -> NDArray[np.void]:
        """Return the slots that have been whole for a while, in order, `most` of them at most, and free them for the writer."""
        at = self.taken & (self.capacity - 1)
        wanted = min(self.capacity - at, most, self._likely)
        data = os.pread(self._file, wanted * ring.SLOT_BYTES, ring.HEADER_BYTES + at * ring.SLOT_BYTES)
        slots = np.frombuffer(data[: len(data) // ring.SLOT_BYTES * ring.SLOT_BYTES], SLOT)
        expected = np.arange(self.taken + 1, self.taken + 1 + len(slots), dtype=np.uint64)
        wrong = np.flatnonzero(slots["sequence"] != expected)
        whole = int(wrong[0]) if len(wrong) else len(slots)
        accepted = 0
        if now_ns - self._seen_ns >= SETTLE_NS:
            accepted = min(whole, self._seen - self.taken)
            self._seen, self._seen_ns = self.taken + whole, now_ns
        self._likely = MAX_AT_ONCE if whole == wanted else max(_LOOK, 2 * whole)
        if not whole:
            self._pass_over(slots, now_ns)
        if accepted:
            self.taken += accepted
            self._set(ring.TAKEN, self.taken)
        return slots[:accepted]

    def _pass_over(self, ahead: NDArray[np.void], now_ns: int) -> None:
        """Pass over the next slot where it has lacked for long, although some of those after it are whole."""
        missing = _LOOK - len(ahead)
        found = ahead["sequence"]
        if missing > 0:  # the ring's end: the next ones are at its beginning
            data = os.pread(self._file, missing * ring.SLOT_BYTES, ring.HEADER_BYTES)
            begin = np.frombuffer(data[: len(data) // ring.SLOT_BYTES * ring.SLOT_BYTES], SLOT)
            found = np.concatenate([found, begin["sequence"]])
        expected = np.arange(self.taken + 1, self.taken + 1 + len(found), dtype=np.uint64)
        later = np.flatnonzero(found == expected)
        if not len(later):
            self._stuck_at = -1
        elif self._stuck_at != self.taken:
            self._stuck_at, self._stuck_ns = self.taken, now_ns
        elif now_ns - self._stuck_ns >= self._patience_ns():
            self.torn += int(later[0])
            self.taken += int(later[0])
            self._seen = self.taken
            self._set(ring.TAKEN, self.taken)

    def _patience_ns(self) -> int:
        (interrupted,) = _WORD.unpack(os.pread(self._file, _WORD.size, ring.INTERRUPTED * 8).ljust(8, b"\0"))
        return INTERRUPTED_NS if interrupted > self.torn else TORN_NS

    def rest(self) -> NDArray[np.void]:
        """Return the whole slots beyond what was taken, in order, whatever lacks between them, and free them."""
        beyond = self._whole_beyond(self.taken)
        found: NDArray[np.void] = beyond[beyond["sequence"] <= self.taken + self.capacity]
        if len(found):
            newest = int(found["sequence"][-1])
            self.torn += newest - self.taken - len(found)
            self.taken = self._seen = newest
            self._set(ring.TAKEN, newest)
        return found

    def left_over(self) -> NDArray[np.void]:
        """Return the whole slots that no recorder has written down, in order; nothing is changed."""
        (committed,) = _WORD.unpack(os.pread(self._file, _WORD.size, ring.COMMITTED * 8))
        return self._whole_beyond(committed)

    def _whole_beyond(self, number: int) -> NDArray[np.void]:
        """Return the slots of the ring that are whole and later than the first `number`, in order."""
        data = os.pread(self._file, self.capacity * ring.SLOT_BYTES, ring.HEADER_BYTES)
        slots = np.frombuffer(data[: len(data) // ring.SLOT_BYTES * ring.SLOT_BYTES], SLOT)
        places = (slots["sequence"].astype(np.int64) - 1) & (self.capacity - 1)
        fits = (slots["sequence"] > number) & (places == np.arange(len(slots)))
        found: NDArray[np.void] = slots[fits][np.argsort(slots["sequence"][fits], kind="stable")]
        return found

    def is_drained(self, now_ns: int) -> bool:
        """Return whether the last look, a moment ago, found nothing beyond what was taken."""
        return self._seen == self.taken and self._seen_ns == now_ns

    def numbers(self) -> Numbers:
        """Return what the writer notes of the numbers of its events."""
        words = _HEADER_WORDS.unpack(
            os.pread(self._file, _HEADER_WORDS.size, 0).ljust(_HEADER_WORDS.size, b"\0")
        )
        return Numbers(words[ring.NEWEST], words[ring.FIRST], words[ring.INTERRUPTED])

    def counts(self) -> WriterCounts:
        """Return what the writer notes of itself."""
        data = os.pread(self._file, _WRITERS.size, ring.LOST * 8)
        words = _WRITERS.unpack(data.ljust(_WRITERS.size, b"\0"))
        lost, waited_ns, wanted, left = words[:4]
        return WriterCounts(
            lost, waited_ns, wanted, left, words[ring.GIVEN_UP - ring.LOST], words[ring.LATE - ring.LOST]
        )

    def close_for_writer(self) -> None:
        """Notify the writer that the recording has ended."""
        self._set(ring.CLOSED, 1)

    def note_committed(self, slots: int) -> None:
        """Notify the writer how many slots are in the file."""
        self._set(ring.COMMITTED, slots)

    def _set(self, word: int, value: int) -> None:
        os.pwrite(self._file, _WORD.pack(value), word * 8)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
