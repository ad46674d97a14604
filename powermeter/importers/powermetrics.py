"""Imports the text that macOS `powermetrics` prints, one block per sample.

Each block names how long it lasted (`104.51ms elapsed`) and the mean power over that time.  The
energy is the sum of power × elapsed time, kept as a running total; the printed date has a resolution
of one second and only anchors the axis.  Apple computes these powers from activity; it does not
measure them, so their grade is `estimated`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from powermeter.channel import MISSING, Channel, Kind, Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.unread_lines import Unread
from powermeter.platforms.powermetrics import ACCURACY, parse_block, parse_power, rail_of
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS

_MAX_BLOCKS = 5_000_000
_HEAD = re.compile(r"(Machine model|OS version): (.{1,80})\Z")
_DATE = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) ([+-]\d{4})\Z")
_ALMOST = re.compile(r"\*\*\* Sampled|ms elapsed\) \*|(?:CPU|GPU|ANE|DRAM) Power:\s*\S*\d")
_MONTHS = {
    name: i
    for i, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}


@dataclass(slots=True)
class _Block:
    elapsed_ns: int
    stamp_ns: int | None
    powers: dict[str, float] = field(default_factory=dict)


class Powermetrics(Importer):
    name = "powermetrics"
    title = "a macOS powermetrics text"
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return any(parse_block(line) is not None for line in peek.text.splitlines())

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        every, heading = _blocks(path, unread)
        blocks = [block for block in every if block.powers]
        if not blocks:
            raise DataError(
                f"{path}: no power in it; run powermetrics as root with --samplers cpu_power,gpu_power"
            )
        names = list(dict.fromkeys(name for block in blocks for name in block.powers))
        elapsed = np.array([block.elapsed_ns for block in blocks], np.int64)
        first = blocks[0].stamp_ns
        start = 0 if first is None else first - int(elapsed[0])
        times = start + np.concatenate(([0], np.cumsum(elapsed)))
        channels: list[Channel] = []
        codes = []
        for name in names:
            for channel, code in _channels(name, blocks, elapsed):
                channels.append(channel)
                codes.append(code)
        warnings = [
            Note.info(
                "model-estimates",
                "these powers are computed by macOS from activity, not measured: grade estimated",
            ),
        ]
        if first is not None:
            warnings.append(
                Note.info(
                    "coarse-stamps",
                    "the printed dates have a resolution of 1 s; the axis is known to ±1 s as a whole",
                )
            )
        empty = len(every) - len(blocks)
        if empty:
            text = f"{plural(empty, 'sample')} without a power: left out, with the time that it lasted"
            warnings.append(Note.warning("missing-values", text))
        warnings += unread.notes()
        rows = LogRows("powermetrics", tuple(channels), times, codes)
        return Log(cls.name, RELATIVE if first is None else UTC, [rows], metadata=heading, warnings=warnings)


def _blocks(path: Path, unread: Unread) -> tuple[list[_Block], dict[str, str]]:
    """Return the samples and what stands above them; lines that opened a sample or stated a power once are counted."""
    blocks: list[_Block] = []
    heading: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        start = parse_block(line)
        if start is not None:
            elapsed = round(start[1] * 1e6)
            if elapsed <= 0:
                raise DataError(f"{path}: a sample of {start[1]} ms")
            if len(blocks) >= _MAX_BLOCKS:
                raise DataError(f"{path}: more than {_MAX_BLOCKS} samples; split it and import the parts")
            blocks.append(_Block(elapsed, _stamp_ns(start[0])))
            continue
        head = _HEAD.match(line)
        if head is not None:
            heading[head[1].lower()] = head[2]
        power = parse_power(line)
        if power is None and _ALMOST.search(line[:200]):
            unread.add(number)
        if blocks and power is not None:
            blocks[-1].powers.setdefault(*power)
    if not blocks:
        raise DataError(f"{path}: no block `*** Sampled system activity … ***` in it")
    return blocks, heading


def _stamp_ns(text: str) -> int | None:
    match = _DATE.match(text)
    if match is None or match[1] not in _MONTHS:
        return None
    from datetime import datetime

    try:
        stamp = datetime.strptime(
            f"{match[6]}-{_MONTHS[match[1]]}-{match[2]} {match[3]}:{match[4]}:{match[5]} {match[7]}",
            "%Y-%m-%d %H:%M:%S %z",
        )
    except ValueError:
        return None
    return round(stamp.timestamp()) * NS


def _channels(name: str, blocks: list[_Block], elapsed: np.ndarray) -> list[tuple[Channel, np.ndarray]]:
    """Return a rail's mean powers and the running total of power × elapsed time."""
    rail = rail_of(name)
    powers = np.array([block.powers.get(name, np.nan) for block in blocks])
    code, scale = integer_codes(np.round(powers * 1e3, 4))
    known = code != MISSING
    total = np.full(len(code) + 1, MISSING, np.int64)
    # Microseconds times milliwatts are nanojoules: exact, and far from 2^63.
    total[0] = 0
    total[1:][known] = np.cumsum(code[known] * (elapsed[known] // 1000))
    return [
        (
            Channel(
                f"{rail.name}.power",
                Quantity.POWER,
                scale * 1e-3,
                rail,
                Kind.MEAN,
                grade=Grade.ESTIMATED,
                accuracy=ACCURACY,
            ),
            np.concatenate(([MISSING], code)),
        ),
        (
            Channel(
                f"{rail.name}.energy",
                Quantity.ENERGY,
                scale * 1e-9,
                rail,
                Kind.COUNTER,
                grade=Grade.ESTIMATED,
                accuracy=ACCURACY,
            ),
            total,
        ),
    ]
