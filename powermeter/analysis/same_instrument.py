"""Which recordings were made by one instrument: they share its errors, which then cancel in a difference."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from powermeter.recording.error_origins import serial_of, unnamed
from powermeter.recording.protocol import RecordingLike
from powermeter.signals.line import Line


def instrument(recording: RecordingLike, line: Line) -> str:
    """Name the instrument that measured a rail and its calibration, so that two recordings of one are known for it.

    By its serial number or, of a card, its id; without one, by its URL on the machine it hung on; where that keeps its name to itself, by the recording.  A meter read by eye is
    known by what its display shows.  An imported log without a serial number is like no other.
    """
    source = next((s for s in recording.sources if str(s.id) == line.source), None)
    if source is None:
        return f"recording {id(recording)}"
    info = getattr(source, "info", None) or {}
    serial = serial_of(info, line.rail.name)
    metadata = getattr(recording, "metadata", None) or {}
    host = metadata.get("host") or {}
    machine = [host.get(k) for k in ("name", "board", "cpu")] if isinstance(host, Mapping) else [host]
    scheme = source.url.partition("://")[0]
    if serial:
        known: list[Any] = [source.driver, serial]
    elif scheme == "import":
        known = [source.url, str(getattr(recording, "path", id(recording)))]
    elif scheme == "manual":
        known = [scheme, source.url.partition("?")[2], *machine]
    else:
        known = [source.url.partition("?")[0], *machine, unnamed(recording)]
    notes = recording.facts("calibration")
    if notes:
        known.append(short_name(json.dumps(notes, sort_keys=True, default=str)))
    return "|".join(map(str, [*known, line.rail.name]))


def short_name(text: str, digits: int = 10) -> str:
    """Return a short name, in hexadecimal digits, that differs where the text does, whatever its encoding."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:digits]
