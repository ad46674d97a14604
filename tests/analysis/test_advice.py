"""Advice as a code with parameters; that it holds when it is followed is tried in `validation/test_advice.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.advice import TEXTS, TIMES, Advice, advise
from powermeter.analysis.energy import Analysis, analyse
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.testing.simulation import SimulatedMeter, bursts


def test_a_counters_step_is_blamed_and_not_noise() -> None:
    rng = np.random.default_rng(4)
    truth, events = bursts(rng, 20, length_s=(0.5, 0.5), pause_s=(0.5, 0.6))
    meter = SimulatedMeter(50.0, Kind.COUNTER, Accuracy(step=0.2))
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
    analysis = analyse(SimulatedMeter(50.0, Kind.COUNTER).record(truth, [], rng))
    assert advise(analysis) is None or analysis.energy.half_width < 1e-6
