"""The SCI disclosure: E × I + M per R, complete only where a device is named."""

from __future__ import annotations

import pytest

from powermeter.errors import DataError
from powermeter.recording import Recording
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.reports.sci_sheet import SCISheet, score_of
from tests.reports.conftest import infer


def data_of(path, **options):
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


def test_the_score_is_use_and_making_over_the_items(make, twenty):
    data = data_of(make(events=twenty), place="FRA", device="board")
    score, ai = score_of(data)
    assert score.count == 80 and score.embodied is not None
    assert score.score.value == pytest.approx(score.operational.value + score.embodied.value, rel=0.05)
    # 12 kg of a board over 5 years, for 5 s of events, per item
    assert score.embodied.value == pytest.approx(12_000 * 5.0 / (5 * 365.25 * 86400) / 80, rel=0.02)
    assert ai is not None and ai.score.value == pytest.approx(score.score.value)
    assert "WARNING" not in SCISheet().render(data)


def test_without_a_device_it_says_that_it_is_not_complete(make, twenty):
    text = SCISheet().render(data_of(make(events=twenty), place="FRA"))
    assert "M is missing" in text and "not an SCI score" in text


def test_without_events_there_is_no_score(make):
    with pytest.raises(DataError, match="per item of marked events"):
        SCISheet().render(data_of(make()))


def test_an_item_is_the_next_one_as_in_every_other_format(make):
    lengths = [0.3] * 4 + [0.1] * 20  # at 2 W: four of 600 mJ before twenty of 200 mJ
    warm = [infer(0.4 * i, seconds, uid=i + 1) for i, seconds in enumerate(lengths)]
    data = data_of(make(events=warm), place="FRA")
    left_out = data.headline.warmup.count
    assert left_out >= 4
    score, _ = score_of(data)
    each = data.item_footprint.accounts["carbon"].result.value
    assert score.operational.value == pytest.approx(each, rel=1e-9)
    text = SCISheet().render(data)
    assert "mean carbon of further inferences" in text and "inferences after the warm-up" in text
    assert "carbon of this run" not in text
    assert ": 200.0 " in text and (
        f"the first {left_out} left out as warm-up; counting them, as for a run this short: 266.7 mJ, 95 % sure 26"
        in text
    )


def test_a_place_that_is_not_known_leaves_one_digit(make, twenty):
    score, ai = score_of(data_of(make(events=twenty)))
    assert score.digits == 1 and ai is not None and ai.digits == 1


def test_a_run_whose_items_are_counted_by_hand_prints_both_its_energies(make):
    """2 W for 10 s, of fifty items: 20 J and 400 mJ."""
    lines = SCISheet().render(data_of(make(), place="FRA", items=50)).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("- energy of the whole run: "))
    assert lines[at].split(": ")[1].startswith("20.0")
    assert lines[at + 1].startswith("- per ") and lines[at + 1].split(": ")[1].startswith("400")
