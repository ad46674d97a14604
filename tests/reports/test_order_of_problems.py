"""The order of problems and notes, and that none of them is lost or stands twice."""

from __future__ import annotations

from dataclasses import replace

from powermeter.analysis.energy import analyse
from powermeter.footprint import footprint
from powermeter.recording import Recording
from powermeter.reports.instruments import instruments
from powermeter.reports.order_of_problems import NO_PLACE, notes_in_order, problems_in_order
from powermeter.reports.rails_table import rails_of
from powermeter.result.notes import Note
from tests.reports.test_recording_notes import gpu, recorded

SAID = (Note.info("some", "some"), Note.warning("stood-still", "loud"), Note.info("more", "more"))


def test_what_was_recorded_comes_first_and_the_unknown_place_last(tmp_path):
    path = tmp_path / "two.power"
    recorded(path, gpu(0), gpu(1))
    with Recording.open(path) as recording:
        analysis = replace(analyse(recording), notes=SAID)
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
    assert [note.code for note in notes[-3:]] == ["some", "more", NO_PLACE.code]
