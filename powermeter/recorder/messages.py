"""One JSON line at a time from the recorder process to its parent, who may be gone, stopped or slow."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from powermeter.recorder.null_device import open_null, put_null

_to_parent: TextIO | None = None
"""The pipe to the parent, once it was taken; standard output before that."""


def take_pipes() -> TextIO:
    """Keep both pipes of the parent for messages alone, and return the one that orders come through.

    What a driver prints, reads or closes is then the null device, and a program that it leaves behind holds neither.
    """
    global _to_parent
    orders, _to_parent = _moved(sys.stdin, 0, os.O_RDONLY), _moved(sys.stdout, 1, os.O_WRONLY)
    return orders


def _moved(stream: TextIO, number: int, mode: int) -> TextIO:
    kept = os.fdopen(os.dup(stream.fileno()), "w" if mode else "r", encoding="utf-8", errors="replace")
    put_null(mode, number)
    return kept


def send(message: Mapping[str, Any]) -> None:
    """Send one line to the parent, who may be gone."""
    global _to_parent
    pipe = _to_parent or sys.stdout
    try:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()
    except (OSError, ValueError):
        nowhere = os.fdopen(open_null(os.O_WRONLY), "w")  # stays for the rest of the process
        if _to_parent is None:
            sys.stdout = nowhere
        else:
            _to_parent = nowhere


def notice(text: str) -> None:
    """Have the parent print one line, where it can take one."""
    if can_send():
        send({"type": "notice", "text": text})


def can_send() -> bool:
    """Return whether a line to the parent would not wait."""
    try:
        return sys.platform == "win32" or bool(select.select([], [_to_parent or sys.stdout], [], 0)[1])
    except (OSError, ValueError):
        return True
