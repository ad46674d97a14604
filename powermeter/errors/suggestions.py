"""Which names are suggested for a mistyped one: a label, a place, a file, a verb, an option, a key of a configuration.

Everything that answers "did you mean …?" asks here; what no spelling leads to is in `cli/option_synonyms.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from powermeter.errors import printable

_MOST, _LONGEST, _MOST_FILES = 8, 40, 2000
"""Names listed in a message, characters of each, files of a folder that are looked at."""

MEANT = "did you mean"
"""How `nearest` begins where something is near."""


def nearest_file(path: Path, suffix: str = "") -> str:
    """Return `; did you mean run.power?` where a file of the same folder has nearly that name, else nothing.

    Args:
        path: What was typed.
        suffix: What is meant where the name was typed without an ending and several files have it.
    """
    try:
        with os.scandir(path.parent) as found:
            names = [entry.name for entry, _ in zip(found, range(_MOST_FILES), strict=False)]
    except (OSError, ValueError):
        return ""
    same = [name for name in names if path.name and Path(name).stem == path.name]
    same = [name for name in same if suffix and name.endswith(suffix)] or same
    stems = {Path(name).stem for name in names if path.suffix and Path(name).suffix == path.suffix}
    unlike = stems - set(close_names(path.stem, stems, most=len(stems) or 1))
    names = [name for name in names if Path(name).stem not in unlike or Path(name).suffix != path.suffix]
    close = same[:1] if len(same) == 1 else close_names(path.name, names, most=1, cutoff=0.75)
    return f"; {meant(close)}" if close else ""


def close_names(typed: str, known: Iterable[str], *, most: int = 2, cutoff: float = 0.6) -> list[str]:
    """Return those of the known names that are spelled nearly like the typed one, the nearest first.

    Args:
        typed: What was typed; upper and lower case are alike.
        known: The names there are.
        most: How many are returned at most.
        cutoff: How like they must be (`difflib`'s ratio, 1 for the same).
    """
    import difflib

    lowered = {name.lower(): name for name in known}
    close = difflib.get_close_matches(
        typed.lower()[:200], [name[:200] for name in lowered], n=most, cutoff=cutoff
    )
    return [lowered[name] for name in close if name in lowered]


def meant(names: Iterable[str]) -> str:
    """Return `did you mean A or B?`, harmless to a terminal; nothing where there is no name."""
    shown = " or ".join(map(_short, names))
    return f"{MEANT} {shown}?" if shown else ""


def nearest(typed: str, known: Iterable[str]) -> str:
    """Return `did you mean A or B?`, else the start of the list of what there is; harmless to a terminal."""
    names = list(dict.fromkeys(known))
    found = close_names(typed, names)
    if found:
        return meant(found)
    if not names:
        return "there is none"
    return f"there {'is' if len(names) == 1 else 'are'} {some_of(names)}"


def some_of(names: Sequence[str]) -> str:
    """Return `A, B and 92 more`, short and harmless to a terminal."""
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"{', '.join(map(_short, names[:_MOST]))}{more}"


def _short(name: str) -> str:
    plain = printable(name)
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
