"""A story says what arithmetic on 2 W at 5 V says."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from powermeter.channel import Accuracy, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import Recording, Writer
from powermeter.reports import json_record as numbers
from powermeter.reports.html import HTMLReport
from powermeter.reports.markdown import MarkdownReport
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.terminal_text import to_text
from powermeter.result import Grade


def story_of(path, **options) -> ReportData:
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


def test_energy_charge_and_battery_of_two_watts(make, twenty):
    story = story_of(make(events=twenty))
    assert story.analysis.energy.value == pytest.approx(20.0)  # 2 W × 10 s
    assert story.charge is not None and story.charge.value == pytest.approx(4.0)  # 0.4 A × 10 s
    assert story.headline is not None and story.headline.items == 80
    assert story.headline.energy_per_item is not None
    assert story.headline.energy_per_item.value == pytest.approx(0.125)
    assert story.budget is not None
    assert story.budget.share_used is not None and story.budget.share_used.value == pytest.approx(
        4.0 / 14_400
    )
    assert story.budget.hours is not None and story.budget.hours.value == pytest.approx(10.0)  # 4 Ah / 0.4 A
    assert story.budget.count is not None and story.budget.count.value == pytest.approx(14_400 / 0.025)
    assert story.per_charge(story.headline).value == pytest.approx(14_400 / 0.025)
    assert story.started == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)


def test_interval_is_the_stated_gain(make, twenty):
    energy = story_of(make(events=twenty)).analysis.energy
    below = energy.value - energy.low
    assert below == pytest.approx(
        0.01 * energy.value, rel=0.1
    )  # one rectangular limit: 95 % lies within 0.95 of it
    assert below < 0.01 * energy.value
    cut = 10 * 5.0 * 0.0005  # of 10 s at 5 V: half a step of 1 mA
    assert energy.high - energy.value - below == pytest.approx(cut, rel=1e-3)


def test_footprint_follows_the_place(make, twenty):
    path = make(events=twenty)
    unknown, france = story_of(path), story_of(path, place="FRA")
    assert unknown.footprint.digits("carbon") == 1 and unknown.notes[-1].startswith("the place is not known")
    assert not any("PLACE" in w for w in france.warnings)
    assert france.item_footprint is not None
    assert france.item_footprint.carbon.value == pytest.approx(france.footprint.carbon.value * 0.125 / 20.0)


def test_the_recording_may_note_its_place(make):
    assert story_of(make(metadata={"place": "FRA"})).footprint.place.code == "FRA"


def test_nominal_voltage_gives_a_derived_charge(make):
    story = story_of(make(volts=False, rail=Rail("VIN", nominal_v=4.0)))
    assert story.charge.value == pytest.approx(5.0) and story.charge.grade is Grade.DERIVED


def test_energy_convention_needs_no_charge(make, twenty):
    story = story_of(make(events=twenty, volts=False), battery="10Wh")
    assert story.budget.count.value == pytest.approx(36_000 / 0.125)
    assert story.budget.hours.value == pytest.approx(5.0)


def test_groups_come_from_the_events_attributes(make, twenty):
    rows = story_of(make(events=twenty), by=("model",)).analysis.rows
    assert [(row.label, row.group["model"], row.events) for row in rows] == [
        ("infer", "b", 10),
        ("infer", "a", 10),
    ]


def test_the_headline_is_the_inference_not_the_longest(make):
    events = [Event("prepare", 5_000_000_000, 9_000_000_000, uid=1, count=500)]
    events += [
        Event("Inference", 10_000_000_000 + i * 10**8, 10_000_000_000 + i * 10**8 + 10**7, uid=i + 2)
        for i in range(3)
    ]
    story = story_of(make(events=events))
    assert story.headline.label == "Inference" and story.item == "inference"


def test_without_events_it_is_about_the_run(make):
    story = story_of(make())
    assert story.headline is None and story.item_footprint is None
    assert story.budget.count is None and story.budget.hours is not None


def test_marks_alone_have_no_energy(make):
    story = story_of(make(events=[Event("epoch", 6_000_000_000, 6_000_000_000, uid=1)]))
    assert story.headline is None
    assert numbers.record(story)["labels"][0]["energy"] is None


def test_two_views_that_disagree_are_said(make):
    story = story_of(make(second=True))  # 2.2 W against 2.0 W, each ±1 %
    (pair,) = story.analysis.disagreements
    assert not pair.agree and pair.ratio == pytest.approx(2.0 / 2.2)
    assert any("disagree" in note for note in story.notes)
    (shown,) = numbers.record(story)["disagreements"]
    joules = [
        shown[side]["value"] / shown["seconds"] for side in ("energy_left", "energy_right", "difference")
    ]
    assert joules == pytest.approx([2.0, 2.2, -0.2])


def test_simulated_and_unfinished_are_warned_of(make):
    assert any("simulated" in text for text in story_of(make(info={"simulated": True})).warnings)


def test_nothing_measured_is_an_error(tmp_path):
    path = tmp_path / "empty.power"
    with Writer.create(path):
        pass
    with Recording.open(path) as recording, pytest.raises(DataError, match="power"):
        gather(recording)


@pytest.mark.parametrize(
    "option", [{"battery": "four"}, {"place": "XYZ"}, {"rail": "nope"}, {"baseline": "nothing"}]
)
def test_unusable_options(make, option):
    with pytest.raises(ConfigurationError):
        story_of(make(), **option)


def test_json_of_an_interval_without_an_end(make):
    # 2 W known to ±150 %: the time one charge lasts has no upper limit.
    path = make(volts=False, grade=Grade.ESTIMATED)
    with Recording.open(path) as recording:
        source = recording.sources[0]
        wide = replace(source.channels[0], accuracy=Accuracy(model=1.6, typical=True))
        recording.sources[0] = replace(source, channels=(wide,))
        story = gather(recording)
    assert math.isinf(story.budget.hours.high)
    data = numbers.record(story)
    assert data["battery"]["hours"]["high"] is None
    json.dumps(data, allow_nan=False)


@pytest.mark.thorough
@pytest.mark.parametrize("junk", [7, "text", [1, [2]], {"host": 3}, None, True])
def test_metadata_of_any_shape_is_survived(make, twenty, junk):
    keys = (
        "host",
        "attributes",
        "frameworks",
        "command",
        "imported",
        "import_warnings",
        "battery",
        "place",
        "board",
        "python",
        "revision",
        "powermeter",
        "clock",
    )
    noted = {key: junk for key in keys}
    if isinstance(junk, str):
        noted.update(battery="4Ah", place="FRA")
    story = story_of(make(events=twenty, metadata=noted))
    assert HTMLReport().render(story) and MarkdownReport().render(story) and to_text(story)
    json.dumps(numbers.record(story), default=str)


def test_items_per_charge_are_those_of_the_next_item_and_the_meters_part_is_no_larger_than_the_whole(make):
    def event(first_s: float, seconds: float, uid: int) -> Event:
        start = round((5 + first_s) * 1e9)
        return Event("infer", start, start + round(seconds * 1e9), 1, 1, uid, None, 1, {}, None)

    # Two long first events of 1.5 s (3 J), then 30 of 0.1 s (0.2 J): 0.04 C an item at 5 V when warm.
    events = [event(1.6 * i, 1.5, i + 1) for i in range(2)]
    events += [event(3.3 + 0.2 * i, 0.1, i + 3) for i in range(30)]
    data = story_of(make(events=events))
    row = data.headline
    assert row.warmup.count == 2
    assert row.per_item.value == pytest.approx(0.2, rel=0.02)
    assert row.energy_per_item.value == pytest.approx(12 / 32, rel=0.02)
    holds = data.per_charge(row)
    assert holds.value == pytest.approx(14_400 / 0.04, rel=0.02)
    assert holds.high / holds.low == pytest.approx(row.per_item.high / row.per_item.low, rel=1e-3)
    assert data.budget.count.value == pytest.approx(holds.value)
    quoted = (row.per_item.high - row.per_item.low) / 2
    assert 0 < row.meter_half_width <= quoted


def test_a_place_that_is_not_known_is_a_note_and_other_doubts_of_the_footprint_are_warnings(make, twenty):
    """Of a place without a loss figure the doubt is a warning; that there is no place stands among the notes, once."""
    path = make(events=twenty)
    unknown = story_of(path)
    assert "place-unknown" in {note.code for note in unknown.footprint.warnings}
    assert "place-unknown" not in {note.code for note in unknown.warnings}
    doubtful = story_of(path, place="GRL")  # Greenland: in no table of losses
    codes = {note.code for note in doubtful.footprint.warnings}
    assert "losses-unknown" in codes and codes <= {note.code for note in doubtful.warnings}
