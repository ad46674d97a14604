"""What stands in a report of `nvidia-smi -q`, as text or as XML (`-x`): times, cards, groups of readings and draws, one after another.

The XML is never parsed as such: only the few elements that hold a time, a card or a draw are looked for, line by line, so nothing that a
document defines for itself is followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from powermeter.importers.files import read_lines

_STAMP = re.compile(r"Timestamp\s+:\s+(\w{3} \w{3}\s+\d{1,2} \d\d:\d\d:\d\d \d{4})\s*\Z")
_CARD = re.compile(r"GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.\d)\s*\Z")
_DRAW = re.compile(r"\s+(?:(Average|Instantaneous) )?Power Draw\s+:\s+(.+?)\s*\Z")
_OTHER = re.compile(r"\s+(?:Module|GPU Memory) Power Readings")
_OWN = re.compile(r"\s+(?:GPU )?Power Readings")

_ELEMENT = re.compile(
    r"<timestamp>(?P<stamp>[^<]{1,60})</timestamp>"
    r'|<gpu id="(?P<card>[0-9A-Fa-f:.]{1,40})">'
    r"|<(?P<group>(?:gpu_|module_|gpu_memory_)?power_readings)>"
    r"|<(?P<kind>average_|instant_|)power_draw>(?P<draw>[^<]{1,40})</(?P=kind)power_draw>"
)
_KINDS = {"average_": "Average", "instant_": "Instantaneous", "": None}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a report states.

    Attributes:
        line: Its number, from 1.
        stamp: A time, or None.
        card: A card's bus id, or None.
        is_of_card: Whether the draws that follow are the card's own; None where no group of readings begins.
        draw: (which draw, its text), or None.
    """

    line: int
    stamp: str | None = None
    card: str | None = None
    is_of_card: bool | None = None
    draw: tuple[str | None, str] | None = None


def is_text(lines: list[str]) -> bool:
    """Return whether lines are of a report as text."""
    return any("NVSMI LOG" in line for line in lines) and any(map(_DRAW.match, lines))


def is_xml(text: str) -> bool:
    """Return whether a text begins a report in XML."""
    return "<nvidia_smi_log>" in text[:4000]


def parts(path: Path, *, xml: bool) -> Iterator[Part]:
    """Yield what the reports of a file state, in its order."""
    of_line: Callable[[int, str], Iterator[Part]] = _of_xml if xml else _of_text
    for number, line in enumerate(read_lines(path), 1):
        yield from of_line(number, line)


def _of_text(number: int, line: str) -> Iterator[Part]:
    if (stamp := _STAMP.match(line)) is not None:
        yield Part(number, stamp=stamp[1])
    elif (card := _CARD.match(line)) is not None:
        yield Part(number, card=card[1])
    elif _OTHER.match(line):
        yield Part(number, is_of_card=False)
    elif _OWN.match(line):
        yield Part(number, is_of_card=True)
    elif (draw := _DRAW.match(line)) is not None:
        yield Part(number, draw=(draw[1], draw[2]))


def _of_xml(number: int, line: str) -> Iterator[Part]:
    for found in _ELEMENT.finditer(line):
        if found["stamp"] is not None:
            yield Part(number, stamp=found["stamp"].strip())
        elif found["card"] is not None:
            yield Part(number, card=found["card"])
        elif found["group"] is not None:
            yield Part(number, is_of_card=found["group"] in ("power_readings", "gpu_power_readings"))
        else:
            yield Part(number, draw=(_KINDS[found["kind"]], found["draw"].strip()))
