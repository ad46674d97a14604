"""The KM003C's queue: placed by its sequence, losses, silence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from memory_link import LOAD, MemoryLink

from powermeter.drivers import km003c
from powermeter.errors import OpenError, ReadError
from powermeter.testing.request_meters import SimulatedKM003C


@pytest.mark.parametrize("lost", [0, 7])
def test_km003c_queue_is_placed_by_its_sequence(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    monkeypatch.setitem(sys.modules, "km003c", None)  # nothing to unlock it with: this one needs none
    meter = SimulatedKM003C(LOAD)
    link = MemoryLink(meter)
    monkeypatch.setattr(km003c.time, "sleep", lambda _: setattr(link, "now_s", link.now_s + 0.03))
    source = connect("km003c-stream:///dev/hidraw7?rate=1000Hz", link)
    rows, gaps, times = [], [], []
    for number in range(20):
        if number == 10:
            meter._sent_ms += lost
        block = source.read_block(0.1)
        if block is not None:
            rows += block.codes.tolist()
            gaps += list(block.gaps)
            times += block.times_ns.tolist()
    assert len(rows) >= 400 and rows[0][0] == 5_000_000
    assert [gap.lost for gap in gaps] == ([lost] if lost else []) and source.counts()["samples_lost"] == lost
    assert (np.diff(times) >= 0).all()
    source.close()
    assert link.written[-1][0] == 0x0F


def test_km003c_queue_that_stays_empty_says_what_to_do(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "km003c", None)
    monkeypatch.setattr(km003c, "SILENCE_S", 0.05)
    meter = SimulatedKM003C(LOAD)
    monkeypatch.setattr(meter, "queue", lambda number, now_s: bytes.fromhex("4101820202000005"))
    with pytest.raises(OpenError, match="pip install km003c, or read it by km003c://"):
        connect("km003c-stream:///dev/hidraw7", MemoryLink(meter))


def test_km003c_queue_stamps_are_when_samples_were_taken_not_when_they_arrived(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample each millisecond, by its sequence; answers up to 50 ms late, each by another time."""
    monkeypatch.setitem(sys.modules, "km003c", None)
    dice = np.random.default_rng(5)
    link = MemoryLink(SimulatedKM003C(LOAD))
    late_s = [0.0]
    monkeypatch.setattr(km003c.time, "sleep", lambda _: setattr(link, "now_s", link.now_s + 0.03))
    source = connect("km003c-stream:///dev/hidraw7?rate=1000Hz", link)
    monkeypatch.setattr(km003c, "now_ns", lambda: round((link.now_s + late_s[0]) * 1e9))
    stamps = []
    for _ in range(400):
        late_s[0] = float(dice.exponential(0.008))
        block = source.read_block(0.1)
        if block is not None:
            stamps.append(block.times_ns)
    times = np.concatenate(stamps)
    assert len(times) > 10_000
    wander = times - times[0] - np.arange(len(times)) * 1_000_000
    settled = wander[len(wander) // 2 :]
    assert settled.max() - settled.min() < 2e6


@pytest.fixture
def misread(connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A source whose sequence is stated as ten times slower than it is."""
    monkeypatch.setitem(sys.modules, "km003c", None)
    monkeypatch.setattr(km003c, "TICK_NS", 10_000_000)
    link = MemoryLink(SimulatedKM003C(LOAD))
    monkeypatch.setattr(km003c.time, "sleep", lambda _: setattr(link, "now_s", link.now_s + 0.03))
    monkeypatch.setattr(km003c, "now_ns", lambda: round(link.now_s * 1e9))
    return connect("km003c-stream:///dev/hidraw7?rate=1000Hz", link)


def test_a_sequence_that_does_not_count_milliseconds_is_refused(misread: Any) -> None:
    """An error, and no opening again."""
    with pytest.raises(ReadError, match="its sequence is not in milliseconds; read it by km003c://") as found:
        for _ in range(200):
            misread.read_block(0.1)
    assert found.value.is_final


def test_a_sequence_that_does_not_count_milliseconds_is_refused_at_the_end_of_a_second(misread: Any) -> None:
    for _ in range(40):
        misread.read_block(0.1)
    with pytest.raises(ReadError, match="not in milliseconds"):
        misread.finish()
