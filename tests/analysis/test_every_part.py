"""Every part of an uncertainty in a recording where it dominates: its size, its share and the half-width, in numbers.

The rail draws a known power and is read ten times a second for 100 s; the sizes are arithmetic: a limit a is a
rectangle, a/√3, and 95 % of it lie within 0.95 a; a standard deviation counts 1.96 times.
"""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import stats

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.label_row import LabelRow
from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.reports import export_columns
from powermeter.result import Grade, Result
from powermeter.source import Gap
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
HZ, READINGS = 10, 1001
RUN_S = 100.0
FLAT = np.full(READINGS, 2.0)
EVENTS = [Event("infer", (10 + 4 * i) * NS, (12 + 4 * i) * NS, uid=i + 1) for i in range(20)]
"""Twenty of 2 s: 4 J each at 2 W, 80 J together."""
IDLE = Event("idle", 0, 9 * NS, uid=99)
SEED = 1


def recorded(
    watts: np.ndarray,
    accuracy: Accuracy = Accuracy(),  # noqa: B008 - frozen
    events: list[Event] = EVENTS,
    *,
    scale: float = 1e-6,
    grade: Grade = Grade.MEASURED,
    without_s: tuple[float, float] | None = None,
) -> SimulatedRecording:
    """Return a recording of these readings, in memory."""
    times = np.arange(watts.size, dtype=np.int64) * (NS // HZ)
    codes = np.rint(watts / scale).astype(np.int64)
    gaps = []
    if without_s is not None:
        first, last = (round(edge * NS) for edge in without_s)
        keep = (times <= first) | (times >= last)
        times, codes = times[keep], codes[keep]
        gaps = [Gap(first, last, "no answer", lost=int(np.count_nonzero(~keep)))]
    channel = Channel("power", Quantity.POWER, scale, Rail("VIN"), accuracy=accuracy, grade=grade)
    source = SourceInfo(1, "test://", "meter", "test", {}, (channel,))
    data = {1: Samples(times, {"power": codes}, np.zeros(times.size, np.uint8))}
    return SimulatedRecording([source], data, {1: gaps}, list(events))


def row_of(analysis: Analysis, label: str = "infer") -> LabelRow:
    (row,) = (row for row in analysis.rows if row.label == label)
    return row


def half(result: Result) -> float:
    return (result.high - result.low) / 2


def part(result: Result, kind: str) -> float:
    """The one part of a kind, with its sign."""
    (size,) = (size for name, size in result.parts.items() if name.startswith(f"{kind}:"))
    return size


def only(result: Result, kind: str, size: float, rel: float = 1e-6) -> None:
    """The part has this size and is all of the doubt."""
    found = part(result, kind)
    assert found == pytest.approx(size, rel=rel)
    assert found**2 / result.standard_uncertainty**2 == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    ("accuracy", "kind", "run", "typical"),
    [
        (Accuracy(gain=0.01), "gain", 200 * 0.01, False),
        (Accuracy(gain=0.01, typical=True), "gain", 200 * 0.01, True),
        (Accuracy(offset=0.02), "offset", 0.02 * RUN_S, False),
        (Accuracy(offset=0.02, typical=True), "offset", 0.02 * RUN_S, True),
        (Accuracy(clock=0.01), "clock", 200 * 0.01, False),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_all_readings_share(accuracy: Accuracy, kind: str, run: float, typical: bool) -> None:
    """No number of repeats lessens it: 20 events of 2 s have 40 % of what the 100 s have, one has 2 %."""
    analysis = analyse(recorded(FLAT, accuracy))
    standard, reach = (run, 1.959964 * run) if typical else (run / math.sqrt(3), 0.95 * run)
    row = row_of(analysis)
    for result, share in ((analysis.energy, 1.0), (row.energy, 0.4), (row.energy_per_item, 0.02)):
        only(result, kind, share * standard)
        assert half(result) == pytest.approx(share * reach, rel=1e-3)
    events = export_columns.events(analysis)
    assert events["energy_high_j"] - events["energy_j"] == pytest.approx(np.full(20, 0.02 * reach), rel=1e-3)


def test_the_share_of_a_model() -> None:
    analysis = analyse(recorded(FLAT, Accuracy(model=0.2), grade=Grade.ESTIMATED))
    only(analysis.energy, "model", 200 * 0.2 / math.sqrt(3))
    assert analysis.energy.grade is row_of(analysis).energy.grade is Grade.ESTIMATED
    assert half(row_of(analysis).energy) == pytest.approx(0.95 * 80 * 0.2, rel=1e-3)


def test_an_offset_goes_with_a_measured_baseline_and_a_gain_does_not() -> None:
    watts = FLAT.copy()
    watts[:91] = 0.5
    offset = analyse(recorded(watts, Accuracy(offset=0.02), [*EVENTS, IDLE]), baseline="idle")
    above = row_of(offset).above_per_item
    assert above.value == pytest.approx(3.0)  # (2 − 0.5) W × 2 s
    assert not any(name.startswith("offset") and abs(size) > 1e-9 for name, size in above.parts.items())
    gain = analyse(recorded(watts, Accuracy(gain=0.01), [*EVENTS, IDLE]), baseline="idle")
    assert part(row_of(gain).above_per_item, "gain") == pytest.approx(0.01 * 3.0 / math.sqrt(3), rel=1e-6)


def test_a_steady_value_on_a_coarse_step() -> None:
    """Without noise all readings are wrong alike, by at most half a step: step/√12 for as long as it lasts."""
    analysis = analyse(recorded(FLAT, Accuracy(step=0.004), scale=0.004))
    for energy, seconds in ((analysis.energy, RUN_S), (row_of(analysis).energy_per_item, 2.0)):
        assert part(energy, "quantisation") == pytest.approx(0.004 / math.sqrt(12) * seconds, rel=2e-3)
        below, above = energy.value - energy.low, energy.high - energy.value
        assert 0.95 * 0.002 * seconds * 0.999 <= below <= 1.96 * 0.004 / math.sqrt(12) * seconds
        assert above - below == pytest.approx(
            0.002 * seconds, rel=2e-3
        )  # cut, it reads half a step too little


def test_noise_does_not_average_out_what_a_display_cuts() -> None:
    """50 mW of noise on steps of 10 mW: rounded their mean is right, cut it is 5 mW low, and nothing shows which."""
    rng = np.random.default_rng(SEED)
    noisy = FLAT + 0.05 * rng.standard_normal(READINGS)
    read = np.floor(noisy / 0.01) * 0.01
    cut, offset = (
        analyse(recorded(read, Accuracy(step=0.01, noise=0.05, offset=o), [IDLE], scale=0.01)).energy
        for o in (0.0, 0.005)
    )
    assert cut.high - (2 * cut.value - cut.low) == pytest.approx(0.005 * RUN_S, rel=1e-6)
    assert cut.low < cut.value < 2.0 * RUN_S < cut.high
    assert offset.high - offset.value == pytest.approx(offset.value - offset.low)  # stated, on both sides


def test_what_a_display_cuts_goes_with_a_measured_baseline_and_a_stated_offset_holds_it() -> None:
    watts = FLAT.copy()
    watts[:91] = 0.5
    stepped = analyse(recorded(watts, Accuracy(step=0.01), [*EVENTS, IDLE], scale=0.01), baseline="idle")
    above = row_of(stepped).above_per_item
    assert not any(name.startswith("rounding") and abs(size) > 1e-9 for name, size in above.parts.items())
    stated = analyse(recorded(FLAT, Accuracy(step=0.01, offset=0.005), scale=0.01))
    assert not any(name.startswith("rounding") for name in stated.energy.parts)


def test_noise_falls_with_the_root_of_the_readings() -> None:
    """0.1 W in each of 1000 readings of 0.1 s: 0.1 × 0.1 × √1000 = 0.316 J; of 90 of them 0.095 J."""
    rng = np.random.default_rng(SEED)
    noisy = FLAT + 0.1 * rng.standard_normal(READINGS)
    analysis = analyse(recorded(noisy, Accuracy(noise=0.1), [IDLE]))
    only(analysis.energy, "noise", 0.1 * 0.1 * math.sqrt(1000), rel=0.08)
    assert half(analysis.energy) == pytest.approx(1.96 * 0.316, rel=0.08)
    only(row_of(analysis, "idle").energy, "noise", 0.1 * 0.1 * math.sqrt(90), rel=0.25)


def test_the_median_of_events_far_apart_is_as_unsure_as_the_one_that_stands_there() -> None:
    """Seven events at 1 … 7 W for 2 s with 0.1 W of noise in each reading: none but the fourth may be the median.

    Its 20 readings leave 0.1 × 0.1 × √20 = 0.045 J; the mean of all seven would be 2.6 times as sure.
    """
    rng = np.random.default_rng(SEED)
    watts = np.full(READINGS, 0.5)
    events = [Event("infer", (10 + 4 * i) * NS, (12 + 4 * i) * NS, uid=i + 1) for i in range(7)]
    for i in range(7):
        watts[100 + 40 * i : 121 + 40 * i] = 1.0 + i
    analysis = analyse(recorded(watts + 0.1 * rng.standard_normal(READINGS), Accuracy(noise=0.1), events))
    median = row_of(analysis).energy_median
    assert median is not None and median.value == pytest.approx(8.0, abs=0.3)
    fourth = analysis.energies.result(3)
    assert fourth is not None
    own = math.sqrt(sum(size**2 for name, size in fourth.parts.items() if name.startswith("noise:")))
    of_median = math.sqrt(sum(size**2 for name, size in median.parts.items() if name.startswith("noise:")))
    assert own >= 0.045 * 0.8 and of_median == pytest.approx(own, rel=0.2)


def test_the_median_of_events_alike_is_a_quarter_less_sure_than_their_mean() -> None:
    """Of n normal values the median scatters by √(π/2) = 1.25 times what the mean does, σ/√n."""
    rng = np.random.default_rng(SEED)
    analysis = analyse(recorded(FLAT + 0.1 * rng.standard_normal(READINGS), Accuracy(noise=0.1)))
    median, single = row_of(analysis).energy_median, analysis.energies.result(7)
    assert median is not None and single is not None
    own = math.sqrt(sum(size**2 for name, size in single.parts.items() if name.startswith("noise:")))
    of_median = math.sqrt(sum(size**2 for name, size in median.parts.items() if name.startswith("noise:")))
    # σ is of the energies that were seen, and those within 1.25 σ of the median are counted.
    assert of_median == pytest.approx(math.sqrt(math.pi / 2 / 20) * own, rel=0.35)


def test_a_measured_baseline_is_doubtful_for_as_long_as_it_is_taken_off() -> None:
    """σ_b = u(9 s of idle)/9 s; of an item of 2 s it takes 2 σ_b, of the 100 s of the run 100 σ_b, with the other sign."""
    rng = np.random.default_rng(SEED)
    noisy = FLAT + 0.1 * rng.standard_normal(READINGS)
    analysis = analyse(recorded(noisy, Accuracy(noise=0.1), [*EVENTS, IDLE]), baseline="idle")
    each_second = part(row_of(analysis, "idle").energy, "noise") / 9
    assert each_second == pytest.approx(0.1 / math.sqrt(90), rel=0.25)
    assert part(row_of(analysis).above_per_item, "baseline") == pytest.approx(-2 * each_second, rel=1e-6)
    assert part(analysis.above, "baseline") == pytest.approx(-RUN_S * each_second, rel=1e-6)


RAMP = np.linspace(1.0, 11.0, READINGS)
"""0.1 W more each second."""


def shifted(events: list[Event], by_s: float) -> SimulatedRecording:
    """A ramp by a meter whose clock stands against the program's with this standard uncertainty."""
    recording = recorded(RAMP, events=events)
    recording.noted["alignment"] = [{"source": 1, "offset_ns": 0.0, "drift": 0.0, "offset_u_ns": by_s * NS}]
    return recording


def test_a_doubtful_clock_shifts_all_events_alike() -> None:
    """From start to end of 2 s the ramp gains 0.2 W: 0.1 s of shift are 0.02 J an event, and 20 times that of 20."""
    one, many = analyse(shifted(EVENTS[:1], 0.1)), analyse(shifted(EVENTS, 0.1))
    assert part(row_of(one).energy, "clock") == pytest.approx(0.02, rel=1e-3)
    assert part(row_of(many).energy, "clock") == pytest.approx(0.4, rel=1e-3)
    assert part(row_of(many).energy_per_item, "clock") == pytest.approx(0.02, rel=1e-3)
    assert not any(name.startswith("clock") for name in one.energy.parts), "the whole run has no edge"
    assert half(row_of(many).energy) > 1.95 * 0.4
    for analysis in (one, many):
        found = export_columns.events(analysis)
        assert (found["energy_high_j"] - found["energy_j"] >= 1.95 * 0.02).all(), "dropped from the events"


def test_half_the_shift_is_half_the_doubt() -> None:
    assert part(row_of(analyse(shifted(EVENTS, 0.05))).energy, "clock") == pytest.approx(0.2, rel=1e-3)


SQUARE = np.where((np.arange(READINGS) // 50) % 2 == 0, 1.0, 3.0) + 0.001 * (np.arange(READINGS) % 2)
"""5 s of 1 W, 5 s of 3 W, and so on: what a hole hides lies within ±1 W of its middle. No two readings are equal."""


def test_a_gap_is_paid_for_by_what_the_load_does_elsewhere() -> None:
    """Ten seconds that may have been at 1 or at 3 W: ±10 J, 10/√3 of standard uncertainty at the least."""
    run = analyse(recorded(SQUARE, events=[], without_s=(30, 40)))
    assert part(run.energy, "gaps") >= 10 / math.sqrt(3) * 0.999
    assert run.energy.low <= float(SQUARE[:-1].sum()) / HZ <= run.energy.high
    whole = analyse(recorded(SQUARE, events=[]))
    assert not any(name.startswith("gaps") for name in whole.energy.parts)
    assert half(run.energy) > half(whole.energy)


@pytest.mark.parametrize(
    ("start", "end", "hidden_s"), [(30, 40, 10.0), (25, 35, 5.0), (35, 45, 5.0), (20, 50, 10.0)]
)
def test_an_event_pays_for_the_gap_within_it_and_no_more(start: int, end: int, hidden_s: float) -> None:
    """Also where the event's edge cuts the gap: the readings before and after it are not its own."""
    event = Event("infer", start * NS, end * NS, uid=1)
    analysis = analyse(recorded(SQUARE, events=[event], without_s=(30, 40)))
    row = row_of(analysis)
    least = hidden_s / math.sqrt(3)
    assert least * 0.999 <= part(row.energy, "gaps") <= 1.6 * least
    assert row.gap_s == pytest.approx(hidden_s, abs=0.06)
    (of_event,) = analysis.energies.half_width()
    assert of_event >= 0.95 * hidden_s  # W between 1 and 3, for each second


def test_a_gap_in_a_flat_load_hides_nothing() -> None:
    analysis = analyse(recorded(FLAT, without_s=(30, 40)))
    assert analysis.energy.value == pytest.approx(200.0) and half(analysis.energy) < 1e-7
    assert analysis.gap_s == pytest.approx(10.0, abs=0.1)


def test_the_spread_of_repeats_has_one_degree_of_freedom_less() -> None:
    """Ten events at 1.5 W and ten at 3 W in an order by chance: s = 1.5 J √(20/19), s/√20 of the mean, Student's t with 19."""
    watts = FLAT.copy()
    energies = []
    for high, event in zip("01000111100111010010", EVENTS, strict=True):
        level = 3.0 if high == "1" else 1.5
        watts[event.start_ns // (NS // HZ) - 5 : event.end_ns // (NS // HZ) + 6] = level
        energies.append(level * 2.0)
    row = row_of(analyse(recorded(watts)))
    spread = statistics.stdev(energies)
    assert spread == pytest.approx(1.5 * math.sqrt(20 / 19))
    assert row.spread_j == pytest.approx(spread)
    assert row.energy_per_item.value == pytest.approx(4.5)
    assert row.expected_per_item.value == pytest.approx(4.5)
    assert part(row.expected_per_item, "repeats") == pytest.approx(spread / math.sqrt(20))
    assert half(row.expected_per_item) == pytest.approx(
        stats.t.ppf(0.975, 19) * spread / math.sqrt(20), rel=1e-3
    )
    assert half(row.energy_per_item) < 0.02, "of these events the meter knows far more"


def test_shares_add_up_and_the_largest_is_named() -> None:
    """Gain 2 % of 200 J against 20 mW for 100 s: 4 and 2 J, 80 and 20 % of the variance."""
    analysis = analyse(recorded(FLAT, Accuracy(gain=0.02, offset=0.02)))
    kinds = analysis.energy.by_kind()
    gain, offset = 4.0 / math.sqrt(3), 2.0 / math.sqrt(3)
    assert kinds == pytest.approx({"gain": gain, "offset": offset})
    assert list(kinds) == ["gain", "offset"]
    assert analysis.energy.standard_uncertainty == pytest.approx(math.hypot(gain, offset))
