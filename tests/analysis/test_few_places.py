"""Loads in a commensurate step with the meter: what their readings meet, and what lies between two places."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.analysis.few_places import (
    comes_again,
    fast_swing,
    line_in_step,
    unmet_by,
    unmet_of,
    unmet_within,
)
from powermeter.importers import Choices, convert

LOW, HIGH = 2.0, 8.0


@pytest.mark.parametrize("places", [2, 3, 5, 8, 63])
def test_a_wave_that_is_read_at_few_places_of_its_period(places: int) -> None:
    """Each of its two jumps lies anywhere within a q-th of the period: span √(2/12) ⁄ q."""
    assert unmet_by(1 / places, 10**6) == pytest.approx(math.sqrt(1 / 6) / places)


def test_a_wave_that_is_read_everywhere_leaves_nothing() -> None:
    golden = (math.sqrt(5) - 1) / 2
    assert unmet_by(golden, 10**6) == 0.0
    assert unmet_by(1 / 64, 10**6) == 0.0  # more places than are looked at


@pytest.mark.parametrize(("away", "same"), [(0.539, True), (0.541, False)])
def test_readings_are_back_at_a_place_where_the_run_cannot_tell_otherwise(away: float, same: bool) -> None:
    """Within half a reading over the run, and a fiftieth of a period for each of the two places: 0.5 + 0.02 × 2."""
    cycles = 0.5 + away / 2 / 1000
    assert (unmet_by(cycles, 1000) == pytest.approx(math.sqrt(1 / 6) / 2)) is same


def turns(period: float, on: float, readings: int, phase: float = 0.13) -> np.ndarray:
    """Readings one apart of a load that is high for a share of each of its periods."""
    return np.where(np.mod(np.arange(readings) / period + phase, 1.0) < on, HIGH, LOW)


@pytest.mark.parametrize(("period", "after"), [(2, 2), (3, 3), (4, 4), (1.5, 3), (7, 7), (2 / 3, 2)])
def test_a_loop_that_readings_meet_at_the_same_places_comes_again(period: float, after: int) -> None:
    assert comes_again(turns(period, 0.6, 120)) == after


@pytest.mark.parametrize(
    ("pattern", "after"), [("HLHLL", 5), ("HHLHLLLHL", 9), ("HHLHLLLHLL", 10), ("HHLHLLLHLLH", None)]
)
def test_a_load_that_comes_again_after_more_than_ten_readings_is_looked_at_as_any_other(
    pattern: str, after: int | None
) -> None:
    assert comes_again(np.tile([HIGH if one == "H" else LOW for one in pattern], 20)) == after


@pytest.mark.thorough
def test_what_wanders_over_all_places_or_stands_or_is_chance_does_not_come_again() -> None:
    rng = np.random.default_rng(5)
    golden = (1 + math.sqrt(5)) / 2
    assert comes_again(turns(golden, 0.4, 120)) is None
    assert comes_again(np.full(120, LOW)) is None
    assert comes_again(turns(60, 0.5, 120)) is None  # a load that changes slowly is seen as it is
    assert sum(comes_again(rng.choice([LOW, HIGH], 120)) is not None for _ in range(200)) <= 1
    assert sum(comes_again(LOW + rng.standard_normal(120)) is not None for _ in range(200)) <= 1


@pytest.mark.parametrize(("readings", "found"), [(23, None), (24, 2)])
def test_the_fewest_readings_that_show_it(readings: int, found: int | None) -> None:
    assert comes_again(turns(2, 0.5, readings)) == found


def test_one_reading_that_differs_hides_it_where_they_are_few() -> None:
    few, many = turns(3, 0.6, 40), turns(3, 0.6, 200)
    few[[11, 23]] = many[[11, 23]] = HIGH + LOW - few[[11, 23]]
    assert comes_again(few) is None
    assert comes_again(many) == 3


def test_what_readings_swing_by_from_one_to_the_next() -> None:
    assert fast_swing(turns(2, 0.5, 120)) == pytest.approx(HIGH - LOW)
    rare = np.where(np.arange(2000) % 100 < 50, HIGH, LOW)  # 39 changes among 1999 steps
    assert fast_swing(rare) == pytest.approx((HIGH - LOW) * math.sqrt(2 * 39 / 1999))


def frames(
    hertz: float, meter: float, seed: int, events: int = 5, seconds: float = 6.0
) -> tuple[list[np.ndarray], list[float]]:
    """Readings of clips whose frames do 8 to 14 ms of work behind 12 ms of waiting; and what was drawn, W."""
    rng = np.random.default_rng(seed)
    pieces, drawn = [], []
    for _ in range(events):
        count = round(seconds * hertz)
        work = rng.uniform(0.008, 0.014, count)
        at = (np.arange(round(seconds * meter)) + rng.uniform()) / meter
        frame = np.minimum((at * hertz).astype(int), count - 1)
        into = at - frame / hertz
        pieces.append(np.where((into >= 0.012) & (into < 0.012 + work[frame]), HIGH, LOW))
        drawn.append(LOW + (HIGH - LOW) * work.sum() * hertz / count)
    return pieces, drawn


@pytest.mark.parametrize(("hertz", "meter", "places"), [(30.0, 50.0, 5), (25.0, 50.0, 2), (30.0, 100.0, 10)])
def test_frames_of_uneven_work_show_at_how_few_places_they_are_met(
    hertz: float, meter: float, places: int
) -> None:
    found = 0
    for seed in range(10):
        pieces, _ = frames(hertz, meter, seed)
        size = np.array([piece.size for piece in pieces])
        line = line_in_step(
            np.concatenate([piece - piece.mean() for piece in pieces]), np.cumsum(size) - size, size
        )
        if line is not None:
            found += 1
            assert line[2] == pytest.approx(unmet_of(places))
    assert found >= 8  # where both places happen to meet the same mean there is no line


@pytest.mark.parametrize("readings", [48, 100, 150, 178])
def test_short_clips_show_their_places_too(readings: int) -> None:
    """Of under 180 readings the slowest ordinates have fewer than 24 beside them: no line was looked for at any."""
    size, rng = np.full(6, readings), np.random.default_rng(readings)
    ahead = np.cumsum(size) - size
    found = 0
    for seed in range(10):
        pieces = [piece[:readings] for piece in frames(30.0, 50.0, seed)[0] for _ in range(6)][:6]
        line = line_in_step(np.concatenate([piece - piece.mean() for piece in pieces]), ahead, size)
        found += line is not None and line[2] == pytest.approx(unmet_of(5))
    assert found >= 8
    assert all(line_in_step(rng.standard_normal(size.sum()), ahead, size) is None for _ in range(50))


@pytest.mark.thorough
def test_noise_and_a_frame_that_keeps_no_step_show_none() -> None:
    rng = np.random.default_rng(7)
    size = np.full(5, 300)
    ahead = np.cumsum(size) - size
    assert all(line_in_step(rng.standard_normal(1500), ahead, size) is None for _ in range(50))
    pieces, _ = frames(31.7, 50.0, 1)
    size = np.array([piece.size for piece in pieces])
    assert line_in_step(np.concatenate(pieces) - np.mean(pieces[0]), np.cumsum(size) - size, size) is None


@pytest.mark.parametrize("count", [2047, 2049, 30_000])  # what is looked at in blocks
def test_one_event_of_very_many_readings_shows_its_places(count: int) -> None:
    wave = turns(4, 0.5, count) - (LOW + HIGH) / 2
    unmet, cycles = unmet_within(wave, np.array([0]), np.array([count]), 0.25 + 0.4 / count)
    assert unmet == pytest.approx(unmet_of(4)) and cycles == pytest.approx(0.25, abs=0.05 / count)


@pytest.mark.thorough
@pytest.mark.parametrize("period", [2.004, 3.006, 1.5, 4.0])
def test_one_event_of_a_loop_in_step_holds_what_was_drawn(tmp_path: Path, period: float) -> None:
    """40 % of each period at 8 W, else 2 W: 4.4 W on average over whole periods, whatever place is met."""
    held = 0
    for seed in range(8):
        phase = np.random.default_rng(seed).uniform()
        log, out = tmp_path / f"{period}-{seed}.csv", tmp_path / f"{period}-{seed}.power"
        at = np.arange(121.0)
        values = np.where(np.mod(at / period + phase, 1.0) < 0.4, HIGH, LOW)
        log.write_text(
            "time_s,power_w\n" + "".join(f"{1.7e9 + t:.3f},{v}\n" for t, v in zip(at, values, strict=True))
        )
        events = tmp_path / "events.csv"
        events.write_text("start,end,name\n1700000002.4,1700000118.4,session\n")
        convert(log, out, choices=Choices(events=events, accuracy=0.002), force=True)
        row = powermeter.analyse(str(out)).row("session")
        held += row.energy is not None and row.energy.low <= 4.4 * 116 <= row.energy.high
    assert held == 8
