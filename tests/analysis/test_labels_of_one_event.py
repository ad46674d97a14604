"""Labels of one event each, measured all at once: every number is that of the event measured alone, to the last bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from powermeter.analysis import labels_of_one_event
from powermeter.analysis.event_energies import measure
from powermeter.analysis.event_estimate import GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.analysis.labels_of_one_event import LabelsOfOneEvent
from powermeter.analysis.windows import Windows
from powermeter.signals.decoding import from_samples

MS = 1_000_000
LABELS = 60
SLOT = 25 * MS

Times = np.typing.NDArray[np.int64]


def marked(load: str, late_ns: int, seed: int) -> tuple[Integral, Times, Times]:
    """Readings at about 1 kHz, and an event of 1 to 21 ms in each 25 ms, which power follows `late_ns` behind its marks."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    size = LABELS * 25 + 60
    t = np.arange(size) * MS + rng.integers(-20_000, 20_000, size)
    start = np.arange(LABELS) * SLOT + 20 * MS + rng.integers(0, SLOT // 8, LABELS)
    end = start + (rng.uniform(0.05, 0.85, LABELS) * SLOT).astype(np.int64)
    event = np.maximum(np.searchsorted(start, t - late_ns, side="right") - 1, 0)
    busy = (t - late_ns >= start[event]) & (t - late_ns < end[event])
    watts = {
        "flat": np.full(size, 3.0),
        "levels": rng.uniform(2, 4, LABELS)[event],
        "spikes": np.where(rng.random(size) < 0.1, 20.0, 2.0),
        "ramp": 2 + (t - start[event]) / (5 * MS),
    }[load]
    return Integral.of(from_samples(t, np.where(busy, watts, 1.0) + rng.normal(0, 0.02, size))), start, end


def taken_at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which is added how many events were measured at once."""
    whole, seen = LabelsOfOneEvent.of, []

    def of(*asked: object) -> LabelsOfOneEvent | None:
        found = whole(*asked)  # type: ignore[arg-type]
        seen.append(0 if found is None else found.index.size)
        return found

    monkeypatch.setattr(LabelsOfOneEvent, "of", of)
    return seen


def assert_alike(one: Windows, other: Windows) -> None:
    for name in ("value", "noise", "lean", "below", "above", "samples", "known"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    for mine, theirs in zip(one.groups, other.groups, strict=True):
        for column in fields(GroupEstimate):
            a, b = getattr(mine, column.name), getattr(theirs, column.name)
            assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, column.name


@pytest.mark.parametrize(("load", "late_ns"), [("flat", 0), ("levels", 0), ("spikes", 0), ("ramp", 0)])
def test_at_once_is_as_one_by_one(load: str, late_ns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    integral, start, end = marked(load, late_ns, seed=7)
    label = np.arange(LABELS)
    at_once = taken_at_once(monkeypatch)
    together = measure(integral, start, end, label)
    assert at_once[0] > LABELS / 2
    monkeypatch.setattr(labels_of_one_event, "LABELS", LABELS + 1)
    assert_alike(together, measure(integral, start, end, label))
    assert at_once[1:] == [0]


def test_an_event_among_others_of_its_label_or_beside_another_at_once_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    integral, start, end = marked("flat", 0, seed=8)
    label = np.arange(LABELS)
    label[1] = 0
    end[10] = start[11] + 2 * MS
    at_once = taken_at_once(monkeypatch)
    measure(integral, start, end, label - (label > 1))
    assert at_once[0] <= LABELS - 4
