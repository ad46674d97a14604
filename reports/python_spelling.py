"""Notes for who reads them in Python: they advise options of a command line, which are keywords there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from powermeter.result.notes import Note

KEYWORDS = {
    "--rail-voltage": "rail_voltage_v",
    "--rail": "rail",
    "--by": "by",
    "--baseline": "baseline",
    "--battery": "battery",
}
"""Option → keyword of the same meaning, of `Meter.summary`, `Meter.analysis` or `Meter`."""

OF_SHOW = ("--items",)
"""Options that no keyword replaces: they are for `powermeter show`, on the recording."""

_OPTION = re.compile(r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*)(?: ([\w.-]*\w))?")


def in_python(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes in which options are keywords: `--rail program` as `rail="program"`."""
    return tuple(Note(note.code, note.severity, _OPTION.sub(_keyword, note.text)) for note in notes)


def _keyword(found: re.Match[str]) -> str:
    option, value = found.groups()
    if option in OF_SHOW:
        return f"powermeter show {found[0]}"
    if option not in KEYWORDS:
        return found[0]
    return f"{KEYWORDS[option]}=" + (f'"{value}"' if value else "")
