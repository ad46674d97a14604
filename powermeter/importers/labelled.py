"""Imports what sketches print to a serial monitor: labelled values, one a line in blocks or several on each line.

::

    20:38:05.040 -> Bus Voltage:   4.70 V
    20:38:05.040 -> Current:       206.20 mA
    20:38:05.040 -> Power:         970.00 mW

    I (1317) INA219: Bus voltage: 5.012 V, current: 362.5 mA, power: 1816.8 mW
    [2026-03-05 14:00:00] V=230.1V I=0.45A P=79.0W

    1711000000.123: 12.5 W

A block ends where a label comes again.  A time before the arrow (or at the start of the line) is used; without one
`--rate` states how often a block was printed.  The lines become a table, and the table's rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from powermeter.channel import Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp
from powermeter.importers.table_reading import NO_UNIT
from powermeter.importers.unread_lines import Unread
from powermeter.result.notes import Note

_PAIR = re.compile(
    r"(?P<label>[A-Za-z][A-Za-z0-9 _.()-]{0,40}?)\s*[:=]\s*(?P<value>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"\s*(?P<unit>(?:[Mm]illi|[Mm]icro)?(?:[Ww]att|[Vv]olt|[Aa]mp|[Aa]mpere|[Jj]oule)s?|[A-Za-zµμ%°]{1,4})?(?=[\s,;|)\]]|\Z)[\s,;|)\]]*"
)
_SPACED = re.compile(
    r"(?P<label>[A-Za-z][\w.-]{0,40}) (?P<value>[+-]?\d+(?:\.\d+)?) ?(?P<unit>[mkMu\u00b5\u03bc]?(?:Wh|Ah|W|J|A|V))(?=[\s,;|)\]]|\Z)[\s,;|)\]]*"
)
"""A label, a value and a unit with blanks between them alone: `bus 5020 mV`."""

_BEFORE = re.compile(
    r"\s*(?:\[?(?P<time>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?\s*(?:->|>|:|,|-)?\s+"
    r"|[A-Z][a-z]{2} {1,2}\d{1,2} (?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?) "
    r"|\[ {0,8}(?P<sec>\d{1,9}\.\d{3,9})\]\s+"
    r"|[IWEDV] \((?P<ms>\d{1,12})\) [\w.-]{1,40}:\s+"
    r"|(?P<bare>\d{1,12}(?:\.\d{1,6})?)[\s,;]+)?"
)
"""What stands before the labels of a line: a time, the milliseconds of an ESP-IDF log, or a number of unknown unit."""

_LEVEL = re.compile(
    r"(?:-\s*)?(?:[\w.-]{1,64}\s+-\s+)?\[?(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL)\b\]?\s*[-:|]?\s*"
    r"(?:[\w.]{1,64}\s*[:|-]\s*(?=[A-Za-z]))?"
)
"""What Python's logging writes between a time and a message: the logger's name and the level, in whichever order."""

_PROCESS = re.compile(r"(?:[\w.-]{1,64}\s+)?[\w./@-]{1,64}(?:\[\d{1,8}\])?:\s+")
"""What a system's journal writes there: host, program and process."""

_BARE = re.compile(r"(?P<value>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>[mkMu\u00b5\u03bc]?(?:Wh|W|J|A|V))")
"""A message that is a reading and nothing else."""

_STAMPED = re.compile(
    r"(?:(?P<unix>\d{10}(?:\.\d{1,9})?)|(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)):\s+"
    + _BARE.pattern
)
"""A time, a colon and a reading."""

_GOES_ON = re.compile(r"\s*[:=]\s*[+-]?\d")
"""A line that states the value whose name ended the line before."""

_FLAGS = re.compile(r"(?: (?:DC|AUTO|HOLD|REL))+\Z")
"""What sigrok-cli prints behind a multimeter's reading: `P1: 0.501 A DC AUTO`."""

_STATE = re.compile(r"\s*[A-Za-z][\w ]{0,40}:\s*(?:true|false)?\s*\Z")
"""A line between the values that holds none: `AC powered: false`, `Current Battery Service state:`."""

