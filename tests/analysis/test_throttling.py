"""Throttling from the Raspberry Pi's flag bits and the Jetson's event counters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from powermeter.analysis import throttling
from powermeter.channel import MISSING, Channel, Kind, Quantity

S = 1_000_000_000


def recording(name: str, codes: list[int], kind: Kind = Kind.INSTANT):
    channel = Channel(name, Quantity.MARKER, 1.0, kind=kind)
    times, column = np.arange(len(codes), dtype=np.int64) * S, np.array(codes, np.int64)

    def stream(source: int, channels: list[str]):
        assert (source, channels) == (1, [name])
        for first in range(0, len(codes), 2):  # two samples a piece
            yield SimpleNamespace(times_ns=times[first : first + 2], codes={name: column[first : first + 2]})

    return SimpleNamespace(
        sources=[SimpleNamespace(id=1, channels=(channel,)), SimpleNamespace(id=2, channels=())],
        stream=stream,
    )


def told(rec) -> list[tuple[str, int, int]]:
    return [(spell.name, spell.start_ns // S, spell.end_ns // S) for spell in throttling.spells(rec)]


def test_bits_that_are_set_are_spells():
    rec = recording(throttling.BITS, [0, 0x10001, 0x10001, 0x50005, 0x50000, 0x50000])
    assert told(rec) == [("under-voltage", 1, 4), ("throttled", 3, 4)]


def test_a_spell_between_two_samples_is_seen_by_the_bit_that_stays():
    rec = recording(throttling.BITS, [0, 0, 0x10000, 0x10000])
    assert told(rec) == [("under-voltage", 1, 2)]


def test_what_was_before_the_recording_is_no_spell():
    assert told(recording(throttling.BITS, [0x50000, 0x50000])) == []


def test_a_spell_that_lasts_ends_with_the_recording():
    assert told(recording(throttling.BITS, [0, 0x80008, 0x80008])) == [("soft temperature limit", 1, 2)]


def test_missing_flags_are_skipped():
    assert told(recording(throttling.BITS, [MISSING, 0, MISSING, 0x10001, MISSING])) == [
        ("under-voltage", 3, 3)
    ]


def test_counted_events_are_spells():
    rec = recording(throttling.COUNT, [3, 3, 5, 5, 6], Kind.COUNTER)
    assert told(rec) == [("over-current throttling", 1, 2), ("over-current throttling", 3, 4)]
    assert told(recording(throttling.COUNT, [5, 0, 0], Kind.COUNTER)) == []  # it began anew


def test_notes_and_marks_say_how_often_and_how_long():
    rec = recording(throttling.BITS, [0, 0x10001, 0x10000, 0x10001, 0x10000])
    (note,) = throttling.notes(rec)
    assert "under-voltage 2 times, 2.000 s together" in note
    marks = throttling.marks(rec)
    assert [mark.name for mark in marks] == ["under-voltage", "under-voltage"]
    assert marks[0].duration_s == 1.0 and marks[0].attributes == {"kind": "throttling"}


def test_other_recordings_have_none():
    assert told(recording("logic", [1, 0, 1])) == [] and throttling.notes(recording("logic", [1])) == []
