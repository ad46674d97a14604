"""What `record -- CMD` must not change, whatever becomes of its outputs, its signals and its names."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import CEILING_S, assert_all_written, state, wait_for_readings, wait_until

from powermeter.recording import Recording

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="faults are made with Linux's means"),
]

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=200Hz"
SAY = (
    "import os, sys\n"
    "for descriptor in (1, 2):\n"
    "    try: os.write(descriptor, b'%d said' % descriptor)\n"
    "    except OSError as error: open(sys.argv[1], 'a').write(f'{descriptor} {error.errno} ')\n"
    "raise SystemExit(7)\n"
)


def shell(tmp_path: Path, redirection: str, code: str = SAY) -> tuple[int, str]:
    """Run record around a command in a shell with a redirection; return its status and the command's notes."""
    program = tmp_path / "program.py"
    program.write_text(code)
    notes = tmp_path / "notes"
    notes.unlink(missing_ok=True)
    line = (
        f"{sys.executable} -m powermeter record --force -s '{URL}' -o {tmp_path}/run.power -- "
        f"{sys.executable} {program} {notes} {redirection}"
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=CEILING_S, check=False)
    return done.returncode, notes.read_text() if notes.exists() else ""


@pytest.mark.parametrize(
    "redirection",
    # Each of the outputs full and closed, alone or with the other, and none of the three there at all.
    ["2>/dev/full", ">/dev/full 2>&-", ">&-", "<&- >&- 2>&-"],
)
def test_the_status_is_the_programs_with_full_and_closed_outputs(tmp_path, redirection):
    line = f"{sys.executable} {tmp_path}/program.py {tmp_path}/notes {redirection}"
    (tmp_path / "program.py").write_text(SAY)
    alone = subprocess.run(
        ["bash", "-c", line], capture_output=True, timeout=CEILING_S, check=False
    ).returncode
    notes = tmp_path / "notes"
    expected = notes.read_text() if notes.exists() else ""
    assert alone == 7
    assert shell(tmp_path, redirection) == (7, expected), "status and what the program met are as without us"
    with Recording.open(tmp_path / "run.power") as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"] and recording.samples(
            1
        ).times_ns.size


def test_a_reader_that_goes_away_changes_nothing(tmp_path):
    """It has gone when the program has not yet printed a word, and its pipe is broken."""
    (tmp_path / "program.py").write_text(
        "import os\n"
        "while True:\n"
        "    try: os.write(1, b'x' * 4096)\n"
        "    except BrokenPipeError: raise SystemExit(5)\n"
    )
    line = (
        f"({sys.executable} -m powermeter record -s '{URL}' -o {tmp_path}/run.power -- "
        f"{sys.executable} {tmp_path}/program.py; echo $? >{tmp_path}/status) | true"
    )
    subprocess.run(["bash", "-c", line], capture_output=True, timeout=CEILING_S, check=False)
    assert (tmp_path / "status").read_text().strip() == "5"


WAITING = """
import signal, time
caught = []
for name in ("SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
    signal.signal(getattr(signal, name), lambda number, frame: caught.append(signal.Signals(number).name))
print("ready", flush=True)
printed = 0
while "SIGUSR2" not in caught[:printed]:
    for name in caught[printed:]:
        print(name, flush=True)
        printed += 1
    time.sleep(0.01)
"""
"""Prints each signal when it has caught it, and ends after SIGUSR2."""


def recorded(tmp_path: Path, *command: str, **more: Any) -> subprocess.Popen[str]:
    """Return `record` around a command, on its way."""
    record = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", URL]
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, **more}
    return subprocess.Popen([*record, "-o", str(tmp_path / "run.power"), "--", *command], **more)


