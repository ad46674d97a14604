"""The numbers of a report as plain values for JSON: SI, unrounded, None where something is not known: what it promises."""

from __future__ import annotations

import json
import math

import pytest

from powermeter.recording import Recording
from powermeter.reports import json_record as numbers
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions


def story_of(path, **options) -> ReportData:
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


def test_json_holds_the_same_numbers_unrounded(make, twenty):
    story = story_of(make(events=twenty), by=("model",), baseline=1.5, place="FRA")
    data = json.loads(json.dumps(numbers.record(story)))
    assert data["run"]["energy"]["value"] == story.analysis.energy.value
    assert data["run"]["energy"]["low"] == story.analysis.energy.low
    assert data["run"]["above_baseline"]["value"] == pytest.approx(5.0)
    assert data["labels"][0]["energy_per_item"]["parts"]
    assert data["labels"][0]["group"] == {"model": "b"}
    assert data["battery"]["hours"]["value"] == story.budget.hours.value
    assert data["footprint"]["carbon"]["value"] == story.footprint.carbon.value
    assert data["sources"][0]["samples"] == 1001
    assert data["rail"]["grade"] == "measured"


def test_json_has_no_number_for_what_is_missing(make):
    data = numbers.record(story_of(make(volts=False), battery="1Wh"))
    assert data["battery"]["items_per_charge"] is None and data["item_footprint"] is None

    def numbers_in(value):
        if isinstance(value, dict):
            for inner in value.values():
                yield from numbers_in(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from numbers_in(inner)
        elif isinstance(value, float):
            yield value

    assert all(math.isfinite(number) for number in numbers_in(data))
