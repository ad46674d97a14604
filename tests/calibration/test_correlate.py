"""Two recorders that share no clock: offsets up to an hour, drifts up to 200 ppm, meters of 2 Hz to 1 kHz."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from alignment_scene import RATES, S, scene

from powermeter.calibration.correlate import UNKNOWN_DRIFT, Alignment, _line, align
from powermeter.calibration.pattern import EVENT, Pattern, play
from powermeter.calibration.position import Match, judged
from powermeter.calibration.waveform import pattern_waveforms
from powermeter.channel import Accuracy, Kind
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import SimulatedPowerMeter, Truth


@pytest.mark.parametrize(
    ("changes", "words"), [(16, "16 changes; 17 or more are needed"), (17, "correlation 0.90; at least 0.97")]
)
def test_a_load_that_hardly_changes_is_asked_for_no_correlation_over_one(changes: int, words: str) -> None:
    """By chance n changes correlate up to 4 / √n, which is 1 of 16 and 0.970 of 17."""
    template = np.arange(changes + 1) % 2 * 1.0
    with pytest.raises(DataError, match=words):
        judged(0.9, 0.0, template, "activity")


def on_its_own_clock(
    rng: np.random.Generator, truth: Truth, events: list[Event], rate: float, kind: Kind
) -> tuple[Trace, np.ndarray]:
    meter = SimulatedPowerMeter(rate, kind, accuracy=Accuracy(noise=0.1, step=0.02))
    recording = meter.record(truth, events, rng)
    host = recording.data[1].times_ns
    offset, drift = rng.uniform(-3600, 3600) * S, rng.uniform(-200e-6, 200e-6)
    own = np.rint((host - offset) / (1 + drift)).astype(np.int64)
    channel = recording.sources[0].channels[0]
    return from_samples(own, recording.data[1].codes[channel.name] * channel.scale, kind=kind), host


def error_in_intervals(alignment: Alignment, trace: Trace, host: np.ndarray, rate: float) -> float:
    return float(np.abs(alignment.to_host(trace.times_ns) - host).max()) / S * rate


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
@pytest.mark.parametrize("rate", RATES)
def test_a_pattern_aligns_within_a_fifth_of_a_sample(rate: float, kind: Kind) -> None:
    for seed in range(2):
        rng = np.random.default_rng([seed, int(rate)])
        truth, events = scene(rng, rate, pattern=True)
        trace, host = on_its_own_clock(rng, truth, events, rate, kind)
        alignment = align(trace, events)
        assert alignment.method == "pattern" and alignment.places == 2
        assert error_in_intervals(alignment, trace, host, rate) < 0.2


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("pattern", [True, False])
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
@pytest.mark.parametrize("rate", RATES)
def test_a_hundred_runs_align_within_a_fifth_and_never_wrongly(
    rate: float, kind: Kind, pattern: bool
) -> None:
    errors, refused = [], 0
    for seed in range(100):
        rng = np.random.default_rng([seed, int(rate), pattern])
        truth, events = scene(rng, rate, pattern=pattern, run_s=60 if pattern or rate > 5 else 150)
        trace, host = on_its_own_clock(rng, truth, events, rate, kind)
        try:
            errors.append(error_in_intervals(align(trace, events), trace, host, rate))
        except DataError:
            refused += 1
    way = "pattern" if pattern else "activity"
    print(
        f"\n{way} {rate:g} Hz {kind.value}: median {np.median(errors):.4f} worst {max(errors):.4f} refused {refused}"
    )
    assert max(errors) < 0.2
    assert refused == 0 if pattern else refused < 60


@pytest.mark.parametrize("rate", RATES)
def test_a_run_without_pattern_and_activity_is_refused(rate: float) -> None:
    rng = np.random.default_rng(7)
    truth, events = scene(rng, rate, pattern=False, active=False)
    trace, _ = on_its_own_clock(rng, truth, events, rate, Kind.INSTANT)
    with pytest.raises(DataError, match="nothing to align"):
        align(trace, events)


@pytest.mark.parametrize("seed", range(5))
def test_events_that_the_power_does_not_follow_are_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    flat = Truth(np.array([0.0, 400.0]), np.array([2.0, 2.0]))
    _, events = scene(rng, 100, pattern=False)
    trace, _ = on_its_own_clock(rng, flat, events, 100, Kind.INSTANT)
    with pytest.raises(DataError, match="not recognised"):
        align(trace, events)


def test_an_even_beat_is_ambiguous_and_refused() -> None:
    rng = np.random.default_rng(1)
    starts = np.arange(100) * 0.5 + 10
    edges = np.sort(np.concatenate([[0.0], starts, starts + 0.25, [75.0]]))
    truth = Truth.steps(edges, [2.0, *([5.0, 2.0] * 100)])
    events = [Event("infer", round(a * S), round((a + 0.25) * S)) for a in starts[20:60].tolist()]
    trace, _ = on_its_own_clock(rng, truth, events, 100, Kind.INSTANT)
    with pytest.raises(DataError, match="more than one position"):
        align(trace, events)


def test_another_runs_pattern_is_not_taken_for_this_one() -> None:
    rng = np.random.default_rng(2)
    truth, _ = scene(rng, 10, pattern=False)
    _, events = scene(rng, 10, pattern=True)
    trace, _ = on_its_own_clock(rng, truth, events, 10, Kind.MEAN)
    with pytest.raises(DataError):
        align(trace, [e for e in events if e.name == EVENT])


def test_a_played_pattern_says_when_the_load_changed() -> None:
    now = [1000]
    switched: list[tuple[int, bool]] = []

    def switch(on: bool) -> None:
        now[0] += 50_000  # it takes a while
        switched.append((now[0], on))

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * 1e9)

    pattern = Pattern((1, 1, 0, 1, 0), 0.02)
    facts = play(pattern, switch, clock_ns=lambda: now[0], sleep=sleep)
    assert facts["levels"] == [1, 0, 1, 0]
    assert [on for _, on in switched] == [True, False, True, False, False]
    assert [e + facts["start_ns"] for e in facts["edges_ns"]] == [t for t, _ in switched[:-1]]
    attributes = {k: v for k, v in facts.items() if k not in ("start_ns", "end_ns")}
    (waveform,) = pattern_waveforms([Event(EVENT, facts["start_ns"], facts["end_ns"], attributes=attributes)])
    assert waveform.levels.tolist() == [1, 0, 1, 0]


@pytest.mark.thorough
@pytest.mark.parametrize("rate", [20.0, 100.0])
@pytest.mark.parametrize("rise, fall", [(0.0, 0.0), (0.044, 0.044), (0.044, 0.0), (0.0, 0.09), (0.12, 0.03)])
def test_power_that_follows_its_program_late_is_within_the_stated_doubt(
    rate: float, rise: float, fall: float
) -> None:
    """A driver that starts and ends late: the interval of the offset holds the truth (or the trace is refused)."""
    refused = 0
    for seed in range(3):
        rng = np.random.default_rng([seed, int(rate)])
        lengths, pauses = rng.uniform(0.25, 0.9, 50), rng.uniform(0.25, 0.9, 50)
        starts = 5 + np.concatenate([[0.0], np.cumsum(lengths + pauses)[:-1]])
        edges = np.column_stack([starts + rise, starts + lengths + fall]).ravel()
        truth = Truth.steps(np.concatenate([[0.0], edges, [edges[-1] + 5]]), [2.0, *([5.0, 2.0] * 50)])
        events = [
            Event("infer", round(t * S), round((t + n) * S), uid=i + 1)
            for i, (t, n) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True))
        ]
        trace, host = on_its_own_clock(rng, truth, events, rate, Kind.INSTANT)
        try:
            found = align(trace, events)
        except DataError:
            refused += 1
            continue
        middle = trace.times_ns.size // 2
        error = float(found.to_host(trace.times_ns)[middle] - host[middle])
        assert abs(error) < 1.96 * found.offset_u_ns
        assert found.offset_u_ns < 0.1 * S
    assert refused == 0 or rise != fall


METER = SimpleNamespace(interval_ns=1_000_000, trace=SimpleNamespace(start_ns=0, end_ns=60 * 10**9))


def place(meter_s: float, offset_ns: float, spread_ns: float = 1000.0, second: float = 0.5) -> Match:
    return Match(meter_s * 1e9, offset_ns, spread_ns, 2.0, second)


def test_places_on_one_line_are_its_offset_at_their_middle_and_its_drift() -> None:
    """Offsets that grow by 2 µs a second, at 0, 10, 20 and 60 s: 2 ppm, and at the mean of 22.5 s 45 µs after the first."""
    places = [place(s, 5e9 + 2000.0 * s) for s in (0, 10, 20, 60)]
    found = _line(METER, places, "sync")
    assert found.drift == pytest.approx(2e-6) and found.origin_ns == round(22.5e9)
    assert found.offset_ns == pytest.approx(5e9 + 45_000.0)
    assert found.confidence == pytest.approx(1 - 0.5 / 2.0) and found.places == 4
    # Weighted least squares of equal weights: σ/√n of the level, σ/√Σ(x − x̄)² of the slope; σ = √(1 µs² + (1 % of 1 ms)²)
    sigma = math.hypot(1000.0, 10_000.0)
    lever = math.sqrt(sum((s - 22.5) ** 2 for s in (0, 10, 20, 60))) * 1e9
    assert found.offset_u_ns == pytest.approx(sigma / 2, rel=0.02)
    assert found.drift_u == pytest.approx(sigma / lever, rel=0.02)


def test_the_surer_place_has_the_larger_weight_and_one_far_off_has_none() -> None:
    off = [place(10.0 * i, 900_000.0 * (i == 5)) for i in range(10)]
    found = _line(METER, off, "sync")
    assert found.offset_ns == pytest.approx(0.0, abs=1.0) and found.drift == pytest.approx(0.0, abs=1e-9)
    assert found.places == 9
    two = _line(METER, [place(0, 0.0, 1000.0), place(10, 1000.0, 1e9)], "sync")
    assert two.drift == pytest.approx(1e-7)


def test_activity_that_leaves_the_ends_open_is_refused() -> None:
    """σ of each place is 60 µs (6 % of 1 ms): that of four of them is 30 µs in their middle, and 30 s from there σ × 30 / √Σ(x − x̄)² more.

    From 0 to 60 s it is 40 µs, ±0.1 ms in all; from 25 to 35 s 236 µs, ±0.477 ms, where a fifth of a sample is asked for.
    """
    assert _line(METER, [place(s, 0.0) for s in (0, 20, 40, 60)], "activity").places == 4
    with pytest.raises(DataError, match=r"only to ±0\.477 ms at the ends"):
        _line(METER, [place(s, 0.0) for s in (25, 28, 32, 35)], "activity")


def test_one_place_says_nothing_of_a_drift() -> None:
    found = _line(METER, [place(7, 123.0, 3000.0, -1.0)], "activity")
    assert (found.offset_ns, found.drift, found.drift_u, found.origin_ns) == (
        123.0,
        0.0,
        UNKNOWN_DRIFT,
        7 * 10**9,
    )
    assert found.offset_u_ns == pytest.approx(math.hypot(3000.0, 60_000.0)) and found.confidence == 1.0


@pytest.mark.parametrize(
    ("offsets", "words"),
    [
        ((0.0, 3e6, 0.0, 3e6, 0.0), "do not lie on one clock"),
        ((0.0, 1e9, 2e9), "ppm"),
        ((0.0, -1e9, -2e9), "drift by -100000 ppm"),
    ],
)
def test_places_that_no_clock_explains_are_refused(offsets, words) -> None:
    places = [place(10.0 * i, offset) for i, offset in enumerate(offsets)]
    with pytest.raises(DataError, match=words):
        _line(METER, places, "sync")
