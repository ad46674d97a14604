"""The row of a label of which no energy is known: what is known of its events all the same, and None."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from powermeter.analysis import label_rows
from powermeter.analysis.energy import analyse
from powermeter.analysis.label_row import RowName, row
from powermeter.analysis.label_rows import InShort, LabelRows, in_short, rows_called
from powermeter.analysis.warmup import WarmUp, WarmUpReason
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.testing.simulation import SimulatedRecording
from tests.support.many_labels import many_labels

MS = 1_000_000


def flat(*events: Event):
    """2 W at 10 Hz for 20 s: nothing shows what an event between two readings drew."""
    times = np.arange(200) * 100 * MS
    channel = Channel("p.power", Quantity.POWER, 0.001, Rail("P"), accuracy=Accuracy(noise=0.02))
    source = SourceInfo(1, "test://1", "meter", "test", {}, (channel,))
    samples = {1: Samples(times, {"p.power": np.full(200, 2000)}, np.zeros(200, np.uint8))}
    return analyse(SimulatedRecording([source], samples, happened=list(events)))


def test_what_is_known_of_events_without_energy() -> None:
    lasting = [10, 30, 50]
    events = [
        Event(
            "e",
            (5000 + 100 * i + 10) * MS,
            (5000 + 100 * i + 10 + length) * MS,
            uid=i + 1,
            peak_memory=1000 * i,
        )
        for i, length in enumerate(lasting)
    ]
    found = flat(*events, Event("e", 30_000 * MS, 30_010 * MS, uid=9)).row("e")
    assert (found.events, found.outside, found.unseen, found.items) == (3, 1, 3, 0)
    assert (found.latency_mean, found.latency_p50) == pytest.approx(
        (0.03, 0.03)
    ) and found.latency_p95 is None
    assert found.peak_memory == 2000 and found.warmup == WarmUp(0, WarmUpReason.FEW)
    assert found.energy is found.per_item is found.charge is found.power is found.plain_energy is None
    assert not found.verdict.resolved and "no reading fell into any of them" in found.verdict.text


def test_it_is_the_row_that_every_label_has() -> None:
    events = (
        Event("e", 5_010 * MS, 5_060 * MS, uid=1),
        Event("e", 5_110 * MS, 5_140 * MS, uid=2, count=None),
        Event("mark", 7_000 * MS, 7_000 * MS, uid=3),
        Event("late", 90_000 * MS, 90_010 * MS, uid=4, peak_memory=7),
    )
    analysis = flat(*events)
    for short in analysis.rows:
        usual = row(
            RowName(short.label, short.group),
            short.index,
            analysis.events,
            analysis.energies,
            analysis.charges,
            None,
            None,
            short.warmup,
        )
        assert dataclasses.replace(short, index=usual.index) == usual


def test_rows_of_many_labels_are_those_of_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    few = analyse(many_labels(24)).rows
    monkeypatch.setattr(label_rows, "MANY_LABELS", 2)
    many = analyse(many_labels(24)).rows
    assert isinstance(few, tuple) and isinstance(many, LabelRows) and len(many) == 24
    known, usual = many.in_short, [InShort.of(one) for one in few]
    assert [one._replace(power_w=None) for one in known] == [one._replace(power_w=None) for one in usual]
    assert all(b.power_w in (None, a.power_w) for a, b in zip(known, usual, strict=True))
    assert usual == in_short(few)
    assert many == few and few == many and many == many[:] and many != few[1:] and many != list(few)
    assert tuple(many) == few and many[3:5] == few[3:5] and many[-1] == few[-1]
    with pytest.raises(IndexError):
        many[24]


def test_of_many_labels_those_asked_for_are_made_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_rows, "MANY_LABELS", 2)
    made: list[str] = []
    usual = label_rows.row
    monkeypatch.setattr(
        label_rows, "row", lambda named, *rest: made.append(named.label) or usual(named, *rest)
    )
    rows = analyse(many_labels(45)).rows
    used = {one.label: one.energy_j or 0.0 for one in in_short(rows)}
    made.clear()
    (one,) = rows_called(rows, "job 40")
    assert one is rows[40] and one.charge is not None
    heaviest = sorted(used, key=lambda label: -used[label])[:40]
    assert len(made) == 32 and made[0] == "job 40" and set(made[1:]) <= set(heaviest)