def caught(tmp_path: Path, send: Callable[[int], object], **more: Any) -> list[str]:
    """Return the signals that a program catches after one is sent to `record`'s process or group.

    The one that ends it, SIGUSR2, goes to `record` when the first has been caught: `record` hears SIGINT and SIGQUIT
    before it, so that what it were to pass on a second time would come before it as well.
    """
    with recorded(tmp_path, sys.executable, "-c", WAITING, **more) as program:
        assert program.stdout is not None and program.stdout.readline() == "ready\n"
        send(program.pid)
        first = program.stdout.readline()
        program.send_signal(signal.SIGUSR2)
        rest, _ = program.communicate(timeout=CEILING_S)
    assert program.returncode == 0
    return [*first.split(), *rest.split()]


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1"])
def test_a_signal_sent_to_record_reaches_the_program_once(tmp_path, name):
    number = getattr(signal, name)
    found = caught(tmp_path, lambda process: os.kill(process, number), start_new_session=True)
    assert found == [name, "SIGUSR2"]
    with Recording.open(tmp_path / "run.power") as recording:
        assert not recording.warnings


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT"])
def test_a_signal_to_the_whole_group_reaches_the_program_once(tmp_path, name):
    number = getattr(signal, name)
    found = caught(tmp_path, lambda process: os.killpg(process, number), start_new_session=True)
    assert found == [name, "SIGUSR2"]


def test_a_record_that_is_stopped_and_goes_on_sends_its_program_nothing(tmp_path):
    """As Ctrl-Z and fg, or a machine that sleeps: what lay in memory was taken for a signal, and often ended the program."""
    code = (
        "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\nraise SystemExit(7)"
    )
    record = recorded(tmp_path, sys.executable, "-c", code, cwd=tmp_path)
    try:
        wait_for_readings(tmp_path / "run.power")
        record.send_signal(signal.SIGSTOP)
        wait_until(lambda: state(record.pid) == "T")
        time.sleep(0.7)
        record.send_signal(signal.SIGCONT)
        (tmp_path / "go").touch()
        assert record.wait(CEILING_S) == 7
    finally:
        record.kill()
        record.communicate()


def test_a_killed_record_leaves_no_witness(tmp_path):
    with recorded(tmp_path, "cat", stdin=subprocess.PIPE, start_new_session=True) as program:
        group = program.pid
        wait_for_readings(tmp_path / "run.power")
        program.kill()
        program.wait(CEILING_S)

    def is_empty() -> bool:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        return False

    wait_until(is_empty, "a process of its group is left")  # `cat` has met the end of its input


def test_the_recording_of_a_record_that_was_killed_states_that_its_command_may_have_gone_on(here, tmp_path):
    with recorded(tmp_path, "cat", stdin=subprocess.PIPE) as program:
        wait_for_readings(tmp_path / "run.power")
        program.kill()
        program.wait(CEILING_S)
        wait_until(lambda: not Path(f"{tmp_path}/run.power-wal").exists(), "the recorder closes the file")
    with Recording.open(tmp_path / "run.power") as recording:
        assert not recording.is_growing and any(note.code == "record-killed" for note in recording.warnings)
    assert "powermeter record was killed" in here("show", tmp_path / "run.power").stdout


def test_ctrl_c_of_a_terminal_reaches_the_program_once(tmp_path):
    master, slave = pty.openpty()

    def own_terminal() -> None:
        os.setsid()
        import fcntl
        import termios

        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    found = caught(tmp_path, lambda _: os.write(master, b"\x03"), stdin=slave, preexec_fn=own_terminal)
    os.close(master)
    os.close(slave)
    assert found == ["SIGINT", "SIGUSR2"]