_LONGEST_LINE = 400
_UEVENT = {
    "POWER_SUPPLY_VOLTAGE_NOW": "uV",
    "POWER_SUPPLY_CURRENT_NOW": "uA",
    "POWER_SUPPLY_POWER_NOW": "uW",
    "POWER_SUPPLY_ENERGY_NOW": "uWh",
    "POWER_SUPPLY_CHARGE_NOW": "uAh",
}
"""Units of the kernel's power_supply class (its documentation: µV, µA, µW, µWh, µAh)."""

_OF_ITS_MAKE = re.compile(
    r"POWER_SUPPLY_(?:(?:ENERGY|CHARGE)_(?:FULL|EMPTY)(?:_DESIGN)?|(?:VOLTAGE|CURRENT|POWER)_(?:MIN|MAX)(?:_DESIGN)?|CYCLE_COUNT|CAPACITY(?:_LEVEL)?)"
)
"""Facts of a battery among the kernel's values, which are no readings of it."""

_OF_BATTERY = re.compile(r"POWER_SUPPLY_STATUS=([A-Za-z][A-Za-z ]{2,20})\s*")
_IN_WORDS = re.compile(r"POWER_SUPPLY_[A-Z_]{2,40}=\D.*")
_BATTERY_STATUS = "battery status"

_MOST_LABELS = 64
_FEWEST_BLOCKS = 2


