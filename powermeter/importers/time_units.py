"""What unit numbers of a column of times have by their size: times since 1970, a spreadsheet's days."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from powermeter.importers.stamps import number_ns
from powermeter.units import NS

# Unix times between 2001 and 2033 in s, ms, µs and ns do not overlap with each other.
EPOCHS = ((10**9, NS), (10**12, 1_000_000), (10**15, 1000), (10**18, 1))

_UNITS = ("s", "ms", "us", "ns")
_SINCE_2008 = 1.2
_LONG_NS = 10 * 86_400 * NS


def unit_by_size(first: float, tick_ns: int) -> str | None:
    """Return the unit in which a number is a time since 1970, where the header's own unit hardly fits it; else None.

    Args:
        first: The first time, as written.
        tick_ns: Nanoseconds of the header's unit; a clock that runs for less than ten days in it is believed.
    """
    if first * tick_ns < _LONG_NS:
        return None
    for (low, tick), unit in zip(EPOCHS, _UNITS, strict=True):
        if _SINCE_2008 * low <= first < 2.1 * low and tick != tick_ns:
            return unit
    return None


def is_since_1970(words: Collection[str], values: Sequence[int], tick_ns: int) -> bool:
    """Return whether times that have the size of Unix times go on as such, and not as a clock does that began with a run.

    A run's clock in nanoseconds is a second old at 10^9, as Unix time in seconds is: its rows would lie hours or years apart, and
    hardly ever whole minutes.

    Args:
        words: Of the column's name.
        values: The times as written.
        tick_ns: Nanoseconds of their unit, were they Unix times.
    """
    if not _OF_A_RUN.isdisjoint(words):
        return False
    steps = [abs(b - a) * tick_ns / NS for a, b in pairwise(values) if b != a]
    long = [step for step in steps if step > _LONG_S]
    whole = sum(min(step % 60, -step % 60) <= _LATE_S for step in long)
    return 2 * len(long) <= len(steps) or 2 * whole > len(long)


_OF_A_RUN = frozenset(("elapsed", "uptime", "runtime", "laufzeit", "duration", "millis", "micros"))
_LONG_S, _LATE_S = 600.0, 5.0
"""From such a step on rows come by the minutes of a clock, late by no more than this."""


def are_day_numbers(texts: Sequence[str]) -> bool:
    """Return whether times look like the days that spreadsheets (since 1900) and MATLAB (since the year 0) count."""
    values = [number_ns(text.replace(",", "."), NS) for text in texts]
    known = [value / NS for value in values if value is not None]
    return (
        len(known) > 2
        and any(low < known[0] <= known[-1] < high for low, high in ((25_569, 80_000), (700_000, 800_000)))
        and all(0 <= b - a < 1 for a, b in pairwise(known))
        and any(value % 1 for value in known)
    )


_INTERVAL = re.compile(
    r"(?:(?:sample|sampling) (?:interval|period)\s*(?:[(\[](m?s|seconds)[)\]])?|period\s*[(\[](m?s|seconds)[)\]])\Z",
    re.IGNORECASE,
)
_RATE = re.compile(r"(?:sample|sampling) ?rate\Z", re.IGNORECASE)
_HERTZ = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([kM]?)Hz\Z")
_CLOCK = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([munp]?)[sS]")
"""Hantek's `#CLOCK=200.000mS`: the time from one value to the next."""

_OF_SECONDS = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6}
_LENGTH = re.compile(r"(\d{1,9}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)\s*(m?s|sec|seconds)?\Z")


def stated_period_s(facts: Mapping[str, str]) -> float | None:
    """Return the seconds between the rows as lines above a table state them (`Samplerate: 10 Hz`), or None.

    `Sample interval: 2.048E-05` of Keysight's N6705 is in seconds; one without a unit above another table is not believed
    unless it is written with a point or an exponent, as no count of milliseconds or rows is.
    """
    for name, text in facts.items():
        clock = _CLOCK.fullmatch(text.strip()) if name == "Clock" else None
        if clock is not None and float(clock[1]) > 0:
            return float(clock[1]) * _OF_SECONDS[clock[2]]
        hertz = _HERTZ.match(text.strip()) if _RATE.match(name.strip()) else None
        if hertz is not None and float(hertz[1]) > 0:
            return 1 / (float(hertz[1]) * _PREFIXES[hertz[2]])
        named, length = _INTERVAL.match(name.strip()), _LENGTH.match(text.strip())
        if named is None or length is None:
            continue
        unit = length[2] or named[1] or named[2]
        value = float(length[1]) * (1e-3 if unit == "ms" else 1.0)
        if value > 0 and (unit is not None or "." in length[1] or "E" in length[1].upper()):
            return value
    return None
