"""Imports Green Button files, as utilities in North America offer them: the energy of each interval, in XML.

ESPI (NAESB REQ.21, as the open `espi.xsd` has it): a `ReadingType` states the unit (`uom`: 72 is Wh, 31 is J), a power of ten, what
its values are (`accumulationBehaviour`: 4 is the amount of each interval) and which way energy flows (1 is taken from the grid);
an `IntervalReading` has its start in seconds since 1970, its length and its value.  Blocks refer to their type by links.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.decimal_grid import float_or_nan
from powermeter.importers.files import Peek, read_all
from powermeter.importers.log import Choices, Importer, Log
from powermeter.result.notes import Note

_NAMESPACE = "http://naesb.org/espi"
_MAX_BYTES = 128 << 20
_WH_OF = {"72": 1.0, "31": 1 / 3600}
_UNITS = {
    "38": "W",
    "61": "VA",
    "63": "var",
    "71": "VAh",
    "73": "varh",
    "29": "V",
    "5": "A",
    "119": "ft³",
    "169": "therm",
    "42": "m³",
}
_TAKEN = ("", "0", "1")
_AMOUNTS = ("", "0", "4")
_ELECTRIC = ("", "0", "1", "2")  # commodity; others are gas, water, heat
_ESTIMATED = ("7", "8", "9", "10", "12", "13")
_MOST_TENS = 12


@dataclass(slots=True)
class _Usage:
    """What a file holds.

    Attributes:
        values: End of an interval in s since 1970 → register → Wh.
        aside: What is not imported.
        longer: Registers that are not imported since the others' intervals are shorter.
        estimated: Intervals that no meter measured.
        twice: Intervals that stand in it with two energies.
        lost: Readings without a start, a length or a number.
    """

    values: dict[int, dict[str, float]] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    aside: dict[str, None] = field(default_factory=dict)
    longer: list[str] = field(default_factory=list)
    estimated: int = 0
    twice: int = 0
    lost: int = 0


class GreenButton(Importer):
    name = "green-button"
    title = "a Green Button file (ESPI)"
    takes = frozenset({"rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return (
            not peek.is_binary and peek.text.lstrip("\ufeff \r\n").startswith("<") and _NAMESPACE in peek.text
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        found = _usage(path)
        if not found.columns:
            listed = ", ".join(found.aside) or "none"
            raise DataError(
                f"{path}: no energy of intervals taken from the grid (in Wh) in it; it has: {listed}"
            )
        rows = (
            [str(end), *(_text(row.get(name)) for name in found.columns)]
            for end, row in sorted(found.values.items())
        )
        log = read_as_table(
            path, ["time_s", *found.columns], rows, replace(choices, as_={"": "per-row"}), of=cls
        )
        log.metadata["tool"] = "Green Button"
        log.warnings += _notes(found)
        return log


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _notes(found: _Usage) -> list[Note]:
    notes = []
    if found.estimated:
        text = f"{plural(found.estimated, 'interval')} of estimated, edited or questionable energy are counted like measured ones"
        notes.append(Note.warning("substituted", text))
    if found.lost:
        text = f"{plural(found.lost, 'IntervalReading')} without a start, a length or a number left out"
        notes.append(Note.warning("rows-left-out", text))
    if found.twice:
        text = f"{plural(found.twice, 'interval stands', 'intervals stand')} in it twice with another energy: the later one in the file counts"
        notes.append(Note.warning("rows-left-out", text))
    if found.longer:
        text = (
            f"left out, since they may hold the energy of {', '.join(found.columns)} once more, in longer intervals: "
            f"{', '.join(found.longer)}"
        )
        notes.append(Note.warning("series-left-out", text))
    if found.aside:
        text = f"not energy taken from the grid, left out: {', '.join(found.aside)}"
        notes.append(Note.info("series-left-out", text))
    return notes


def _usage(path: Path) -> _Usage:
    """Read all blocks.

    Raises:
        DataError: It is not XML, nothing states which type a block is of, or a type has no power of ten that can be.
    """
    data = read_all(path, _MAX_BYTES)
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DataError(f"{path}: XML with definitions of its own in it, which no Green Button file has")
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, LookupError, ValueError) as error:  # the last two of an encoding that is not known
        raise DataError(f"{path}: not whole XML ({error}); download it again") from None
    found, types = _Usage(), _Types.of(root)
    blocks: dict[str, list[tuple[ET.Element, float]]] = {}
    for up, block in _parts(root, "IntervalBlock"):
        kind = types.of_block(up)
        if kind is None:
            raise DataError(
                f"{path}: several kinds of readings in it and no link that states of which a block is; export one of them alone"
            )
        name = _register(*kind, found)
        if name is not None:
            factor = _tens(kind[1], path) * _WH_OF[_child(kind[1], "uom")]
            blocks.setdefault(name, []).append((block, factor))
    lengths = {name: _usual_length(block for block, _ in own) for name, own in blocks.items()}
    shortest = min((length for length in lengths.values() if length), default=0)
    for name, own in blocks.items():
        if lengths[name] > shortest:
            found.longer.append(name)
            del found.columns[name]
            continue
        for block, factor in own:
            _add(block, name, factor, found)
    return found


def _usual_length(blocks: Iterable[ET.Element]) -> int:
    """Return how many seconds most intervals of some blocks last; 0 where none states it."""
    readings = (reading for block in blocks for reading in block.iter(f"{{{_NAMESPACE}}}IntervalReading"))
    texts = (_child(reading, "timePeriod", "duration") for reading in readings)
    usual = Counter(int(text) for text in texts if text.isdecimal()).most_common(1)
    return usual[0][0] if usual else 0


def _parts(root: ET.Element, name: str) -> Iterator[tuple[dict[str, list[str]], ET.Element]]:
    """Yield (the links of its entry by what they are, the element) of all elements of a name."""
    inside: set[int] = set()
    for entry in root.iter("{http://www.w3.org/2005/Atom}entry"):
        links: dict[str, list[str]] = {}
        for link in entry.iter("{http://www.w3.org/2005/Atom}link"):
            links.setdefault(link.get("rel", ""), []).append(link.get("href", "").rstrip("/"))
        for part in entry.iter(f"{{{_NAMESPACE}}}{name}"):
            inside.add(id(part))
            yield links, part
    yield from (({}, part) for part in root.iter(f"{{{_NAMESPACE}}}{name}") if id(part) not in inside)


def _child(part: ET.Element, *names: str) -> str:
    """Return the text of a child, of a child of a child and so on, or nothing."""
    return part.findtext("/".join(f"{{{_NAMESPACE}}}{name}" for name in names), "").strip()


@dataclass(slots=True)
class _Types:
    """The types of readings by their own links, and which one each meter reading names."""

    by_link: dict[str, ET.Element]
    of_reading: dict[str, str]
    only: ET.Element | None

    @classmethod
    def of(cls, root: ET.Element) -> _Types:
        """Return those of a file."""
        found = list(_parts(root, "ReadingType"))
        by_link = {link: part for links, part in found for link in links.get("self", [])}
        of_reading = {
            own: related
            for links, _ in _parts(root, "MeterReading")
            for own in links.get("self", [])
            for related in links.get("related", [])
            if related in by_link
        }
        return cls(by_link, of_reading, found[0][1] if len(found) == 1 else None)

    def of_block(self, links: Mapping[str, list[str]]) -> tuple[str, ET.Element] | None:
        """Return (the register's name, its type) of a block, or None where nothing states it."""
        for up in links.get("up", []):
            reading = up.rsplit("/IntervalBlock", 1)[0]
            if (related := self.of_reading.get(reading)) is not None:
                return _name(reading), self.by_link[related]
        return None if self.only is None else ("", self.only)


def _name(reading: str) -> str:
    """Return what a meter reading is called, by its link: the last parts, by which several differ."""
    parts = [part for part in reading.split("/") if part]
    return "_".join(part for part in parts[-3:] if part != "MeterReading")[-40:]


def _tens(kind: ET.Element, path: Path) -> float:
    text = _child(kind, "powerOfTenMultiplier") or "0"
    if not re.fullmatch(r"[+-]?[0-9]{1,3}", text) or abs(int(text)) > _MOST_TENS:
        raise DataError(
            f"{path}: {text[:20]!r} is not a power of ten of its values (-12 to 12); the file is damaged"
        )
    return 10.0 ** int(text)


def _register(name: str, kind: ET.Element, found: _Usage) -> str | None:
    """Return the column of what a type describes; None where it is no energy taken from the grid, which is noted."""
    unit = _child(kind, "uom")
    flow, what = _child(kind, "flowDirection"), _child(kind, "accumulationBehaviour")
    commodity = _child(kind, "commodity")
    if unit in _WH_OF and flow in _TAKEN and what in _AMOUNTS and commodity in _ELECTRIC:
        column = f"grid {name}".strip() + " energy (Wh)"
        found.columns[column] = None
        return column
    in_words = "Wh" if unit == "72" else _UNITS.get(unit, f"unit {unit or 'not stated'}")
    other = "" if commodity in _ELECTRIC else f", commodity {commodity}"
    found.aside[
        f"{name or 'a register'} ({in_words}, flow {flow or '–'}, accumulation {what or '–'}{other})"
    ] = None
    return None


def _add(block: ET.Element, name: str, wh: float, found: _Usage) -> None:
    """Take the intervals of a block."""
    for reading in block.iter(f"{{{_NAMESPACE}}}IntervalReading"):
        start, length = _child(reading, "timePeriod", "start"), _child(reading, "timePeriod", "duration")
        energy = float_or_nan(_child(reading, "value")) * wh
        if not (start.isdecimal() and length.isdecimal() and int(length) and math.isfinite(energy)):
            found.lost += 1
            continue
        row = found.values.setdefault(int(start) + int(length), {})
        found.twice += row.get(name, energy) != energy
        row[name] = energy
        found.estimated += _child(reading, "ReadingQuality", "quality") in _ESTIMATED
