"""The sheet for Annex XI: known or estimated, training apart from use, and nothing guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.recording import Recording
from powermeter.reports.annex_xi import BLANK, AnnexXISheet
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade
from tests.reports.conftest import infer

SECOND = 1_000_000_000


def sheet(path, **options):
    with Recording.open(path) as recording:
        return AnnexXISheet().render(gather(recording, ReportOptions(**options)))


def row(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_training_and_use_are_apart_with_energies_and_times(make):
    events = [infer(0.5, 4, 1, 1, "train step"), infer(5, 0.5, 1, 2), infer(6, 0.5, 1, 3)]
    text = sheet(make(events=events), place="FRA")
    assert row(text, "training: train step")[3:] == ["known (measured)", "4.000 s"]
    assert row(text, "training: train step")[1].startswith("8.0")  # 2 W over 4 s
    assert row(text, "use: infer")[4] == "1.000 s"
    assert row(text, "training time in this recording")[1] == "4.000 s"
    assert text.count(BLANK) == 3  # operations, all training time, energy of other training


def test_a_model_of_the_machine_is_an_estimate_and_a_simulation_is_not_usable(make, twenty):
    assert row(sheet(make(events=twenty, grade=Grade.ESTIMATED)), "use: infer")[3] == "estimated"
    text = sheet(make("s.power", events=twenty, grade=Grade.SIMULATED))
    assert (
        row(text, "use: infer")[3] == "not usable: simulated" and "Not for a technical documentation" in text
    )


@pytest.mark.parametrize(("nested", "stated"), [(True, True), (False, False)])
def test_energies_of_events_inside_others_are_not_to_be_added(make, nested, stated):
    inner = infer(1.2, 1, uid=2, name="prefill")
    events = [
        infer(1, 2, uid=1),
        replace(inner, parent=1)
        if nested
        else replace(inner, start_ns=inner.start_ns + 3 * SECOND, end_ns=inner.end_ns + 3 * SECOND),
    ]
    assert ("do not add up" in sheet(make(events=events))) is stated
