"""The numbers of a report as plain values for JSON: SI, unrounded, None where something is not known: what it promises."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from powermeter.channel import Accuracy, Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports import json_record as numbers
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.source import Gap


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


def test_a_sources_numbers_are_each_its_own(tmp_path):
    """Readings each 0.1 s for 10 s, then one after 3 s and one after 0.1 s more: 103 in 13.1 s; two repeats, one at the range's end."""
    path = tmp_path / "run.power"
    times = np.append(np.arange(101) * 10**8, [13 * 10**9, 131 * 10**8]).astype(np.int64)
    flags = np.zeros(103, np.uint8)
    flags[[3, 4]], flags[7] = 1, 2
    channel = Channel(
        "power", Quantity.POWER, 1e-3, Rail("VIN"), accuracy=Accuracy(gain=0.01, source="sheet")
    )
    with Writer.create(path) as writer:
        source = writer.add_source("x://1", "meter", "x", (channel,), {"period_ns": 10**8, "model": "M"})
        writer.append(source, times, np.full((103, 1), 2000), flags)
        writer.add_gap(source, Gap(10**10, 13 * 10**9, "unplugged", "a cable", 29))
        writer.add_gap(source, Gap(2 * 10**9, 21 * 10**8, "missed", "", 4))
    (found,) = numbers.record(story_of(path))["sources"]
    assert (found["samples"], found["repeats"], found["saturated"], found["missed"]) == (103, 2, 1, 33)
    assert found["seconds"] == pytest.approx(13.1) and found["rate_hz"] == pytest.approx(102 / 13.1)
    assert (found["interval_s"], found["interval_asked_s"]) == (pytest.approx(0.1), pytest.approx(0.1))
    assert found["longest_interval_s"] == pytest.approx(3.0) and found["gap_s"] == pytest.approx(3.1)
    assert (found["name"], found["url"], found["driver"], found["simulated"]) == (
        "meter",
        "x://1",
        "x",
        False,
    )
    gaps = sorted(found["gaps"], key=lambda gap: gap["start_ns"])
    assert gaps[1] == {
        "start_ns": 10**10,
        "end_ns": 13 * 10**9,
        "reason": "unplugged",
        "detail": "a cable",
        "lost": 29,
    }
    assert gaps[0]["lost"] == 4 and found["accuracy_source"] == ["sheet"]
