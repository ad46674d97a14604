"""One JSON line at a time from the recorder process to its parent, who may be gone, stopped or slow."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from typing import Any


def send(message: Mapping[str, Any]) -> None:
    """Send one line to the parent, who may be gone."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 – stays for the rest of the process


def notice(text: str) -> None:
    """Have the parent print one line, where it can take one."""
    if can_send():
        send({"type": "notice", "text": text})


def can_send() -> bool:
    """Return whether a line to the parent would not wait."""
    try:
        return sys.platform == "win32" or bool(select.select([], [sys.stdout], [], 0)[1])
    except (OSError, ValueError):
        return True
