"""Short events on two levels, on rows of letters: `-` is idle power (1 W), `#` the upper level (9 W), `=` one of 3 W, `.` beside events."""

from __future__ import annotations

import numpy as np
import pytest
from runs_of_letters import events_in

from powermeter.analysis import images_in_short_events
from powermeter.analysis.images_in_short_events import image_in_short_events

WATTS = {"-": 1.0, ".": 1.0, "=": 3.0, "#": 9.0}


def image(events: list[str], beside: str = "....", noise: float = 0.01) -> tuple[float, float] | None:
    text = beside + beside.join(events) + beside
    values = np.array([WATTS[letter] for letter in text])
    return image_in_short_events(values, *events_in(text), noise, 1.0)


SLOW = (["-----"] * 5 + ["#####"] * 3) * 3
MIXED = ["-----", "#####", "-----", "-----", "#####", "-----", "#####", "#####"] * 3


def test_events_that_lie_on_either_level_for_long_may_be_an_image() -> None:
    assert image(SLOW) == (1.0, 9.0)


@pytest.mark.parametrize("letters", [2, 3, 4, 6])
def test_events_of_two_readings_and_more_are_looked_at(letters: int) -> None:
    assert image([event[0] * letters for event in SLOW]) == (1.0, 9.0)
    assert image([event[0] for event in SLOW]) is None


def test_events_that_are_idle_at_random_are_the_programs_own() -> None:
    assert image(MIXED) is None


def test_changes_inside_some_events_show_an_image_of_any_rate() -> None:
    assert image([*MIXED, "--###", "###--"]) == (1.0, 9.0)
    assert image([*MIXED, "--###"]) is None  # one in all


def test_a_warm_up_is_no_image() -> None:
    assert image(["#####"] * 12 + ["-----"] * 12) is None


def test_above_idle_power_inputs_that_differ_look_alike_unless_power_changes_inside_too() -> None:
    raised = [event.replace("-", "=") for event in SLOW]
    assert image(raised) is None
    assert image([*raised, "==###"]) == (3.0, 9.0)
    assert image([*(event.replace("-", "=") for event in MIXED), "==###", "###=="]) is None


def test_what_goes_on_beside_events_is_none_of_theirs() -> None:
    values = np.tile(np.repeat([1.0, 9.0], 20), 8)
    first = np.arange(0, 300, 10)
    assert image_in_short_events(values, first, np.full(first.size, 5), 0.01, 1.0) is None


def test_a_span_of_noise_shows_nothing() -> None:
    assert image(SLOW, noise=1.0) is None


def test_an_imported_log_whose_events_meet_pulses_slowly_states_an_estimate() -> None:
    """50.02 Hz, on for 35 % of the time, read at 10 Hz: an image of 0.02 Hz, 10 W above 1.5 W inside events of 0.6 s."""
    from powermeter.analysis.event_energies import measure
    from powermeter.analysis.integral import Integral
    from powermeter.result import Grade
    from powermeter.signals.decoding import from_samples

    seconds = np.arange(0.03, 100, 0.1)
    starts = 1.0 + 2.4 * np.arange(40) + 0.1 * np.sin(np.arange(40) * 2.7)
    inside = ((seconds[:, None] >= starts) & (seconds[:, None] < starts + 0.6)).any(axis=1)
    on = np.mod(50.02 * seconds, 1) < 0.35
    integral = Integral.of(
        from_samples((seconds * 1e9).astype(np.int64), 1.5 + 10.0 * (inside & on), noise=0.005)
    )
    start_ns = (starts * 1e9).astype(np.int64)
    windows = measure(integral, start_ns, start_ns + 600_000_000)
    label = windows.combine(np.full(40, 1 / 40), "mean")
    true = 0.6 * (1.5 + 3.5)
    assert label.grade is Grade.ESTIMATED and label.low <= true <= label.high


def test_readings_beside_events_are_counted_block_by_block_as_one_by_one(monkeypatch) -> None:
    dice = np.random.default_rng(4)
    values = dice.normal(size=5000)
    first = np.sort(dice.integers(0, 4900, 300))
    count = dice.integers(0, 90, 300)
    inside = np.zeros(5000, bool)
    for a, n in zip(first.tolist(), count.tolist(), strict=True):
        inside[a : a + n] = True
    monkeypatch.setattr(images_in_short_events, "_BLOCK", 64)
    shared = images_in_short_events.share_above_beside(values, first, count, 0.5)
    assert shared == np.mean(values[~inside] > 0.5) and 0 < shared < 1
    assert images_in_short_events.share_above_beside(values, np.array([0]), np.array([5000]), 0.5) == 0
