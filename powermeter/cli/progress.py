"""What takes longer than two seconds says so on a terminal: how far it is, and how long it still takes where that is known."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, TypeVar

from powermeter.cli.outputs import TROUBLE
from powermeter.errors import printable
from powermeter.units import format_duration

Item = TypeVar("Item")

AFTER_S = 2.0
EVERY_S = 0.5
LEAST = 0.02
"""A share done below this tells nothing of the time left."""


def message(what: str, seconds: float, share: float | None, width: int) -> str:
    """Return `writing x.csv: 34 %, 12.0 s left`, or how long it has taken where the share done is not known."""
    if share is None or share < LEAST:
        state = f"{format_duration(round(seconds))} so far"
    else:
        left = seconds * (1 - min(share, 1.0)) / share
        state = f"{100 * min(share, 1.0):.0f} %, {format_duration(max(round(left), 1))} left"
    room = max(width - len(state) - 2, 0)
    name = printable(what)
    name = name if len(name) <= room else f"{name[: max(room - 1, 0)]}…"
    return f"{name}: {state}" if room > 8 else state


@contextmanager
def progress(what: str, stream: TextIO | None = None) -> Iterator[Callable[[float], None]]:
    """Draw one line on standard error while the block takes long; off a terminal nothing is drawn.

    Returns:
        A function that takes the share done, 0 to 1.
    """
    stream = stream or sys.stderr
    done, share = threading.Event(), [0.0]
    began = time.monotonic()

    def note(part: float) -> None:
        share[0] = part

    def draw() -> None:
        if done.wait(AFTER_S):
            return
        while True:
            width = shutil.get_terminal_size((80, 24)).columns - 1
            text = message(what, time.monotonic() - began, share[0] or None, width)
            with suppress(*TROUBLE):
                stream.write(f"\r\x1b[K{text}")
                stream.flush()
            if done.wait(EVERY_S):
                break
        with suppress(*TROUBLE):
            stream.write("\r\x1b[K")
            stream.flush()

    if not _is_terminal(stream):
        yield note
        return
    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        yield note
    finally:
        done.set()
        thread.join()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    except TROUBLE:
        return False


def counted(
    items: Iterable[Item], size: Callable[[Item], int], total: int, note: Callable[[float], None]
) -> Iterator[Item]:
    """Yield items, and note after each how large a part of the total has been taken."""
    taken = 0
    for item in items:
        yield item
        taken += size(item)
        note(taken / total if total else 1.0)
