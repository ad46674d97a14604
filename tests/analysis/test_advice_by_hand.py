"""Advice on readings whose scatter, rate and events are written down."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.advice import Advice, advise
from powermeter.analysis.event_estimate import BEAT, EQUAL, FEW, LAG, LOST, UNSEEN
from powermeter.analysis.integral import Integral
from powermeter.channel import Gap, Kind
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.result import Result
from powermeter.signals.decoding import from_samples

NS = 10**9
TAU_S = 0.01


def analysis(
    values: np.ndarray | None = None,
    parts: dict[str, float] | None = None,
    kind: Kind = Kind.INSTANT,
    *,
    why: str = "",
    lengths_s: tuple[float, ...] = (0.05,),
    **more: object,
) -> SimpleNamespace:
    """A run of 10 s read each 10 ms, of 10 J ± 1 J, and a label of events of these lengths."""
    if values is None:
        values = np.full(1001, 1.0)
    times = np.arange(values.size, dtype=np.int64) * round(TAU_S * NS)
    whole = Integral.of(from_samples(times, values, kind=kind, **more))
    n = len(lengths_s)
    named = {f"{name}:x": size for name, size in (parts or {"noise": 0.5}).items()}
    return SimpleNamespace(
        integral=whole,
        energy=Result(10.0, "J", 9.0, 11.0, parts=named),
        duration=SimpleNamespace(value=10.0),
        events=EventColumns.of([Event("infer", NS, 2 * NS)]),
        energies=SimpleNamespace(
            known=np.ones(n, bool),
            covered=np.ones(n, bool),
            group=np.zeros(n, np.int64),
            groups=(SimpleNamespace(why=why),),
            seconds=np.array(lengths_s),
            value=10.0 + np.arange(n) % 2,
        ),
    )


def label(a: SimpleNamespace, parts: dict[str, float] | None = None) -> SimpleNamespace:
    n = a.energies.known.size
    named = {f"{name}:x": size for name, size in (parts or {"noise": 0.5}).items()}
    return SimpleNamespace(
        per_item=Result(10.0, "J", 9.0, 11.0, parts=named),
        index=np.arange(n),
        events=n,
        items=n,
        seconds=float(a.energies.seconds.sum()),
        warmup=SimpleNamespace(count=0),
        drift=None,
    )


def found(a: SimpleNamespace, of_label: bool = False, parts: dict[str, float] | None = None) -> Advice:
    advice = advise(a, label(a, parts) if of_label else None)
    assert advice is not None
    return advice


def spikes(n: int = 1001) -> np.ndarray:
    """Readings that know nothing of each other: what they leave falls with the root of their number."""
    return 1.0 + 0.3 * np.random.default_rng(1).standard_normal(n)


def steps(n: int = 1001) -> np.ndarray:
    """A level that jumps every hundred readings: what that leaves falls with the interval."""
    return 1.0 + 0.5 * (np.arange(n) // 100 % 2)


@pytest.mark.parametrize(("values", "left"), [(spikes(), 1 / 2), (steps(), 1 / 4)])
def test_four_times_the_rate_halves_noise_and_quarters_jumps(values: np.ndarray, left: float) -> None:
    advice = found(analysis(values))
    assert advice.code == "sample-faster" and advice.parameters == {"rate_hz": pytest.approx(400.0)}
    assert advice.promised == pytest.approx(0.1 * left, rel=0.05) and advice.cause == "noise"


@pytest.mark.parametrize(
    ("fastest_hz", "code", "rate", "times"),
    [
        (400 / 1.009, "sample-faster", 400.0, 4.0),  # as fast as it is but for a hundredth
        (400 / 1.011, "sample-faster", 400 / 1.011, 4 / 1.011),  # as fast as it can
        (151.0, "sample-faster", 151.0, 1.51),
        (149.0, "faster-instrument", 400.0, 4.0),  # less than half as fast again is no remedy
    ],
)
def test_an_instrument_is_read_as_often_as_it_has_new_values(fastest_hz, code, rate, times) -> None:
    """A refresh of T leaves stamps in doubt by T/√12."""
    a = analysis(steps(), refresh_ns=1e9 / fastest_hz / math.sqrt(12))
    advice = found(a)
    assert advice.code == code and advice.parameters["rate_hz"] == pytest.approx(rate)
    assert advice.promised == pytest.approx(0.1 / times, rel=0.05)
    if code == "faster-instrument":
        assert advice.parameters["fastest_hz"] == pytest.approx(149.0)


@pytest.mark.parametrize("kind", [Kind.MEAN])
def test_what_averages_is_recorded_for_longer(kind: Kind) -> None:
    advice = found(analysis(spikes(), kind=kind))
    assert (advice.code, advice.parameters) == ("longer-run", {"seconds": 40.0})
    assert advice.promised == pytest.approx(0.05)


def test_what_no_reading_showed_is_sampled_faster_where_readings_are_of_an_instant() -> None:
    advice = found(analysis(steps(), {"unseen": 0.5}))
    assert advice.code == "sample-faster" and advice.cause == "unseen"
    assert advise(analysis(steps(), {"unseen": 0.5}, Kind.MEAN)) is None


def test_nothing_is_advised_on_nothing() -> None:
    a = analysis()
    for energy in (
        Result(0.0, "J", -1.0, 1.0, parts={"noise:x": 0.5}),
        Result.of(1.0, "J"),
        Result(1.0, "J", 0.0, math.inf, parts={"noise:x": 0.5}),
    ):
        a.energy = energy
        assert advise(a) is None


def test_a_range_that_ended_comes_before_all_else() -> None:
    advice = found(analysis(saturated_ns=np.array([NS])), of_label=True)
    assert (advice.code, advice.promised) == ("wider-range", None)
    assert found(analysis(steps(), saturated_ns=np.array([], np.int64))).code == "sample-faster"


@pytest.mark.parametrize(
    ("why", "code", "cause"), [(LOST, "without-gaps", "gaps"), (LAG, "longer-events", "edges")]
)
@pytest.mark.parametrize("kind", [Kind.INSTANT, Kind.MEAN])
def test_what_a_gap_took_and_what_lags(why: str, code: str, cause: str, kind: Kind) -> None:
    advice = found(analysis(why=why, kind=kind), of_label=True)
    assert (advice.code, advice.cause, advice.promised) == (code, cause, None)


@pytest.mark.parametrize(("length_s", "share"), [(0.005, 0.5), (0.05, 1.0)])
def test_events_that_keep_step_are_read_at_other_moments(length_s: float, share: float) -> None:
    """0.382 of the event, or of an interval, apart: 1 ⁄ (10 ms × (1 − 0.382 × L/τ))."""
    advice = found(analysis(why=BEAT, lengths_s=(length_s,)), of_label=True)
    assert advice.code == "other-moments"
    assert advice.parameters["rate_hz"] == pytest.approx(100 / (1 - 0.382 * share))


@pytest.mark.parametrize(("count", "code"), [(16, "sample-faster"), (17, "other-moments")])
@pytest.mark.parametrize("why", [FEW, UNSEEN])
def test_where_sixteen_readings_should_have_fallen_into_events_they_keep_step(count, code, why) -> None:
    """Each event is as long as an interval."""
    a = analysis(why=why, lengths_s=(0.01,) * count)
    a.energies.seconds = a.energies.seconds * (1 - 1e-9 if count == 16 else 1.0)
    assert found(a, of_label=True).code == code
    equal = analysis(why=EQUAL, lengths_s=(0.01,) * count)
    assert found(equal, of_label=True).code == "sample-faster"


@pytest.mark.parametrize(("length_s", "rate"), [(0.002, 10_000.0), (0.04, 500.0), (0.06, 400.0)])
def test_events_are_read_twenty_times_or_four_times_as_often(length_s: float, rate: float) -> None:
    advice = found(analysis(why=FEW, lengths_s=(length_s,)), of_label=True)
    assert advice.code == "sample-faster" and advice.parameters["rate_hz"] == pytest.approx(rate)


@pytest.mark.parametrize(("fastest_hz", "longer"), [(10_000 / 1.009, False), (10_000 / 1.011, True)])
def test_where_an_instrument_cannot_events_are_made_longer(fastest_hz: float, longer: bool) -> None:
    """Twenty readings in 2 ms are 10 kHz."""
    a = analysis(why=UNSEEN, lengths_s=(0.002,), refresh_ns=1e9 / fastest_hz / math.sqrt(12))
    advice = found(a, of_label=True)
    if longer:
        assert (advice.code, advice.parameters, advice.cause) == ("longer-events", {"times": 2}, "unseen")
    else:
        assert advice.code == "sample-faster"


@pytest.mark.parametrize(("length_s", "code"), [(2.1e-5, "sample-faster"), (1.9e-5, "longer-events")])
def test_events_of_microseconds_are_made_longer_where_no_rate_is_known(length_s: float, code: str) -> None:
    """Twenty readings in them are more than a million a second; at today's pace of 10 ms it takes 0.2 s."""
    advice = found(analysis(why=UNSEEN, lengths_s=(length_s,)), of_label=True)
    assert advice.code == code
    if code == "longer-events":
        assert advice.parameters == {"times": math.ceil(0.2 / length_s)}


