"""Imports what `powercfg /batteryreport /xml` writes: stretches of a Windows machine's recent use, each with what left its battery.

::

    <UsageEntry Timestamp="2024-03-12T14:05:10Z" Duration="6000000000" Ac="0" EntryType="Active" Discharge="900" … />

A duration counts 100 ns, a discharge milliwatt hours.  At the mains (`Ac="1"`) the battery shows nothing of what the
machine draws: nothing is counted in such stretches.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.elapsed_times import elapsed_ns
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import wall
from powermeter.result.notes import Note

_ENTRY = re.compile(r"<UsageEntry\b([^<>]{1,2000})>")
_ATTRIBUTE = re.compile(r"([A-Za-z]{1,40})\s*=\s*[\"']([^\"']{0,80})[\"']")
_LONGEST = 4000
_TICK_NS = 100
_ON_BATTERY = "0"


class BatteryReport(Importer):
    name = "battery-report"
    title = "the XML of powercfg /batteryreport"
    takes = frozenset[str]()
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and any("<BatteryReport" in line for line in peek.raw_lines[:5])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        counts = Counter[str]()
        rows = list(_stretches(path, counts))
        if not rows:
            seen = (
                f"{plural(counts['mains'], 'stretch', 'stretches')} at the mains"
                if counts["mains"]
                else "none"
            )
            raise DataError(
                f"{path}: no stretch of use from the battery in this report ({seen}): what a machine draws at the mains is not in it; run "
                "powercfg /batteryreport /xml after the machine ran from its battery"
            )
        header = ["start", "end", "battery energy (mWh)"]
        log = read_as_table(path, header, rows, replace(choices, as_={"": "per-row"}), of=cls)
        if counts["mains"]:
            text = f"{plural(counts['mains'], 'stretch', 'stretches')} at the mains left out: the battery shows nothing of what was drawn in them"
            log.warnings.append(Note.info("battery-not-in-use", text))
        if counts["unread"]:
            text = f"{plural(counts['unread'], 'entry', 'entries')} without a time, a length or a discharge left out"
            log.warnings.append(Note.warning("rows-left-out", text))
        return log


def _stretches(path: Path, counts: Counter[str]) -> Iterator[list[str]]:
    """Yield start, end and milliwatt hours of each stretch of use from the battery, and of those at the mains between them, in which none left it; count these."""
    at_mains: list[list[str]] = []
    used = False
    for entry in _entries(path):
        ns, stamp = _length_ns(entry.get("Duration", "")), wall(entry.get("Timestamp", ""))
        drawn = float_or_nan(entry.get("Discharge", ""))
        if ns == 0:
            continue  # the moment at which the report was made
        if ns is None or stamp is None or math.isnan(drawn):
            counts["unread"] += 1
            continue
        start = datetime(1970, 1, 1) + timedelta(microseconds=(stamp.ns - (stamp.zone_ns or 0)) // 1000)
        both = [f"{at.isoformat(' ')}Z" for at in (start, start + timedelta(microseconds=ns // 1000))]
        if entry.get("Ac") != _ON_BATTERY or drawn < 0:
            counts["mains"] += 1
            at_mains.append([*both, "0"])
            continue
        yield from at_mains if used else ()
        at_mains, used = [], True
        yield [*both, entry["Discharge"]]


def _length_ns(text: str) -> int | None:
    return int(text) * _TICK_NS if text.isdecimal() and len(text) < 17 else elapsed_ns(text)


def _entries(path: Path) -> Iterator[dict[str, str]]:
    """Yield the attributes of each entry, those that are written over several lines too."""
    text = ""
    for line in read_lines(path):
        text = f"{text} {line}"
        end = 0
        for match in _ENTRY.finditer(text):
            end = match.end()
            yield dict(_ATTRIBUTE.findall(match[1]))
        text = text[end:] if "<" in text[end:] else ""
        text = text[text.rfind("<") :][:_LONGEST] if text else ""
