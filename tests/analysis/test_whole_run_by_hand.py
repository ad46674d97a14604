"""The whole run of a few readings: its value, and each part of how far it may be off, by arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.analysis.whole_run import WholeRun, measure_run, never_negative
from powermeter.channel import Kind, Quantity
from powermeter.result import Grade, Result
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import CommonError

NS = 10**9


def integral(values: np.ndarray, kind: Kind = Kind.INSTANT, step_s: float = 1.0, **more: object) -> Integral:
    times = np.rint(np.arange(values.size) * step_s * NS).astype(np.int64)
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    return Integral.of(from_samples(times, np.asarray(values, float), quantity, kind=kind, **more))


def part(run: WholeRun, kind: str) -> float:
    return sum(size for name, size in run.energy.parts.items() if name.startswith(kind))


LEVEL = np.full(101, 2.0)


def test_power_is_energy_over_its_seconds() -> None:
    run = measure_run(integral(LEVEL))
    assert (run.energy.value, run.seconds, run.plain, run.gap_s) == (200.0, pytest.approx(100.0), 200.0, 0.0)
    assert (run.power.value, run.power.unit) == (pytest.approx(2.0), "W")
    nothing = WholeRun(Result.of(0.0, "J"), 0.0, 0.0, 0.0)
    assert nothing.power.value == 0.0 and nothing.power.unit == "W"


@pytest.mark.parametrize(("start", "end", "joules"), [(10, 20, 20.0), (10.5, 11.5, 2.0)])
def test_a_stretch_of_it(start: float, end: float, joules: float) -> None:
    run = measure_run(integral(LEVEL), round(start * NS), round(end * NS), origin="window")
    assert run.energy.value == pytest.approx(joules) and run.seconds == pytest.approx(end - start)


@pytest.mark.parametrize(
    ("kind", "noise", "step", "size"),
    [
        (
            Kind.MEAN,
            0.1,
            0.0,
            0.1 * math.sqrt(101),
        ),  # each of 101 windows of a second (the first ends at 0 s)
        (Kind.COUNTER, 0.1, 0.0, 0.1 * math.sqrt(2)),  # two readings, whatever lies between
        (Kind.COUNTER, 0.0, 0.6, 0.6 * math.sqrt(2 / 12)),
    ],
)
def test_noise_of_windows_and_of_a_counters_two_ends(
    kind: Kind, noise: float, step: float, size: float
) -> None:
    values = LEVEL if kind is Kind.MEAN else 2.0 * np.arange(101)
    run = measure_run(integral(values, kind, noise=noise, step=step))
    assert part(run, "noise") + part(run, "step") == pytest.approx(size, rel=1e-2)
    assert bool(part(run, "step")) is (step > 0)
    assert run.energy.value == pytest.approx(202.0 if kind is Kind.MEAN else 200.0)


def test_windows_of_half_a_second_weigh_half() -> None:
    run = measure_run(integral(LEVEL, Kind.MEAN, 0.5, noise=0.1))
    assert part(run, "noise") == pytest.approx(0.05 * math.sqrt(101), rel=1e-2)


def test_windows_that_overlap_do_not_add_up_their_noise() -> None:
    """Windows three intervals long, unfolded: neighbours share their noise with opposite signs, and one of it is left of a row."""
    run = measure_run(integral(LEVEL, Kind.MEAN, noise=0.1, window_ns=3 * NS))
    assert part(run, "noise") == pytest.approx(0.1, rel=1e-6)
    apart = measure_run(integral(LEVEL, Kind.MEAN, noise=0.1, window_ns=round(1.4 * NS)))
    assert part(apart, "noise") == pytest.approx(0.1 * math.sqrt(101), rel=1e-2)


def test_errors_of_all_readings_go_with_the_value_and_the_seconds() -> None:
    errors = (CommonError("gain:a", relative=0.01), CommonError("offset:a", absolute=0.05))
    run = measure_run(integral(LEVEL, errors=errors))
    assert part(run, "gain") == pytest.approx(2.0) and part(run, "offset") == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("low", "high", "share"), [(0, 0, 1.0), (0, 1, math.sqrt(0.5)), (0, 3, math.sqrt(0.25))]
)
def test_a_step_is_off_alike_for_readings_on_one_level(low: int, high: int, share: float) -> None:
    """step/√12 W for 100 s; readings evenly on n levels have a share 1/n of the variance in common."""
    levels = 2.0 + 0.5 * (np.arange(100) % (high - low + 1))
    run = measure_run(integral(levels, step=0.5))
    assert part(run, "quantisation") == pytest.approx(0.5 / math.sqrt(12) * 99 * share, rel=2e-3)


def test_a_range_that_ended_leaves_it_open_above() -> None:
    clipped = integral(LEVEL, saturated_ns=np.array([50 * NS]))
    assert measure_run(clipped).energy.high == math.inf
    assert measure_run(clipped).energy.grade is Grade.ESTIMATED
    assert math.isfinite(measure_run(clipped, 0, 49 * NS).energy.high)
    assert measure_run(clipped, 50 * NS, 60 * NS).energy.high == math.inf


@pytest.mark.parametrize(("least", "never"), [(0.0, True), (-0.001, False)])
def test_no_reading_below_zero(least: float, never: bool) -> None:
    values = LEVEL.copy()
    values[7] = least
    assert never_negative(integral(values)) is never
    counted = np.concatenate([[0.0], np.cumsum(values)])
    assert never_negative(integral(counted, Kind.COUNTER)) is never


@pytest.mark.parametrize(("n", "mute"), [(28, 28), (29, 0)])
def test_few_readings_that_all_agree_are_mute(n: int, mute: int) -> None:
    """1 − 0.05^(1/n) is a tenth at 28.4 readings: so much of the time may have been spent at another power."""
    run = measure_run(integral(np.full(n, 2.0)))
    assert run.mute == mute
    if mute:
        share = 1 - 0.05 ** (1 / n)
        joules = 2.0 * (n - 1)
        assert run.energy.value - run.energy.low == pytest.approx(share * joules, rel=1e-6)
        assert run.energy.high - run.energy.value == pytest.approx(2 * share * joules, rel=1e-6)
    else:
        assert run.energy.half_width < 1e-6


def test_few_readings_that_carry_most_of_it_are_counted() -> None:
    """Three spikes of a hundred times the rest: the sum's skewness is that of a count of about three."""
    values = np.full(400, 1.0)
    values[[50, 170, 333]] = 100.0
    run = measure_run(integral(values))
    assert 2 <= run.carriers <= 4
    assert run.energy.high - run.energy.value > 1.3 * (run.energy.value - run.energy.low)
    assert measure_run(integral(np.array([1.0, 3.0, 2.0, 5.0, 1.0]))).carriers == 5  # skewness alone counts 8
    assert measure_run(integral(1.0 + 0.1 * np.random.default_rng(1).standard_normal(400))).carriers == 0
