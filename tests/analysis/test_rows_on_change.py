"""Logs that write a row at once when power changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.load_sets_pace import load_sets_pace
from powermeter.analysis.rows_on_change import comes_at_the_next_look, rows_on_change
from powermeter.analysis.whole_run import WholeRun, measure_run
from powermeter.channel import Gap
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 1_000_000_000


def loads(seed: int, n: int = 16, shortest: int = 12, longest: int = 30, pause: int = 23) -> np.ndarray:
    """Return 2 W, and 7 W during loads at any place, second by second."""
    rng = np.random.default_rng(seed)
    parts = [np.full(pause, 2.0)]
    for _ in range(n):
        parts += [
            np.full(int(rng.integers(shortest, longest)), 7.0),
            np.full(pause + int(rng.integers(0, 10)), 2.0),
        ]
    return np.concatenate(parts)


def plug(power: np.ndarray, heartbeat: int, over: float = 1.0, fast_above: float = np.inf) -> Trace:
    """Return what a plug logs that looks each second: on a change of `over`, each second above a level, else each `heartbeat`."""
    kept = [0]
    for k in range(1, power.size):
        if (
            abs(power[k] - power[kept[-1]]) > over
            or k - kept[-1] >= heartbeat
            or power[k - 1] > fast_above < power[k]
        ):
            kept.append(k)
    rows = np.array(kept, np.int64)
    noise = 0.01 * np.random.default_rng(1).standard_normal(rows.size)
    return from_samples(rows * NS, np.round(power[rows] + noise, 3))


def run_of(trace: Trace) -> WholeRun:
    return measure_run(Integral.of(trace))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fast_above", [3.0, np.inf])
def test_a_value_stood_until_a_change_ended_the_wait(seed: int, fast_above: float) -> None:
    power = loads(seed)
    trace = plug(power, 10, fast_above=fast_above)
    run = run_of(trace)
    used = float(power[: int(trace.times_ns[-1] // NS)].sum())  # each second at the power that it begins with
    assert run.on_change and run.energy.low <= used <= run.energy.high
    assert run.energy.value == pytest.approx(used, rel=0.02) and run.energy.half_width < 0.06 * used


def test_a_straight_line_would_be_too_high_by_half_of_each_wait() -> None:
    power = loads(1)
    trace = plug(power, 10, fast_above=3.0)
    used = float(power[: int(trace.times_ns[-1] // NS)].sum())
    assert run_of(trace).plain > 1.04 * used


def test_waits_of_a_plug_are_no_holes_though_an_importer_noted_them() -> None:
    trace = plug(loads(2, longest=200), 10, fast_above=3.0)
    long = np.flatnonzero(np.diff(trace.times_ns) > 3 * NS)
    gaps = tuple(Gap(int(trace.times_ns[k]), int(trace.times_ns[k + 1]), "missed", "") for k in long)
    assert not Integral.of(from_samples(trace.times_ns, trace.values, gaps=gaps)).hole.size


def test_a_dead_band_may_hide_as_much_all_the_time() -> None:
    rng = np.random.default_rng(4)
    power = np.repeat(rng.uniform(20, 80, 300), rng.integers(2, 30, 300)) + 0.1 * rng.standard_normal()
    trace = plug(power, 10**9, over=1.5)
    found, run = rows_on_change(trace), run_of(trace)
    assert found is not None and 1.5 < found.band < 3
    seconds = float(trace.times_ns[-1] - trace.times_ns[0]) / NS
    assert run.energy.grade is Grade.ESTIMATED
    assert run.energy.half_width >= found.band * seconds


def test_the_row_that_a_log_ends_with_is_none_of_a_dead_band() -> None:
    """It came since the log ended, by whatever power had moved until then."""
    rng = np.random.default_rng(4)
    power = np.repeat(rng.uniform(20, 80, 300), rng.integers(2, 30, 300))
    trace = plug(power, 10**9, over=1.5)
    times = np.append(trace.times_ns, trace.times_ns[-1] + 7 * NS)
    found = rows_on_change(from_samples(times, np.append(trace.values, trace.values[-1] + 0.2)))
    assert found is not None and 1.5 < found.band < 3


def test_a_reader_that_times_its_waits_meets_changes_behind_whole_ones() -> None:
    power = loads(3)
    at = [0]
    while at[-1] + 10 < power.size:
        at.append(at[-1] + (1 if power[at[-1]] > 3 else 10))
    rows = np.array(at, np.int64)
    trace = from_samples(rows * NS, power[rows])
    assert rows_on_change(trace) is None


def test_power_that_falls_over_a_wait_may_have_fallen_at_once() -> None:
    # Ten rows a fiftieth of a second apart when a burst of a fifth of a second begins, and one each second: the rise ends a wait, the fall does not.
    starts = np.cumsum(np.random.default_rng(5).uniform(2.5, 3.5, 60))
    beats = np.arange(0.37, starts[-1] + 2, 1.0)
    inside = (starts[:, None] + 0.004 + 0.02 * np.arange(9)).ravel()
    t = np.sort(np.concatenate([beats, inside]))
    k = np.searchsorted(starts, t, side="right") - 1
    busy = (k >= 0) & (t < starts[np.maximum(k, 0)] + 0.2)
    trace = from_samples(np.round(t * NS).astype(np.int64), np.where(busy, 7.0, 1.0))
    run = run_of(trace)
    used = float(t[-1] - t[0]) + 6 * 0.2 * 60
    assert run.on_change and run.energy.grade is Grade.ESTIMATED
    assert run.energy.low <= used <= run.energy.high


@pytest.mark.parametrize("seed", range(4))
def test_uneven_readings_of_a_coarse_display_are_no_log_of_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.uniform(0.3, 1.7, 400))
    values = np.round(40 + 30 * np.sin(t / 9) + 3 * rng.standard_normal(400))
    assert rows_on_change(from_samples(np.round(t * NS).astype(np.int64), values)) is None


def test_bursts_of_readings_are_not_a_pace_that_the_load_sets() -> None:
    t = (np.arange(100)[:, None] * 1.1 + 0.02 * np.arange(5)).ravel()
    values = 7 + 0.05 * np.random.default_rng(7).standard_normal(t.size)
    assert load_sets_pace(from_samples(np.round(t * NS).astype(np.int64), values)) is None


def jobs(seed: int, restarts: bool) -> tuple[Trace, np.ndarray, np.ndarray, float]:
    """Return what a script logs of 14 jobs of 20 W on 3 W: each 10 s, by a timer that a row starts anew or not, and 0.3 s behind each begin and end; their joules."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(12, 40, 14)
    starts = 10 + np.cumsum(lengths + rng.uniform(15, 35, 14)) - lengths
    marks = np.sort(np.concatenate([starts, starts + lengths])) + 0.3
    t = np.concatenate([np.arange(rng.uniform(0, 10), marks[-1] + 20, 10), marks])
    if restarts:
        spans = np.append(marks, marks[-1] + 20)
        t = np.concatenate([np.arange(a, b - 1e-3, 10) for a, b in pairwise(spans)])
    t = np.sort(t)
    k = np.searchsorted(starts, t, side="right") - 1
    busy = (k >= 0) & (t < (starts + lengths)[np.maximum(k, 0)])
    watts = 3 + 20 * busy + 0.05 * rng.standard_normal(t.size)
    edges = (np.round(x * NS).astype(np.int64) for x in (starts, starts + lengths))
    return from_samples(np.round(t * NS).astype(np.int64), watts), *edges, float(23 * lengths.sum())


