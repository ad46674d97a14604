"""Opens the sources of a recording; whatever somebody else's driver raises there is one error that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from powermeter import registry
from powermeter.channel import Channel
from powermeter.errors import OpenError, PowermeterError, Reason
from powermeter.recorder.messages import send
from powermeter.recording import json_validation
from powermeter.recording.encodable_text import one_line
from powermeter.recording.rows import dump_json
from powermeter.source import Source


def open_all(urls: Sequence[str], *, dither: bool) -> list[tuple[Source, dict[str, Any]]]:
    """Return the opened sources with what each states about itself; where one fails, the others are closed.

    Raises:
        PowermeterError: One cannot be opened, or its channels cannot be recorded.
    """
    opened: list[tuple[Source, dict[str, Any]]] = []
    try:
        for url in urls:
            send({"type": "opening", "source": url})
            source = registry.source(url)
            if not dither and "dither" in source.options:
                source.options["dither"] = False
            opened.append((source, _open(source, url)))
    except PowermeterError:
        close_all([source for source, _ in opened])
        raise
    return opened


def close_all(sources: Sequence[Source]) -> None:
    """Close sources that will not be read, as well as they can be."""
    for source in sources:
        with suppress(BaseException):
            source.close()


def _open(source: Source, url: str) -> dict[str, Any]:
    try:
        source.open()
        why = _unfit(source.channels)
        stated: object = {} if why else source.info()
    except PowermeterError:
        raise
    except BaseException as error:
        why = f"{type(error).__name__}: {one_line(error)}"
        raise OpenError(f"{url}: {why}", Reason.NO_ANSWER) from error
    if isinstance(stated, Mapping) and not why:
        return dict(stated)
    close_all([source])
    why = why or f"info() returned a {type(stated).__name__}, not a mapping"
    raise OpenError(f"{url}: {why}", Reason.NO_ANSWER)


def _unfit(channels: object) -> str:
    """Return why channels cannot be recorded; empty where they can."""
    if not channels:
        return "it has no channels"
    if not isinstance(channels, Sequence) or not all(isinstance(one, Channel) for one in channels):
        return "its channels are not a sequence of Channel"
    if len({one.name for one in channels}) < len(channels):
        return "two of its channels have one name"
    for one in channels:
        if not isinstance(one.name, str) or one.name != one.name.encode(errors="ignore").decode():
            return f"the name of its channel {one.name!r} is not a text that can be written down"
        try:
            json_validation.channel(json.loads(dump_json(one.to_dict())))
        except (KeyError, TypeError, ValueError) as error:
            return f"its channel {one.name} (scale {one.scale!r}, offset {one.offset!r}) cannot be recorded: {one_line(error)}"
    return ""
