"""Calibration against a truth drawn here: gain and offset recovered, energies right afterwards."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from powermeter.analysis.energy import analyse
from powermeter.calibration.fit import About, Points, fit, from_loads, shunt, york
from powermeter.calibration.steady_points import steady_points
from powermeter.calibration.store import read, to_toml
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.recording import Samples as SimulatedSamples
from powermeter.recording import SourceInfo
from powermeter.result.notes import having
from powermeter.signals.correction import Correction
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import NS, SimulatedRecording, Truth

GAIN, OFFSET_A = 1.013, 0.002  # what the INA219 does to the true current
VOLTS = 5.0


def staircase(rng: np.random.Generator) -> Truth:
    """Loads from 50 mA to 1.5 A in steps of 4 s, as currents."""
    levels = rng.permutation(np.linspace(0.05, 1.5, 16))
    return Truth.steps(np.arange(17) * 4.0, levels)


def ina219(truth: Truth, rng: np.random.Generator, rate: float = 100.0):
    """Currents as an INA219 with 0.1 Ω at PGA /4 shows them: 0.1 mA per code, 1 mA of noise."""
    times = np.arange(truth.times_s[0] + 0.001, truth.times_s[-1], 1 / rate)
    seen = truth.power(times) * GAIN + OFFSET_A + 0.001 * rng.standard_normal(times.size)
    return np.rint(times * NS).astype(np.int64), np.rint(seen / 1e-4).astype(np.int64)


def reference(truth: Truth, rng: np.random.Generator, gain: float, rate: float = 50.0):
    times = np.arange(truth.times_s[0] + 0.003, truth.times_s[-1], 1 / rate)
    seen = truth.power(times) * gain + 2e-5 * rng.standard_normal(times.size)
    return from_samples(np.rint(times * NS).astype(np.int64), seen, Quantity.CURRENT)


def calibrate(rng: np.random.Generator):
    truth = staircase(rng)
    times, codes = ina219(truth, rng)
    against = reference(truth, rng, 1 + rng.uniform(-0.0005, 0.0005))
    seen = from_samples(times, codes * 1e-4, Quantity.CURRENT, step=1e-4)
    points = steady_points(seen, against, window_s=1.0)
    return fit(
        "vdd_in.current", points, reference_gain=0.0005 / math.sqrt(3), about=About(instrument="DMM7510")
    )


def test_a_simulated_ina219_is_recovered_within_the_stated_uncertainty() -> None:
    found = calibrate(np.random.default_rng(1))
    c = found.correction
    gain_u = math.hypot(math.sqrt(c.covariance[1][1]), c.reference_gain)
    offset_u = math.sqrt(c.covariance[0][0])
    assert c.gain == pytest.approx(1 / GAIN, abs=3 * gain_u)
    assert c.offset == pytest.approx(-OFFSET_A / GAIN, abs=3 * offset_u)
    assert gain_u < 0.0005 and offset_u < 0.0001
    assert len(c.coefficients) == 2
    assert c.low < 0.06 and c.high > 1.45


@pytest.mark.thorough
def test_gain_and_offset_lie_within_two_standard_uncertainties_in_95_of_100() -> None:
    gains, offsets = [], []
    for seed in range(100):
        c = calibrate(np.random.default_rng(seed)).correction
        gains.append(
            abs(c.gain - 1 / GAIN) <= 1.96 * math.hypot(math.sqrt(c.covariance[1][1]), c.reference_gain)
        )
        offsets.append(abs(c.offset + OFFSET_A / GAIN) <= 1.96 * math.sqrt(c.covariance[0][0]))
    assert sum(gains) >= 90 and sum(offsets) >= 89  # of a binomial with 0.95: two and a half standard errors


def corrected_energy(seed: int) -> tuple[bool, float, float]:
    """Calibrate, then measure another load; does the corrected energy hold the truth, the raw one?"""
    rng = np.random.default_rng(seed)
    found = calibrate(rng)
    load = Truth.steps(np.cumsum(np.concatenate([[0.0], rng.uniform(0.3, 2, 30)])), rng.uniform(0.2, 1.4, 30))
    times, codes = ina219(load, rng)
    rail = Rail("VDD_IN", nominal_v=VOLTS)
    raw = Accuracy(gain=0.005, offset=0.0015, step=1e-4, noise=1e-3)
    channels = (
        Channel("vdd_in.current", Quantity.CURRENT, 1e-4, rail, accuracy=raw),
        Channel("vdd_in.voltage", Quantity.VOLTAGE, 0.004, rail),
    )
    recording = SimulatedRecording(
        [SourceInfo(1, "ina219://1/0x40", "ina219", "ina219", {}, channels)],
        {
            1: SimulatedSamples(
                times,
                {"vdd_in.current": codes, "vdd_in.voltage": np.full(times.size, 1250)},
                np.zeros(times.size, np.uint8),
            )
        },
    )
    before = analyse(recording).energy
    recording.noted["calibration"] = [found.correction.to_dict()]
    after = analyse(recording)
    truth = VOLTS * load.energy(after.start_ns / NS, after.end_ns / NS)
    assert after.energy.parts.keys() & {"gain:DMM7510"}
    return (
        after.energy.low <= truth <= after.energy.high,
        before.value / truth - 1,
        after.energy.value / truth - 1,
    )


def test_the_corrected_recordings_energy_holds_the_truth() -> None:
    holds, raw, better = corrected_energy(5)
    assert holds
    assert abs(raw) > 0.01 and abs(better) < 0.002


@pytest.mark.slow
def test_the_corrected_energy_holds_the_truth_in_93_to_97_of_100() -> None:
    runs = [corrected_energy(seed) for seed in range(400)]
    share = np.mean([holds for holds, _, _ in runs])
    print(f"\ncalibrated INA219: {share:.3f} of 400; raw off by {np.mean([r for _, r, _ in runs]):+.2%}")
    assert 0.925 <= share <= 0.98  # the reference's limit is rectangular, 400 runs: ±0.022


def test_york_gives_the_published_numbers() -> None:
    # Pearson's data with York's weights: the worked example of York et al. (2004), table I:
    # slope −0.48053, intercept 5.47991, standard errors 0.0580 and 0.2947 (S/(n−2) = 1.48).
    x = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
    y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
    wx = np.array([1000.0, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    wy = np.array([1.0, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    # Turned over, since a meter's gain is positive here.
    beta, covariance = york(Points(x, -y, wx**-0.5, wy**-0.5))
    assert beta[1] == pytest.approx(0.480533407, abs=1e-8)
    assert beta[0] == pytest.approx(-5.47991022, abs=1e-7)
    assert math.sqrt(covariance[1, 1]) == pytest.approx(0.05799, abs=2e-4)
    assert math.sqrt(covariance[0, 0]) == pytest.approx(0.29497, abs=1e-3)


def test_a_second_order_term_is_taken_only_where_the_points_ask_for_it() -> None:
    rng = np.random.default_rng(8)
    x = np.linspace(0.1, 2, 40)
    u = np.full(40, 1e-4)
    straight = fit("c", Points(x, 1.01 * x + 0.003 + 1e-4 * rng.standard_normal(40), u, u))
    assert len(straight.correction.coefficients) == 2
    bent = fit("c", Points(x, 1.01 * x + 0.003 + 0.004 * x * x + 1e-4 * rng.standard_normal(40), u, u))
    assert bent.correction.coefficients[2] == pytest.approx(0.004, abs=3e-4)
    assert having(bent.notes, "second-order")
    assert np.abs(bent.residuals).max() < 6e-4


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_a_temperature_slope_is_found_and_applied(offset: float) -> None:
    rng = np.random.default_rng(9)
    x = np.tile(np.linspace(0.5, 2, 12), 5)
    t = np.repeat([10.0, 20, 30, 40, 50], 12)
    true = (x * 1.01 + offset) * (1 + 200e-6 * (t - 30))
    u = np.full(60, 5e-5)
    found = fit(
        "c", Points(x, true + 5e-5 * rng.standard_normal(60), u, u, t), temperature_channel="die.temperature"
    )
    assert found.correction.temperature_slope == pytest.approx(200e-6, rel=0.1)
    assert np.abs(found.residuals).max() < 4e-4


def test_three_points_make_a_parabola_without_a_scatter() -> None:
    """As many points as coefficients: nothing is left that could widen the interval."""
    x = np.array([0.0, 1.0, 2.0])
    u = np.full(3, 1e-4)
    found = fit("c", Points(x, 0.5 + x + 0.25 * x**2, u, u), order=2).correction
    assert found.coefficients == pytest.approx([0.5, 1.0, 0.25])


@pytest.mark.parametrize(("times", "taken"), [(3.7, False), (4.3, True)])
def test_a_temperature_slope_is_taken_from_four_of_its_standard_errors_on(times: float, taken: bool) -> None:
    """Six points: with the standard error of scipy's `linregress`, whose residuals have n − 2 degrees of freedom."""
    t = np.array([10.0, 20, 30, 40, 50, 60])
    x = 2.0 + 0.5 * np.array([5.0, -1, -4, -4, -1, 5]) / 5
    ragged = 1e-4 * np.array([1.0, -3, 2, 2, -3, 1])  # has no part of a straight line in t
    plain = stats.linregress(t, ragged)
    true = x * (1 + ragged + times * plain.stderr * (t - t.mean()))
    u = np.full(6, 1e-6)
    points = Points(x, true, u, u, t)
    line = np.polyval(np.polyfit(x, true, 1), x)
    seen = stats.linregress(t, (true - line) / line)
    assert (abs(seen.slope) > 4 * seen.stderr) == taken
    found = fit("c", points, order=1, temperature_channel="die.temperature").correction
    assert (found.temperature_slope != 0) == taken
    if taken:
        assert found.temperature_slope == pytest.approx(seen.slope, rel=1e-2)


