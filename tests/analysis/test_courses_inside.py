"""What windows hold of courses that power may take inside events, by hand, and events with a hot start that nothing follows."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.courses_inside import ByShare, ByTime, all_courses
from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

T = np.arange(0, 11, dtype=np.int64) * NS
START = np.array([1.5, 4.0]) * NS
END = np.array([3.5, 4.5]) * NS


def columns(course: ByShare | ByTime) -> tuple[np.ndarray, np.ndarray]:
    held, mean = course.columns(T, START.astype(np.int64), END.astype(np.int64), 0.5 * NS)
    return np.array(held), np.array(mean)


def test_halves_by_share_and_an_energy_in_each() -> None:
    """Events of 2 s and 0.5 s: halves of 1 s and 0.25 s, each with half an energy of 1 J."""
    held, mean = columns(ByShare(2, alike=True))
    assert held.sum(axis=1) == pytest.approx([1.25, 1.25, 1.0, 1.0])
    assert mean == pytest.approx([0.625, 0.625, 0.5, 0.5])
    # The half of the first event from 1.5 to 2.5 s is half in the window that ends at 2 s.
    assert held[2, 2] == pytest.approx(0.25) and held[3, 3] == pytest.approx(0.25)


def test_steps_since_the_start_and_before_the_end() -> None:
    """Steps of 0.5 s, 1 s and the rest: the event of half a second is in the first alone."""
    since, mean = columns(ByTime())
    assert since.sum(axis=1) == pytest.approx([1.0, 1.0, 0.5]) and mean == pytest.approx([0.5, 0.5, 0.25])
    before, _ = columns(ByTime(backwards=True))
    assert before.sum(axis=1) == pytest.approx([0.5, 1.0, 1.0])
    assert since[0, 2] == pytest.approx(0.5) and before[0, 2] == pytest.approx(0.5)
    assert before[2, 4] == pytest.approx(0.5)  # the last half second of the first event


@pytest.mark.parametrize("course", all_courses(3))
def test_every_second_of_an_event_is_in_one_part(course: ByShare | ByTime) -> None:
    held, _ = columns(course)
    seconds = held[:3].sum(axis=0) if isinstance(course, ByShare) else held.sum(axis=0)
    assert seconds == pytest.approx([0, 0, 0.5, 1, 0.5, 0.5, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("kind", ["hot start", "one energy"])
def test_power_that_depends_on_the_length_is_no_tail(kind: str) -> None:
    """Requests of 30 to 120 ms on 10 Hz means: held 0 % at ±2 %, and "48 mJ follow each event"."""
    rng = np.random.default_rng(20261129)
    length = rng.uniform(0.03, 0.12, 400)
    start = 3 + np.cumsum(length + rng.uniform(0.05, 0.2, 400)) - length
    end = start + length
    head = np.minimum(0.02, length)
    first, then = (
        (np.full(400, 14.0), np.full(400, 6.0)) if kind == "hot start" else (0.5 / length, 0.5 / length)
    )
    corners = np.column_stack([start, start, start + head, start + head, end, end]).ravel()
    watts = np.column_stack([np.full(400, 3.0), first, first, then, then, np.full(400, 3.0)]).ravel()
    truth = Truth(np.concatenate([[0.0], corners, [end[-1] + 3]]), np.concatenate([[3.0], watts, [3.0]]))
    meter = SimulatedPowerMeter(10, Kind.MEAN, accuracy=Accuracy(noise=0.01))
    marks = [
        Event("request", round(a * NS), round(b * NS), uid=i + 1)
        for i, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True))
    ]
    row = analyse(meter.record(truth, marks, rng)).row("request")
    energy = row.energy_per_item
    assert row.tail is None
    assert energy is not None and energy.relative is not None and energy.relative < 0.02
    assert energy.low <= float(np.mean(head * first + (length - head) * then)) <= energy.high
