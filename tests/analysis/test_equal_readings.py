"""Few readings that all agree are no measurement of what a load does between them."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.advice import advise
from powermeter.analysis.energy import analyse
from powermeter.analysis.equal_readings import open_ends, unseen_share
from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import measure_run
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples

NS = 1_000_000_000


def run(watts, every_s=0.25, **how):
    times = np.rint(np.arange(len(watts)) * every_s * NS).astype(np.int64)
    return measure_run(Integral.of(from_samples(times, np.asarray(watts, float), **how))).energy


@pytest.mark.parametrize(
    ("readings", "share"), [(3, 0.632), (18, 0.153), (28, 0.101), (29, 0.0), (1000, 0.0)]
)
def test_the_rule_of_three(readings: int, share: float) -> None:
    assert unseen_share(readings) == pytest.approx(share, abs=0.001)


def test_eighteen_equal_readings_may_have_missed_every_pulse() -> None:
    """Pulses of 5 W for 0.2 s every 2 s on 1 W, read at 4 Hz between them: 5.9 J, of which the readings show 4.25."""
    energy = run([1.0] * 18)
    assert energy.value == pytest.approx(4.25)
    assert energy.grade is Grade.ESTIMATED
    assert energy.low == pytest.approx(4.25 * (1 - 0.153), rel=0.01)
    assert energy.high == pytest.approx(4.25 * (1 + 2 * 0.153), rel=0.01)


def test_two_neighbouring_values_of_a_display_are_as_mute_as_one() -> None:
    assert run([5.0, 5.1] * 6, step=0.1).grade is Grade.ESTIMATED
    assert run([5.0, 5.3] * 6, step=0.1).grade is Grade.MEASURED


@pytest.mark.parametrize(("every_s", "grade"), [(0.25, Grade.ESTIMATED), (0.04, Grade.MEASURED)])
def test_many_equal_readings_are_known_and_a_measurement_where_no_ordinary_loop_is_in_step(
    every_s: float, grade: Grade
) -> None:
    energy = run([5.0] * 40, every_s)
    assert energy.grade is grade and energy.high - energy.low < 0.01 * energy.value


def record(path, watts, events):
    channel = Channel("in.power", Quantity.POWER, 0.1, Rail("IN"), accuracy=Accuracy(step=0.1))
    with Writer.create(path, {}) as writer:
        source = writer.add_source("sim://m", "m", "sim", [channel], {})
        t = np.rint(np.arange(len(watts)) * 0.25 * NS).astype(np.int64)
        writer.append(source, t, np.rint(np.asarray(watts) * 10).astype(np.int64)[:, None], None)
        writer.add_events(
            [
                Event("infer", round(a * NS), round(b * NS), process=1, uid=i)
                for i, (a, b) in enumerate(events)
            ]
        )
    return path


def test_a_label_is_open_towards_what_its_load_was_seen_to_do(tmp_path) -> None:
    """Two events of ten readings of 5 W beside 1 W: a seventh of their time may lie anywhere from idle to 7 W."""
    watts = [1.0] * 20 + [5.0] * 10 + [1.0] * 20 + [5.0] * 10 + [1.0] * 20
    analysis = analyse(record(tmp_path / "a.power", watts, [(4.9, 7.4), (12.4, 14.9)]))
    row = analysis.row("infer")
    each = row.energy_per_item
    assert each.grade is Grade.ESTIMATED and row.verdict.text
    share = unseen_share(20)
    assert each.low == pytest.approx(12.5 - share * 4 * 2.5, rel=0.05)
    assert each.high == pytest.approx(12.5 + share * 2 * 2.5, rel=0.05)
    run_of = analysis.energy  # the run has eighty readings, but a loop in step with them would look the same
    assert run_of.grade is Grade.ESTIMATED and run_of.half_width < 0.1 * run_of.value
    assert advise(analysis, row).code == "sample-faster"


def test_a_label_over_a_mute_run_is_as_open_as_the_run(tmp_path) -> None:
    row = analyse(record(tmp_path / "b.power", [1.0] * 20, [(0.1, 4.6)])).row("infer")
    assert row.energy_per_item.grade is Grade.ESTIMATED
    assert row.energy_per_item.high > 1.25 * row.energy_per_item.value


@pytest.mark.parametrize(
    ("watts", "step", "below", "above"),
    [
        ([2.0] * 10, 0.01, 2.0, 4.0),  # down to nothing, up to three times what was read
        ([-2.0] * 10, 0.01, 2.0, 4.0),
        ([0.0] * 10, 0.5, 0.0, 1.0),  # of a display that shows 0, three of its steps
        ([2.0] * 9 + [2.2], 0.1, 0.0, 0.0),  # they do not agree
        ([2.0], 0.01, 0.0, 0.0),
        ([2.0] * 100, 0.01, 0.0, 0.0),
    ],
)
def test_how_far_a_run_of_equal_readings_may_be_off(watts, step, below, above) -> None:
    values = np.array(watts)
    trace = from_samples(np.arange(values.size) * NS, values, step=step)
    share = unseen_share(values.size)
    assert open_ends(trace, values) == pytest.approx((share * below, share * above))


def test_readings_that_agree_within_their_noise_are_as_mute() -> None:
    """18 readings that differ by noise only show no more of the pulses between them than equal ones."""
    watts = 1 + 0.01 * np.random.default_rng(3).standard_normal(18)
    few = run(watts, noise=0.01)
    assert few.grade is Grade.ESTIMATED and few.high > 1.25 * few.value
    assert run(watts, noise=0.001).grade is Grade.MEASURED
    many = run(1 + 0.01 * np.random.default_rng(3).standard_normal(60), 0.04, noise=0.01)
    assert many.grade is Grade.MEASURED and many.high < 1.01 * many.value
