"""Imports a loop over lm-sensors' `sensors`, `sensors -u` or `sensors -j`: the powers, or the currents and voltages, of every chip.

A chip is its name and the line `Adapter: …`; under it stands a feature a line, `PPT: 8.00 W (cap = 130.00 W)`, or with `-u` the
feature's name and its values in SI units, `power1_average: 8.000` (lm-sensors' `chips.c` and sysfs-interface.rst).  A line that is a
time, as of `date`, is that of the pass it stands before; without one the log needs `--rate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_CHIP = re.compile(
    r"([A-Za-z][\w.]{0,40})-(?:isa|pci|i2c|acpi|virtual|hid|spi|mdio|scsi|of)(?:-[\da-fA-F]{1,8}){1,2}\s*\Z"
)
_FEATURE = re.compile(
    r"(?P<label>[^:]{1,40}):\s{1,40}(?P<value>[+-]?\d+(?:\.\d+)?)\s?(?P<unit>[nuµmkM]?[WAVJ])(?=\s|\Z)"
)
_RAW = re.compile(
    r"\s+(?P<kind>power|curr|in|energy)\d+_(?:average|input): (?P<value>[+-]?\d+(?:\.\d+)?)\s*\Z"
)
_ALMOST = re.compile(r"[^:]{1,40}:\s{1,40}[+-]?\d.{0,20}\s[nuµmkM]?[WAVJ](?=\s|\Z)")
_NAME = re.compile(r"([^:]{1,40}):\s*\Z")
_RAW_UNITS = {"power": "W", "curr": "A", "in": "V", "energy": "J"}
_WORDS = {"W": "power", "J": "energy", "A": "current", "V": "voltage"}
_FEWEST = 2
_MOST_COLUMNS = 200
_BATTERY = "BAT"


@dataclass(slots=True)
class _Pass:
    """One pass of `sensors`: its time as text, and (chip, label, unit's letter) → the value with its unit."""

    stamp: str = ""
    values: dict[tuple[str, str, str], str] = field(default_factory=dict)


class LmSensors(Importer):
    name = "lm-sensors"
    title = "a loop over lm-sensors' sensors"
    takes = frozenset({"rate", "zone", "dates", "rail", "sum", "column"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        lines = [text for line in peek.lines[:200] if (text := _plain(line)).strip()]
        return any(_CHIP.match(line) and after.startswith("Adapter:") for line, after in pairwise(lines))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        passes = list(_passes(path, unread))
        keys = _columns(dict.fromkeys(key for one in passes for key in one.values))
        if not keys:
            raise DataError(
                f"{path}: what sensors printed without a power, or a current beside its voltage: there is no power in it"
            )
        if len(passes) < _FEWEST:
            raise DataError(
                f"{path}: one pass of sensors is one reading, which holds no energy; log with: "
                "while date; do sensors; sleep 1; done"
            )
        if len(keys) > _MOST_COLUMNS:
            raise DataError(
                f"{path}: more than {_MOST_COLUMNS} sensors of electricity; this is not a log of sensors"
            )
        stamped = 2 * sum(bool(one.stamp) for one in passes) > len(passes) and choices.period_s is None
        if not stamped and choices.period_s is None:
            raise ConfigurationError(
                f"{path}: sensors prints no times; state how often it ran with --rate, for example --rate 1s, or print "
                "one before each pass with date"
            )
        head = ["time"] * stamped + [_heading(key, keys) for key in keys]
        rows = ([one.stamp] * stamped + [one.values.get(key, "") for key in keys] for one in passes)
        log = read_as_table(path, head, rows, choices, of=cls)
        log.metadata["tool"] = "lm-sensors"
        log.warnings += unread.notes()
        if any(chip.startswith(_BATTERY) for chip, _, _ in keys):
            text = (
                "a battery's sensor reports no direction: while it charges, its value is inflow, not use; "
                "cut the log to where it discharges"
            )
            log.warnings.append(Note.warning("charging-unknown", text))
        return log


def _passes(path: Path, unread: Unread) -> Iterator[_Pass]:
    """Yield the passes: one begins at a time, or at the chip that the first began with.

    Values that cannot be read, or that stand in a pass for the second time, are counted.
    """
    one = _Pass()
    first = chip = label = ""
    for number, raw in enumerate(read_lines(path), 1):
        line = _plain(raw.rstrip()[:300])
        is_new = True
        if match := _CHIP.match(line):
            if first == line and one.values:
                yield one
                one = _Pass()
            first, chip, label = first or line, line, ""
        elif match := _RAW.match(line):
            is_new = _keep(one, chip, label, match["value"], _RAW_UNITS[match["kind"]])
        elif match := _FEATURE.match(line):
            is_new = _keep(one, chip, match["label"].strip(), match["value"], match["unit"])
        elif is_stamp(line):
            if one.values:
                yield one
                one = _Pass()
            one.stamp = line.strip()
        elif match := _NAME.match(line):
            label = match[1].strip()
        elif _ALMOST.match(line):
            is_new = False
        if not is_new:
            unread.add(number)
    if one.values:
        yield one


def _plain(line: str) -> str:
    """Return a line of `sensors -j` as `sensors -u` has it; any other as it stands."""
    match = _JSON.match(line)
    if match is None:
        return line
    if match["value"] is not None:
        return f"  {match['name']}: {match['value']}"
    if match["text"] is not None:
        return f"{match['name']}: {match['text']}"
    return match["name"] + (":" if len(match["indent"]) > _INDENT else "")


_JSON = re.compile(
    r'(?P<indent>\s{1,12})"(?P<name>[^"]{1,80})":\s{0,3}(?:\{|"(?P<text>[^"]{0,80})"|(?P<value>[+-]?\d+(?:\.\d+)?)),?\s*\Z'
)
_INDENT = 3  # of a chip's name; features stand further in


def _keep(one: _Pass, chip: str, label: str, value: str, unit: str) -> bool:
    """Keep a value; return whether its sensor had none in this pass."""
    key = (chip, label, unit[-1])
    if not chip or not label or key in one.values:
        return False
    one.values[key] = f"{value} {unit}"
    return True


def _columns(keys: dict[tuple[str, str, str], None]) -> list[tuple[str, str, str]]:
    """Return the values that yield a power: a chip's powers, else its energies, else its currents with their voltages."""
    kept = []
    for chip in dict.fromkeys(chip for chip, _, _ in keys):
        own = [key for key in keys if key[0] == chip]
        units = {unit for _, _, unit in own}
        wanted = {"W"} if "W" in units else {"J"} if "J" in units else {"A", "V"} if "A" in units else set()
        found = [key for key in own if key[2] in wanted]
        if wanted == {"A", "V"}:
            found = _paired(found)
        kept += found
    return kept


def _paired(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return a chip's currents and voltages: those of one label, or the only two."""
    amps = [key for key in found if key[2] == "A"]
    volts = [key for key in found if key[2] == "V"]
    if len(amps) == len(volts) == 1:
        return found
    labels = {label for _, label, _ in amps} & {label for _, label, _ in volts}
    return [key for key in found if key[1] in labels]


def _heading(key: tuple[str, str, str], keys: list[tuple[str, str, str]]) -> str:
    chip, label, unit = key
    match = _CHIP.match(chip)
    assert match is not None
    alike = {other for other, _, _ in keys if other.startswith(f"{match[1]}-")}
    name = match[1] if len(alike) == 1 else chip.strip()
    several = sum(other[0] == chip and other[2] == unit for other in keys) > 1
    own = f" {label}" if several else ""
    return f"{name}{own} {_WORDS[unit]} ({unit})"
