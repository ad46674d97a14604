"""What the file promises beyond its content: who may read it, what a crash leaves, who may replace it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading

import numpy as np
import pytest

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.events import Event
from powermeter.recording import Recording, Writer, append_to, file, file_names, refused_files, writer
from powermeter.recording.liveness import boot_id, started
from powermeter.recording.salvage import salvage
from powermeter.source import Gap

POWER = (Channel("p", Quantity.POWER, 1e-3, Rail("R")),)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


# PRAGMAs --------------------------------------------------------------------------------------------


def test_every_commit_of_a_recorder_is_on_the_disk_before_it_returns(path):
    made = file.create(path)
    assert pragma(made, "journal_mode") == "wal" and pragma(made, "synchronous") == 2
    assert pragma(made, "page_size") == 4096 and pragma(made, "auto_vacuum") == 2
    assert (pragma(made, "application_id"), pragma(made, "user_version")) == (0x504D5452, 2)
    made.close()


def test_a_program_s_events_survive_its_death_without_waiting_for_the_disk(path):
    Writer.create(path).close()
    added = file.open_to_append(path)
    assert pragma(added, "synchronous") == 1 and pragma(added, "trusted_schema") == 0
    added.close()


def test_a_reader_cannot_write_and_trusts_nothing(recorded):
    read, version, problems = file.open_to_read(recorded.path)
    assert (version, problems) == (2, [])
    assert pragma(read, "trusted_schema") == 0 and pragma(read, "cell_size_check") == 1
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        read.execute("DELETE FROM fact")
    read.close()


def test_closing_waits_half_a_second_for_another_program(path, monkeypatch):
    waits = []
    fold = writer.wal_checkpoint.fold
    monkeypatch.setattr(
        writer.wal_checkpoint, "fold", lambda made: (waits.append(pragma(made, "busy_timeout")), fold(made))
    )
    made = Writer.create(path)
    assert pragma(made.connection, "busy_timeout") == 30_000
    made.close()
    assert waits == [500]


def test_a_finished_recording_is_one_file_in_no_log_s_mode(recorded):
    assert recorded.path.read_bytes()[18:20] == b"\x01\x01"
    assert [one.name for one in recorded.path.parent.iterdir()] == ["run.power"]


# Who may read it --------------------------------------------------------------------------------------


def test_only_its_owner_reads_a_recording_and_its_log(path, tmp_path):
    before = os.umask(0)
    try:
        opened = Writer.create(path)
        opened.append(opened.add_source("x://", "x", "x", POWER), np.arange(3), np.arange(3))
        names = [path, *file_names.side_files(path)]
        assert {stat.S_IMODE(name.stat().st_mode) for name in names if name.exists()} == {0o600}
        assert names[1].exists()
        opened.close()
        salvage(path, tmp_path / "repaired.power")
        assert stat.S_IMODE((tmp_path / "repaired.power").stat().st_mode) == 0o600
    finally:
        os.umask(before)


# A crash ----------------------------------------------------------------------------------------------


def test_a_lone_file_of_a_crash_holds_all_up_to_the_last_checkpoint_and_says_what_is_missing(
    path, monkeypatch
):
    clock = [0.0]
    monkeypatch.setattr(writer.time, "monotonic", lambda: clock[0])
    opened = Writer.create(path)
    source = opened.add_source("x://", "x", "x", POWER)
    for i in range(200):  # half a second each
        clock[0] += 0.5
        opened.append(source, np.arange(i * 500, i * 500 + 500) * 1_000_000, np.arange(500))
        if i % 20 == 7:
            opened.add_events([Event("a", i, i + 1, 1, 1, i)])
    lone = path.with_name("lone.power")
    shutil.copyfile(path, lone)
    opened.abandon()
    with Recording.open(lone) as recording:
        there = recording.span_ns(source)[1] / 1e9
        assert 100 - there <= 60, "a lone file loses at most a minute"
        assert 100 - there <= writer.CHECKPOINT_S + 1
        (said,) = recording.warnings
        assert "lone.power-wal is missing" in said and "copy both files" in said


def test_a_crash_with_its_log_holds_everything(path):
    opened = Writer.create(path)
    source = opened.add_source("x://", "x", "x", POWER)
    opened.append(source, np.arange(5), np.arange(5))
    for name in (path, *file_names.side_files(path)[:1]):
        shutil.copyfile(name, name.with_name(name.name.replace("run", "copy")))
    opened.abandon()
    with Recording.open(path.with_name("copy.power")) as recording:
        assert len(recording.samples(source)) == 5
        assert not any("missing" in text for text in recording.warnings)
        assert any("not closed properly" in text for text in recording.warnings)


def test_the_last_samples_before_closing_are_there(path):
    """Those that fill no chunk, one alone among them."""
    for n in (1, 499, 65_536, 65_537):
        opened = Writer.create(path, force=True)
        source = opened.add_source("x://", "x", "x", POWER)
        opened.append(source, np.arange(n), np.arange(n))
        opened.close()
        with Recording.open(path) as recording:
            assert (
                recording.samples(source).codes["p"].tolist() == list(range(n)) and recording.warnings == []
            )
        db = sqlite3.connect(path)
        assert db.execute("SELECT count(*) FROM tail").fetchone() == (0,)
        db.close()


def test_closing_under_a_reader_loses_nothing(path):
    opened = Writer.create(path)
    source = opened.add_source("x://", "x", "x", POWER)
    opened.append(source, np.arange(9), np.arange(9))
    other = sqlite3.connect(path)
    other.execute("BEGIN")
    other.execute("SELECT * FROM meta").fetchall()
    opened.append(source, np.arange(9, 20), np.arange(9, 20))
    opened.close()  # it waits for the reader for half a second at each step at most, who is still there
    with Recording.open(path) as recording:
        assert len(recording.samples(source)) == 20 and recording.warnings == []
    other.close()


def test_a_row_that_comes_twice_counts_once(path):
    """A page that lists its first child twice, as a write to a wrong place leaves it."""
    with Writer.create(path) as opened:
        source = opened.add_source("x://", "x", "x", POWER)
        with opened.transaction():
            for i in range(400):
                opened.add_gap(source, Gap(i, i + 1, "missed", f"number {i} " + "x" * 30))
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'gap'").fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    start = (root - 1) * 4096
    assert data[start] == 5, "the table has an interior page"
    cells = [int.from_bytes(data[start + 12 + 2 * i : start + 14 + 2 * i], "big") for i in range(2)]
    first = data[start + cells[0] : start + cells[0] + 4]
    data[start + cells[1] : start + cells[1] + 4] = first
    path.write_bytes(data)
    with Recording.open(path) as recording:
        starts = [gap.start_ns for gap in recording.gaps(source)]
        assert starts == sorted(set(starts)) and len(starts) < 400
        assert any(
            text.startswith("rows of gap damaged or lost") or "gap rows damaged" in text
            for text in recording.warnings
        )


# Who may replace it -----------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path):
    path = tmp_path / "live.power"
    opened = Writer.create(path)
    source = opened.add_source("x://", "x", "x", POWER)
    opened.append(source, np.arange(3), np.arange(3))
    note = {"pid": os.getpid(), "boot_id": boot_id(), "started": started(os.getpid())}
    opened.add_health(0, note)
    yield path
    opened.close()


def test_nobody_replaces_a_recording_that_is_being_made(live, recorded, tmp_path, capsys):
    with pytest.raises(ExistsError, match=f"process {os.getpid()}"):
        Writer.create(live, force=True)
    log = tmp_path / "log.csv"
    log.write_text("time_s,power_w\n" + "".join(f"{i / 10},{i % 3 + 1}\n" for i in range(50)))
    for arguments in (
        ["import", str(log), "-o", str(live), "--force"],
        ["repair", str(recorded.path), "-o", str(live), "--force"],
        ["record", "-o", str(live), "--force", "-s", "virtual://", "--", "true"],
    ):
        assert cli.run(arguments) == 3, arguments
        said = capsys.readouterr().err
        assert "is being recorded" in said and len(said.strip().splitlines()) == 1
    with Recording.open(live) as recording:
        assert recording.is_growing and len(recording.samples(1)) == 3


def test_what_a_dead_recorder_left_may_be_replaced(path):
    opened = Writer.create(path)
    opened.add_health(0, {"pid": os.getpid(), "boot_id": boot_id(), "started": -1})
    opened.abandon()
    Writer.create(path, force=True).close()
    with Recording.open(path) as recording:
        assert recording.warnings == []


def test_two_that_create_one_name_at_once_get_one_file(path):
    outcomes = []
    barrier = threading.Barrier(4)

    def create():
        barrier.wait()
        try:
            made = Writer.create(path)
            made.set_metadata({"mine": True})
            outcomes.append(made)
        except (ExistsError, DataError) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writers = [one for one in outcomes if isinstance(one, Writer)]
    assert len(writers) == 1 and all(isinstance(one, (Writer, ExistsError)) for one in outcomes)
    writers[0].close()


def test_facts_added_to_a_crashed_recording_leave_its_newest_samples(written):
    recorded = written(close=False)
    with append_to(recorded.path) as opened:
        opened.add_fact("note", {"a": 1})
    with Recording.open(recorded.path) as recording:
        assert len(recording.samples(1)) == len(recorded.times_ns)


# Names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.power", "Prüfung 100%?#&.power".encode(), b"a\nb.power", b"-x.power"]
)
def test_any_name_that_the_system_takes_works(tmp_path, name, capsys):
    folder = tmp_path / os.fsdecode(b"d\xe9")
    folder.mkdir()
    path, repaired = folder / os.fsdecode(name), folder / os.fsdecode(b"repaired" + name)
    with Writer.create(path, {"command": [os.fsdecode(name)]}) as opened:
        opened.append(opened.add_source("x://", "x", "x", POWER), np.arange(9), np.arange(9))
    with Recording.open(path) as recording:
        assert len(recording.samples(1)) == 9 and recording.warnings == []
    with append_to(path) as opened:
        opened.add_events([Event(os.fsdecode(name), 1, 2, 1, 1, 1, None, 1, {"a": os.fsdecode(name)})])
    with Recording.open(path) as recording:
        (event,) = recording.events()
        (event.name + event.attributes["a"] + recording.metadata["command"][0]).encode()
    assert cli.run(["repair", str(path), "-o", str(repaired)]) == 0
    assert cli.run(["verify", str(repaired)]) == 0
    assert cli.run(["show", str(repaired) + "x"]) == 7
    capsys.readouterr()


def test_what_cannot_be_created_leaves_nothing(path, monkeypatch):
    def full(*_):
        return ["CREATE TABLE meta (x)", "not a statement"]

    monkeypatch.setattr(file.schema, "statements", full)
    with pytest.raises(DataError, match="cannot be created"):
        Writer.create(path)
    assert list(path.parent.iterdir()) == []
    with pytest.raises((ConfigurationError, DataError)):
        Writer.create(path.parent / "absent" / "run.power")


def table_sizes(path):
    db = sqlite3.connect(path)
    found = tuple(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("chunk", "tail"))
    db.close()
    return found


def test_when_samples_become_a_chunk(path):
    """65 536 of them at once; or a minute, where that is 1024 samples; a tail until then, none after."""
    opened = Writer.create(path)
    full, slow = (opened.add_source("x://", name, "x", POWER) for name in ("full", "slow"))
    opened.append(full, np.arange(65_535), np.arange(65_535))
    assert table_sizes(path) == (0, 1)
    opened.append(full, np.arange(65_535, 65_536), np.arange(1))
    assert table_sizes(path) == (1, 0)
    opened.append(full, np.arange(65_536, 65_536 + 65_536), np.arange(65_536))
    assert table_sizes(path) == (2, 0)
    second = 10**9
    for start in range(0, 1020, 510):  # ten a second: a minute is over, 1024 samples are not there yet
        opened.append(slow, np.arange(start, start + 510) * second // 10, np.arange(510))
    assert table_sizes(path) == (2, 2)
    opened.append(slow, np.arange(1020, 1024) * second // 10, np.arange(4))
    assert table_sizes(path) == (3, 0)
    opened.append(slow, np.arange(1024, 3024) * second // 1000 + 103 * second, np.arange(2000))
    assert table_sizes(path) == (3, 1), "many samples, but not for a minute"
    opened.close()
    with Recording.open(path) as recording:
        assert (recording.count(full), recording.count(slow)) == (131_072, 3024)
        assert recording.warnings == []


def test_a_chunk_s_reading_time_is_the_mean_over_its_samples(path):
    with Writer.create(path) as opened:
        source = opened.add_source("x://", "x", "x", POWER)
        opened.append(source, np.arange(10), np.arange(10), None, 1000)
        opened.append(source, np.arange(10, 40), np.arange(30), None, 2000)
    with Recording.open(path) as recording:
        assert recording.read_ns(source) == 1750


def test_what_cannot_be_read_is_named_once(tmp_path):
    with pytest.raises(DataError) as caught:
        Recording.open(tmp_path)
    assert str(caught.value).count("cannot be read") == 1


def test_a_closed_recording_whose_log_could_not_be_folded_in_names_it_where_it_is_missing(
    tmp_path, monkeypatch
):
    path, lone = tmp_path / "run.power", tmp_path / "lone.power"
    monkeypatch.setattr(writer, "FIRST_CHECKPOINT_S", 0.0)
    made = Writer.create(path, {"clock": "monotonic"})
    made.add_clock_pair(1, 1)
    shutil.copyfile(path, lone)
    with Recording.open(lone) as recording:
        assert any("lone.power-wal is missing" in text for text in recording.warnings)
    assert refused_files.lacks_log(lone), "reading it has not hidden that"
    made.close()
    with Recording.open(path) as recording:
        assert recording.warnings == []
