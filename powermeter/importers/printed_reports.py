"""Imports what a loop over a program's report printed, again and again: ipmitool's sensors, gpustat, scaphandre, vcgencmd, upower.

One entry per program states what its lines look like.  A report ends where a value comes again, or at a line that is a time (`date`),
which is that of the report behind it; without times the log needs `--rate`.  What was read becomes a table, and its rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp
from powermeter.result.notes import Note

_NUMBER = r"(?P<value>\d{1,9}(?:[.,]\d{1,9})?)"
_WORDS = {"W": "power", "A": "current", "V": "voltage"}
_FEWEST = 2
_MOST_COLUMNS = 500
_LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Program:
    """How one program prints.

    Attributes:
        name: For people.
        value: Finds a value of a line: groups `value`, and `label` and `unit` where the line has them.
        section: Finds what the following values are of (group `label`), or None.
        state: Finds the state that must be `discharging` for the following values to count, or None.
        stamp: Finds a time in a line of its own (group 1), beside what any line may be.
        other: Finds a line of which the log is another program's, or None.
        every: How often it prints by itself, for the message.
        add_up: Whether what it prints are all parts of one whole.
        covers: What the sum is not, or empty.
        source: Where these facts are from.
    """

    name: str
    value: re.Pattern[str]
    section: re.Pattern[str] | None = None
    state: re.Pattern[str] | None = None
    stamp: re.Pattern[str] | None = None
    other: re.Pattern[str] | None = None
    every: str = "1s"
    add_up: bool = False
    covers: str = ""
    source: str = ""


PROGRAMS = (
    Program(
        "ipmitool's sensors",
        re.compile(
            rf"(?P<label>[^|]{{1,40}}?)\s*\|\s*(?:[\da-fA-F]{{2}}h\s*\|\s*ok\s*\|[^|]*\|\s*)?{_NUMBER}\s*(?:\|\s*)?(?:Watts|W)\s*(?:\||\Z)"
        ),
        every="10s",
        source="ipmitool(1): sensor, sdr list and sdr elist print name | value | unit",
    ),
    Program(
        "gpustat",
        re.compile(
            rf"\[(?P<label>\d{{1,3}})\] [^|]{{1,80}}\|[^|]{{1,80}}(?:\||,)\s*{_NUMBER} (?:/ *[\d.]+ )?W\b"
        ),
        stamp=re.compile(r"\S{1,80}\s+(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})(?:\s+[\d.]+)?\s*\Z"),
        add_up=True,
        source="gpustat's README and source: a line a card, its draw before its limit; the line above states host and time",
    ),
    Program(
        "scaphandre stdout",
        re.compile(rf"(?P<label>Host):\s{{1,4}}{_NUMBER} W from\b"),
        every="2s",
        source="scaphandre's stdout exporter: the host's watts, every 2 s unless set otherwise",
    ),
    Program(
        "vcgencmd pmic_read_adc",
        re.compile(
            rf"\s*(?P<label>\w{{1,30}}?)_[AV]\s+(?:current|volt)\(\d{{1,3}}\)={_NUMBER}(?P<unit>[AV])\s*\Z"
        ),
        add_up=True,
        covers="what the chip puts out: not its own loss, nor USB ports, HATs and the fan on 5 V",
        source="the firmware's answer: amperes and volts of each output; their sum is what the chip puts out, not the board",
    ),
    Program(
        "upower -i",
        re.compile(rf"\s+energy-rate:\s+{_NUMBER} W\s*\Z"),
        section=re.compile(r"\s+native-path:\s+(?P<label>\S{1,80})"),
        stamp=re.compile(r"\s+updated:\s+(\S.{8,60}?) \(\d{1,9} \w{1,10} ago\)\s*\Z"),
        other=re.compile(r"\[\d\d:\d\d:\d\d\.\d{3}\]\s+device "),
        state=re.compile(r"\s+state:\s+(\S{1,40})"),
        every="10s",
        source="UPower's reference: energy-rate is what flows out of a battery that discharges, or into one that charges",
    ),
)


class PrintedReports(Importer):
    name = "printed-reports"
    title = "a loop over ipmitool's sensors, gpustat, scaphandre stdout, vcgencmd pmic_read_adc or upower -i"
    takes = frozenset({"rate", "zone", "dates", "rail", "sum", "column"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and _program(peek) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        program = _program(Peek.at(path))
        if program is None:
            raise DataError(f"{path}: no line of it is one of {', '.join(p.name for p in PROGRAMS)}")
        reports = list(_reports(path, program))
        columns = dict.fromkeys(name for _, values in reports for name in values)
        if len(columns) > _MOST_COLUMNS:
            raise DataError(
                f"{path}: more than {_MOST_COLUMNS} values in a report; this is not what it looks like"
            )
        if len(reports) < _FEWEST:
            raise DataError(
                f"{path}: one report of {program.name} is one reading, which holds no energy; log it in a loop"
            )
        if not any(value for _, values in reports for value in values.values()):
            raise DataError(f"{path}: the battery never discharges: what flows in was not used")
        stamped = 2 * sum(bool(stamp) for stamp, _ in reports) > len(reports) and choices.period_s is None
        if not stamped and choices.period_s is None:
            raise ConfigurationError(
                f"{path}: {program.name} prints no times; state how often it did with --rate, for example --rate {program.every}, or "
                "print one before each report with date"
            )
        added = program.add_up and choices.rail is None and not choices.add_up and len(columns) > 1
        choices = replace(choices, add_up=True) if added else choices
        rows = ([stamp] * stamped + [values.get(name, "") for name in columns] for stamp, values in reports)
        log = read_as_table(path, ["time"] * stamped + list(columns), rows, choices, of=cls)
        log.metadata["tool"] = program.name
        if added:
            log.facts["whole"] |= {"why": (why := f"what {program.name} prints, added up")}
            other = [note for note in log.warnings if note.code != "whole"]
            log.warnings = [*other, Note.info("whole", f"the whole is {log.facts['whole']['rail']}: {why}")]
        if program.covers:
            log.warnings.append(Note.info("not-the-wall", f"the sum is {program.covers}"))
        if program.state is not None and not all(value for _, values in reports for value in values.values()):
            text = (
                "reports of a battery that charges or stands are gaps: its rate is not what the machine draws"
            )
            log.warnings.append(Note.warning("charging-left-out", text))
        return log


def _program(peek: Peek) -> Program | None:
    lines = [line[:_LONGEST_LINE] for line in peek.raw_lines[:200]]
    for program in PROGRAMS:
        if program.other is not None and any(program.other.match(line) for line in lines):
            continue
        if any(program.value.match(line) for line in lines) and (
            program.section is None or any(program.section.match(line) for line in lines)
        ):
            return program
    return None


def _reports(path: Path, program: Program) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (time or nothing, heading of each value → its text, blank where it does not count) of each report."""
    stamp, state, section = "", "", ""
    values: dict[str, str] = {}
    for raw in read_lines(path):
        line = re.sub(r"\x1b\[[\d;]*m", "", raw[:_LONGEST_LINE])
        if match := program.value.match(line):
            groups = match.groupdict()
            unit = groups.get("unit") or "W"
            label = f"gpu{groups['label']}" if program.name == "gpustat" else groups.get("label") or section
            name = f"{label.strip()} {_WORDS[unit]} ({unit})"
            if name in values:
                yield stamp, values
                stamp, values = "", {}
            values[name] = match["value"].replace(",", ".") if state in ("", "discharging") else ""
            continue
        if program.section is not None and (match := program.section.match(line)):
            section, state = match["label"], ""
        elif program.state is not None and (match := program.state.match(line)):
            state = match[1]
        found = program.stamp.match(line) if program.stamp is not None else None
        if found is None and not is_stamp(line):
            continue
        goes_on = found is not None and section and not any(name.startswith(f"{section} ") for name in values)
        if values and not goes_on:
            yield stamp, values
            stamp, values = "", {}
        if found is None or not stamp:
            stamp = line.strip() if found is None else found[1]
    if values:
        yield stamp, values
