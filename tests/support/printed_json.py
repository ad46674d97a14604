"""What a command printed with `--json`."""

from __future__ import annotations

import json
from typing import Any


def as_json(found: tuple[int, str, str]) -> dict[str, Any]:
    """Return what a command that succeeded printed: its status, output and errors are given."""
    assert found[0] == 0, found[2]
    data: dict[str, Any] = json.loads(found[1])
    return data
