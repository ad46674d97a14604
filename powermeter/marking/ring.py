"""The ring: a file of 64-byte slots in which one process leaves its marks, in any language.

`docs/marks.md` describes the layout for people who write a program in another language; the numbers are here.
This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import os
from _thread import get_ident
from mmap import mmap
from struct import Struct
from time import monotonic_ns

from powermeter.marking.memory_map import mapped

MAGIC = b"PMMARKS1"
HEADER_BYTES, SLOT_BYTES = 4096, 64
CAPACITY, SMALL_CAPACITY = 1 << 15, 1 << 8
"""Slots of a ring that Python makes: 2 MiB, or 20 KiB where there is not so much shared memory."""
MAX_CAPACITY = 1 << 20
SUFFIX = ".ring"

VOID, BEGIN, END, INSTANT, EVENT, MORE = range(6)
"""What a slot holds: nothing; a mark; an event that has ended, in one; or more of the text of the slot before."""
HAS_COUNT = 1
"""The flag of a mark whose `count` is stated; NaN then means: not known."""
BY_COMMAND = 0xFFFF_FFFF
"""The thread of a mark whose time is that at which `powermeter mark` ended or was started, as `events.BY_COMMAND`."""

INLINE, PIECE = 12, 48
"""Bytes of text in the slot of a mark, and in each that holds more of it."""
MAX_NAME = 4000
MAX_TEXT = 16_000
"""Bytes of text a mark may have: its name, and after a zero byte its attributes as a JSON object."""

MONOTONIC, UTC = 0, 1
"""What the time stamps of a ring count from: the system's monotonic clock, or 1970."""

HEADER = Struct("<8sIIQQ")
"""Magic, capacity, clock, process id, inode of its process-id namespace (0: not known)."""
SLOT = Struct("<qdqIII12sIHBBQ")
"""Time in ns, count, duration in ns (of an `EVENT`, whose time is its start), parent, thread, task, text, event, length of the whole text, kind, flags, sequence.

The sequence is the slot's index since the start plus 1, and is stored last: a slot is whole when it is there.
"""
BRIEF_SLOT = Struct("<qdqIII12sIIQ")
"""The same, with length, kind and flags in one number (`brief_kind`)."""
MORE_TEXT = Struct("<48sIHBBQ")
"""Text, event, length of this piece, kind, flags, sequence."""

# Words (64 bits) of the header; `docs/marks.md` describes each by its name. Three are the recorder's: taken, closed, committed.
LOST, WAITED_NS, WANTED, LEFT, TAKEN, CLOSED, COMMITTED, NEWEST = range(4, 12)
OWN = range(12, 16)
"""Words that a writer may keep numbers of its own in, as the C header does: nobody else reads them."""
INTERRUPTED, GIVEN_UP, LATE, FIRST = range(24, 28)
IN_ORDER, BY_METER = 1, 2
"""What `LEFT` holds: the process noted that it leaves, or the Meter of its own whose recording this is was left."""
PROGRAM_AT, PROGRAM_BYTES = 128, 64


def name_bytes(name: str) -> bytes:
    """Return a name as a ring holds it; one that is too long ends in its length and checksum, so that two of them stay two."""
    text = name.encode("utf-8", "backslashreplace").replace(b"\0", b"\\0")
    if len(text) <= MAX_NAME:
        return text
    from binascii import crc32

    mark = f"\u2026 (cut, {len(text)} bytes, {crc32(text):08x})".encode()
    return text[: MAX_NAME - len(mark)].decode("utf-8", "ignore").encode() + mark


def brief_kind(text: bytes) -> int:
    """Return length, kind and flags of an event that fits into one slot, as `BRIEF_SLOT` holds them; 0 where it does not fit."""
    return len(text) | EVENT << 16 | HAS_COUNT << 24 if 0 < len(text) <= INLINE else 0


def create(folder: str, process: int, capacity: int, program: bytes = b"", clock: int = MONOTONIC) -> mmap:
    """Return the mapping of a new ring.

    Args:
        folder: The folder of marks of a recording.
        process: The id of the process whose events these are.
        capacity: Slots; a power of two.
        program: What to call the process, UTF-8.
        clock: `MONOTONIC` or `UTC`.

    Raises:
        OSError: The folder is gone or full.
    """
    name = f"{process}-{monotonic_ns()}-{get_ident()}{SUFFIX}"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(f"{folder}/{name}", flags, 0o600)
    try:
        size = HEADER_BYTES + capacity * SLOT_BYTES
        os.ftruncate(descriptor, size)
        mapping = mapped(descriptor, size)
    except OSError:
        os.unlink(f"{folder}/{name}")
        raise
    finally:
        os.close(descriptor)
    mapping[PROGRAM_AT : PROGRAM_AT + PROGRAM_BYTES] = program[:PROGRAM_BYTES].ljust(PROGRAM_BYTES, b"\0")
    HEADER.pack_into(mapping, 0, MAGIC, capacity, clock, process, namespace())
    return mapping


def namespace() -> int:
    """Return the inode of this process's process-id namespace; 0 where there is none."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
