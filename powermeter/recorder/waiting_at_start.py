"""How long a program waits for its recorder's start, when the instrument that holds it up is named, and with what error it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event

from powermeter.errors import DataError, OpenError, PowermeterError, Reason

READY_S = 30.0
"""After this long the start has failed."""
WAIT_S = 2.0
"""After this long in the opening of an instrument its name is printed."""


def wait(
    ready: Event, is_running: Callable[[], bool], opening: Callable[[], str], notice: Callable[[str], None]
) -> bool:
    """Return whether the recorder became ready or ended by itself within the time it has.

    Args:
        ready: Set once it records.
        is_running: Returns whether its process lives.
        opening: Returns the URL that it is opening; nothing where it is at something else.
        notice: Prints a line.
    """
    began = time.monotonic()
    announced = ""
    while not ready.wait(0.05) and is_running():
        waited = time.monotonic() - began
        if waited > READY_S:
            return False
        if waited > WAIT_S and opening() != announced:
            announced = opening()
            notice(f"waiting for {announced} to open")
    return True


def held_up(creating: str, opening: str, urls: Sequence[str]) -> PowermeterError:
    """Return the error that names what held the start up: the file that is being created, else the instrument."""
    if creating:
        return DataError(
            f"{creating} could not be created within {READY_S:.0f} s: its disk is too slow or hangs"
        )
    return OpenError(
        f"{opening or ', '.join(urls)}: it did not open within {READY_S:.0f} s; "
        "check its cable and whether another program uses it",
        Reason.NO_ANSWER,
    )
