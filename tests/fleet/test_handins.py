"""Forty hand-ins, six dishonest: the six are found, and nobody else is accused."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from class_of_forty import DISHONEST, edit_readings, record, reseal, rewritten, write_anew

from powermeter import cli
from powermeter.errors import ConfigurationError
from powermeter.fleet.findings import CRITERION, Weight
from powermeter.fleet.handins import DISHONEST as DISHONEST_CODES
from powermeter.fleet.handins import HandIn, check_file, check_folder
from powermeter.fleet.rubric import CRITERIA, Rubric, read_rubric
from powermeter.result import Grade


@pytest.fixture(scope="module")
def judged(forty: Path) -> list[HandIn]:
    return check_folder(forty, read_rubric(forty.parent / "rubric.toml"))


@pytest.mark.thorough
def test_the_six_are_found_and_nobody_else_is_accused(judged: list[HandIn]) -> None:
    assert len(judged) == 41  # one team handed in twice
    accused = {one.name: {f.code for f in one.findings if f.weight is Weight.FAIL} for one in judged}
    accused = {name: codes for name, codes in accused.items() if codes}
    assert set(accused) == set(DISHONEST)
    for name, code in DISHONEST.items():
        assert code in accused[name], (name, accused[name])
    assert {one.name for one in judged if one.is_dishonest} == set(DISHONEST)


@pytest.mark.thorough
def test_what_happens_to_honest_people_is_noted_and_not_held_against_them(judged: list[HandIn]) -> None:
    found = {one.name: {f.code: f.weight for f in one.findings} for one in judged}
    assert found["team-05/run.power"] == {"not-closed": Weight.ASK}
    assert found["team-06/run.power"] == {} and found["team-08/run.power"] == {}
    assert found["team-07/run.power"] == {"date": Weight.ASK}
    assert found["team-11/whole.power"] == {"damaged": Weight.NOTE}
    assert found["team-12/again.power"] == {"handed-in-twice": Weight.NOTE}
    assert found["team-02/run.power"] == {}, "whose recording was copied"
    assert found["team-25/run.power"] == {}, "4000mAh is 4Ah"


@pytest.mark.thorough
def test_points_are_by_criterion_and_dishonest_files_earn_none(judged: list[HandIn]) -> None:
    rubric = Rubric()
    points = {one.name: one.points(rubric) for one in judged}
    assert points["team-01/run.power"] == rubric.most_points == len(CRITERIA)
    assert all(points[name] == 0 for name in DISHONEST)


@pytest.mark.thorough
def test_the_verb_prints_and_ends_with_7_where_a_file_was_changed(
    forty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["verify", str(forty), "--rubric", str(forty.parent / "rubric.toml"), "--json"]) == 7
    told = {one["file"]: one for one in json.loads(capsys.readouterr().out)}
    assert {name for name, one in told.items() if one["dishonest"]} == set(DISHONEST)
    assert cli.run(["verify", str(forty / "team-21"), "--rubric", str(forty.parent / "rubric.toml")]) == 12
    assert "the class counts 4 Ah by charge" in capsys.readouterr().out
    assert cli.run(["verify", str(forty / "team-05"), "-r", str(forty.parent / "rubric.toml")]) == 13
    one = str(forty / "team-01" / "run.power")
    assert cli.run(["verify", one, "-r", str(forty.parent / "rubric.toml")]) == 0
    assert "accepted" in capsys.readouterr().out


def codes(path: Path, **rubric: object) -> set[str]:
    return {f.code for f in check_file(path, Rubric(**rubric)).findings if f.weight is Weight.FAIL}  # type: ignore[arg-type]


def test_a_careful_cheat_forgets_the_summaries(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "a", 1)
    edit_readings(path, careful=True)
    assert codes(path) == {"summary-differs", "notes-differ"}


@pytest.mark.thorough
def test_who_writes_everything_anew_and_copies_the_notes_is_found_by_them(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "a", 1)
    assert codes(write_anew(path, tmp_path / "same.power")) == set(), "nothing is claimed that is not so"
    assert codes(write_anew(path, tmp_path / "less.power", factor=0.8)) == {"notes-differ"}
    simulated = record(
        tmp_path / "s.power",
        "a",
        2,
        url="virtual://",
        driver="virtual",
        info={"simulated": True},
        grade=Grade.SIMULATED,
    )
    measured = {"grade": Grade.MEASURED, "url": "ina219://1/0x40", "driver": "ina219", "info": {}}
    assert codes(write_anew(simulated, tmp_path / "m.power", **measured)) == {"notes-differ"}


@pytest.mark.thorough
def test_what_powermeter_itself_writes_anew_is_no_edit(tmp_path: Path) -> None:
    """A shared copy and a repair hold the same samples."""
    from powermeter.recording.salvage import salvage
    from powermeter.recording.shared_copy import share

    path = record(tmp_path / "a.power", "a", 1)
    share(path, tmp_path / "shared.power")
    salvage(path, tmp_path / "repaired.power")
    for name in ("shared", "repaired"):
        assert not codes(tmp_path / f"{name}.power") & DISHONEST_CODES, name


def test_a_file_that_no_recorder_wrote_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "a", 1)
    db = sqlite3.connect(path)
    db.execute("DELETE FROM health")
    db.execute("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'health'")
    db.commit()
    db.close()
    reseal(path)
    assert codes(path) == {"no-recorder"}


def test_fewer_readings_than_counted_are_found(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "a", 1)
    db = sqlite3.connect(path)
    (value,) = db.execute("SELECT value FROM health ORDER BY id DESC LIMIT 1").fetchone()
    told = json.loads(value)
    db.close()
    told["sources"]["1"]["samples"] += 50
    rewritten(path, "health", {"value": json.dumps(told)}, "id = 2")
    reseal(path)
    assert codes(path) == {"readings-missing"}


def test_events_taken_out_together_with_their_count_are_asked_about(tmp_path: Path) -> None:
    path = record(tmp_path / "a.power", "a", 1, lost=(4, 9, 12))
    db = sqlite3.connect(path)
    (value,) = db.execute("SELECT value FROM process").fetchone()
    db.close()
    rewritten(path, "process", {"value": json.dumps({**json.loads(value), "lost": 0})})
    reseal(path)
    found = check_file(path, Rubric()).findings
    assert [(f.code, f.weight) for f in found] == [("events-skipped", Weight.ASK)]


@pytest.mark.thorough
def test_two_teams_with_one_recording_and_no_names_are_both_asked(tmp_path: Path) -> None:
    record(tmp_path / "a" / "run.power", "", 1)
    (tmp_path / "b").mkdir()
    shutil.copyfile(tmp_path / "a" / "run.power", tmp_path / "b" / "run.power")
    found = check_folder(tmp_path)
    assert [[(f.code, f.weight) for f in one.findings] for one in found] == [
        [("same-recording", Weight.ASK)]
    ] * 2


@pytest.mark.thorough
def test_a_nickname_is_no_copy(tmp_path: Path) -> None:
    record(tmp_path / "team-1" / "run.power", "the ducks", 1)
    record(tmp_path / "Team 02" / "run.power", "team-2", 2)
    assert [one.findings for one in check_folder(tmp_path)] == [[], []]


def test_a_file_that_cannot_be_read_is_named_and_disturbs_nothing(tmp_path: Path) -> None:
    good = record(tmp_path / "a" / "run.power", "a", 1)
    (tmp_path / "b.power").write_bytes(good.read_bytes()[:5000])
    (tmp_path / "c.power").write_text("nothing")
    newer = tmp_path / "d.power"
    shutil.copyfile(good, newer)
    db = sqlite3.connect(newer)
    db.execute("PRAGMA user_version = 99")
    db.close()
    found = {one.name: one for one in check_folder(tmp_path)}
    assert found["a/run.power"].word == "accepted"
    assert {f.code for f in found["c.power"].findings} == {"unreadable"}
    assert (
        "schema version 99" in found["d.power"].findings[0].text and found["d.power"].word == "not accepted"
    )
    assert found["b.power"].word == "not accepted"


@pytest.mark.thorough
def test_a_simulated_hand_in_is_welcome_where_the_rubric_allows_it(tmp_path: Path) -> None:
    path = tmp_path / "a.power"
    record(path, "a", 1, url="virtual://", driver="virtual", info={"simulated": True}, grade=Grade.SIMULATED)
    assert codes(path) == {"simulated"} and codes(path, measured=False) == set()


@pytest.mark.thorough
def test_a_log_that_names_no_meter_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.power"
    rows = "\n".join(f"{i / 10},{2 + (i % 7) / 10}" for i in range(300))
    (tmp_path / "log.csv").write_text(f"time (s),power (W)\n{rows}\n")
    assert cli.run(["import", str(tmp_path / "log.csv"), "-o", str(path)]) == 0
    found = check_file(path, Rubric(events=0))
    weights = {f.code: f.weight for f in found.findings}
    assert (
        weights["assumed"] is Weight.ASK and weights["no-machine"] is Weight.FAIL and not found.is_dishonest
    )


@pytest.mark.thorough
def test_links_that_lead_outside_are_left_out(tmp_path: Path) -> None:
    record(tmp_path / "other.power", "a", 1)
    folder = tmp_path / "class"
    record(folder / "a.power", "a", 2)
    (folder / "b.power").symlink_to(tmp_path / "other.power")
    assert [one.name for one in check_folder(folder)] == ["a.power"]
    with pytest.raises(ConfigurationError, match="holds no recordings"):
        (tmp_path / "empty").mkdir()
        check_folder(tmp_path / "empty")
    (folder / "a.power").unlink()
    with pytest.raises(ConfigurationError, match="1 link out of it left out"):
        check_folder(folder)


def test_every_code_speaks_against_a_criterion_of_the_rubric() -> None:
    assert set(CRITERION.values()) == set(CRITERIA) and set(CRITERION) >= DISHONEST_CODES


def test_a_hand_in_that_the_key_has_not_signed_is_refused_and_not_called_changed(tmp_path: Path) -> None:
    found = check_file(record(tmp_path / "a.power", "a", 1), Rubric(), b"a key of sixteen bytes or more")
    assert {f.code for f in found.findings if f.weight is Weight.FAIL} == {"unsigned"}
    assert not found.changed and not found.is_dishonest and found.word == "not accepted"
