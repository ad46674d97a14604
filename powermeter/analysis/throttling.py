"""When a board held itself back during a recording: under-voltage, capped clocks, over-current.

Throttled stretches draw less and take longer than the board would; a comparison that does not know
of them is wrong.  The Raspberry Pi's firmware reports flag bits (channel `throttled.bits`), NVIDIA's
Jetson boards count over-current events (channel `throttle.events`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from powermeter.channel import MISSING, Quantity
from powermeter.errors import plural
from powermeter.events import Event
from powermeter.platforms.throttling import BITS, COUNT, FLAGS, STICKY
from powermeter.recording.protocol import RecordingLike
from powermeter.result.notes import Note
from powermeter.units import format_duration

THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in which a board held itself back, in monotonic ns; where it lasted less than a
    sample's distance, the stretch is that distance."""

    name: str
    start_ns: int
    end_ns: int


def spells(recording: RecordingLike) -> list[Spell]:
    """Return all such stretches of a recording, in the order of their beginning."""
    found: list[Spell] = []
    for source in recording.sources:
        channels = [c for c in source.channels if c.quantity is Quantity.MARKER and c.name in (BITS, COUNT)]
        if not channels:
            continue
        for channel in channels:
            known = _changes(recording, source.id, channel.name)
            found += _of_bits(known) if channel.name == BITS else _of_counts(known)
    return sorted(found, key=lambda spell: (spell.start_ns, spell.name))


def _changes(recording: RecordingLike, source: int, channel: str) -> list[tuple[int, int]]:
    """Return (time, code) of a channel where the code changes: the last sample before and the first after."""
    found: list[tuple[int, int]] = []
    for samples in recording.stream(source, channels=[channel]):
        codes = samples.codes[channel]
        there = codes != MISSING
        times, codes = samples.times_ns[there], codes[there]
        if not len(codes):
            continue
        keep = np.zeros(len(codes), bool)
        changed = np.flatnonzero(np.diff(codes)) + 1
        keep[[0, -1]] = keep[changed] = keep[changed - 1] = True
        found += zip(times[keep].tolist(), codes[keep].tolist(), strict=True)
    return found


def _of_bits(known: Sequence[tuple[int, int]]) -> list[Spell]:
    found = []
    for bit, words in FLAGS.items():
        if bit >= STICKY:
            continue
        began: int | None = None
        before: tuple[int, int] | None = None
        for at_ns, bits in known:
            now, rose = bits >> bit & 1, before is not None and not before[1] >> (bit + STICKY) & 1
            if now and began is None:
                began = at_ns
            elif not now and began is not None:
                found.append(Spell(words, began, at_ns))
                began = None
            elif not now and rose and bits >> (bit + STICKY) & 1:
                assert before is not None
                found.append(Spell(words, before[0], at_ns))  # it came and went between two samples
            before = (at_ns, bits)
        if began is not None and known:
            found.append(Spell(words, began, known[-1][0]))
    return found


def _of_counts(known: Sequence[tuple[int, int]]) -> list[Spell]:
    return [
        Spell("over-current throttling", then, now)
        for (then, before), (now, after) in pairwise(known)
        if after > before
    ]


def marks(recording: RecordingLike) -> list[Event]:
    """Return the same stretches as events, for traces and tables."""
    return [
        Event(spell.name, spell.start_ns, spell.end_ns, attributes={"kind": "throttling"})
        for spell in spells(recording)
    ]


def notes(recording: RecordingLike) -> list[Note]:
    """Return one note for each kind of throttling that happened, for the reader of a result."""
    total: dict[str, tuple[int, int]] = {}
    for spell in spells(recording):
        count, length = total.get(spell.name, (0, 0))
        total[spell.name] = (count + 1, length + spell.end_ns - spell.start_ns)
    return [
        Note.warning(
            THROTTLED,
            f"the board reported {name} {plural(count, 'time')}, {format_duration(length / 1e9)} together: "
            "its power then is not representative",
        )
        for name, (count, length) in total.items()
    ]
