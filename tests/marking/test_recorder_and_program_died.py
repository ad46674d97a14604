"""A recording whose recorder and program were both killed: its last events are read from the rings."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from running_recording import running_in

import powermeter
from powermeter.marking import recorder_and_program_died, recordings
from powermeter.recording import Recording, Writer
from powermeter.recording.salvage import salvage


def unfinished(running) -> None:
    """Leave the recording as a kill would: not closed, its marks in their folder."""
    path = running.path
    path.unlink()
    writer = Writer.create(path, {"marks": running.folder})
    writer.abandon()


def names_in(path: Path) -> list[str]:
    with Recording.open(path) as recording:
        return [event.name for event in recording.events()]


def test_events_in_the_rings_are_shown_and_repaired(running, tmp_path):
    unfinished(running)
    with powermeter.event("whole", n=3, model="tiny") as event:
        pass
    running.intake.poll()
    with powermeter.event("open"):
        with Recording.open(running.path) as recording:
            found = recording.events()
        assert [(one.name, one.end_ns is None) for one in found] == [("whole", False), ("open", True)]
        assert (found[0].start_ns, found[0].end_ns) == (event.start_ns, event.end_ns)
        assert (found[0].count, found[0].attributes) == (3, {"model": "tiny"})
        salvage(running.path, tmp_path / "whole.power")
    with Recording.open(tmp_path / "whole.power") as recording:
        assert [one.name for one in recording.events()] == ["whole", "open"]


@pytest.mark.parametrize("home", ["shared memory", "beside the recording"])
def test_a_private_recording_finds_its_events_by_the_name_alone(tmp_path, monkeypatch, home):
    """It holds no path of its folder of marks, which may name a person."""
    if home != "shared memory":
        monkeypatch.setattr(recordings, "home", lambda: None)
    with running_in(tmp_path) as running:
        marks = recordings.private_name(running.folder)
        assert "/" not in marks
        running.path.unlink()
        Writer.create(running.path, {"marks": marks, "private": True}).abandon()
        with powermeter.event("whole"):
            pass
        running.intake.poll()
        assert names_in(running.path) == ["whole"]
        elsewhere = running.path.rename(tmp_path / "elsewhere.power")
        beside_another = names_in(elsewhere)
        elsewhere.rename(running.path)
    assert beside_another == (["whole"] if home == "shared memory" else [])


def test_an_end_in_the_ring_completes_a_begin_in_the_file(running):
    unfinished(running)
    with powermeter.event("long", n=2) as event:
        for _ in range(3):
            running.intake.poll()
            time.sleep(0.006)
        running.intake.assemble(1 << 62)
        running.intake.commit()
    with Recording.open(running.path) as recording:
        (found,) = recording.events()
    assert (found.start_ns, found.end_ns, found.count) == (event.start_ns, event.end_ns, 2)


def test_a_folder_that_is_not_ours_is_not_looked_into(running, tmp_path):
    with powermeter.event("x"):
        pass
    elsewhere = tmp_path / "elsewhere"
    elsewhere.symlink_to(running.folder)
    for marks in (str(elsewhere), "/etc", "", None, 7, ["x"], f"{running.folder}/.."):
        assert list(recorder_and_program_died.tables(marks, running.path, lambda: ())) == []
