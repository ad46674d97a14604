"""Decides whether clocks of two numbers, `03:15`, are hours and minutes or minutes and seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from shlex import quote

from powermeter.importers.headers import Heading, words
from powermeter.importers.stamps import TWO_NUMBERS
from powermeter.importers.tables_of_runs import LENGTH_WORDS

MINUTES_AND_SECONDS = ("mm:ss", "hh:mm")
"""What `--column NAME=` takes for such a column."""

_OF_MINUTES = re.compile(r"(?<![a-z:])(?:m{1,2}|min):(?:s{1,2}|sec)(?![a-z])", re.IGNORECASE)
_OF_HOURS = re.compile(r"(?<![a-z:])(?:h{1,2}|std):(?:m{1,2}|min)(?![a-z])", re.IGNORECASE)
_LAPSED = (LENGTH_WORDS - {"execution", "total"}) | frozenset(
    (
        *("laufzeit", "dauer", "durée", "duree", "écoulé", "ecoule", "since", "running", "uptime"),
        *("run", "test", "step", "rel", "relative"),  # `Run time`, `Test Time` of battery testers
    )
)
_OF_THE_DAY = frozenset(("uhrzeit", "clock", "hora", "heure", "ora", "day", "tod"))
_LAST_HOUR = 23


def states_a_clock(named: Heading) -> bool:
    """Return whether a header states how its clock is written: `mm:ss.0`, `Elapsed (mm:ss)`, `hh:mm:ss`."""
    return _OF_MINUTES.search(named.text) is not None or _OF_HOURS.search(named.text) is not None


def are_minutes(named: Heading, texts: Sequence[str]) -> bool | None:
    """Return whether a column's clocks are minutes and seconds; None where neither its name nor its rows decide.

    Args:
        named: Its header.
        texts: Some of its first rows, at least one.
    """
    matches = [match for text in texts if (match := TWO_NUMBERS.fullmatch(text)) is not None]
    if len(matches) * 2 <= len(texts):
        return False
    if any(match[3] for match in matches) or _OF_MINUTES.search(named.text):
        return True
    if _OF_HOURS.search(named.text):
        return False
    firsts = [int(match[1]) for match in matches]
    if any(before == 59 and after == 0 for before, after in pairwise(firsts)):
        return True
    called = set(words(named.text))
    if _LAPSED & called or max(firsts) > _LAST_HOUR + 1:
        return None
    return None if not called & _OF_THE_DAY and _may_run_from_zero(matches) else False


def _may_run_from_zero(matches: Sequence[re.Match[str]]) -> bool:
    """Return whether clocks begin at 00:00, as those of a stopwatch do, and do not go on to a day's last hour."""
    clocks = [(int(match[1]), int(match[2])) for match in matches]
    return clocks[0] == (0, 0) and max(clocks)[0] < _LAST_HOUR


def question(named: Heading, texts: Sequence[str]) -> str:
    """Return what must be stated of a column of such clocks."""
    minutes, hours = (quote(f"{named.text}={way}") for way in MINUTES_AND_SECONDS)
    return f"the unit of the times: {texts[-1]!r} in {named.text!r} is minutes and seconds, --column {minutes}, or hours and minutes, --column {hours}"
