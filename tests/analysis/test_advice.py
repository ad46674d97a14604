"""Advice as a code with parameters; that it holds when it is followed is tried in `validation/test_advice.py`."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import t as student

from powermeter.analysis.advice import TEXTS, TIMES, Advice, _by_part, advise
from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.result import Result
from powermeter.testing.simulation import SimulatedPowerMeter, bursts


def test_a_counters_step_is_blamed_and_not_noise() -> None:
    rng = np.random.default_rng(4)
    truth, events = bursts(rng, 20, length_s=(0.5, 0.5), pause_s=(0.5, 0.6))
    meter = SimulatedPowerMeter(50.0, Kind.COUNTER, Accuracy(step=0.2))
    analysis = analyse(meter.record(truth, events, rng))
    found = advise(analysis, analysis.row("infer"))
    assert found is not None and (found.code, found.cause) == ("longer-events", "step")
    assert found.parameters == {"times": TIMES}


def test_advice_reads_as_a_sentence_with_its_promise_and_as_plain_values() -> None:
    found = Advice("more-repeats", {"events": 120}, TEXTS["more-repeats"]({"events": 120}), 0.0215, "noise")
    assert str(found) == "measure 120 more repeats (then about ± 2.2 %)" or str(found).endswith("± 2.1 %)")
    calibrate = Advice("calibrate", {"relative": 0.01}, TEXTS["calibrate"]({"relative": 0.01}), 0.01)
    assert "good to 1.0 % (then about ± 1.0 %); comparisons" in str(calibrate)
    plain = found.to_dict()
    assert plain["code"] == "more-repeats" and plain["parameters"] == {"events": 120}
    assert plain["promised_relative_half_width"] == 0.0215


@pytest.mark.parametrize("code", TEXTS)
def test_every_code_has_a_text(code: str) -> None:
    known = {
        "events": 8,
        "times": 4,
        "rate_hz": 100.0,
        "fastest_hz": 2.0,
        "seconds": 30.0,
        "step": 0.1,
        "relative": 0.01,
        "watts": 0.02,
    }
    assert TEXTS[code](known)


def renewed(path: Path, refresh_ns: int | None, interval_s: float, length_s: float) -> Analysis:
    """Return the analysis of ten minutes of a load that noise rides on, read at that interval, with events of that length."""
    rng = np.random.default_rng(16)
    times = (np.arange(0, 600, interval_s) * 1e9).astype(np.int64)
    with Writer.create(path, {}) as writer:
        channel = Channel("power", Quantity.POWER, 1e-3, Rail("R"), refresh_ns=refresh_ns)
        source = writer.add_source("um25c://", "um25c", "um25c", (channel,))
        writer.append(source, times, rng.normal(5000, 400, (len(times), 1)).astype(np.int64))
        for i, at in enumerate(rng.uniform(1, 590, 12), 1):
            writer.add_event(Event("infer", int(at * 1e9), int((at + length_s) * 1e9), uid=i))
    with Recording.open(path) as recording:
        return analyse(recording)


def test_a_rate_that_the_instrument_cannot_do_is_never_advised(tmp_path: Path) -> None:
    """A meter that renews its values twice a second, polled four times: "sample at 8 Hz" was no remedy."""
    found = advise(renewed(tmp_path / "slow.power", 500_000_000, 0.5, 0.6))
    assert found is not None and found.code == "faster-instrument"
    assert found.parameters == {"rate_hz": pytest.approx(8.0), "fastest_hz": pytest.approx(2.0)}
    short = renewed(tmp_path / "short.power", 500_000_000, 0.5, 0.01)
    events = advise(short, short.row("infer"))
    assert events is not None and events.code == "longer-events" and events.parameters["times"] == 1000
    lazy = advise(renewed(tmp_path / "lazy.power", 500_000_000, 1.0, 1.2))
    assert lazy is not None and (lazy.code, lazy.parameters) == (
        "sample-faster",
        {"rate_hz": pytest.approx(2.0)},
    )
    free = advise(renewed(tmp_path / "free.power", None, 0.5, 0.6))
    assert free is not None and (free.code, free.parameters) == (
        "sample-faster",
        {"rate_hz": pytest.approx(8.0)},
    )


def test_an_exact_number_needs_no_advice() -> None:
    rng = np.random.default_rng(4)
    truth, _ = bursts(rng, 1, length_s=(0.5, 0.6))
    analysis = analyse(SimulatedPowerMeter(50.0, Kind.COUNTER).record(truth, [], rng))
    assert advise(analysis) is None or analysis.energy.half_width < 1e-6


def quoted(parts: dict[str, float], value: float = 10.0, half: float = 1.0) -> Result:
    return Result(value, "J", value - half, value + half, parts={f"{k}:x": v for k, v in parts.items()})


def measured(**trace) -> SimpleNamespace:
    found = {
        "kind": Kind.INSTANT,
        "step": 0.1,
        "noise": 0.0,
        "interval_ns": 10_000_000,
        "clock_ns": 5_000_000,
        "refresh_ns": 0,
        "saturated_ns": None,
    }
    return SimpleNamespace(
        integral=SimpleNamespace(trace=SimpleNamespace(**{**found, **trace})),
        duration=SimpleNamespace(value=20.0),
        energies=SimpleNamespace(known=np.ones(100, bool), value=np.tile([1.0, 2.0], 50)),
    )


def labelled(n: int = 10, warmup: int = 0, items: float | None = None, seconds: float = 5.0):
    return SimpleNamespace(
        index=np.arange(n),
        events=n,
        items=n if items is None else items,
        seconds=seconds,
        warmup=SimpleNamespace(count=warmup),
        drift=None,
    )


@pytest.mark.parametrize(
    ("part", "code", "parameters", "left"),
    [
        # A limit is √3 times a standard uncertainty; a calibration five times as good leaves a fifth of it.
        ("gain", "calibrate", {"relative": 0.3 / 10 * math.sqrt(3) / 5}, 1 / 5),
        ("offset", "calibrate-zero", {"watts": 0.3 / 20 * math.sqrt(3) / 5}, 1 / 5),  # over the run's 20 s
        ("clock", "align", {"seconds": 5e-3 / 5}, 1 / 5),
        ("step", "longer-run", {"seconds": 80.0}, 1 / 4),
        ("refresh", "longer-events", {"times": 4}, 1 / 4),
        ("edges", "longer-events", {"times": 4}, 1 / 4),
        ("skew", "multiply-at-once", {}, 0.0),
        ("gaps", "without-gaps", {}, 0.0),
        ("model", "use-a-sensor", {"relative": 0.01}, 0.01 / math.sqrt(3) / 0.03),
    ],
)
def test_the_largest_part_names_the_advice_and_what_is_left_of_it(part, code, parameters, left) -> None:
    """The part alone, and beside another half as large, of which nothing goes: √(left² + ¼) ⁄ √(1 + ¼)."""
    alone = _by_part(measured(), None, quoted({part: 0.3}))
    assert alone.code == code and alone.parameters == pytest.approx(parameters)
    assert alone.promised == pytest.approx(0.1 * left)  # ± 10 % now
    other = "gain" if part != "gain" else "offset"
    both = _by_part(measured(), None, quoted({part: 0.3, other: 0.15}))
    assert both.code == code
    assert both.promised == pytest.approx(0.1 * math.sqrt((left**2 + 0.25) / 1.25))


def test_a_sensor_is_no_better_than_a_model_that_is_as_good() -> None:
    assert _by_part(measured(), None, quoted({"model": 0.05})) is None  # 0.5 % of 10 J, a sensor's is 0.58 %


def test_the_zero_of_one_item_is_over_its_own_time() -> None:
    found = _by_part(measured(), labelled(10, items=20, seconds=5.0), quoted({"offset": 0.3}))
    assert found.parameters == pytest.approx({"watts": 0.3 / 0.25 * math.sqrt(3) / 5})


def test_repeats_that_resemble_each_other_promise_nothing_and_are_to_be_spread() -> None:
    """Sixteen that rise and fall once: more of the same at once are worth few."""
    slow = measured()
    slow.energies.value = np.sin(np.arange(100) / 5.0)
    found = _by_part(slow, labelled(16), quoted({"repeats": 0.4}))
    assert (
        found.code == "more-repeats" and found.promised is None and "spread over a longer time" in found.text
    )
    assert "spread" not in _by_part(measured(), labelled(16), quoted({"repeats": 0.4})).text


def test_repeats_that_go_on_changing_promise_nothing() -> None:
    row = labelled(30)
    row.drift = 0.2
    found = _by_part(measured(), row, quoted({"repeats": 0.5}))
    assert found is not None and found.promised is None
    assert found.code == "more-repeats" and found.parameters == {"events": 90, "trend": 1.0}


@pytest.mark.parametrize(("n", "warmup"), [(10, 0), (13, 3)])
def test_four_times_the_repeats_are_three_times_as_many_more(n, warmup) -> None:
    """Ten repeats: t of nine degrees of freedom now, of 39 then, and half the standard uncertainty."""
    found = _by_part(measured(), labelled(n, warmup), quoted({"repeats": 0.4}))
    assert found.code == "more-repeats" and found.parameters == {"events": 30}
    ratio = student.ppf(0.975, 39) / student.ppf(0.975, 9)
    assert found.promised == pytest.approx(0.1 * ratio / 2, rel=0.003)
    noise = _by_part(measured(), labelled(n, warmup), quoted({"noise": 0.4}))
    assert noise.code == "more-repeats" and noise.promised == pytest.approx(0.1 / 2)
    mixed = _by_part(measured(), labelled(n, warmup), quoted({"noise": 0.4, "gain": 0.3}))
    assert mixed.promised == pytest.approx(0.1 * math.sqrt((0.16 / 4 + 0.09) / 0.25))


def test_of_one_event_a_longer_one_is_advised() -> None:
    found = _by_part(measured(), labelled(1), quoted({"noise": 0.4}))
    assert (found.code, found.parameters) == ("longer-events", {"times": 4})
    assert found.promised == pytest.approx(0.1 / 2)


def test_a_counters_step_is_beaten_by_longer_events() -> None:
    """Steps of 1 J at both ends of each of ten events: 2/12/10 J² of 0.04 J² that averages out; of it a sixteenth is left."""
    stepped = measured(kind=Kind.COUNTER, step=1.0)
    found = _by_part(stepped, labelled(10), quoted({"repeats": 0.2}))
    assert (found.code, found.cause) == ("longer-events", "step")
    assert found.promised == pytest.approx(0.1 / 4)
    fine = _by_part(measured(kind=Kind.COUNTER, step=0.1), labelled(10), quoted({"repeats": 0.2}))
    assert fine.code == "more-repeats"


def test_what_is_clipped_asks_for_a_wider_range_before_all_else() -> None:
    clipped = measured(saturated_ns=np.array([1]))
    clipped.energy = quoted({"gain": 0.3})
    assert advise(clipped).code == "wider-range" and advise(clipped).promised is None


def test_an_advice_in_print_says_what_is_left_in_percent() -> None:
    found = _by_part(measured(), None, quoted({"gain": 0.3}))
    assert str(found) == (
        "calibrate against a reference good to 1.0 % (then about ± 2.0 %); comparisons on the same sensor are free of it"
    )
    assert found.to_dict() == {
        "code": "calibrate",
        "parameters": pytest.approx({"relative": 0.3 / 10 * math.sqrt(3) / 5}),
        "promised_relative_half_width": pytest.approx(0.02),
        "cause": None,
        "text": found.text,
    }
