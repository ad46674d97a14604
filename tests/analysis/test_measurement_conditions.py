"""What happened around a measurement is said with its result."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.measurement_conditions import MOST, REFUSED, conditions
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.recording.writer import append_to
from powermeter.signals.rails import lines
from powermeter.source import Gap


def recorded(folder, current_ma, steps=0):
    rail = Rail("input", nominal_v=5.0)
    channels = [
        Channel("v", Quantity.VOLTAGE, 1e-3, rail, accuracy=Accuracy(offset=1e-3)),
        Channel("a", Quantity.CURRENT, 1e-3, rail, accuracy=Accuracy(offset=1e-3)),
    ]
    path = folder / "run.power"
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "x", "x", channels)
        times = np.arange(50, dtype=np.int64) * 10**8
        writer.append(source, times, np.tile(np.array([[5000, current_ma]], np.int64), (50, 1)))
        for number in range(steps):
            writer.add_fact("clock_step", {"text": f"the wall clock was set by +{number}.00 s"})
    return Recording.open(path)


def test_a_reversed_current_asks_about_the_wires_in_the_result(tmp_path):
    with recorded(tmp_path, -400) as recording:
        assert any("IN+ and IN−" in note for note in analyse(recording).notes)
    (tmp_path / "b").mkdir()
    with recorded(tmp_path / "b", 400) as recording:
        assert not any("IN+" in note for note in analyse(recording).notes)


def test_a_clock_that_was_set_is_said_and_many_are_counted(tmp_path):
    with recorded(tmp_path, 400, steps=MOST + 3) as recording:
        (line,) = lines(recording)
        found = conditions(recording, line)
    assert [note.code for note in found] == ["clock-set"] * (MOST + 1)
    assert "3 times more" in found[-1].text and "+0.00 s" in found[0].text


def test_a_source_that_fell_silent_before_the_end_is_said_with_the_energy(tmp_path):
    rail = Rail("input", nominal_v=5.0)
    path = tmp_path / "run.power"
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "meter", "x", [Channel("p", Quantity.POWER, 1e-3, rail)])
        times = np.arange(50, dtype=np.int64) * 10**8
        writer.append(source, times, np.full((50, 1), 2000, np.int64))
        writer.add_gap(
            source, Gap(int(times[-1]), int(times[-1]) + 7 * 10**9, "no answer", "a read never returned")
        )
    with Recording.open(path) as recording:
        (note,) = [note for note in analyse(recording).notes if "last reading" in note]
    assert "meter delivered its last reading 7" in note and "first 4.9" in note


def test_a_clock_that_was_set_is_found_from_the_clock_pairs_and_counts_nothing_twice(tmp_path):
    """Set back by 30 s in the middle: the energy stays 50 readings of 2 W over 4.9 s."""
    with recorded(tmp_path, 400) as recording:
        plain = analyse(recording).energy.value
    (tmp_path / "b").mkdir()
    with recorded(tmp_path / "b", 400) as recording:
        path = recording.path
    with append_to(path) as writer:
        for second in range(6):
            writer.add_clock_pair(second * 10**9, 10**18 + (second - 30 * (second > 2)) * 10**9)
    with Recording.open(path) as recording:
        found = analyse(recording)
    assert found.energy.value == plain
    assert [
        note for note in found.notes if "was set by -30.000 s" in note and "nothing is counted twice" in note
    ]


def test_a_step_that_the_recorder_noted_is_said_once(tmp_path):
    with recorded(tmp_path, 400) as recording:
        path = recording.path
    with append_to(path) as writer:
        for at, utc in ((0, 0), (10**9, 10**9), (2 * 10**9, 10**9 + 10**9 + 3600 * 10**9)):
            writer.add_clock_pair(at, 10**18 + utc)
        writer.add_fact("clock_step", {"text": "the wall clock was set by +3600.00 s", "at_ns": 2 * 10**9})
    with Recording.open(path) as recording:
        assert sum("wall clock was set" in note for note in analyse(recording).notes) == 1


@pytest.mark.parametrize(("lost", "noted"), [(2, True), (1, True), (0, False)])
def test_a_source_most_of_whose_readings_were_refused_is_named_with_the_energy(tmp_path, lost, noted):
    """Two of three lines stated 9.2e18 A: the run was 1.17 J +- 7.9 %, measured, and all of it a gap."""
    rail = Rail("input", nominal_v=5.0)
    path = tmp_path / "run.power"
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "meter", "x", [Channel("p", Quantity.POWER, 1e-3, rail)])
        times = np.arange(50, dtype=np.int64) * 10**8
        writer.append(source, times, np.full((50, 1), 2000, np.int64))
        for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
            writer.add_gap(source, Gap(start, end, "bad data", "2 frames refused", lost))
    with Recording.open(path) as recording:
        found = [note for note in analyse(recording).notes if getattr(note, "code", "") == REFUSED]
    assert len(found) == noted
    assert (
        not noted
        or f"meter sent {49 * lost} readings that are impossible, beside 50 that are not (2 frames"
        in found[0]
    )
