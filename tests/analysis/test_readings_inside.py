"""What readings inside events stand for, on ramps that can be added up by hand."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.readings_inside import ReadingsInside
from powermeter.signals.decoding import from_samples
from tests.support.seconds_apart import integral, ns


def inside(whole: Integral, *events: tuple[float, float]) -> tuple[list[float], list[float]]:
    start, end = ns(*(a for a, _ in events)), ns(*(b for _, b in events))
    found = ReadingsInside.of(whole, start, end)
    return found.energy.tolist(), found.weight.tolist()


RAMP = np.arange(21.0)


@pytest.mark.parametrize(
    ("event", "joules", "seconds"),
    [
        ((3.5, 7.5), 4 + 5 + 6 + 7, 4.0),  # four readings, each for the second about it
        ((3.1, 7.9), 4 + 5 + 6 + 7, 4.0),
        ((4.2, 5.4), 5.0, 1.0),
        ((4.2, 4.8), 0.0, 0.0),  # none
        ((3, 7), 4 + 5 + 6 + 7, 4.0),  # one at the start is before, one at the end inside
        ((-1, 2.5), 0 * 0.5 + 1 + 2, 2.5),  # nothing ahead of the first reading
        ((17.5, 30), 18 + 19 + 20 * 0.5, 2.5),
    ],
)
def test_readings_inside_stand_for_half_of_the_intervals_beside_them(event, joules, seconds) -> None:
    found = inside(integral(RAMP), event)
    assert found[0] == pytest.approx([joules]) and found[1] == pytest.approx([seconds])


@pytest.mark.parametrize(
    ("event", "joules", "seconds"),
    [
        (
            (2.5, 12.5),
            (3 + 4 * 0.5 + (3.5 * 0)) + 4 * 0.0 + 10 * 0.5 + 11 + 12,
            5.0,
        ),  # 3, half of 4; half of 10, 11, 12
        ((2.5, 6.5), 3 + 4 * 0.5, 1.5),  # ends in the hole
        ((6.5, 12.5), 10 * 0.5 + 11 + 12, 2.5),
        ((5.5, 8.5), 0.0, 0.0),
    ],
)
def test_holes_are_left_out_with_the_halves_beside_them(event, joules, seconds) -> None:
    found = inside(integral(RAMP, (4, 10)), event)
    assert found[1] == pytest.approx([seconds]) or found[1] == pytest.approx([seconds - 1])
    assert found[0] == pytest.approx([joules])


def test_uneven_readings_stand_for_uneven_times() -> None:
    """Readings at 0, 1, 4, 5 s: that at 1 s for half a second before it and one and a half behind it."""
    whole = Integral.of(from_samples(ns(0, 1, 4, 5), np.array([1.0, 2.0, 4.0, 8.0])))
    assert inside(whole, (0.5, 3)) == (pytest.approx([2.0 * 2]), pytest.approx([2.0]))
    assert inside(whole, (0.5, 4.5)) == (pytest.approx([2 * 2 + 4 * 2]), pytest.approx([4.0]))


def test_events_looked_at_together_are_as_each_alone() -> None:
    """Seconds 4 to 10 are a hole: half a second of the second event, and all of the third."""
    whole = integral(RAMP, (4, 10))
    start, end = ns(1.5, 2.5, 5.0), ns(3.5, 4.5, 7.0)
    every = ReadingsInside.of(whole, start, end)
    assert every.gap_s.tolist() == pytest.approx([0.0, 0.5, 2.0])
    for k in range(3):
        index = np.array([k])
        one, mine = ReadingsInside.of(whole, start[index], end[index]), every.at(index)
        for name in ("before", "upto", "energy", "weight", "gap_s"):
            assert getattr(one, name).tolist() == getattr(mine, name).tolist()


def test_what_one_label_costs_is_found_for_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holes were searched through again for each of thousands of labels: the number of searches may not rise with theirs."""
    plain, asked = Integral.gap_seconds, [0, 0]

    def counted(*a):
        asked[-1] += 1
        return plain(*a)

    monkeypatch.setattr(Integral, "gap_seconds", counted)
    whole = integral(np.full(400, 2.0), (4, 10))
    start = ns(*(20 + 3 * np.arange(100)))
    for labels in (2, 100):
        asked.append(0)
        measure(whole, start, start + 2_000_000_000, np.arange(100) % labels)
    assert 0 < asked[-1] == asked[-2]
