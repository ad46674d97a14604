"""Holes of a log in which perhaps no time passed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.holes import Bridges
from powermeter.analysis.integral import Integral
from powermeter.analysis.log_clock_set_forward import perhaps_no_time
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Channel, Gap, Quantity, Rail
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
NONE = np.empty(0, np.int64), np.empty(0, np.int64)


def log(jump_s: float, readings: int = 600, *gaps: Gap) -> Trace:
    """6 W once a second, and a jump after half of the readings."""
    t = np.arange(readings, dtype=np.int64) * NS
    t[readings // 2 :] += round(jump_s * NS)
    return from_samples(t, 6 + 0.01 * np.random.default_rng(1).standard_normal(readings), gaps=gaps)


@pytest.mark.parametrize("jump_s", [3600, 1800, 2700, 90, 37.4])
def test_a_clock_that_was_set_by_any_amount_is_inside_the_interval(jump_s: float) -> None:
    integral = Integral.of(log(jump_s))
    run = measure_run(integral, bridges=Bridges.of(integral))
    assert run.energy.value == pytest.approx(6 * (599 + jump_s), rel=1e-3)
    assert run.energy.low <= 6 * 599 and run.energy.grade is Grade.ESTIMATED
    assert run.no_time == pytest.approx(6 * (jump_s + 1), rel=0.01)


@pytest.mark.parametrize(("jump_s", "doubted"), [(20.0, False), (20.4, True), (20.8, True), (5.4, False)])
def test_rows_that_are_missing_keep_the_beat_and_a_clock_does_not(jump_s: float, doubted: bool) -> None:
    assert bool(perhaps_no_time(Integral.of(log(jump_s)), *NONE).any()) == doubted


def test_a_hole_in_which_an_event_begins_or_that_a_reader_counted_is_time() -> None:
    inside = np.array([310 * NS], np.int64), np.array([320 * NS], np.int64)
    assert not perhaps_no_time(Integral.of(log(90)), *inside).any()
    noted = Gap(299 * NS, 390 * NS, "missed", "busy", lost=90)
    assert not perhaps_no_time(Integral.of(log(90, 600, noted)), *NONE).any()
    unknown = Gap(299 * NS, 390 * NS, "missed", "the log has no rows here")
    assert perhaps_no_time(Integral.of(log(90, 600, unknown)), *NONE).any()


@pytest.mark.parametrize("sampling", ["regular", "dithered", "instrument"])
def test_readings_that_the_recorder_did_not_get_to_are_missed_and_no_clock_was_set(sampling: str) -> None:
    own = replace(log(90), sampling=sampling)
    assert not perhaps_no_time(Integral.of(own), *NONE).any()


@pytest.mark.parametrize(("sampling", "doubted"), [("", True), ("regular", False)])
def test_energy_charge_and_a_window_carry_the_same_doubt(sampling: str, doubted: bool) -> None:
    times = log(90).times_ns
    rail = Rail("VDD_IN", nominal_v=5.0)
    info = {"sampling": sampling} if sampling else {}
    channel = Channel("in.power", Quantity.POWER, 0.001, rail)
    source = SourceInfo(1, "virtual://x", "meter", "virtual", info, (channel,))
    codes = {"in.power": np.full(times.size, 6000, np.int64)}
    samples = Samples(times, codes, np.zeros(times.size, np.uint8))
    found = analyse(SimulatedRecording([source], {1: samples}))
    assert ("perhaps-clock-set" in [note.code for note in found.notes]) is doubted
    results = (found.energy, found.charge, *found.window(found.start_ns, found.end_ns))
    lowest = [result.low / result.value for result in results if result is not None]
    assert lowest == pytest.approx([lowest[0]] * 4, rel=0.06), "a nominal voltage is good to 5 %"
    assert not doubted or lowest[0] < 600 / 689


@pytest.mark.parametrize(("holes", "doubted"), [(8, True), (9, False)])
def test_no_clock_is_set_more_than_eight_times(holes: int, doubted: bool) -> None:
    """Each takes 12.4 s of 60: a fifth of the run."""
    t = np.concatenate([60 * k + np.arange(48) for k in range(holes + 1)]) * NS
    trace = from_samples(t + 400_000_000 * (t // (60 * NS)), np.full(t.size, 6.0))
    assert bool(perhaps_no_time(Integral.of(trace), *NONE).any()) is doubted