def test_events_that_readings_tell_of_have_the_advice_of_their_parts() -> None:
    advice = found(analysis(steps(), lengths_s=(0.05,) * 9), of_label=True, parts={"gain": 0.5})
    assert advice.code == "calibrate" and advice.cause == "gain"


@pytest.mark.parametrize("why", [LAG, FEW, UNSEEN])
def test_what_few_readings_show_is_no_advice_where_the_gain_makes_most_of_the_interval(why: str) -> None:
    """Nothing is promised: how wide their interval stays without the gain is in no part."""
    advice = found(analysis(why=why), of_label=True, parts={"gain": 0.5, "noise": 0.1})
    assert (advice.code, advice.cause, advice.promised) == ("calibrate", "gain", None)
    bound = label(analysis(why=why), {"gain": 0.5})
    bound.per_item = Result(10.0, "J", 0.0, 11.0, parts={"gain:x": 0.5})
    advice_of_bound = advise(analysis(why=why), bound)
    assert advice_of_bound is not None and advice_of_bound.code in ("longer-events", "sample-faster")


@pytest.mark.parametrize(("noise", "code"), [(0.51, "more-repeats"), (0.49, "calibrate")])
def test_what_averages_out_leads_where_it_is_half_of_the_variance(noise: float, code: str) -> None:
    """Noise and repeats together against a gain: each of the two is less than the gain."""
    part = math.sqrt(noise / 2)
    parts = {"noise": part, "repeats": part, "gain": math.sqrt(1 - noise)}
    assert found(analysis(steps(), lengths_s=(0.05,) * 9), of_label=True, parts=parts).code == code


def test_a_hole_in_which_perhaps_a_clock_was_set() -> None:
    """An hour without a reading in a run of ten seconds; the label is asked for itself."""
    values = np.full(1001, 1.0)
    times = np.arange(1001, dtype=np.int64) * round(TAU_S * NS)
    times[500:] += 3600 * NS
    a = analysis()
    gap = Gap(int(times[499]), int(times[500]), "missed")
    a.integral = Integral.of(from_samples(times, values, gaps=(gap,)))
    a.energy = Result(10.0, "J", 9.0, 11.0, parts={"gaps:x": 0.5})
    advice = found(a)
    assert (advice.code, advice.cause) == ("clock-set", "gaps")
    assert found(a, of_label=True, parts={"gaps": 0.5}).code == "without-gaps"
