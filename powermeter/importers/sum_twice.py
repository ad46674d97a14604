"""Refuses a sum that would count energy twice: rails one of which holds, or becomes, another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import permutations
from shlex import quote

from powermeter.errors import ConfigurationError
from powermeter.importers.header_words import EACH
from powermeter.importers.headers import words

_MADE = re.compile(r"[pe]?(?:pv|dc|solar)(?:power|energy|total)?\d?")
_FED = re.compile(r"[pe]?ac(?:out)?(?:power|energy)?")
"""What an inverter takes from its panels, and what it makes of it: `Ppv`, `Pac`."""

_OF_A_DAY = re.compile(r"(.{1,40}?)(?:today|daily|day)")
_EVER = ("total", "lifetime")
_AGREE = 0.02


def refuse_twice(names: Sequence[str], means: Mapping[str, tuple[float, str]], where: str) -> None:
    """Refuse to add up rails of which one is another once more.

    Args:
        names: The rails that would be added up.
        means: Mean power or counted energy of each, and its unit.
        where: The file, for the message.

    Raises:
        ConfigurationError: One holds, or becomes, another.
    """
    bare = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in names}
    found = _turned(bare) or _counted_again(bare) or _of_numbered(bare, means) or _added_up(names, means)
    if found is not None:
        once, again = found
        raise ConfigurationError(
            f"{where}: --sum would count the same energy twice: {again} is {once} once more, or what became of it; leave columns out with "
            f"--column NAME=-, or state which rail is the whole: --rail {quote(again)}"
        )


def _turned(bare: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what came from panels and what an inverter made of it."""
    made = [name for text, name in bare.items() if _MADE.fullmatch(text)]
    fed = [name for text, name in bare.items() if _FED.fullmatch(text)]
    return (made[-1], fed[0]) if made and fed else None


def _counted_again(bare: Mapping[str, str]) -> tuple[str, str] | None:
    """Return a counter of the day and the one of all days beside it."""
    for text, name in bare.items():
        match = _OF_A_DAY.fullmatch(text)
        ever = [bare[match[1] + word] for word in _EVER if match[1] + word in bare] if match else []
        if ever:
            return name, ever[0]
    return None


_RUNNING = frozenset(("cum", "cumul", "cumulative", "accumulated", "running", "kum"))
_EACH = EACH | {"energy", "total"}
_SAME = 1e-3


def _added_up(names: Sequence[str], means: Mapping[str, tuple[float, str]]) -> tuple[str, str] | None:
    """Return a rail's running sum, or the rail in another unit that reads the same, and the rail."""
    for once, again in permutations(names, 2):
        own, other = ({*words(name)} - _EACH for name in (once, again))
        if _RUNNING & other and other - _RUNNING == own:
            return again, once
        if again.partition("#")[0] == once and once in means and again in means:
            (first, unit), (second, unit_again) = means[once], means[again]
            if unit == unit_again and abs(first - second) <= _SAME * abs(first):
                return again, once
    return None


def _of_numbered(bare: Mapping[str, str], means: Mapping[str, tuple[float, str]]) -> tuple[str, str] | None:
    """Return the first of several numbered rails and the one that reads as much as they do together."""
    for text, name in bare.items():
        parts = [other for key, other in bare.items() if re.fullmatch(re.escape(text) + r"\d", key)]
        if len(parts) < 2 or not means.keys() >= {name, *parts}:
            continue
        whole, unit = means[name]
        added = sum(means[part][0] for part in parts)
        if (
            {means[part][1] for part in parts} == {unit}
            and abs(whole) > 0
            and abs(added - whole) <= _AGREE * whole
        ):
            return parts[0], name
    return None
