"""Advice as a code with parameters; that it holds when it is followed is tried in `validation/test_advice.py`."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.advice import TEXTS, TIMES, Advice, advise
from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
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
        "seconds": 30.0,
        "step": 0.1,
        "relative": 0.01,
        "watts": 0.02,
    }
    assert TEXTS[code](known)


def test_an_exact_number_needs_no_advice() -> None:
    rng = np.random.default_rng(4)
    truth, _ = bursts(rng, 1, length_s=(0.5, 0.6))
    analysis = analyse(SimulatedMeter(50.0, Kind.COUNTER).record(truth, [], rng))
    assert advise(analysis) is None or analysis.energy.half_width < 1e-6