@pytest.mark.parametrize("seed", range(6))
def test_a_timer_that_runs_free_meets_jobs_everywhere_though_their_first_rows_lie_at_one_place(
    seed: int,
) -> None:
    trace, starts, ends, joules = jobs(seed, restarts=False)
    integral = Integral.of(trace)
    found = measure(integral, starts, ends).combine(np.ones(14), "all")
    assert rows_on_change(trace) is not None and found.low <= joules <= found.high < 1.02 * joules
    assert found.grade is Grade.MEASURED and np.isfinite(run_of(trace).energy.high)


@pytest.mark.parametrize("seed", range(3))
def test_a_timer_that_each_row_starts_anew_always_meets_the_same_place(seed: int) -> None:
    trace, starts, ends, _ = jobs(seed, restarts=True)
    found = measure(Integral.of(trace), starts, ends).combine(np.ones(14), "all")
    assert rows_on_change(trace) is not None and found.high == np.inf


def looked_at(
    seed: int, heartbeat: int, offset_ns: int = 370_000_000
) -> tuple[Trace, np.ndarray, np.ndarray, float, float]:
    """Return rows of a plug that looks each second, loads of 2 to 4 s at 15 W over 3 W, their edges, and J of all loads and of the run."""
    rng = np.random.default_rng(seed)
    starts = 6 + np.cumsum(rng.uniform(9, 16, 24))
    lengths = rng.uniform(2, 4, 24)
    ends = starts + lengths
    looks = np.arange(int(ends[-1]) + 20) + offset_ns / NS
    k = np.searchsorted(starts, looks, side="right") - 1
    watts = np.where((k >= 0) & (looks < ends[np.maximum(k, 0)]), 18.0, 3.0)
    watts = np.round(watts + 0.05 * rng.standard_normal(looks.size), 1)
    kept = [0]
    for j in range(1, looks.size):
        if abs(watts[j] - watts[kept[-1]]) > 1 or j - kept[-1] >= heartbeat:
            kept.append(j)
    rows = np.array(kept, np.int64)
    edges = (np.round(x * NS).astype(np.int64) for x in (starts, ends))
    whole = 3 * float(rows[-1] - rows[0]) + 15 * float(lengths.sum())
    return from_samples(rows * NS + offset_ns, watts[rows]), *edges, 18 * float(lengths.sum()), whole


