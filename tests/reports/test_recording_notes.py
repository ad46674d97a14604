"""What a reader must know of a recording besides its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.channel import Boundary, Rail
from powermeter.recording import Recording, Writer
from powermeter.reports.rails_table import RailUse
from powermeter.reports.recording_notes import REMEDIES, imported, of_others
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Result
from powermeter.result.notes import having
from tests.reports.conftest import START, channels


def recorded(path, *rails, seconds=1.0):
    """Write 2 W on each of these rails, each by a meter of its own."""
    times = START + np.arange(round(100 * seconds) + 1, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        for i, rail in enumerate(rails):
            source = writer.add_source(f"test://{i}", f"meter {i}", "test", channels(rail))
            writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (times.size, 1)))
    return path


def gpu(number):
    return Rail(f"gpu{number}", boundary=Boundary.DEVICE)


def test_a_second_card_that_is_in_no_number_is_named(tmp_path):
    with Recording.open(recorded(tmp_path / "x.power", gpu(0), gpu(1))) as recording:
        (note,) = having(gather(recording).warnings, "not-counted")
        assert note.text.endswith(REMEDIES["not-counted"])  # which a paper's limits leave out
        assert note.startswith("gpu1 was measured too") and "only gpu0" in note
        (note,) = having(gather(recording, ReportOptions(rail="gpu1")).warnings, "not-counted")
        assert note.startswith("gpu0 was measured too")


@pytest.mark.parametrize(("begun", "lost"), [(0, 0), (1, 0), (0, 7)])
def test_a_program_is_shown_how_to_mark_only_where_it_marked_nothing(tmp_path, begun, lost):
    """An event that never ended, or was lost, is in the list of what is missing, and was marked."""
    path = tmp_path / "x.power"
    times = START + np.arange(101, dtype=np.int64) * 10_000_000
    with Writer.create(path, {"clock": "monotonic", "command": ["prog"], "marks": "x.marks"}) as writer:
        source = writer.add_source("test://", "meter", "test", channels(gpu(0)))
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (times.size, 1)))
        writer.add_process_counts(7, START, (begun, 0, 0), {"lost": lost})
    with Recording.open(path) as recording:
        assert bool(having(gather(recording).notes, "unmarked")) is (begun == lost == 0)


@pytest.mark.parametrize(
    "other", [gpu(0), Rail("VIN", boundary=Boundary.BOARD), Rail("m", boundary=Boundary.MODEL)]
)
def test_what_the_counted_rail_may_hold_is_not(tmp_path, other):
    board = other if other.boundary is Boundary.DEVICE else Rail("board", boundary=Boundary.BOARD)
    with Recording.open(recorded(tmp_path / "x.power", board, other)) as recording:
        assert not having(gather(recording).warnings, "not-counted")


@pytest.mark.parametrize(
    ("remarks", "code"),
    [
        ([{"code": "kernel-shunt", "severity": "warning", "text": "a shunt"}], "kernel-shunt"),
        (None, "source"),  # recorded by an earlier version
        ([{"code": "kernel-shunt", "severity": "loud"}], "source"),
        (["kernel-shunt"], "source"),
        ([], "source"),
    ],
)
def test_what_a_driver_warned_of_keeps_its_code(tmp_path, remarks, code):
    times = START + np.arange(101, dtype=np.int64) * 10_000_000
    with Writer.create(tmp_path / "a.power", {"clock": "monotonic"}) as writer:
        source = writer.add_source(
            "test://", "meter", "test", channels(gpu(0)), {"warnings": ["a shunt"], "remarks": remarks}
        )
        writer.append(source, times, np.tile(np.array([5000, 400], np.int64), (times.size, 1)))
    with Recording.open(tmp_path / "a.power") as recording:
        (note,) = having(gather(recording).warnings, code)
    assert note == "meter: a shunt"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([["holes", "warning"], ["no-zone", "info"]], [("holes", "warning"), ("no-zone", "info")]),
        (None, [("import", "info")] * 2),  # recorded by an earlier version
        ([["holes", "warning"]], [("import", "info")] * 2),
        ([["holes", "loud"], ["no-zone"]], [("import", "info")] * 2),
    ],
)
def test_what_an_importer_assumed_keeps_its_code(tmp_path, codes, expected):
    metadata = {"clock": "utc", "import_warnings": ["a hole", "no zone"]}
    with Writer.create(tmp_path / "a.power", {**metadata, "import_codes": codes} if codes else metadata):
        pass
    with Recording.open(tmp_path / "a.power") as recording:
        found = imported(recording)
    assert [(note.code, note.severity.value) for note in found] == expected
    assert list(found) == ["a hole", "no zone"]


@pytest.mark.parametrize(("own", "noted"), [(0.1, True), (1.8, False)])
def test_what_a_model_charges_of_others_is_named(own, noted):
    def used(name, parent, joules, counted):
        return RailUse(name, parent, Result.of(joules, "J"), Result.of(joules, "W"), counted)

    rails = (used("machine", None, 2.0, True), used("program", "machine", own, False))
    notes = of_others(rails, Boundary.MODEL)
    assert [note.code for note in notes] == ["others-charged"] * noted
    assert all(note.text.endswith(REMEDIES["others-charged"]) for note in notes)
    assert not of_others(rails, Boundary.BOARD)
