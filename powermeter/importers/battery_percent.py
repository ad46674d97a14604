"""What to do with a log of a battery's percent, which is an energy only with what the full battery holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout

_NAMES = frozenset({"percentage", "soc", "state of charge", "battery level", "battery soc"})
_BATTERY = frozenset({"battery", "bat", "batt", "charge", "soc"})
_PERCENT = frozenset({"%", "pct", "percent", "percentage"})
_NO_BRACKETS = str.maketrans("()[].:", " " * 6)
_WH = 50


def is_battery_percent(named: Heading) -> bool:
    """Return whether a column holds how full a battery is, by its name."""
    words = named.text.lower().replace("_", " ").replace("%", " % ").translate(_NO_BRACKETS).split()
    return " ".join(words) in _NAMES or bool(_BATTERY & {*words} and _PERCENT & {*words})


def scaled_by_hand(path: Path, found: Layout, headings: Sequence[Heading]) -> str:
    """Return what to do where a column holds a battery's percent, for a message; nothing where none does."""
    at = next((i for i, named in enumerate(headings) if is_battery_percent(named)), None)
    if at is None or not found.named:
        return ""
    return (
        f"; {headings[at].text!r} is a battery's charge in percent: multiply it by what the full battery holds in Wh, over 100, and call the column energy_left_wh "
        f"(of {_WH} Wh each percent is {_WH / 100:g}), then: powermeter import {quote(path.name)} --as energy_left_wh=level"
    )


def history_of_charge(path: Path) -> str:
    """Return what to import in place of upower's own history of percent, or of times, for a message; nothing for any other file."""
    kind = next(
        (k for k in ("charge", "time-full", "time-empty") if path.name.startswith(f"history-{k}-")), None
    )
    if kind is None or path.suffix != ".dat":
        return ""
    rate = path.name.replace(f"history-{kind}-", "history-rate-", 1)
    what = "percent" if kind == "charge" else "seconds"
    return f"upower keeps {what} in this file, and the watts beside it: powermeter import {quote(str(path.with_name(rate)))} --column 2=W"
