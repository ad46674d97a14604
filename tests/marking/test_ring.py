"""The ring: a file of 64-byte slots in which one process leaves its marks, in any language: what it promises."""

from __future__ import annotations

import os

import pytest

import powermeter
from powermeter import events
from powermeter.marking import ring


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__

    def __float__(self):
        raise RuntimeError("no")


@pytest.mark.thorough
def test_a_full_ring_waits_for_the_recorder_and_loses_nothing(running, monkeypatch):
    monkeypatch.setattr(ring, "CAPACITY", 64)
    running.intake.start()
    for _ in range(2000):
        with powermeter.event("w"):
            pass
    assert len(running.end()) == 2000
    assert running.counts()[os.getpid()].details["lost"] == 0


def test_odd_names_are_kept_where_they_can_be(running):
    names = ["\udcff broken", "", "x" * 100_000, "<script>", 7, Unspeakable(), [], "nul\0inside"]
    for name in names:
        with powermeter.event(name):
            pass
    found = [event.name for event in running.end()]
    assert found[:2] == ["\\udcff broken", "(unnamed)"] and found[2].startswith("xxx")
    assert len(found[2].encode()) == ring.MAX_NAME and "… (cut, 100000 bytes, " in found[2]
    assert found[3:] == ["<script>", "7", "<Unspeakable>", "[]", "nul\\0inside"]


def test_two_long_names_stay_two_and_state_that_they_were_cut():
    """Both were stored as their first 4 000 characters: two labels became one, and nothing stated it."""
    one, other = (ring.name_bytes("é" * 2500 + ending).decode() for ending in ("a", "b"))
    assert one != other and one[:1900] == other[:1900] == "é" * 1900
    assert max(len(name.encode()) for name in (one, other)) <= ring.MAX_NAME
    assert "cut, 5001 bytes" in one and ring.name_bytes("é" * 2000).decode() == "é" * 2000


def test_the_thread_of_a_shell_s_mark_is_one_number_in_the_ring_and_in_an_event():
    assert ring.BY_COMMAND == events.BY_COMMAND
