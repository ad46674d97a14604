"""Reads what a recording holds about its sources and their channels."""

from __future__ import annotations

from powermeter.channel import Channel
from powermeter.recording import json_validation
from powermeter.recording.protocol import SourceInfo
from powermeter.recording.rows import Rows, parse_json
from powermeter.result.notes import Note


def sources_of(rows: Rows) -> list[SourceInfo]:
    """Return the sources of a recording with their channels; one whose description is damaged is left out."""
    channels: dict[int, list[tuple[int, Channel]]] = {}
    broken: set[int] = set()
    for _, source, position, name, spec in rows.sound("channel"):
        try:
            channels.setdefault(source, []).append((position, json_validation.channel(parse_json(spec))))
        except (KeyError, TypeError, ValueError, AttributeError):
            rows.warn(Note.warning("channel-not-understood", f"channel {name!r} is not understood"))
            broken.add(source)
    sources = []
    for identifier, url, name, driver, info, count in rows.sound("source"):
        ordered = sorted(channels.get(identifier, []), key=lambda pair: pair[0])
        names = {channel.name for _, channel in ordered}
        whole = [position for position, _ in ordered] == list(range(min(count, len(ordered) + 1)))
        if not whole or not ordered or len(names) != len(ordered) or identifier in broken:
            rows.warn(Note.warning("source-left-out", f"source {name!r} has lost channels and is left out"))
            continue
        facts = rows.json(info, f"the description of {name!r}")
        described = facts if isinstance(facts, dict) else {}
        sources.append(
            SourceInfo(identifier, url, name, driver, described, tuple(channel for _, channel in ordered))
        )
    return sources
