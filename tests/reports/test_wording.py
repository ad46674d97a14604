"""What reports print beside the numbers of `powermeter.result.formatting`."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from powermeter.analysis.warmup import WarmUp, WarmUpReason
from powermeter.reports import wording
from powermeter.reports.wording import footprint_amount, show
from powermeter.result import Result


def test_what_is_missing_is_a_dash_never_zero():
    assert show(None).text == "–"
    assert wording.seconds(None) == wording.size(None) == wording.percent(None) == "–"
    assert footprint_amount(None).text == "–"
    assert show(Result(math.nan, "J", math.nan, math.nan)).text == "–"


def test_milliampere_hours_of_coulombs():
    assert show(Result(3.6, "C", 3.5, 3.7), "Ah", 1 / 3600).text == "1.000 ± 0.028 mAh"


def test_footprints_have_few_digits_and_a_bound_where_they_reach_nothing():
    assert footprint_amount(Result(3.4e-4, "g", 2.6e-4, 4.3e-4)).text == "340 µg CO2e (260 to 430)"
    assert footprint_amount(Result(2e-10, "kg Sb eq", 1e-10, 9e-10), 1).text == "200 ng Sb eq (100 to 900)"
    assert footprint_amount(Result(1e-3, "g", -1e-3, 3e-3), 1).text == "at most 3 mg CO2e"


NEXT = Result(1.0, "J", 0.9, 1.1)


def row(events, warmup=0, expected=NEXT):
    cut = WarmUp(warmup, WarmUpReason.SETTLING if warmup else WarmUpReason.STEADY)
    return SimpleNamespace(events=events, unseen=0, warmup=cut, expected_per_item=expected)


def test_events_behind_the_next_one_are_counted_without_the_warm_up():
    assert (wording.events(row(40)), wording.events(row(40, 20))) == ("40", "20 of 40")
    assert wording.events(row(40, 20, None)) == "40"  # no next one: nothing is left out of it
    assert wording.counted(row(40, 20)) == 20 and wording.counted(row(40, 20, None)) == 40
    text, *_ = wording.remarks([row(7), row(40, 20), row(30, 2)])
    assert text.startswith("20 of 40 events: ") and wording.remarks([row(100)]) == []


def test_so_few_events_have_no_tail():
    assert wording.remarks([row(100), row(19)]) == [wording.TAILS[20]]
    assert wording.remarks([row(20), row(0)]) == [wording.TAILS[100]]
    assert wording.remarks([row(110, 20)])[1:] == [wording.TAILS[100]]  # of 90: p95 and the mean are of them


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("the place is not known", "The place is not known"),
        ("two sentences. and a stop.", "Two sentences. and a stop"),
        ("A.power: the program ended with status 1", "A.power: the program ended with status 1"),
        ("a.power: the program ended with status 1", "a.power: the program ended with status 1"),
        ("infer: mixed", "infer: mixed"),
        ("1 of 4 events raised", "1 of 4 events raised"),
    ],
)
def test_a_name_keeps_its_letters_at_the_beginning_of_a_sentence(note, sentence):
    assert wording.as_sentence(note) == f"{sentence}."


def test_items_of_events_without_an_energy_were_not_counted():
    """Five events outside the recording had `items 0`."""
    never = SimpleNamespace(events=0, unseen=0, items=0)
    unseen = SimpleNamespace(events=5, unseen=5, items=0)
    part = SimpleNamespace(events=5, unseen=1, items=4)
    assert [wording.items_counted(each) for each in (never, unseen, part)] == [None, None, 4]
    assert wording.has_items([never, unseen]) is False and wording.has_items([never, part])


@pytest.mark.parametrize(
    ("per_item", "meter_j", "text"),
    [
        (Result(0.1, "J", 0.09, 0.11), 0.0038, "± 3.8 mJ"),
        (Result(0.1, "J", 0.09, 0.11), None, "–"),
        (None, 0.0005, "–"),
    ],
)
def test_what_the_meter_alone_leaves_open_is_printed_where_it_is_known(per_item, meter_j, text):
    assert wording.meter_part(SimpleNamespace(per_item=per_item, meter_half_width=meter_j)) == text
