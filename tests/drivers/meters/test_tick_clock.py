"""An instrument's clock seen through late arrivals, its ticks past their wrap, and stamps that follow it smoothly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from powermeter.drivers.meters.tick_clock import RATE_ERROR, TickClock, TickCounter, slewed, slower_by


def test_tick_clock_finds_offset_and_drift_under_delays() -> None:
    """80 ppm fast, at least 0.2 ms late, mostly up to 30 ms: the stamps stay within 2 ms."""
    dice = np.random.default_rng(1)
    clock = TickClock(10_000.0)
    for second in range(1, 60):
        for part in range(10):
            tick = second * 100_000 + part * 10_000
            true_ns = 5e9 + tick * 10_000 * (1 - 80e-6)
            clock.arrived(tick, round(true_ns + 2e5 + abs(dice.exponential(8e6))))
    tick = 60 * 100_000
    assert clock.time_ns(tick) - (5e9 + tick * 10_000 * (1 - 80e-6)) == pytest.approx(2e5, abs=2e6)


def test_a_tick_that_does_not_go_with_the_time_is_not_believed_until_the_next_goes_on_from_it() -> None:
    clock = TickClock(1e6)
    assert all(clock.arrived(n, n * 1_000_000 + 5_000_000) for n in range(100))
    assert not clock.arrived(90_000, 100 * 1_000_000), "a jump of 90 s"
    assert clock.arrived(101, 101 * 1_000_000), "it was damaged"
    assert not clock.arrived(5, 5_000_000_000)
    assert clock.arrived(10, 5_005_000_000), "it was restarted"
    assert clock.time_ns(10) == pytest.approx(5_005_000_000, abs=1e6)


@pytest.mark.parametrize("pause_s", [1.3, 4.5])
def test_what_was_kept_while_the_host_stood_still_is_placed_where_it_was_measured(pause_s: float) -> None:
    """100 readings a second, 5 ms late; then none is read for so long, and those that were kept come at once."""
    clock = TickClock(1e6)
    pause = round(pause_s * 1000)
    for tick in range(0, 20_000, 10):
        arrival = max(tick, 10_000 + pause) if 10_000 <= tick < 10_000 + pause else tick
        assert clock.arrived(tick, arrival * 1_000_000 + 5_000_000)
        assert clock.time_ns(tick) == pytest.approx(tick * 1e6 + 5e6, abs=2e6)


def test_a_clock_that_stood_still_is_followed_after_three_seconds() -> None:
    clock = TickClock(1e6)
    assert all(clock.arrived(tick, tick * 1_000_000) for tick in range(0, 5000, 10))
    for tick in range(5000, 12_000, 10):
        assert clock.arrived(tick, (tick + 4000) * 1_000_000)
    assert clock.time_ns(11_990) == pytest.approx(15_990e6, abs=2e6)


def test_a_better_estimate_comes_with_the_first_arrival_that_was_not_late() -> None:
    clock = TickClock(1e6)
    clock.arrived(0, 90_000_000)
    assert clock.time_ns(0) == 90_000_000
    clock.arrived(100, 100_000_000)
    assert clock.time_ns(0) == 0 and clock.time_ns(100) == 100_000_000


@pytest.mark.thorough
@pytest.mark.parametrize("ppm", [100, -100, 400])
def test_ticks_are_times_over_ten_minutes_whatever_the_crystal(ppm: int) -> None:
    """Packets each 0.1 s, 0.3 ms late and mostly up to 10 ms more, some 50: after 15 s stamps are right and steady and never run back."""
    dice = np.random.default_rng(7)
    clock = TickClock(1e6)
    late, before = [], -1
    for tick in range(0, 600_000, 100):
        true_ns = 1e12 + tick * 1e6 * (1 + ppm * 1e-6)
        delay_ns = 0.3e6 + dice.exponential(2e6) + (dice.random() < 0.01) * 50e6
        assert clock.arrived(tick, round(true_ns + delay_ns))
        stamp = clock.time_ns(tick)
        assert stamp > before
        before = stamp
        if tick > 15_000:
            late.append(stamp - true_ns - 0.3e6)
    assert max(late) - min(late) < 1e6 and float(np.std(late)) < 0.1e6
    assert abs(float(np.mean(late))) < 0.3e6, "a line of no drift would stay ten seconds' drift behind"


@pytest.mark.parametrize("true_over_stated", [10, 0.1, 1.5, 0.5, 1.03])
def test_ticks_that_do_not_go_with_the_time_are_found_within_seconds(true_over_stated: float) -> None:
    """Off by 50 % and more within 4 s; 3 %, of which 1 % of clock and 0.25 s of delay are allowed, within 20 s."""
    clock = TickClock(1e6)
    wanted_s = 20 if abs(true_over_stated - 1) < 0.1 else 4
    for at_ns in range(0, wanted_s * 10**9, 10_000_000):
        clock.arrived(round(at_ns / (1e6 * true_over_stated)), at_ns)
    assert clock.mismatch is not None
    counted_s, passed_s = clock.mismatch
    assert passed_s / counted_s == pytest.approx(true_over_stated, rel=0.05)


@pytest.mark.parametrize("batch_ms", [1, 100, 500, 900])
@pytest.mark.parametrize("error", [0.008, -0.008])
def test_a_poor_clock_and_batches_and_a_host_that_stood_still_are_no_mismatch(
    batch_ms: int, error: float
) -> None:
    clock = TickClock(1e6)
    for tick in range(0, 70_000, 20):
        true_ns = round(tick * 1e6 * (1 + error))
        arrival_ns = -(-true_ns // (batch_ms * 10**6)) * batch_ms * 10**6
        arrival_ns = max(arrival_ns, 60_900_000_000) if arrival_ns >= 60_000_000_000 else arrival_ns
        clock.arrived(tick, arrival_ns)
        assert clock.mismatch is None


@pytest.mark.parametrize("true_over_stated", [1000, 10, 2, 0.5, 0.1])
def test_ticks_of_another_unit_are_found_in_a_stream_of_a_second_or_two(true_over_stated: float) -> None:
    clock = TickClock(1e6)
    for at_ns in range(0, 1_600_000_000, 5_000_000):
        clock.arrived(round(at_ns / (1e6 * true_over_stated)), at_ns)
    assert clock.mismatch is None and clock.mismatch_so_far is not None


@pytest.mark.parametrize("batch_ms", [1, 100, 500, 900])
@pytest.mark.parametrize("error", [0.008, -0.008])
def test_batches_of_a_short_stream_are_no_mismatch(batch_ms: int, error: float) -> None:
    """Asked whenever a batch has been read to its end, up to 2.5 s."""
    clock, before_ns = TickClock(1e6), 0
    for tick in range(0, 2500, 20):
        true_ns = round(tick * 1e6 * (1 + error))
        arrival_ns = -(-true_ns // (batch_ms * 10**6)) * batch_ms * 10**6
        assert arrival_ns == before_ns or clock.mismatch_so_far is None
        clock.arrived(tick, arrival_ns)
        before_ns = arrival_ns


@pytest.mark.parametrize("stood_ms", [600, 900])
@pytest.mark.parametrize("reads", [1, 2, 10])
def test_a_host_that_stood_still_just_before_the_end_is_no_mismatch(stood_ms: int, reads: int) -> None:
    """1,000 frames a second, 100 a read: stopped before what had piled up was read, the newest one is old."""
    clock = TickClock(1e6)
    for tick in range(1000):
        clock.arrived(tick, tick * 1_000_000)
    woke_ns = (1000 + stood_ms) * 1_000_000
    for tick in range(1000, min(1000 + 100 * reads, 1000 + stood_ms)):
        clock.arrived(tick, woke_ns + (tick - 1000) * 10_000)
    assert clock.mismatch_so_far is None


@pytest.mark.parametrize("error", [0.02, -0.02])
@pytest.mark.parametrize("late_ms", [0.0, 1.0, 4.0])
def test_a_rate_that_is_off_by_2_per_cent_is_followed(error: float, late_ms: float) -> None:
    """50 frames a second, an exponential delay: within 3 s a stamp is off by the delay and some ms, from 5 s on the rate is right to 0.3 %."""
    print("seed", seed := 5)
    dice = np.random.default_rng(seed)
    clock = TickClock(2e7, RATE_ERROR)
    off = []
    for tick in range(750):
        true_ns = tick * 2e7 * (1 + error)
        assert clock.arrived(tick, round(true_ns + dice.exponential(late_ms * 1e6)))
        off.append((clock.time_ns(tick) - true_ns) / 1e6)
    assert np.abs(off[150:]).max() < 3 + 4 * late_ms
    assert abs(off[-1] - off[250]) < 0.003 * 10_000 * (1 if late_ms else 0.1) and clock.mismatch is None


def test_samples_that_were_lost_once_and_not_counted_are_no_other_rate() -> None:
    """100 samples a second, counted as they come; half a second of them never does."""
    clock = TickClock(1e7, RATE_ERROR)
    for tick in range(3000):
        true_ns = (tick + 50 * (tick >= 1000)) * 1e7
        clock.arrived(tick, round(true_ns))
        if tick < 1000:
            assert clock.time_ns(tick) == true_ns
    assert clock.time_ns(2999) == pytest.approx(true_ns, abs=20e6)


@pytest.mark.parametrize("lost", [100, 140, 250, 256, 300, 1000])
def test_ticks_that_went_round_in_a_hole_are_counted_by_the_time(lost: int) -> None:
    counter = TickCounter(256, 2e7)
    sent = [n for n in range(2000) if not 50 <= n < 50 + lost]
    assert [counter.feed(n % 256, n * 20_000_000 + 300_000) for n in sent] == sent


@pytest.mark.parametrize("held_s", [0.5, 2.0, 3.0, 4.5])
def test_ticks_that_were_held_did_not_go_round(held_s: float) -> None:
    counter = TickCounter(256, 2e7)
    arrivals = [round(max(n * 0.02, held_s if n > 10 else 0.0) * 1e9) for n in range(600)]
    assert [counter.feed(n % 256, at) for n, at in enumerate(arrivals)] == list(range(600))


def test_ticks_that_go_round_sooner_than_a_delay_are_counted_without_the_time() -> None:
    """1,000 a second, which wrap at 256, in bursts of a quarter of a second."""
    counter = TickCounter(256, 1e6)
    arrivals = [(n // 250 + 1) * 250_000_000 for n in range(1000)]
    assert [counter.feed(n % 256, at) for n, at in enumerate(arrivals)] == list(range(1000))


def test_tick_counter_unwraps() -> None:
    counter = TickCounter(2**32)
    assert [counter.feed(tick) for tick in (2**32 - 2, 2**32 - 1, 3, 1, 10)] == [
        2**32 - 2,
        2**32 - 1,
        2**32 + 3,
        2**32 + 1,
        2**32 + 10,
    ]


@pytest.mark.parametrize(
    ("found", "stamp"),
    [
        (1_000, 1_000),  # as the instrument counts
        (1_009, 1_009),  # within a tenth of the 100 ns that passed
        (1_500, 1_010),
        (992, 992),
        (0, 990),
    ],
)
def test_a_step_changes_by_a_tenth_at_most(found: int, stamp: int) -> None:
    assert slewed(found, 1_000.0, 100.0) == stamp


def test_an_estimate_that_is_off_by_5_ms_is_reached_in_50_ms_and_no_stamp_goes_back() -> None:
    stamps = [0]
    for tick in range(1, 61):
        stamps.append(slewed(tick * 1_000_000 - 5_000_000, stamps[-1] + 1e6, 1e6))
    steps = [b - a for a, b in pairwise(stamps)]
    assert steps[:50] == [900_000] * 50 and steps[50:] == [1_000_000] * 10


@pytest.mark.parametrize(("late_ms", "rate"), [(0.01, 3e-3), (1.0, 0.0)])
def test_ticks_run_slower_only_where_stretches_agree(late_ms: float, rate: float) -> None:
    """Forty stretches of 62.5 ms, each 0.1875 ms later than the one before: 3 parts in a thousand, where 2 are clear.

    Slopes are taken over ten stretches: where each is late by ± 1 ms, they scatter by √2 ms in 0.625 s, half of them by more than
    1.5 parts in a thousand, of which three times are more than 3.
    """
    late = late_ms * np.random.default_rng(3).standard_normal(40)
    stretches = [(k * 62.5e6, (0.1875 * k + late[k]) * 1e6) for k in range(40)]
    assert slower_by(stretches, 0.5, 0.01) == pytest.approx(rate, abs=1e-4)


def test_what_was_known_of_a_rate_stays_where_stretches_show_none() -> None:
    """Seven stretches are too few, and 3 parts in a thousand are more than a clock of 2 may be off."""
    stretches = [(k * 62.5e6, 0.1875e6 * k) for k in range(8)]
    assert slower_by(stretches[:7], 5e-4, 0.01) == 5e-4
    assert slower_by(stretches, 5e-4, 0.01) == pytest.approx(3e-3)
    assert slower_by(stretches, 5e-4, 0.002) == 5e-4
