"""Loads that begin at random moments inside one marked stretch, and loops that only look like them."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.nearly_in_step import by_fits
from powermeter.analysis.two_levels import begins_at_random, goes_on_beside, rare_turns, stretches
from powermeter.channel import Accuracy
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth


def requests(rng: np.random.Generator, seconds: float, begin: float, end: float) -> Truth:
    """Return requests of 0.3 to 1 s and 3 W at random moments of a stretch, over 2.4 W."""
    times, watts, now = [0.0], [2.4], begin
    while (now := now + 0.05 + rng.exponential(4.0)) + 1.0 < end:
        times += [now, now, (now := now + rng.uniform(0.3, 1.0)), now]
        watts += [2.4, 5.4, 5.4, 2.4]
    return Truth(np.array([*times, seconds]), np.array([*watts, 2.4]))


def image(rng: np.random.Generator, readings: int, walk: float) -> np.ndarray:
    """Return on which level readings meet a loop that is on for 0.3 of the time and whose phase walks."""
    phase = rng.uniform() + np.cumsum(0.01 + rng.normal(0, walk, readings))
    found: np.ndarray = np.mod(phase, 1.0) < 0.3
    return found


def of_text(text: str) -> np.ndarray:
    """Return the levels of readings written as text, the upper one as #."""
    found: np.ndarray = np.array(list(text)) == "#"
    return found


TURNS = "." + "####".join("." * n for n in (5, 20, 9, 40, 6, 12, 30, 7)) + "####."


def test_stretches_last_from_change_to_change() -> None:
    assert stretches(of_text("..###.")).tolist() == [2, 3, 1]


def test_turns_of_one_length_after_waits_of_any_begin_at_random() -> None:
    assert begins_at_random(of_text(TURNS))
    # A loop stays longer on one level, and its lengths scatter no less on the other.
    assert not begins_at_random(~of_text(TURNS))
    assert not begins_at_random(of_text(".." + "####......." * 9))
    # Of turns that readings meet once nothing shows how long they last.
    assert not begins_at_random(of_text(TURNS.replace("####", "#")))
    assert not begins_at_random(of_text("....####.........####...####."))  # five lengths on one level are few


@pytest.mark.parametrize("walk", [0.003, 0.01, 0.03, 0.1])
def test_the_image_of_a_loop_hardly_ever_looks_like_that(walk: float) -> None:
    rng = np.random.default_rng(7)
    assert sum(begins_at_random(image(rng, 300, walk)) for _ in range(50)) <= 3


def test_turns_at_random_moments_count_as_readings_not_as_stretches() -> None:
    watts = np.where(of_text(TURNS), 5.4, 2.4)
    assert by_fits(watts, 0.005, quiet=2.4) is None
    assert by_fits(7.8 - watts, 0.005, quiet=2.4) is not None


def test_what_goes_on_beside_an_event_as_inside() -> None:
    inside, beside = np.where(of_text(TURNS), 5.4, 2.4), np.where(of_text(TURNS * 2), 5.4, 2.4)
    assert goes_on_beside(inside, beside, 3.9)
    assert not goes_on_beside(inside, np.full(200, 2.4), 3.9)  # the event's own
    assert not goes_on_beside(inside, beside[:19], 3.9)
    steady = np.where(of_text("..####......" * 9), 5.4, 2.4)
    assert not goes_on_beside(steady, np.concatenate([steady, steady]), 3.9)  # comes back alike


@pytest.mark.thorough
@pytest.mark.parametrize(("begin", "end"), [(0.0, 100.0), (20.0, 80.0)])
def test_a_session_of_requests_is_known_as_the_run_without_it_is(begin: float, end: float) -> None:
    """One mark around requests, which go on beside it, or not, adds what its two edges leave and no more.

    At 50 Hz the edge of each request is off by a reading's interval at most, uniform: 0.02 s · 3 W/√12 each.
    """
    held, narrow = [], []
    meter = SimulatedPowerMeter(50.0, accuracy=Accuracy(noise=0.005))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = requests(rng, 100.0, begin, end)
        found = analyse(
            meter.record(truth, [Event("session", 20 * NS + 13_700_001, 80 * NS + 4_100_003, uid=1)], rng)
        )
        session = found.row("session").energy
        assert session is not None and session.grade is found.energy.grade is Grade.MEASURED
        narrow.append(
            session.half_width < 0.03 * session.value and found.energy.half_width < 0.01 * found.energy.value
        )
        held.append(session.low <= truth.energy(20.013700001, 80.004100003) <= session.high)
    assert sum(held) >= 7 and sum(narrow) >= 6  # ± 23 % in all eight before


def of_waits(waits: np.ndarray, turn: int) -> np.ndarray:
    """Return levels that are off for such waits, and on for a turn behind each of them but the last."""
    return np.concatenate([np.append(np.zeros(n, bool), np.ones(turn, bool)) for n in waits])[:-turn]


def test_rare_turns_by_chance_leave_what_their_count_does() -> None:
    """Of 60 turns that come by chance the share is known to 1/√60; what is read once is paid for as scatter, and hardly a quarter of that is left."""
    waits = np.random.default_rng(3).geometric(0.02, 61)
    left = rare_turns(of_waits(waits, 1))
    assert left is not None and left < 0.25 * 60 / (waits.sum() + 60) ** 2
    longer = rare_turns(of_waits(waits, 3))
    assert longer is not None
    assert np.sqrt(longer) == pytest.approx(180 / (waits.sum() + 180) / np.sqrt(60), rel=0.4)


def test_turns_that_keep_time_or_come_in_bursts_are_no_rare_turns() -> None:
    rng = np.random.default_rng(4)
    assert rare_turns(of_waits(rng.integers(18, 21, 40), 1)) is None
    assert rare_turns(of_waits(np.where(np.arange(60) % 12, 9, 170), 1)) is None
    assert rare_turns(of_waits(rng.geometric(0.3, 60), 2)) is None  # nor are those of a third of the time
