"""The profile that ONNX Runtime writes when profiling is enabled: each run of the model is an event.

Times in it count from the profile's begin, which stands in its name, in local time to the millisecond
(`onnxruntime_profile__2026-11-26_15-23-25_213.json`).  Which zone that is, the time of the file shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from powermeter.errors import DataError
from powermeter.marking.printed_lines import PrintedEvent

FORMAT = "onnxruntime"
MOST_BYTES = 1 << 28
_NAME = re.compile(r".*_(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)(?:_(\d{3}))?\.json")
_RUN, _LOADS = "model_run", ("model_loading", "session_initialization")
_QUARTER_US = 900_000_000
_HALF_MS_US = 500


def profiles(folder: Path, since_utc_ns: int) -> list[Path]:
    """Return the profiles in a folder that were written since then."""
    try:
        listed = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
        return [path for path in listed if path.is_file() and path.stat().st_mtime_ns >= since_utc_ns]
    except OSError:
        return []


def runs(path: Path, offset_ns: int) -> list[PrintedEvent]:
    """Return the runs and the loading of a profile.

    Args:
        offset_ns: Monotonic less UTC.

    Raises:
        DataError: It is none, or its name does not state when it began to the millisecond.
    """
    match = _NAME.fullmatch(path.name)
    if match is None or match[2] is None:
        raise DataError(
            f"{path.name}: its name does not state to the millisecond when it began; use a newer ONNX Runtime"
        )
    entries = _entries(path)
    last_us = max((entry["ts"] + entry["dur"] for entry in entries), default=0)
    named = datetime.strptime(match[1], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=timezone.utc)
    local_us = int(named.timestamp()) * 1_000_000 + int(match[2]) * 1000 + _HALF_MS_US
    apart_us = path.stat().st_mtime_ns // 1000 - last_us - local_us
    begin_ns = (local_us + round(apart_us / _QUARTER_US) * _QUARTER_US) * 1000 + offset_ns
    found = []
    for entry in entries:
        name = entry["name"]
        label = name if name == _RUN else "load" if name.startswith(_LOADS) else ""
        if entry["cat"] == "Session" and label:
            start = begin_ns + entry["ts"] * 1000
            # How many items a run is, the profile does not hold.
            count = None if label == _RUN else 1
            found.append(
                PrintedEvent(label, start, start + entry["dur"] * 1000, count, {"profile": path.name})
            )
    return sorted(found, key=lambda one: one.start_ns)


def _entries(path: Path) -> Sequence[dict[str, Any]]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path.name}: a profile of more than {MOST_BYTES >> 20} MiB is not read")
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is not a profile of ONNX Runtime: {error}") from None
    if not isinstance(values, list):
        raise DataError(f"{path.name} is not a profile of ONNX Runtime")
    return [
        entry
        for entry in values
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("cat"), str)
        and all(type(entry.get(key)) is int and 0 <= entry[key] < 1 << 53 for key in ("ts", "dur"))
    ]
