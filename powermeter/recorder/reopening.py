"""When a source that fails is opened again, with which pauses, and what must not have changed."""

from __future__ import annotations

import threading

from powermeter.errors import ReadError, Reason
from powermeter.recorder.harvest import Health
from powermeter.recording.encodable_text import one_line
from powermeter.source import Source

REOPEN_AFTER = 3
"""Failures in a row after which a polled source is closed and opened again."""

BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before each try; the last one is kept."""


def reopen(source: Source, stop_asked: threading.Event, health: Health) -> bool:
    """Close a source and try to open it until it is back; return False where it is to stop before.

    Raises:
        ReadError: Another instrument came back.
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
        if source.channels != channels:
            raise ReadError(f"{source.name} came back with other channels", Reason.WRONG_DEVICE)
        health.reopened += 1
        return True
    return False
