"""How it was measured, in sentences that can be pasted into a paper, and what the numbers do not say: what it promises."""

from __future__ import annotations

import pytest

from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording
from powermeter.reports.method import limits, method
from powermeter.reports.report_data import ReportData, gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade


def story_of(path, **options) -> ReportData:
    with Recording.open(path) as recording:
        return gather(recording, ReportOptions(**options))


def test_charge_without_voltage_is_counted_at_five_volts_and_said(make, twenty):
    story = story_of(make(events=twenty, volts=False))
    assert story.charge is not None and story.charge.value == pytest.approx(4.0)
    assert story.charge.grade is Grade.ASSUMED and not story.voltage_known
    assert any("counted at 5 V" in text for text in story.warnings)
    assert any("5 V" in text for text in limits(story))
    told = story_of(story.path, rail_voltage_v=10.0)
    assert told.charge.value == pytest.approx(2.0) and told.charge.grade is Grade.DERIVED
    assert not any("counted at" in text for text in told.warnings)


def test_the_method_paragraph_names_what_a_paper_needs(make, twenty):
    text = method(story_of(make(events=twenty, gap_s=(4.0, 4.3))))
    for wanted in (
        "meter",
        "VDD_IN",
        "the whole board at its input",
        "monotonic clock",
        "trapezoidal",
        "JCGM 100:2008",
        "data sheet, table 7",
        "gaps of 300.0 ms",
        "powermeter 9.9",
    ):
        assert wanted in text


@pytest.mark.parametrize("boundary", [b for b in Boundary if b not in (Boundary.BOARD, Boundary.BATTERY)])
def test_what_a_rail_leaves_out_is_said(make, boundary):
    first = limits(story_of(make(rail=Rail("R", boundary=boundary))))[0]
    assert (
        "not in any number" in first or "power supply's own loss" in first or "No rail was measured" in first
    )
