"""Which readings of a long recording are held: beside edges, in even stretches, at extremes, beside holes."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.signals import decimation
from powermeter.signals.decimation import Around, ReadingChoice, ReadingPlan

MS = 1_000_000
ROWS = 20_000
NONE = np.empty(0, np.int64)


def _held(
    around: Around, values: np.ndarray, times: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> np.ndarray:
    monkeypatch.setattr(decimation, "STRETCHES", 2)
    monkeypatch.setattr(decimation, "STRETCH", 100)
    monkeypatch.setattr(decimation, "SPARSE", 500)
    channel = Channel("p", Quantity.POWER, 1e-3, Rail("VIN"))
    plan = ReadingPlan([channel], {}, {}, ["p"], MS, times.size)
    steps = np.diff(times, prepend=times[0]) * 1e-9
    mask = np.zeros(times.size, bool)
    mask[ReadingChoice(plan, around, ()).of(0, times, steps, [values], [])] = True
    return mask


def test_every_reading_beside_an_edge_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(ROWS, dtype=np.int64) * MS
    start, end = np.array([5000, 9000]) * MS, np.array([5010, 13_000]) * MS
    held = _held(Around(start, end, np.array([0, 1])), np.zeros(ROWS), times, monkeypatch)
    assert held[4990:5021].all()
    assert held[8990:9064].all() and held[12_940:13_011].all()
    assert held[:100].all() and held[-100:].all()


def test_no_peak_is_left_out_and_few_readings_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, ROWS)
    values[[777, 15_123]] = 50, -50
    times = np.arange(ROWS, dtype=np.int64) * MS
    held = _held(Around(NONE, NONE, NONE), values, times, monkeypatch)
    assert held[[776, 777, 15_122, 15_123]].all()
    assert held.sum() < 800


def test_both_ends_of_a_hole_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(ROWS, dtype=np.int64) * MS
    times[8000:] += 4 * MS
    held = _held(Around(NONE, NONE, NONE), np.zeros(ROWS), times, monkeypatch)
    assert held[7800:8200].all()


def test_spans_of_events_that_lie_close_are_one() -> None:
    around = Around(np.array([0, 20, 500]) * MS, np.array([10, 30, 510]) * MS, np.zeros(3, np.int64))
    start, end = around.spans(MS)
    assert start.tolist() == [-16 * MS, 484 * MS] and end.tolist() == [46 * MS, 526 * MS]


@pytest.mark.parametrize(("labels", "length"), [(3, 300), (100, 800), (2000, 800)])
def test_the_readings_held_inside_events_are_bounded_whatever_labels_they_have(
    labels: int, length: int
) -> None:
    """A day's 100 000 events of 0.3 s held 3.5 million, those of a hundred labels nearly all 80 million."""
    start = np.arange(100_000, dtype=np.int64) * 860 * MS
    group = np.arange(start.size) % labels
    begin, end = Around(start, start + length * MS, group).spans(MS)
    beside_edges = start.size * 2 * (3 + 2)
    held = int((end - begin).sum()) // MS
    assert held < 1.3 * decimation.HELD + beside_edges, held
    assert np.count_nonzero(end - begin >= 64 * MS) >= labels, "and some of each label"
