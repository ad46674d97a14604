"""The one log of a folder, and the file of stamped labels beside it."""

from __future__ import annotations

from pathlib import Path

from powermeter.errors import DataError
from powermeter.importers import events
from powermeter.importers.files import Peek
from powermeter.importers.log import Importer
from powermeter.importers.recognition import recognise


def only_log(peek: Peek) -> tuple[Path, type[Importer] | None, Path | None]:
    """Find the one log in a folder, and the events beside it.

    Raises:
        DataError: It holds several logs.
    """
    found: list[tuple[Path, type[Importer]]] = []
    beside: list[Path] = []
    for name in peek.names:
        path = peek.path / name
        if not path.is_file():
            continue
        inner = Peek.at(path)
        if events.recognises(inner):
            beside.append(path)
            continue
        candidate = recognise(inner)
        if candidate is not None and candidate.is_certain(inner):
            found.append((path, candidate))
    if len(found) > 1:
        listed = ", ".join(path.name for path, _ in found[:6])
        raise DataError(f"{peek.path}: holds several logs ({listed}); name one of them")
    if not found:
        return peek.path, None, None
    return (*found[0], beside[0] if len(beside) == 1 else None)