def test_beyond_the_calibrated_range_the_interval_widens() -> None:
    c = calibrate(np.random.default_rng(1)).correction
    inside, outside = c.uncertainty(1.0), c.uncertainty(6.0)
    assert c.extrapolation(1.0) == 0
    assert outside > 20 * inside


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (from_loads([(1, 0.01, 1, 0.01), (2, 0.01, 2, 0.01)]), "too few"),
        (from_loads([(1, 0.1, 1, 0.1), (1.01, 0.1, 1.01, 0.1), (1.02, 0.1, 1.0, 0.1)]), "too close"),
        (from_loads([(3, 0.01, 1, 0.01), (2, 0.01, 2, 0.01), (1, 0.01, 3, 0.01)]), "above zero"),
        (from_loads([(1, 0, 1, 0), (2, 0, 2, 0), (3, 0, 3, 0)]), "no uncertainty"),
        (from_loads([(1, 0.1, math.nan, 0.1), (2, 0.1, 2, 0.1), (3, 0.1, 3, 0.1)]), "finite"),
    ],
)
def test_points_that_tell_nothing_are_refused(points: Points, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit("c", points)


def test_a_shunt_from_known_currents() -> None:
    rng = np.random.default_rng(2)
    amps = [0.1, 0.5, 1.0, 1.5, 2.0]
    volts = [0.0998 * i + 40e-6 + 5e-6 * rng.standard_normal() for i in amps]  # an offset that must fall out
    ohm, ohm_u = shunt(volts, amps, 5e-6, 1e-4)
    assert ohm == pytest.approx(0.0998, abs=2.5 * ohm_u)
    assert ohm_u < 2e-5


def test_a_shunt_whose_points_scatter_is_less_sure() -> None:
    """Five points ten times as far off the line as they claim: s(b) = s √(1/Σ(x − x̄)²), s from the residuals."""
    amps = np.array([0.1, 0.5, 1.0, 1.5, 2.0])
    off = 50e-6 * np.array([1.0, -1.5, 0.0, 1.5, -1.0])
    volts = 0.1 * amps + off
    _, ohm_u = shunt(volts.tolist(), amps.tolist(), 5e-6, 1e-9)
    slope, start = np.polyfit(amps, volts, 1)
    left = volts - slope * amps - start
    by_textbook = math.sqrt(float(left @ left) / 3 / float(np.sum((amps - amps.mean()) ** 2)))
    assert ohm_u == pytest.approx(by_textbook, rel=1e-3)


def test_a_calibration_file_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    c = calibrate(np.random.default_rng(3)).correction
    odd = Correction("a.power", (0.1, 1 / 3), ((1e-9, 0.0), (0.0, 2e-9)), 0.0, 1.0, note='say "no"\nC:\\x')
    path = tmp_path / "meter.toml"
    path.write_text(to_toml([c, odd]), encoding="utf-8")
    assert read(path) == [c, odd]


def test_a_correction_with_absurd_numbers_is_refused() -> None:
    with pytest.raises(DataError, match="not finite"):
        Correction("a", (math.nan, 1.0), ((0.0, 0.0), (0.0, 0.0)), 0, 1)
    with pytest.raises(DataError, match="gain"):
        Correction("a", (0.0, -1.0), ((0.0, 0.0), (0.0, 0.0)), 0, 1)


X = np.array([1.0, 2.0, 3.0, 4.0])


def exact(y: np.ndarray, sigma: float = 0.1) -> Points:
    """Points whose readings are exact, so that the fit is ordinary least squares with a known σ."""
    return Points(X, y, np.zeros(4), np.full(4, sigma))


def test_the_covariance_is_that_of_least_squares_with_its_sign() -> None:
    """σ² (XᵀX)⁻¹ with Σx = 10, Σx² = 30, n = 4: 0.01/20 × [[30, −10], [−10, 4]]; offset and gain pull against each other."""
    beta, covariance = york(exact(2.0 + 3.0 * X))
    assert beta == pytest.approx([2.0, 3.0])
    assert covariance == pytest.approx(np.array([[0.015, -0.005], [-0.005, 0.002]]), rel=1e-6)


def test_the_published_off_diagonal_is_the_mean_reading_times_the_slopes_variance() -> None:
    """York et al. (2004), eq. 13: cov = −x̄ σ_b², with x̄ the mean of the adjusted points."""
    found = fit("c", exact(2.0 + 3.0 * X), order=1).correction.covariance
    assert found[0][1] == found[1][0] == pytest.approx(-2.5 * found[1][1])


def test_what_is_corrected_is_surest_in_the_middle_of_the_points() -> None:
    """Var(a + b x) = σ² (1/n + (x − x̄)²/Sxx), with n = 4, x̄ = 2.5, Sxx = 5."""
    covariance = np.array(fit("c", exact(2.0 + 3.0 * X), order=1).correction.covariance)
    for x in (2.5, 1.0, 4.0, 10.0):
        at = np.array([1.0, x])
        assert at @ covariance @ at == pytest.approx(0.01 * (1 / 4 + (x - 2.5) ** 2 / 5))


def test_points_that_scatter_more_than_they_claim_widen_the_covariance() -> None:
    """Residuals ±0.3, ∓0.3 against σ = 0.1: of the four, two degrees of freedom are the line's."""
    scattered = np.array([0.3, -0.3, -0.3, 0.3])  # has neither mean nor slope
    found = fit("c", exact(2.0 + 3.0 * X + scattered), order=1)
    chi2 = 4 * 0.3**2 / 0.1**2 / 2
    assert found.chi2 == pytest.approx(chi2) == pytest.approx(18.0)
    assert found.widened and "scatter 4.2 times" in having(found.notes, "scatter")[0].text
    assert found.correction.covariance[1][1] == pytest.approx(0.002 * chi2)
    assert found.correction.covariance[0][1] == pytest.approx(-0.005 * chi2)


def test_points_that_scatter_less_narrow_nothing() -> None:
    found = fit("c", exact(2.0 + 3.0 * X), order=1)
    assert not found.widened and found.chi2 == pytest.approx(0.0, abs=1e-9)
    assert found.correction.covariance[1][1] == pytest.approx(0.002)


def test_the_covariance_of_a_second_order_fit_is_that_of_least_squares_too() -> None:
    """σ² (XᵀX)⁻¹ with the columns 1, x, x², in the readings' own zero and not in their middle's."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    points = Points(x, 0.5 + 2.0 * x + 0.1 * x * x, np.zeros(5), np.full(5, 0.05))
    found = fit("c", points, order=2).correction
    design = np.column_stack([np.ones(5), x, x * x])
    assert np.array(found.coefficients) == pytest.approx(np.array([0.5, 2.0, 0.1]))
    expected = 0.05**2 * np.linalg.inv(design.T @ design)
    assert np.array(found.covariance) == pytest.approx(expected, rel=1e-6)
    assert found.covariance[0][1] < 0 < found.covariance[0][2]