def test_names_and_arguments_that_are_not_utf_8(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    path = folder + b"/r\xfcn.power"
    code = (
        "import powermeter, os, sys\n"
        "with powermeter.event(os.fsdecode(b'l\\xe4bel'), argument=sys.argv[1]): print(ascii(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "powermeter",
            "record",
            "-s",
            URL,
            "-o",
            path,
            "-a",
            b"note=\xff",
            "--",
            sys.executable,
            "-c",
            code,
            b"w\xf6rd",
        ],
        capture_output=True,
        timeout=CEILING_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"'w\\udcf6rd'" in done.stdout and b"wrote" in done.stderr
    with Recording.open(Path(os.fsdecode(path))) as recording:
        assert recording.metadata["command"][-1] == "w\udcf6rd" or "w" in recording.metadata["command"][-1]
        assert len(recording.events()) == 1 and not recording.warnings


def test_a_lock_of_another_process_does_not_hold_the_command_up(tmp_path):
    """It ends while the lock is held; what is left is written when the lock is gone."""
    path = tmp_path / "run.power"
    with recorded(tmp_path, "cat", stdin=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        wait_for_readings(path)
        lock = sqlite3.connect(path, isolation_level=None, timeout=CEILING_S)
        lock.execute("BEGIN IMMEDIATE")
        _, errors = program.communicate(timeout=CEILING_S)
    assert program.returncode == 0 and "not closed yet" in errors

    def closed() -> bool:
        with Recording.open(path) as recording:
            return bool(recording.facts("closed"))

    assert not closed()
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(closed)
    assert_all_written(path)


def test_a_preset_names_the_battery(here, tmp_path):
    options = ("-s", URL, "-d", "0.3s", "-o")
    done = here("record", "-b", "phone", *options, tmp_path / "run.power")
    assert done.returncode == 0 and done.stdout == "" and "phone" in done.stderr
    wrong = here("record", "-b", "fone", *options, tmp_path / "b.power")
    assert wrong.returncode == 2 and "phone" in wrong.stderr


def test_a_recording_without_a_reading_is_not_done(here, tmp_path):
    """A meter that never answers: `record --duration` ended with 0, and a script went on. A command keeps its own status."""
    silent = ("record", "-s", "virtual://?fault=no-answer@0s", "-o")
    done = here(*silent, str(tmp_path / "a.power"), "--duration", "300ms", "--json")
    assert done.returncode == 7 and "nothing was recorded" in done.stderr
    shown = here("show", str(tmp_path / "a.power"))
    for text in (done.stderr, shown.stderr):
        assert "does not answer" in text and "still being written" not in text, (
            "the gap's reason was left out"
        )
    assert json.loads(done.stdout)["problem"] in done.stderr
    kept = here(*silent, str(tmp_path / "b.power"), "--", sys.executable, "-S", "-c", "pass")
    assert kept.returncode == 0


@pytest.mark.parametrize(
    ("error", "says"), [(MemoryError(), "MemoryError"), (ImportError("failed to map"), "failed to map")]
)
def test_a_summary_that_fails_leaves_the_status_the_programs(here, tmp_path, monkeypatch, error, says):
    """With 300 MB of address space numpy could not load a part of itself: a traceback, and status 1 for 7."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr("powermeter.reports.report_data.gather", failing)
    command = (sys.executable, "-S", "-c", "raise SystemExit(7)")
    done = here("record", "-s", URL, "-o", str(tmp_path / "run.power"), "--", *command)
    assert done.returncode == 7 and f"the summary could not be printed: {says}" in done.stderr


def test_a_date_of_builds_that_is_no_number_hinders_no_number_of_ours_and_stays_the_programs():
    """NumPy reads SOURCE_DATE_EPOCH when parts of it are imported, which ended our summary in an error of `int`."""
    code = (
        "import os\nfrom powermeter.__main__ import read_past_epoch\nread_past_epoch()\n"
        "import numpy.f2py.rules\nprint(os.environ['SOURCE_DATE_EPOCH'])"
    )
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "x"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr


def test_a_working_directory_that_was_removed_is_no_reason_not_to_record(tmp_path):
    (tmp_path / "gone").mkdir()
    line = f"cd gone; rmdir ../gone; exec {sys.executable} -m powermeter record -q -s '{URL}' -o %s -- sh -c 'exit 7'"
    for output, status in ((tmp_path / "run.power", 7), ("run.power", 2)):
        done = subprocess.run(
            ["sh", "-c", line % output],
            cwd=tmp_path,
            capture_output=True,
            timeout=CEILING_S,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        (tmp_path / "gone").mkdir()
    assert "the working directory was removed" in done.stderr
    with Recording.open(tmp_path / "run.power") as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"]
