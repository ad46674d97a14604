"""A mark left by a process that does nothing else: a shell's.  Begin and end are two processes and pair by name."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.marking import json_text, recordings, ring
from powermeter.marking.span import LOADED_NS

CAPACITY = 512
"""Slots: enough for one mark with the longest text."""
MAX_START_NS = 3_000_000_000
"""How long Python may take to start, on a slow board, before the process is thought to have been something else first."""
KINDS = {"begin": ring.BEGIN, "end": ring.END, "instant": ring.INSTANT}


def leave(
    folder: str,
    kind: str,
    name: str,
    count: float | None = None,
    attributes: Mapping[str, Any] | None = None,
    *,
    at_ns: int | None = None,
    clock: int = ring.MONOTONIC,
    is_own_time: bool = False,
) -> None:
    """Leave one mark for the recorder, in the name of the process that started this one.

    Args:
        folder: The folder of marks.
        kind: `begin`, `end` or `instant`.
        name: What begins; an end ends the newest of that name.
        count: Items; None where nothing is stated, NaN where they are not known.
        attributes: Free values.
        at_ns: When; this moment where None.
        clock: What `at_ns` counts from.
        is_own_time: Whether the command itself took the time, so that it is off by what starting and ending it lasts.

    Raises:
        OSError: The recording has ended, or is another user's: `refusal` states which.
    """
    text = ring.name_bytes(name)
    if attributes:
        text += b"\0" + json_text.encode(attributes)
    text = text[: ring.MAX_TEXT]
    made = ring.create(folder, os.getppid(), CAPACITY, b"powermeter mark", clock)
    for index, first in enumerate(range(ring.INLINE, len(text), ring.PIECE), 1):
        piece = text[first : first + ring.PIECE]
        place = ring.HEADER_BYTES + index * ring.SLOT_BYTES
        ring.MORE_TEXT.pack_into(made, place, piece, 0, len(piece), ring.MORE, 0, index + 1)
    number = float("nan") if count is None else count
    flags = ring.HAS_COUNT if count is not None else 0
    words = memoryview(made)[: ring.HEADER_BYTES].cast("Q")
    thread = ring.BY_COMMAND if is_own_time else 0
    rest = (0, thread, 0, text[: ring.INLINE], 0, len(text), KINDS[kind], flags, 1)
    stamp = time.monotonic_ns() if at_ns is None else at_ns
    ring.SLOT.pack_into(made, ring.HEADER_BYTES, stamp, number, 0, *rest)
    words[ring.LEFT] = 1


def moment(kind: str, at: str | None) -> tuple[int | None, int]:
    """Return the moment that counts for a mark in ns, and the clock it is of; None for when the mark is left.

    The command's own start and end are not work of the script's: a begin counts from when it is left, any other mark from
    when the command was started.

    Args:
        kind: `begin`, `end` or `instant`.
        at: As typed: nanoseconds of the monotonic clock, or seconds since 1970 with a point.

    Raises:
        ConfigurationError: `at` is neither.
    """
    if at is not None:
        return _typed(at)
    return (None if kind == "begin" else started_ns()), ring.MONOTONIC


def _typed(at: str) -> tuple[int, int]:
    text = at.replace(",", ".")  # bash writes the point of the user's language
    whole, point, part = text.partition(".")
    if not whole.isdecimal() or (point and not part.isdecimal()) or len(text) > 40:
        raise ConfigurationError(f"--at {at!r}: write nanoseconds of the monotonic clock, or $EPOCHREALTIME")
    if not point:
        return int(whole), ring.MONOTONIC
    return int(whole) * 1_000_000_000 + int(part[:9].ljust(9, "0")), ring.UTC


def started_ns() -> int:
    """Return when this command was started, on the monotonic clock, to ± 5 ms on Linux: the middle of a tick, or less where it has
    used more time than that.

    A shell may replace itself by its last command, which then has the shell's own start: such a process has waited
    for children, or is old.  There, and on other systems, it is the moment at which this package was loaded.
    """
    now = time.monotonic_ns()
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        since_boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        of_children = [
            int(fields[place]) for place in (8, 10, 13, 14)
        ]  # proc(5): cminflt, cmajflt, cutime, cstime
        started = now - since_boot + int(fields[19]) * tick_ns + tick_ns // 2
    except (OSError, ValueError, IndexError, AttributeError):
        return LOADED_NS
    is_fresh = not any(of_children) and LOADED_NS - started < MAX_START_NS
    return min(LOADED_NS, started, now - time.process_time_ns()) if is_fresh else LOADED_NS


def folder() -> str | None:
    """Return the folder of marks of the innermost recording that this process belongs to; None where there is none."""
    found = recordings.find()
    return found[-1] if found else None


def refusal(folder: str, error: OSError) -> str:
    """Return why a mark could not be left, in words; one of another user is counted where that may be noted."""
    if not recordings.is_barred(folder):
        return "the recording has ended"
    note = recordings.LostNote(folder)
    note.why = error.errno or 0
    note.write(1)
    return "the recording is another user's"
