"""Lapses of time as people and programs write them: `1.02:03:04`, `1m02s`, `2 min 5 s`, `PT1M2S`."""

from __future__ import annotations

import re

from powermeter.units import NS

_DAYS_AND_CLOCK = re.compile(
    r"(?P<days>\d{1,5})(?:[. ]| days? )(?P<h>\d{1,2}):(?P<m>\d{2}):(?P<sec>\d{2})(?:[.,:](?P<frac>\d{1,9}))?",
    re.ASCII,
)

_UNITS = (
    (86400 * NS, r"d|days?|Tage?|jours?|días?"),
    (3600 * NS, r"h|hr|hrs|hours?|Std\.?|Stunden?|heures?|horas?"),
    (60 * NS, r"m|min|mins|minutes?|Minuten?|minutos?"),
    (NS, r"s|sec|secs|seconds?|Sek\.?|Sekunden?|secondes?|segundos?"),
    (NS // 1000, r"ms|msec|milliseconds?"),
    (1000, r"us|µs|μs|microseconds?"),
    (1, r"ns|nanoseconds?"),
)
"""(nanoseconds, how it is written), in the order in which they follow each other."""

_IN_UNITS = re.compile(
    r"(?:P?T)?"
    + "".join(
        rf"(?:(\d{{1,9}}(?:[.,]\d{{1,9}})?) ?(?:{words})(?![^\W\d_]{{2}})[, ]*)?" for _, words in _UNITS
    ),
    re.IGNORECASE,
)
_TWO = re.compile(r"\d[^\W\d_][^\d]*\d|\d \w[^\d]*\d")
_LONGEST = 60


def elapsed_ns(text: str) -> int | None:
    """Return nanoseconds of a lapse of time, or None."""
    text = text.strip()
    match = _DAYS_AND_CLOCK.fullmatch(text)
    if match is None:
        return _sum_ns(text)
    if int(match["h"]) > 23 or int(match["m"]) > 59 or int(match["sec"]) > 59:
        return None
    seconds = int(match["days"]) * 86400 + int(match["h"]) * 3600 + int(match["m"]) * 60 + int(match["sec"])
    return seconds * NS + int((match["frac"] or "0").ljust(9, "0"))


def _sum_ns(text: str) -> int | None:
    """Return nanoseconds of numbers with units, the greater ones first, only the last of them with a fraction; None for anything else."""
    match = _IN_UNITS.fullmatch(text) if 1 < len(text) < _LONGEST else None
    if match is None:
        return None
    parts = [(tick, part) for (tick, _), part in zip(_UNITS, match.groups(), strict=True) if part]
    if not parts or any(not part.isdigit() for _, part in parts[:-1]):
        return None
    last_tick, last = parts[-1]
    whole, _, fraction = last.replace(",", ".").partition(".")
    total = sum(tick * int(part) for tick, part in parts[:-1]) + last_tick * int(whole)
    return total + (last_tick * int(fraction) // 10 ** len(fraction) if fraction else 0)


def is_elapsed(text: str) -> bool:
    """Return whether a text is a lapse of time by its form alone: of days and a clock, or in two units or more."""
    text = text.strip()
    return _DAYS_AND_CLOCK.fullmatch(text) is not None or (
        (_TWO.search(text) is not None or text[:2] == "PT") and elapsed_ns(text) is not None
    )
