"""When a source that fails is opened again, with which pauses, and what must not have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from powermeter.errors import ReadError, Reason
from powermeter.recorder.reader_output import Health
from powermeter.recording.encodable_text import one_line
from powermeter.recording.error_origins import serial_of
from powermeter.source import Source

REOPEN_AFTER = 3
"""Failures in a row after which a polled source is closed and opened again."""

BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before each try; the last one is kept."""


ANOTHER_INSTRUMENT = (
    "another one answers, with another serial number or id; it is not recorded: connect the first one again,"
    " or begin a new recording"
)


def identity(source: Source) -> str:
    """Return the serial number of an open source, or the ids of its cards; empty where neither is known."""
    with suppress(Exception):  # facts of a driver that fails are nothing to recognise it by
        return serial_of(source.info())
    return ""


def reopen(
    source: Source,
    stop_asked: threading.Event,
    health: Health,
    *,
    of: str = "",
    refused: Callable[[str], None] = lambda why: None,
) -> bool:
    """Close a source and try to open it until it is back; return False where it is to stop before.

    Args:
        source: It has failed.
        stop_asked: Ends the waiting.
        health: Where each failure is noted.
        of: What it must be, as `identity` returned it; empty for any. One that reports neither serial number nor id is taken for it.
        refused: Called with the reason each time that another instrument answers in its place.

    Raises:
        ReadError: It came back with other channels.
    """
    channels = source.channels
    source.close()
    for attempt in range(1 << 30):
        if stop_asked.wait(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]):
            break
        try:
            source.open()
        except BaseException as error:  # noqa: BLE001 – it is as lost as before; its reason is kept
            health.last_error = one_line(error) or type(error).__name__
            source.close()
            continue
        if of and (identity(source) or of) != of:  # first: another one may have other channels too
            health.last_error = f"{source.name}: {ANOTHER_INSTRUMENT}"
            refused(health.last_error)
            source.close()
            continue
        if source.channels != channels:
            raise ReadError(f"{source.name} came back with other channels", Reason.WRONG_DEVICE)
        health.reopened += 1
        return True
    return False
