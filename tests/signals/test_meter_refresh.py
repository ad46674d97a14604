"""Readings that stand until the instrument's next refresh, and rows that only look like such."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer
from powermeter.signals.decoding import from_samples
from powermeter.signals.meter_refresh import fresh_readings, refresh_found

S = 1_000_000_000


def test_rows_in_threes_are_one_reading_per_refresh_and_an_equal_one_is_news_too() -> None:
    """10 Hz rows of a meter that refreshes every 0.3 s; of its 40 readings every fourth equals the one before."""
    rng = np.random.default_rng(7)
    readings = rng.uniform(1, 2, 40).round(3)
    readings[3::4] = readings[2::4]
    trace = from_samples(np.arange(120, dtype=np.int64) * S // 10, np.repeat(readings, 3), Quantity.POWER)
    refresh = refresh_found(trace)
    assert refresh == 3 * S // 10
    fresh = fresh_readings(trace, refresh)
    assert fresh.values.tolist() == [*readings, readings[-1]]  # the last stood until the last row


def test_rows_that_each_differ_are_no_repeats() -> None:
    rng = np.random.default_rng(7)
    trace = from_samples(np.arange(120, dtype=np.int64) * S // 10, rng.uniform(1, 2, 120), Quantity.POWER)
    assert refresh_found(trace) == 0


@pytest.mark.parametrize(
    ("period_s", "start", "end", "truth_j"), [(10.0, 26.0, 31.0, 13.0), (6.0, 25.0, 28.5, 6.5)]
)
def test_plateaus_of_a_load_without_noise_are_no_refresh(
    tmp_path: Path, period_s: float, start: float, end: float, truth_j: float
) -> None:
    """1 W and 3 W in turns at 10 Hz: each row is a reading; taken for a refresh of 5 s, an event of 13 J was 5.00 ± 0.07 J."""
    second = 10**9
    t = np.arange(0, 60, 0.1)
    watts = np.where(t % period_s < period_s / 2, 1.0, 3.0)
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"))
    with Writer.create(tmp_path / "run.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source("test://", "meter", "test", (channel,))
        writer.append(
            source, (t * second).astype(np.int64) + second, np.round(watts * 1000).astype(np.int64)[:, None]
        )
        writer.add_events([Event("infer", int(start * second) + second, int(end * second) + second, uid=1)])
    energy = powermeter.analyse(tmp_path / "run.power").row("infer").energy
    assert energy is not None and energy.low - 0.05 <= truth_j <= energy.high + 0.05


@pytest.mark.parametrize(("rows", "found"), [(3, 3), (1, 0)])
def test_two_levels_for_multiples_of_three_rows_of_many_lengths_are_a_refresh(rows: int, found: int) -> None:
    """A plug shows 2.3 or 20 W, without noise, for 1 to 9 of its refreshes; a load by itself stands for any number of rows."""
    stood = np.random.default_rng(7).integers(1, 10, 60) * rows
    watts = np.repeat(np.resize([2.3, 20.0], 60), stood)
    trace = from_samples(np.arange(watts.size, dtype=np.int64) * S, watts, Quantity.POWER)
    assert refresh_found(trace) == found * S


@pytest.mark.parametrize(("refresh", "rows"), [(0.7, 0.5), (0.2, 0.15)])
def test_a_refresh_a_little_longer_than_the_rows_is_found(refresh: float, rows: float) -> None:
    """Readings of 1 to 5 W with noise of five steps, each shown in the one or two rows behind it."""
    rng = np.random.default_rng(3)
    taken = np.arange(0, 400 * rows, refresh)
    shown = np.round(rng.choice([1.0, 3.0, 5.0], taken.size) + rng.normal(0, 0.005, taken.size), 3)
    t = 1.0 + np.arange(350) * rows + rng.uniform(-0.004, 0.004, 350) * rows
    values = shown[np.searchsorted(taken, t, side="right") - 1]
    found = refresh_found(from_samples(np.rint(t * 1e9).astype(np.int64), values))
    assert found == pytest.approx(refresh * 1e9, rel=0.01)


def test_what_repeats_by_chance_has_no_refresh() -> None:
    rng = np.random.default_rng(4)
    t = np.rint(np.cumsum(rng.uniform(0.98e8, 1.02e8, 400))).astype(np.int64)
    for noise in (0.002, 0.005):
        assert refresh_found(from_samples(t, np.round(rng.normal(2, noise, 400), 3))) == 0
    loop = np.where(np.arange(400) % 10 < 2, 1.0, 3.0 + rng.normal(0, 0.05, 400))
    assert refresh_found(from_samples(t, loop)) == 0


def test_a_counter_that_refreshes_is_the_sum_up_to_its_refresh() -> None:
    """Ten rows a second of one that refreshes each second: in doubt by the rows (0.05 s/√3), not by the refresh (1 s/√12)."""
    sums = np.cumsum(np.random.default_rng(2).uniform(3, 9, 40)).round(3)
    rows = np.arange(400, dtype=np.int64) * S // 10
    counter = from_samples(rows, np.repeat(sums, 10), Quantity.ENERGY, kind=Kind.COUNTER)
    assert fresh_readings(counter, S).clock_ns < 0.04 * S
    power = from_samples(rows, np.repeat(sums, 10), Quantity.POWER)
    assert fresh_readings(power, S).clock_ns > 0.28 * S


def test_refreshes_found_the_same_again_are_as_late_in_their_rows_as_new_ones() -> None:
    """0.5 s read each 0.1 s: put into the rows behind them, equal refreshes were 0.05 s later than new ones, and means that end a stand 10 % short (a run of wake-ups lacked 5 %)."""
    rng = np.random.default_rng(11)
    values = np.full(400, 0.02)
    values[np.cumsum(rng.integers(4, 12, 40))] = rng.uniform(0.5, 1.5, 40).round(4)
    t = np.arange(0, 199.5, 0.1) + rng.uniform(-0.005, 0.005, 1995)
    rows = values[((t + 0.237) / 0.5).astype(int)]
    trace = from_samples(np.rint(t * S).astype(np.int64), rows, Quantity.POWER)
    fresh = fresh_readings(trace, S // 2)
    high = np.flatnonzero(np.diff(fresh.values) > 0.1) + 1
    before = np.diff(fresh.times_ns)[high - 1] / S
    assert abs(before.mean() - 0.5) < 0.01
