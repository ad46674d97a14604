"""What is said of labels stays readable however many there are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.groups import OTHER_INSTANTS, OTHER_LABELS
from powermeter.analysis.remarks import remarks, remarks_of_rows
from powermeter.channel import Kind
from powermeter.recording.stretches_of_rate import RateStretch
from powermeter.result import Result


def rows(count: int, events: int):
    """Return labels none of which the meter resolves."""
    verdict = SimpleNamespace(text="too short", outcome="")
    common = {
        "share": None,
        "energy": None,
        "warmup": SimpleNamespace(count=0),
        "drift": None,
        "of_this_mix": False,
        "tail": None,
        "verdict": verdict,
    }
    return [
        SimpleNamespace(label=f"label {i}", title=f"label {i}", events=events, **common) for i in range(count)
    ]


def test_of_many_labels_a_few_are_named_and_the_rest_are_counted():
    texts = [note.text for note in remarks_of_rows(rows(3000, 1))]
    assert len(texts) == 12 + 2
    assert texts[0] == "label 0: too short" and texts[11] == "label 11: too short"
    assert texts[12].startswith("2,988 more labels: ")
    assert texts[13].startswith("3,000 labels for 3,000 events: ") and "attribute" in texts[13]


@pytest.mark.parametrize(("count", "events"), [(12, 1), (200, 1), (3000, 5)])
def test_labels_that_name_kinds_of_work_are_no_matter(count, events):
    assert all(note.code != "many-labels" for note in remarks_of_rows(rows(count, events)))


@pytest.mark.parametrize(
    ("name", "warned"), [(OTHER_LABELS, False), (OTHER_INSTANTS, False), ("(other labels) mine", True)]
)
def test_of_labels_that_are_counted_together_it_is_known_that_they_are_many(name, warned):
    some = rows(3000, 1)
    some[-1].label = some[-1].title = name
    assert any(note.code == "many-labels" for note in remarks_of_rows(some)) == warned


def test_labels_too_short_in_the_same_way_share_one_remark():
    """Twelve remarks of two lines each stood above the numbers; they differed by how long the events last."""
    after = "a sample comes every 99.75 ms: too short to resolve"
    short = [
        label(
            title=f"{name}",
            verdict=SimpleNamespace(text=f"one event lasts x and {after}", outcome=after, length_s=s),
        )
        for name, s in (("request", 0.1185), ("prepare", 0.03047), ("infer", 0.08446))
    ]
    other = label(verdict=SimpleNamespace(text="something else", outcome="else", length_s=1.0))
    texts = [note.text for note in remarks_of_rows([short[0], other, *short[1:]])]
    assert texts == [
        f"request, prepare, infer: one event lasts 30.47 ms to 118.5 ms and {after}",
        "infer: something else",
    ]
    (many,) = remarks_of_rows([label(title=f"k{i}", verdict=short[0].verdict) for i in range(40)])
    assert many.text == f"k0, k1, k2, k3, k4, k5 and 34 more: one event lasts 118.5 ms and {after}"


def label(**changed):
    found = {
        "label": "infer",
        "title": "infer",
        "events": 20,
        "share": None,
        "energy": Result.of(4.0, "J", {}),
        "expected_per_item": None,
        "energy_per_item": Result.of(0.2, "J", {}),
        "warmup": SimpleNamespace(count=0),
        "drift": None,
        "of_this_mix": False,
        "tail": None,
        "verdict": SimpleNamespace(text="", outcome=""),
    }
    return SimpleNamespace(**{**found, **changed})


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        (
            {"warmup": SimpleNamespace(count=1)},
            "warm-up",
            "infer: the first of 20 events is a warm-up, not counted in the mean of further ones",
        ),
        (
            {"warmup": SimpleNamespace(count=3)},
            "warm-up",
            "infer: the first 3 of 20 events are a warm-up, not counted in the mean of further ones",
        ),
        ({"tail": Result.of(0.05, "J", {})}, "tail", "infer: 50 mJ follow each event and are not part of it"),
        ({"verdict": SimpleNamespace(text="too short", outcome="")}, "not-resolved", "infer: too short"),
        (
            {"drift": -0.0984, "warmup": SimpleNamespace(count=0)},
            "drift",
            (
                "infer: what an item uses fell by 9.8 % of its mean from the first to the last of the 20 events counted, and may continue: the interval "
                "for the mean of further ones extends as far again, and back to where it began. Record until it is steady (temperature, clocks, caches), or quote what these used"
            ),
        ),
        (
            {"share": 0.25},
            "overlap",
            (
                "events 'infer' overlap others: the power is divided among what runs, so that all adds up to the run, and "
                "25 % is their part; in full, what ran at once counted for each, it is 4.00 J, 200 mJ per item"
            ),
        ),
        (
            {"share": 0.25, "energy_per_item": None},
            "overlap",
            (
                "events 'infer' overlap others: the power is divided among what runs, so that all adds up to the run, and "
                "25 % is their part; in full, what ran at once counted for each, it is 4.00 J"
            ),
        ),
        (
            {"share": 0.5, "expected_per_item": Result.of(0.3, "J", {})},
            "overlap",
            (
                "events 'infer' overlap others: the power is divided among what runs, so that all adds up to the run, and "
                "50 % is their part; in full, what ran at once counted for each, it is 4.00 J, 300 mJ per item"
            ),
        ),
    ],
)
def test_what_is_said_of_one_label(changed, code, words):
    (note,) = remarks_of_rows([label(**changed)])
    assert (note.code, note.text) == (code, words)


def test_of_an_ordinary_label_nothing_is_said():
    assert remarks_of_rows([label()]) == [] and remarks_of_rows([label(share=0.5, energy=None)]) == []


def said(*, power=None, covered=(True,), unfinished=0, differing=(), **run):
    plain = {
        "gap_s": 0.0,
        "no_time": 0,
        "starved": 0,
        "paced": 0,
        "slew": 0,
        "beat": False,
        "ripple": None,
        "carriers": 0,
        "blind_s": 0.0,
        "mute": False,
        "unread": 0,
        "marks_in_pauses": False,
        "on_change": False,
        "skipped": 0.0,
    }
    trace = {
        "notes": (),
        "kind": Kind.MEAN,
        "unit": "W",
        "saturated": 0,
        "interval_ns": 10**8,
        "remembered": {},
        "kept": None,
        "at_its_steps": False,
        "looked_for": {"rates": ()},
        "sampling": "",
    }
    found = remarks(
        SimpleNamespace(**{**trace, **(power or {})}),
        SimpleNamespace(covered=np.array(covered)),
        (),
        unfinished,
        differing,
        SimpleNamespace(**{**plain, **run}),
    )
    return [(note.code, note.severity.value, note.text) for note in found]


@pytest.mark.parametrize(
    ("given", "code", "severity", "begins"),
    [
        ({"unfinished": 1}, "events-unfinished", "warning", "1 event never ended: left out"),
        ({"unfinished": 2}, "events-unfinished", "warning", "2 events never ended: left out"),
        (
            {"covered": (True, False)},
            "events-outside",
            "warning",
            "1 event lies outside the recorded samples",
        ),
        (
            {"covered": (False, False)},
            "events-outside",
            "warning",
            "2 events lie outside the recorded samples",
        ),
        ({"unread": 0.8}, "mostly-unread", "warning", "the log has no reading of 80.0 % of the time"),
        ({"unread": 0.997}, "mostly-unread", "warning", "the log has no reading of 99.7 % of the time"),
        (
            {"unread": 0.8, "marks_in_pauses": True},
            "mostly-unread",
            "warning",
            "the log has no reading of 80.0 %",
        ),
        (
            {"skipped": 0.31},
            "refreshes-skipped",
            "warning",
            "readings are 100.0 ms apart, and 31 % of them repeat",
        ),
        ({"on_change": True}, "rows-on-change", "info", "rows come at once where power changes"),
        ({"gap_s": 1.25}, "gaps-bridged", "info", "1.250 s of gaps are bridged"),
        ({"gap_s": 2400.0}, "gaps-bridged", "info", "40 min 00 s of gaps are bridged"),
        (
            {
                "power": {
                    "kind": Kind.COUNTER,
                    "looked_for": {"rates": (RateStretch(0, 80, 10**9), RateStretch(80, 900, 10**8))},
                }
            },
            "rate-changes",
            "info",
            "readings come each 1.000 s, then each 100.0 ms: each stretch",
        ),
        (
            {"no_time": 1},
            "perhaps-clock-set",
            "warning",
            "a hole in the log may be a clock that was set forward",
        ),
        ({"paced": 2.5}, "load-sets-pace", "warning", "the sum of the readings is too low"),
        ({"paced": -2.5}, "load-sets-pace", "warning", "the sum of the readings is too high"),
        (
            {"slew": 8.04},
            "slew-limited",
            "warning",
            "the readings never move faster than 8.04 W/s, and turn back before",
        ),
        ({"starved": 2.5}, "lost-while-high", "warning", "rows are missing while the load is high"),
        ({"beat": True}, "beat", "warning", "readings keep step with the events"),
        ({"ripple": 12.34}, "ripple", "info", "the readings swing at 12 Hz"),
        ({"ripple": 1 / 86400}, "ripple", "info", "the readings swing once in 24 h: a load"),
        ({"ripple": 1 / 1500}, "ripple", "info", "the readings swing once in 25 min: a load"),
        (
            {"carriers": 7},
            "few-carriers",
            "info",
            "few readings carry much of the energy, as much as 7 equal ones would,",
        ),
        (
            {"mute": 9},
            "equal-readings",
            "warning",
            "all 9 readings lie within what the instrument's step or noise leaves open, and there are too few",
        ),
        ({"blind_s": 0.25}, "unseen-events", "warning", "no reading fell into 250.0 ms of events"),
        (
            {"power": {"saturated": 3}},
            "clipped-readings",
            "warning",
            "3 samples are at the end of the sensor's range",
        ),
    ],
)
def test_what_is_said_of_a_run(given, code, severity, begins):
    ((found, how, text),) = said(**given)
    assert (found, how) == (code, severity) and text.startswith(begins)


def test_of_an_ordinary_run_nothing_is_said_and_meters_that_disagree_are_named_with_how_far():
    assert said() == []
    pair = {"left": "a", "right": "b", "agree": False, "ratio": 0.9}
    ((code, severity, text),) = said(differing=[SimpleNamespace(**pair)])
    assert (code, severity) == ("disagreement", "warning")
    assert text == "a and b disagree by 10 %, more than their intervals allow"
    assert said(differing=[SimpleNamespace(**{**pair, "agree": True})]) == []
    assert said(differing=[SimpleNamespace(**{**pair, "ratio": None})]) == []
