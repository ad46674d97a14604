"""What names an instrument in the keys of its errors, so that they cancel only between results of that one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powermeter.recording.protocol import RecordingLike, SourceInfo

_MARK = " #"


def serial_of(info: Mapping[str, Any], rail: str = "") -> str:
    """Return the serial number or id among the facts of a source; empty where it is not known.

    Args:
        rail: Of a source of several cards, the rail of one of them, whose own id it then is.
    """
    of_rail = (card for card in info.get("cards") or () if rail and card.get("rail") == rail)
    facts = next(of_rail, info)
    return str(facts.get("serial") or facts.get("serial_number") or facts.get("uuid") or "")


def instrument_of(recording: RecordingLike, source: SourceInfo) -> str:
    """Return what stands for its serial number, or for the machine it hung on; empty where neither is known.

    A short one-way hash: keys of errors go into exports and reports, and neither name nor number belongs there.
    """
    info, host = source.info or {}, (recording.metadata or {}).get("host")
    serial = serial_of(info)
    if serial or source.url.startswith("import:"):
        return _hashed(serial)
    facts = [host.get(key) for key in ("name", "board", "cpu")] if isinstance(host, Mapping) else [host]
    return _hashed(unnamed(recording) or next((str(fact) for fact in facts if fact), ""))


def unnamed(recording: RecordingLike) -> str:
    """Return what a recording that keeps its machine's name to itself is known by; empty for any other.

    Boards of one kind are alike in all that it reports, and their meters are not one: it is like its own copies only.
    """
    metadata = recording.metadata or {}
    if not (metadata.get("private") or metadata.get("shared")):
        return ""
    first = min(recording.clock_pairs(), default=None)
    return repr(first or metadata.get("started_utc") or id(recording))


def _hashed(name: str) -> str:
    import hashlib  # it loads OpenSSL, which a recorder that asks for a serial number has no use for

    return hashlib.blake2s(name.encode(), digest_size=5).hexdigest() if name else ""


def origin_of(source: SourceInfo, channel: str, instrument: str) -> str:
    """Return what a channel's errors are named after: equal meters on two machines share none."""
    known = f"{source.name or source.url}/{channel}"
    own = serial_of(source.info or {}, rail=channel.partition(".")[0])
    if instrument and own:  # a card's, whichever others were read beside it
        instrument = _hashed(own)
    return f"{known}{_MARK}{instrument}" if instrument else known


def of_any(key: str) -> str:
    """Return the key of an error without its instrument, for who decides otherwise which instruments are one."""
    return key.partition(_MARK)[0]
