"""`powermeter import` as a user types it: exit codes, one line of error, nothing half-written."""

import json
import os

import pytest

from powermeter.cli import run
from powermeter.recording import Recording
from powermeter.result import Grade

GOOD = "time (s),power (W)\n" + "".join(f"{i},2\n" for i in range(5))


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "meter.csv").write_text(GOOD)
    return tmp_path


def test_the_last_line_says_what_was_written(log, capsys):
    assert run(["import", "meter.csv", "-o", "run.power"]) == 0
    out = capsys.readouterr()
    assert out.err.splitlines()[-1] == "wrote run.power"
    assert "5 samples, 4.000 s from the first to the last" in out.out
    assert "powermeter align HOST.power run.power" in out.err
    with Recording.open(log / "run.power") as recording:
        assert recording.metadata["imported"]["name"] == "meter.csv"
        assert len(recording.metadata["imported"]["sha256"]) == 64


def test_without_a_name_the_recording_is_named_after_the_log(log):
    assert run(["import", "meter.csv"]) == 0
    assert (log / "meter.power").exists()


def test_as_json_its_numbers_are_si(log, capsys):
    assert run(["import", "meter.csv", "-o", "run.power", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["written"]
    assert (found["samples"], found["duration_s"], found["events"]) == (5, 4.0, 0)
    assert found["recording"] == "run.power" and len(found["channels"]) == 1


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["import", "absent.csv", "-o", "x.power"], 7, "no such file"),
        (["import", "bare.csv", "-o", "x.power"], 2, "--rate"),
        (["import", "meter.csv", "-o", "x.power", "--unit", "parsec"], 2, "parsec"),
        (["import", "meter.csv", "-o", "x.power", "--column", "power"], 2, "NAME=UNIT"),
        (["import", "meter.csv", "-o", "x.power", "--zone", "mars"], 2, "time zone"),
        (["import", "meter.csv", "-o", "x.power", "--rate", "never"], 2, "never"),
        (["import", "meter.csv", "-o", "x.power", "--format", "tegrastat"], 2, "tegrastats"),
        (["import", "meter.csv", "-o", "x.power", "--format", "tegrastats"], 7, "no line of tegrastats"),
        (["import", "meter.csv", "-o", "x.power", "--events", "absent.csv"], 7, "absent.csv"),
        (["import", "meter.csv", "-o", "there.power"], 3, "--force"),
        (["import", "meter.csv", "-o", "absent/x.power"], 2, "absent/x.power"),
        (["import", "meter.csv", "-o", "folder", "--force"], 2, "folder"),
        (["import", "folder", "-o", "x.power"], 7, "no log in it"),
        (["import", "noise.bin", "-o", "x.power"], 7, "--formats"),
    ],
)
def test_every_error_is_one_line_with_its_status(log, capsys, arguments, status, says):
    (log / "bare.csv").write_text("1.5\n2.5\n")
    (log / "there.power").write_text("precious")
    (log / "folder").mkdir()
    (log / "noise.bin").write_bytes(bytes(range(256)) * 20)
    assert run(arguments) == status
    err = capsys.readouterr().err.strip()
    assert says in err
    assert err.count("\n") == 0 and err.startswith("powermeter: ")
    assert (log / "there.power").read_text() == "precious"
    assert not (log / "x.power").exists()
    assert not list(log.glob("*.part*"))


@pytest.mark.thorough
def test_a_recording_is_not_imported_again(log, capsys):
    assert run(["import", "meter.csv", "-o", "run.power"]) == 0
    assert run(["import", "run.power", "-o", "x.power"]) == 7
    assert "is a recording already" in capsys.readouterr().err


def test_force_replaces(log):
    assert run(["import", "meter.csv", "-o", "run.power"]) == 0
    before = (log / "run.power").stat().st_ino
    assert run(["import", "meter.csv", "-o", "run.power", "--force"]) == 0
    assert (log / "run.power").stat().st_ino != before
    with Recording.open(log / "run.power") as recording:
        assert len(recording.samples(1).times_ns) == 5