class LabelledLines(Importer):
    """Lines of a label, a value and its unit."""

    name = "labelled"
    title = "labelled lines of a serial monitor"
    takes = frozenset(
        {"unit", "rate", "column", "voltage", "zone", "rail", "sum", "as", "dates", "interleaved"}
    )

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary or len(peek.lines) < 4:
            return False
        lines = [
            line
            for _, line in _whole(peek.lines[:100])
            if not (is_stamp(line) or _STATE.match(line) or _is_message(line))
        ]
        found = [pairs for line in lines if (pairs := _pairs(line)[1])]
        every = [pair for pairs in found for pair in pairs]
        electric = [pair for pair in every if _quantity(pair.label, pair.unit) in ELECTRIC]
        labels = {pair.label for pair in every}
        return (
            len(found) * 2 > len(lines)
            and len(electric) >= 2 * _FEWEST_BLOCKS
            and len(labels) * _FEWEST_BLOCKS <= len(every)
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        labels: dict[str, str] = {}
        stamp: str | None = None
        other = Unread()
        for number, line in _whole(read_lines(path)):
            own, pairs = (("time", line), []) if is_stamp(line) else _pairs(line)
            if own is None and not pairs and any(map(str.isdigit, line)) and not _in_words(line):
                other.add(number)
            stamp = stamp or (own[0] if own is not None else None)
            for pair in pairs:
                if _OF_ITS_MAKE.fullmatch(pair.label):
                    continue
                if pair.label not in labels and len(labels) < _MOST_LABELS:
                    labels[pair.label] = pair.unit or _UEVENT.get(pair.label, "")
        if not labels:
            raise DataError(f"{path}: no line of it is a label, a value and its unit")
        named = {"status": _BATTERY_STATUS} if {"status", "level", "voltage"} <= labels.keys() else {}
        head = ([] if stamp is None else [stamp]) + [
            f"{label} ({unit})" if unit else named.get(label, label) for label, unit in labels.items()
        ]
        rows = (
            [*[time or ""] * (stamp is not None), *(block.get(label, "") for label in labels)]
            for time, block in _blocks(path, list(labels))
        )
        log = read_as_table(path, head, rows, choices, of=cls)
        log.warnings = [
            text for text in log.warnings if not (isinstance(text, Note) and text.code == NO_UNIT)
        ]
        if other.count:
            text = f"{plural(other.count, 'line holds', 'lines hold')} no labelled value: passed over ({other.where})"
            log.warnings.append(Note.info("lines-passed-over", text))
        log.warnings.append(
            Note.info(
                "blocks-found",
                f"labelled lines were put together in blocks of {len(labels)} values: {', '.join(labels)}",
            )
        )
        return log


@dataclass(frozen=True, slots=True)
class _Pair:
    label: str
    value: str
    unit: str


def _quantity(label: str, unit: str) -> Quantity | str | None:
    named = heading(f"{label} ({unit or _UEVENT.get(label, '')})")
    return named.quantity or heading(label).implied


def _in_words(line: str) -> bool:
    """Return whether a line states something that is no reading."""
    return _STATE.match(line) is not None or _IN_WORDS.fullmatch(line.strip()) is not None


def _pairs(line: str) -> tuple[tuple[str, str] | None, list[_Pair]]:
    """Return (the heading of the time, the time) before a line's labels, or None, and its pairs; none where other text stands."""
    line = _FLAGS.sub("", line[:_LONGEST_LINE].strip().removeprefix("- "))
    state = _OF_BATTERY.fullmatch(line)
    if state is not None:
        return None, [_Pair(_BATTERY_STATUS, state[1], "")]
    stamped = _STAMPED.fullmatch(line)
    if stamped is not None:
        return ("time", stamped["unix"] or stamped["time"]), [
            _Pair("reading", stamped["value"], stamped["unit"])
        ]
    before = _BEFORE.match(line)
    assert before is not None
    stamp = None
    for name, head in (
        ("time", "time"),
        ("clock", "time"),
        ("sec", "time (s)"),
        ("ms", "time (ms)"),
        ("bare", "time"),
    ):
        if before[name] is not None:
            stamp = head, before[name]
    at = before.end()
    level = _LEVEL.match(line, at) if stamp is not None else None
    at = at if level is None else level.end()
    pairs = _pairs_from(line, at)
    process = _PROCESS.match(line, at) if stamp is not None and not pairs else None
    if process is not None:
        bare = _BARE.fullmatch(line, process.end())
        pairs = (
            _pairs_from(line, process.end())
            if bare is None
            else [_Pair("reading", bare["value"], bare["unit"])]
        )
    return (stamp, pairs) if pairs else (None, [])


def _whole(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield (number, line), where a line that begins with a colon and a number goes on with the one before."""
    held: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        if held is not None and len(held[1]) < _LONGEST_LINE and _GOES_ON.match(line):
            yield held[0], f"{held[1].rstrip()} {line.strip()}"
            held = None
            continue
        if held is not None:
            yield held
        held = number, line
    if held is not None:
        yield held


def _is_message(line: str) -> bool:
    """Return whether a program's logger wrote a line that holds no reading."""
    before = _BEFORE.match(line[:_LONGEST_LINE])
    stamped = before is not None and (before["time"] or before["clock"]) is not None
    return (
        stamped
        and before is not None
        and _LEVEL.match(line, before.end()) is not None
        and not _pairs(line)[1]
    )


def _pairs_from(line: str, at: int) -> list[_Pair]:
    """Return the pairs of a line from a place on, or nothing where other text stands among them."""
    pairs = []
    while at < len(line):
        match = _PAIR.match(line, at) or _SPACED.match(line, at)
        if match is None:
            return []
        pairs.append(_Pair(match["label"].strip(), match["value"], match["unit"] or ""))
        at = match.end()
    return pairs


def _blocks(path: Path, labels: list[str]) -> Iterator[tuple[str | None, dict[str, str]]]:
    block: dict[str, str] = {}
    time: str | None = None
    known = set(labels)
    for _, line in _whole(read_lines(path)):
        if is_stamp(line):
            if block:
                yield time, block
            block, time = {}, line.strip()
            continue
        stamp, pairs = _pairs(line)
        for pair in pairs:
            if pair.label not in known:
                continue
            if pair.label in block:
                yield time, block
                block, time = {}, None
            time = time or (stamp[1] if stamp is not None else None)
            block[pair.label] = f"{pair.value} {pair.unit}".strip()
    if len(block) == len(labels):  # a cut last block is not believed
        yield time, block
