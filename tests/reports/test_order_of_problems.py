"""The order of problems and notes, and that none of them is lost or stands twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter import cli
from powermeter.analysis.energy import analyse
from powermeter.footprint import footprint
from powermeter.recording import Recording
from powermeter.reports import wording
from powermeter.reports.html import HTMLReport
from powermeter.reports.instruments import instruments
from powermeter.reports.order_of_problems import NO_PLACE, notes_in_order, problems_in_order
from powermeter.reports.rails_table import rails_of
from powermeter.reports.report_data import gather
from powermeter.result import Grade
from powermeter.result.notes import Note
from tests.reports.test_recording_notes import gpu, recorded

SAID = (Note.info("some", "some"), Note.warning("stood-still", "loud"), Note.info("more", "more"))


def test_what_was_recorded_comes_first_and_the_unknown_place_last(tmp_path):
    path = tmp_path / "two.power"
    recorded(path, gpu(0), gpu(1))
    with Recording.open(path) as recording:
        of_recording = Note.info("torn", "a warning of the recording itself")
        analysis = replace(analyse(recording), notes=(of_recording, *SAID), warnings=(of_recording,))
        somewhere = footprint(analysis.energy, None)
        missing = Note.withheld("no-budget", "no budget")
        found = problems_in_order(
            recording,
            analysis,
            tuple(instruments(recording, analysis)),
            rails_of(analysis),
            voltage_known=False,
            withheld=[missing, missing],
            footprint=somewhere,
        )
        notes = notes_in_order(recording, analysis, None, somewhere)
    codes = [note.code for note in found]
    assert codes.index("not-counted") < codes.index("stood-still") < codes.index("no-budget")
    assert codes.count("no-budget") == 1 and NO_PLACE.code not in codes
    assert of_recording in found and of_recording not in notes
    assert [note.code for note in notes[-3:]] == ["some", "more", NO_PLACE.code]


PAGES = {
    "show": ["show", "{}"],
    "show --json": ["show", "{}", "--json"],
    "report": ["report", "{}", "-o", "-", "--kind", "html"],
    "Markdown": ["report", "{}", "-o", "-", "--kind", "markdown"],
    "LaTeX": ["report", "{}", "-o", "-", "--kind", "latex"],
    "CSV": ["report", "{}", "-o", "-", "--kind", "csv"],
    "Annex XI": ["report", "{}", "-o", "-", "--kind", "annex-xi"],
    "SCI": ["report", "{}", "-o", "-", "--kind", "sci"],
    "model card": ["report", "{}", "-o", "-", "--kind", "model-card"],
    "labels": ["export", "{}", "-o", "-", "--format", "csv", "--what", "labels"],
    "compare": ["compare", "other.power", "{}"],
    "compare --json": ["compare", "{}", "other.power", "--json"],
    "budget": ["budget", "{}"],
    "budget --json": ["budget", "{}", "--json"],
    "footprint": ["footprint", "{}"],
    "footprint of two": ["footprint", "{}", "other.power"],
    "lifetime": ["lifetime", "{}"],
    "table": ["table", "."],
    "variants": ["variants", "other.power", "{}"],
    "cite": ["cite", "{}"],
}


@pytest.mark.thorough
@pytest.mark.parametrize("page", PAGES)
def test_what_a_program_ended_with_and_what_raised_stands_on_every_page(
    page, make, twenty, monkeypatch, capsys
):
    failed = replace(twenty[-1], attributes={**twenty[-1].attributes, "error": "ValueError"})
    path = make("failed.power", [*twenty[:-1], failed], metadata={"command_status": 1})
    make("other.power", twenty)
    monkeypatch.chdir(path.parent)
    assert cli.run([word.format("failed.power") for word in PAGES[page]]) == 0
    seen = " ".join(capsys.readouterr().out.split()).replace("\\", "").replace("~", " ")
    assert "ended with status 1" in seen and "1 of 20 events" in seen and "raised ValueError" in seen


def test_a_frame_of_labels_holds_them(make, twenty):
    pytest.importorskip("pandas")
    failed = replace(twenty[-1], attributes={**twenty[-1].attributes, "error": "ValueError"})
    found = analyse(make(events=[*twenty[:-1], failed], metadata={"command_status": 1}))
    row = found.to_frame("labels").iloc[0]
    assert row["events_raised"] == 1 and row["events"] == 19
    assert "ended with status 1" in row["warnings"] and "raised ValueError" in row["warnings"]
    assert [note.code for note in found.notes[:2]] == ["program-failed", "raised"]


@pytest.mark.parametrize("kind", ["html", "markdown", "latex"])
def test_the_grade_of_labels_is_their_own_beside_another_of_the_run(kind, make, twenty, monkeypatch, capsys):
    """A window whose end is cut was estimated in `show`, and measured on the page: the run's grade stood above the labels'."""
    measured, grades = wording.grade_of, []
    monkeypatch.setattr(
        wording, "grade_of", lambda rows, run: grades.append(measured(rows, run)) or Grade.ESTIMATED
    )
    path = make("run.power", twenty)
    assert cli.run(["report", str(path), "-o", "-", "--kind", kind]) == 0
    assert grades == [Grade.MEASURED] and "estimated" in capsys.readouterr().out


def test_the_grade_of_labels_is_the_worst_of_their_energies(make, twenty):
    (row,) = analyse(make(events=twenty)).rows
    worse = replace(row, energy=replace(row.energy, grade=Grade.ESTIMATED))
    assert wording.grade_of([row, worse], Grade.MEASURED) is Grade.ESTIMATED
    assert wording.grade_of([], Grade.DERIVED) is Grade.DERIVED


def test_the_headline_has_the_grade_of_what_it_quotes(make, twenty):
    """The window of an MLPerf run, 43.94 kJ estimated in the table, stood under a measured headline."""
    with Recording.open(make(events=twenty)) as recording:
        data = gather(recording)
    row = data.headline
    estimated = replace(row, expected_per_item=replace(row.expected_per_item, grade=Grade.ESTIMATED))
    assert data.quoted_grade is data.grade is Grade.MEASURED
    assert replace(data, headline=estimated).quoted_grade is Grade.ESTIMATED
    assert replace(data, headline=None).quoted_grade is Grade.MEASURED
    where = HTMLReport().render(replace(data, headline=estimated)).split('class="where"')[1].split("</p>")[0]
    assert "estimated" in where and "measured" not in where
