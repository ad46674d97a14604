"""What a part of a computer draws at most: a log that states more is damaged, or its header is not what its columns are."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Quantity
from powermeter.errors import plural
from powermeter.importers.log import LogRows
from powermeter.result.notes import Note
from powermeter.units import NS, format_quantity

_MOST_W = (
    (re.compile(r"(?:package|pkg|cpu|processor|cores?|ia|gt|uncore|dram)[-_ ]?\d+"), 2e3),
    (re.compile(r"gpu[-_ ]?\d+"), 3e3),
    (re.compile(r"package|pkg|cpu|processor|cores?|uncore|dram|integrated_graphics"), 6e3),
    (re.compile(r"gpu|machine"), 3e4),
)
"""Rail → W: twice what the largest of 2026 are built for (one processor 1 kW, one card 1.4 kW), eight of them without a number."""

_MOST_OF_METERS_W = 50e3
"""The connection of a house, 3 × 63 A at 230 V, is 43 kW: a counter of one with a car at its charger stays below."""

_SHORTEST_S = 0.2
"""A step of a counter that was read a moment late or early seems to be more."""


def most_w(rail: str) -> float:
    """Return the most that a rail of this name draws, in W; infinite where it names no part."""
    name = rail.lower()
    return next((most for names, most in _MOST_W if names.fullmatch(name)), np.inf)


def beyond_parts(rows: LogRows) -> list[Note]:
    """Return a note on each rail that states more than its part can draw, and on each counter above what a house draws; of long logs, by their beginning."""
    block = next(rows.blocks(), None)
    if block is None or len(block.times_ns) < 2:
        return []
    seconds = np.diff(block.times_ns) / NS
    notes = []
    for channel, codes in zip(rows.channels, block.codes.T, strict=True):
        if channel.rail is None or channel.quantity not in (Quantity.POWER, Quantity.ENERGY):
            continue
        values, most = channel.in_si(codes), most_w(channel.rail.name)
        if channel.quantity is Quantity.POWER:
            notes += _over(channel.name, values, most)
            continue
        rises = np.maximum(np.nan_to_num(np.diff(values)), 0.0)
        over = _over(channel.name, np.append(0.0, rises / np.maximum(seconds, _SHORTEST_S)), most)
        notes += over or _beyond_a_house(channel.name, float(rises.sum()), float(seconds.sum()))
    return notes


def _over(name: str, watts: NDArray[np.float64], most: float) -> list[Note]:
    """Return a note where watts are above the most that a part draws."""
    beyond = watts > most
    if not beyond.any():
        return []
    first = int(np.argmax(beyond))
    text = (
        f"{name}: {plural(int(beyond.sum()), 'reading')} above {format_quantity(most, 'W')}, more than such a part draws (the first is reading "
        f"{first + 1}, {format_quantity(float(watts[first]), 'W')}), which count: if the log is damaged there, take their lines out; if its unit or "
        "its column is another one, state it with --column or --unit; and import again"
    )
    return [Note.warning("implausible-values", text)]


def _beyond_a_house(name: str, joules: float, seconds: float) -> list[Note]:
    if joules <= _MOST_OF_METERS_W * max(seconds, 1.0):
        return []
    mean = format_quantity(joules / seconds, "W")
    text = (
        f"{name} counts {mean} on average, more than the connection of a house delivers; if its unit is another one, state it with --column or --unit; if the "
        "header has its columns in another order than the rows, put them right; and import again"
    )
    return [Note.warning("implausible-unit", text)]