def test_options_reach_the_importer(log):
    (log / "bare.csv").write_text("1500\n" * 5)
    assert run(["import", "bare.csv", "-o", "b.power", "--unit", "mW", "--rate", "10Hz"]) == 0
    with Recording.open(log / "b.power") as recording:
        assert recording.samples(1).times_ns[-1] == 400_000_000
        assert recording.samples(1).values(recording.sources[0].channels[0])[0] == pytest.approx(1.5)


def test_the_users_accuracy_replaces_the_assumption(log, capsys):
    assert run(["import", "meter.csv", "-o", "a.power"]) == 0
    assert run(["import", "meter.csv", "-o", "b.power", "--accuracy", "0.5%"]) == 0
    with Recording.open(log / "a.power") as assumed, Recording.open(log / "b.power") as said:
        assert assumed.sources[0].channels[0].accuracy.gain == 0.05
        assert "assumed" in assumed.sources[0].channels[0].accuracy.source
        assert said.sources[0].channels[0].accuracy.gain == pytest.approx(0.005)


def test_formats_are_listed(capsys):
    assert run(["import", "--formats"]) == 0
    listed = capsys.readouterr().out
    for name in ("tegrastats", "mlperf-power", "ppk2", "joulescope", "csv"):
        assert name in listed
    assert run(["import", "--help"]) == 0
    assert "Examples:" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["pipe.csv"], ["meter.csv", "--events", "pipe.csv"]])
def test_a_pipe_is_refused_at_once(log, capsys, arguments):
    os.mkfifo(log / "pipe.csv")
    assert run(["import", *arguments, "-o", "x.power"]) == 7
    assert "pipe.csv is not a regular file" in capsys.readouterr().err
    assert not (log / "x.power").exists()


def test_standard_input_is_refused_with_what_to_do(log, capsys):
    assert run(["import", "-", "-o", "x.power"]) == 7
    assert "write it to a file first" in capsys.readouterr().err


SIMULATED = (
    "time_s,virtual:///virtual.voltage_v,virtual:///virtual.current_a\n",
    "time_s,bench/voltage_v,bench/current_a,grade\n",
)


@pytest.mark.parametrize("head", SIMULATED)
@pytest.mark.parametrize("more", [[], ["--accuracy", "0.5%"]])
def test_what_a_table_states_to_be_simulated_stays_so(log, head, more):
    last = ",simulated" if "grade" in head else ""
    (log / "s.csv").write_text(head + "".join(f"{i},5,0.{i + 1}{last}\n" for i in range(5)))
    assert run(["import", "s.csv", "-o", "s.power", *more]) == 0
    with Recording.open(log / "s.power") as recording:
        grades = {channel.grade for source in recording.sources for channel in source.channels}
    assert grades == {Grade.SIMULATED}


def test_a_grade_that_is_typed_goes_before_the_tables(log):
    (log / "s.csv").write_text(SIMULATED[0] + "".join(f"{i},5,0.{i + 1}\n" for i in range(5)))
    assert run(["import", "s.csv", "-o", "s.power", "--grade", "measured"]) == 0
    with Recording.open(log / "s.power") as recording:
        assert recording.sources[0].channels[0].grade is Grade.MEASURED


def test_of_one_log_imported_by_itself_the_error_is_its_own(tmp_path, capsys):
    """With `--each` others go on where one fails; where it is alone its question is asked, with the status of a question."""
    (tmp_path / "a.csv").write_text("time_s,value\n" + "".join(f"{i},{i % 3}.5\n" for i in range(20)))
    asked = ["import", str(tmp_path / "a.csv"), "--each", "-o", str(tmp_path / "out")]
    assert run(asked) == 2
    error = capsys.readouterr().err
    assert error.startswith("powermeter: ") and "--column" in error and " of 1 " not in error