@pytest.mark.parametrize("seed", range(6))
def test_rows_at_a_devices_next_look_behind_each_start_come_for_the_change(seed: int) -> None:
    """Loads shorter than a heartbeat hold one row each, always in their first second: what follows would have made a row if it differed."""
    trace, starts, ends, joules, whole = looked_at(seed, 5)
    found = measure(Integral.of(trace), starts, ends).combine(np.ones(24), "all")
    assert found.low <= joules <= found.high < 1.03 * joules and found.grade is Grade.MEASURED
    run = run_of(trace)
    assert run.on_change and run.energy.half_width < 0.08 * whole
    assert abs(run.energy.value - whole) < 0.08 * whole


def test_whole_seconds_are_no_looks() -> None:
    """Stamps that are all written in whole seconds are multiples of one whatever made their rows."""
    trace, starts, _, _, _ = looked_at(1, 5)
    before = np.searchsorted(trace.times_ns, starts, side="right")
    assert comes_at_the_next_look(trace, starts, before)
    cut = from_samples(trace.times_ns // NS * NS, trace.values)
    assert not comes_at_the_next_look(cut, starts, np.searchsorted(cut.times_ns, starts, side="right"))


def test_rows_at_one_place_behind_each_start_come_for_the_mark() -> None:
    trace, starts, _, _, _ = looked_at(1, 5)
    before = np.searchsorted(trace.times_ns, starts, side="right")
    alike = trace.times_ns[before] - 300_000_000
    assert not comes_at_the_next_look(trace, alike, before)


@pytest.mark.parametrize("shared", [8, 50, 78])
def test_rows_that_share_a_moment_are_divided_by_nothing(shared: int) -> None:
    """50 rows a second of a square of 1 W and 4 W, the first of them stamped at one moment."""
    rows = np.arange(160)
    times = np.maximum(rows, shared) * (NS // 50)
    with np.errstate(all="raise"):
        run_of(from_samples(times, np.where(rows // 50 % 2, 4.0, 1.0)))
