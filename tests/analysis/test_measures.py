"""Measures beside the energy: their means, and that `show` prints them without splitting a row."""

from __future__ import annotations

import pytest

from powermeter.analysis.measures import MeasureMean, means, measure_means
from powermeter.events import Event


def _event(count, **measures):
    return Event("infer", 0, 10, count=count, measures=measures)


def test_measures_are_weighted_by_items():
    found = means(
        [_event(3, accuracy=1.0, loss=0.5), _event(1, accuracy=0.0), _event(None, note="x", ok=True)]
    )
    assert found == {"accuracy": 0.75, "loss": 0.5}


def test_items_that_are_not_known_weigh_no_event_against_another():
    """A batch of 32 beside one of an unknown size: neither weight is right, so each event counts alike, and that is stated."""
    found = measure_means([_event(32, accuracy=1.0), _event(None, accuracy=0.5), _event(0, accuracy=9.0)])
    assert found == {"accuracy": MeasureMean(0.75, 3, 3, is_by_event=True)}
    alike = measure_means([_event(None, accuracy=0.5), _event(2, accuracy=0.5), _event(2)])
    assert alike == {"accuracy": MeasureMean(0.5, 2, 3)}
    assert measure_means([_event(0, accuracy=0.5)]) == {}


def test_what_is_no_number_or_of_a_language_model_is_left_out():
    assert means([_event(1, a=float("nan")), _event(1, phase="decode", generated_tokens=9)]) == {}


@pytest.mark.thorough
def test_show_prints_them_beside_one_row(tmp_path):
    import powermeter

    with powermeter.Meter("virtual://?rate=500Hz", path=tmp_path / "run.power") as meter:
        for accuracy in (0.8, 0.9):
            with meter.event("infer") as event:
                event.measure(accuracy=accuracy)
    text = meter.summary()
    assert "infer: accuracy 0.85 (mean)" in text
    assert len(meter.analysis().rows) == 1
