"""What names an instrument in the keys of its errors, so that they cancel only between results of that one."""

from __future__ import annotations

from collections.abc import Mapping

from powermeter.recording.protocol import RecordingLike, SourceInfo

_MARK = " #"


def instrument_of(recording: RecordingLike, source: SourceInfo) -> str:
    """Return its serial number, or the machine it hung on; empty where neither is known."""
    info, host = source.info or {}, (recording.metadata or {}).get("host")
    serial = info.get("serial") or info.get("serial_number")
    if serial or source.url.startswith("import:"):
        return str(serial or "")
    facts = [host.get(key) for key in ("name", "board", "cpu")] if isinstance(host, Mapping) else [host]
    return next((str(fact) for fact in facts if fact), "")


def origin_of(source: SourceInfo, channel: str, instrument: str) -> str:
    """Return what a channel's errors are named after: equal meters on two machines share none."""
    known = f"{source.name or source.url}/{channel}"
    return f"{known}{_MARK}{instrument}" if instrument else known


def of_any(key: str) -> str:
    """Return the key of an error without its instrument, for who decides otherwise which instruments are one."""
    return key.partition(_MARK)[0]
