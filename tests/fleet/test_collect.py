"""Collecting: idempotent, resumable, several at once, each bad file named and nothing else disturbed."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
import sys
from pathlib import Path

import class_of_forty
import outside
import pytest
from class_of_forty import NS, START_UTC_NS, record
from collected import rows, take

from powermeter import cli
from powermeter.errors import ConfigurationError, DataError


@pytest.fixture(autouse=True)
def _arrow() -> None:
    outside.need("pyarrow")


def test_twice_is_once(tmp_path: Path) -> None:
    for number in range(3):
        record(tmp_path / "in" / f"{number}.power", "", number + 1)
    assert len(take(tmp_path / "in", tmp_path / "ds").added) == 3
    again = take(tmp_path / "in", tmp_path / "ds")
    assert len(again.known) == 3 and not again.added
    shutil.rmtree(tmp_path / "ds" / "_seen")  # only a hint
    assert len(take(tmp_path / "in", tmp_path / "ds").known) == 3
    assert len(rows(tmp_path / "ds", "recordings")) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_file_named_in_another_encoding_is_taken(tmp_path: Path) -> None:
    record(tmp_path / "in" / "caf\udce9.power", "", 1)
    assert len(take(tmp_path / "in", tmp_path / "ds").added) == 1
    assert [row["file"] for row in rows(tmp_path / "ds", "recordings")] == ["caf\\udce9.power"]


@pytest.mark.thorough
def test_a_renamed_copy_is_the_same_recording(tmp_path: Path) -> None:
    path = record(tmp_path / "in" / "a.power", "", 1)
    shutil.copyfile(path, tmp_path / "in" / "b.power")
    found = take(tmp_path / "in", tmp_path / "ds")
    assert found.added == ["a.power"] and found.known == ["b.power"]


@pytest.mark.thorough
def test_what_has_grown_replaces_what_was_held(tmp_path: Path) -> None:
    from powermeter.recording import append_to

    path = record(tmp_path / "in" / "a.power", "", 1)
    copy = tmp_path / "old.power"
    shutil.copyfile(path, copy)
    take(tmp_path / "in", tmp_path / "ds", "chunks")
    from powermeter.events import Event

    with append_to(path) as writer:
        writer.add_event(Event("mark", 6 * 10**12, 6 * 10**12, process=1, uid=1))
    found = take(tmp_path / "in", tmp_path / "ds", "chunks")
    assert found.grown == ["a.power"] and len(rows(tmp_path / "ds", "recordings")) == 1
    assert {row["label"] for row in rows(tmp_path / "ds", "events")} == {"infer", "mark"}
    assert take(copy, tmp_path / "ds", "chunks").older == ["old.power"]
    assert take(tmp_path / "in", tmp_path / "ds", "chunks").known == ["a.power"]


@pytest.mark.thorough
def test_bad_files_are_named_and_nothing_else_is_disturbed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    record(folder / "good.power", "", 1)
    edited = record(folder / "edited.power", "", 2)
    class_of_forty.edit_readings(edited)
    newer = record(folder / "newer.power", "", 3)
    db = sqlite3.connect(newer)
    db.execute("PRAGMA user_version = 99")
    db.close()
    whole = record(folder / "half.power", "", 4)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (folder / "not.power").write_text("hello")
    record(folder / "future.power", "", 5, utc_ns=START_UTC_NS + 20 * 366 * 86_400 * NS)
    record(folder / "killed.power", "", 6, close=False)
    found = take(folder, tmp_path / "ds")
    assert set(found.added) == {"good.power", "future.power", "killed.power"}
    why = dict(found.left)
    assert set(why) == {"edited.power", "newer.power", "half.power", "not.power"}
    assert "as it was written" in why["edited.power"] and "schema version 99" in why["newer.power"]
    notes = dict(found.notes)
    assert "in the future" in notes["future.power"] and "not closed" in notes["killed.power"]
    codes = {one["file"]: one["code"] for one in found.to_dict()["remarks"]}
    assert codes == {"future.power": "clock-doubtful", "killed.power": "collect-again"}
    doubtful = {row["file"]: row["clock_doubtful"] for row in rows(tmp_path / "ds", "recordings")}
    assert doubtful == {"good.power": False, "future.power": True, "killed.power": False}


@pytest.mark.thorough
def test_the_verb_names_two_machines_of_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "in" / "a.power", "", 1, host={"name": "pi", "board": "Raspberry Pi 4", "cpu": "ARM"})
    record(tmp_path / "in" / "b.power", "", 2, host={"name": "pi", "board": "Jetson Nano", "cpu": "ARM"})
    (tmp_path / "in" / "c.power").write_text("x")
    assert cli.run(["collect", str(tmp_path / "in"), "-o", str(tmp_path / "ds"), "--json"]) == 14
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["added"]) == 2 and "2 machines are called 'pi'" in printed.err


@pytest.mark.thorough
def test_only_an_empty_folder_or_a_dataset_is_written_into(tmp_path: Path) -> None:
    record(tmp_path / "in" / "a.power", "", 1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("x")
    with pytest.raises(ConfigurationError, match="other files"):
        take(tmp_path / "in", tmp_path / "other")
    take(tmp_path / "in", tmp_path / "ds")
    note = tmp_path / "ds" / "powermeter-dataset.json"
    note.write_text(json.dumps({"layout": 99}))
    with pytest.raises(DataError, match="layout 99"):
        take(tmp_path / "in", tmp_path / "ds")
    note.write_text(json.dumps({"layout": 2}))  # its errors of one instrument have another name
    with pytest.raises(DataError, match="layout 2, which can be read but not added to"):
        take(tmp_path / "in", tmp_path / "ds")
    with pytest.raises(ConfigurationError):
        take(tmp_path / "nowhere", tmp_path / "ds2")


@pytest.mark.thorough
def test_the_serial_number_of_an_instrument_stands_in_the_copy_of_its_recording_only(tmp_path: Path) -> None:
    """The parts of one instrument keep one name in all of its recordings, and two instruments have two."""
    for number, serial in enumerate(("SN-4711", "SN-4711", "SN-0815")):
        record(tmp_path / "in" / f"{number}.power", "", number + 1, info={"serial": serial})
    take(tmp_path / "in", tmp_path / "ds")
    from powermeter.fleet.layout import TABLES

    found = {table: rows(tmp_path / "ds", table) for table in TABLES}
    assert found["recordings"] and found["parts"] and found["events"]
    for row in found["recordings"]:
        assert "SN-" in str(row.pop("about"))
    assert "SN-" not in json.dumps(found, default=str)
    gains = [str(row["shared"]) for row in found["parts"] if row["kind"] == "gain"]
    assert len({name.rpartition(" @ ")[2] for name in gains}) == 2
    assert {name.rpartition(" @ ")[2] for name in gains} == {
        str(row["sensor"]) for row in found["recordings"]
    }


@pytest.mark.thorough
def test_a_device_that_is_renamed_moves(tmp_path: Path) -> None:
    from powermeter.recording import append_to

    path = record(tmp_path / "in" / "a.power", "", 1)
    take(tmp_path / "in", tmp_path / "ds")
    with append_to(path) as writer:
        writer.set_metadata({"attributes": {"device": "shelf-3"}})
        writer.add_fact("note", {"text": "renamed"})
    found = take(tmp_path / "in", tmp_path / "ds")
    held = rows(tmp_path / "ds", "recordings")
    assert len(held) == 1 and (found.grown or found.older)
    if found.grown:
        assert held[0]["device_name"] == "shelf-3"


def _collector(origin: Path, dataset: Path) -> None:
    take(origin, dataset, "all")


@pytest.mark.thorough
def test_several_collectors_at_once_write_each_recording_once(tmp_path: Path) -> None:
    for number in range(8):
        record(tmp_path / "in" / f"{number}.power", "", number + 1, events=5)
    take(_one(tmp_path), tmp_path / "ds", "all")
    context = multiprocessing.get_context("fork")
    running = [context.Process(target=_collector, args=(tmp_path / "in", tmp_path / "ds")) for _ in range(3)]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
    assert [one.exitcode for one in running] == [0, 0, 0]
    held = rows(tmp_path / "ds", "recordings")
    assert len({row["recording"] for row in held}) == len(held) == 9
    counts = {row["recording"]: row["readings"] for row in held}
    found: dict[object, int] = {}
    for row in rows(tmp_path / "ds", "readings"):
        found[row["recording"]] = found.get(row["recording"], 0) + 1
    assert found == counts


def _one(tmp_path: Path) -> Path:
    return record(tmp_path / "other" / "x.power", "", 99, events=5).parent


_KILLED = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from powermeter.fleet import dataset
before = dataset.Dataset._write
count = 0
def slow(self, path, table, pieces, note):
    global count
    count += 1
    if count == {at}:
        (self.folder / "ready").write_text("x")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name("." + path.name + ".1.part").write_text("half")
        __import__("time").sleep(60)
    return before(self, path, table, pieces, note)
dataset.Dataset._write = slow
from powermeter.fleet.collect import collect
from powermeter.fleet.origins import origin_of
collect(origin_of({origin!r}), dataset.Dataset(Path({to!r})), "all")
"""
