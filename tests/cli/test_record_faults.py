"""What `record -- CMD` must not change, whatever becomes of its outputs, its signals and its names."""

from __future__ import annotations

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from powermeter.recording import Recording

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="faults are made with Linux's means")

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
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=False)
    return done.returncode, notes.read_text() if notes.exists() else ""


@pytest.mark.parametrize(
    "redirection",
    ["", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1", ">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"],
)
def test_the_status_is_the_programs_with_full_and_closed_outputs(tmp_path, redirection):
    line = f"{sys.executable} {tmp_path}/program.py {tmp_path}/notes {redirection}"
    (tmp_path / "program.py").write_text(SAY)
    alone = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=False).returncode
    notes = tmp_path / "notes"
    expected = notes.read_text() if notes.exists() else ""
    assert alone == 7
    assert shell(tmp_path, redirection) == (7, expected), "status and what the program met are as without us"
    with Recording.open(tmp_path / "run.power") as recording:
        assert not recording.warnings and recording.samples(1).times_ns.size


def test_a_reader_that_goes_away_changes_nothing(tmp_path):
    program = f"{sys.executable} -c \"print('x' * 200000); raise SystemExit(0)\""
    line = (
        f"set -o pipefail; ({sys.executable} -m powermeter record -s '{URL}' -o {tmp_path}/run.power -- "
        f"{sys.executable} -c 'import time; time.sleep(0.3); raise SystemExit(5)'; echo $? >{tmp_path}/status) | true"
    )
    assert program
    subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, check=False)
    assert (tmp_path / "status").read_text().strip() == "5"


WAITING = (
    "import signal, sys, time\n"
    "caught = []\n"
    "for name in ('SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1'):\n"
    "    signal.signal(getattr(signal, name), lambda number, frame: caught.append(signal.Signals(number).name))\n"
    "print('ready', flush=True)\n"
    "end = time.monotonic() + float(sys.argv[1])\n"
    "while time.monotonic() < end: time.sleep(0.05)\n"
    "print(*caught, flush=True)\n"
)


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1"])
def test_a_signal_sent_to_record_reaches_the_program_once(tmp_path, name):
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "-s",
        URL,
        "-o",
        str(tmp_path / "run.power"),
        "--",
    ]
    program = subprocess.Popen(
        [*command, sys.executable, "-c", WAITING, "1.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None and program.stdout.readline() == "ready\n"
    time.sleep(0.2)
    os.kill(program.pid, getattr(signal, name))
    caught, _ = program.communicate(timeout=30)
    assert (caught.split(), program.returncode) == ([name], 0)
    with Recording.open(tmp_path / "run.power") as recording:
        assert not recording.warnings


@pytest.mark.parametrize("name", ["SIGINT", "SIGQUIT"])
def test_a_signal_to_the_whole_group_reaches_the_program_once(tmp_path, name):
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "-s",
        URL,
        "-o",
        str(tmp_path / "run.power"),
        "--",
    ]
    program = subprocess.Popen(
        [*command, sys.executable, "-c", WAITING, "1.5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None and program.stdout.readline() == "ready\n"
    time.sleep(0.2)
    os.killpg(program.pid, getattr(signal, name))
    caught, _ = program.communicate(timeout=30)
    assert (caught.split(), program.returncode) == ([name], 0)


def test_a_killed_record_leaves_no_witness(tmp_path):
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "-s",
        URL,
        "-o",
        str(tmp_path / "run.power"),
        "--",
    ]
    program = subprocess.Popen([*command, "sleep", "0.5"], start_new_session=True)
    group = program.pid
    deadline = time.monotonic() + 20
    while not (tmp_path / "run.power").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    program.kill()
    program.wait(10)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("a process of its group is left")


def test_ctrl_c_of_a_terminal_reaches_the_program_once(tmp_path):
    master, slave = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "--no-live",
        "-s",
        URL,
        "-o",
        str(tmp_path / "run.power"),
    ]

    def own_terminal() -> None:
        os.setsid()
        import fcntl
        import termios

        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    program = subprocess.Popen(
        [*command, "--", sys.executable, "-c", WAITING, "1.5"],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=own_terminal,  # noqa: PLW1509
    )
    assert program.stdout is not None and program.stdout.readline() == "ready\n"
    time.sleep(0.2)
    os.write(master, b"\x03")
    caught, _ = program.communicate(timeout=30)
    os.close(master)
    os.close(slave)
    assert (caught.split(), program.returncode) == (["SIGINT"], 0)


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
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"'w\\udcf6rd'" in done.stdout and b"wrote" in done.stderr
    with Recording.open(Path(os.fsdecode(path))) as recording:
        assert recording.metadata["command"][-1] == "w\udcf6rd" or "w" in recording.metadata["command"][-1]
        assert len(recording.events()) == 1 and not recording.warnings


def test_a_lock_of_another_process_holds_the_command_up_for_a_second_at_most(tmp_path):
    path = tmp_path / "run.power"
    command = [sys.executable, "-m", "powermeter", "record", "-q", "-s", URL, "-o", str(path), "--"]
    program = subprocess.Popen(
        [*command, sys.executable, "-c", "import time; time.sleep(1.5); print(time.monotonic(), flush=True)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not path.exists() or path.stat().st_size < 1000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    lock = sqlite3.connect(path, isolation_level=None, timeout=10)
    lock.execute("BEGIN IMMEDIATE")
    out, err = program.communicate(timeout=40)
    ended = time.monotonic()
    lock.execute("ROLLBACK")
    lock.close()
    assert program.returncode == 0 and "not closed yet" in err
    assert ended - float(out.split()[0]) < 2.0, "a second, and what the end takes besides"
    with Recording.open(path) as recording:
        deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with Recording.open(path) as recording:
            if recording.facts("closed"):
                break
        time.sleep(0.1)
    with Recording.open(path) as recording:
        assert recording.facts("closed") and not recording.gaps(1) and not recording.warnings


def test_a_preset_names_the_battery(tmp_path):
    command = [sys.executable, "-m", "powermeter", "record", "-b", "phone", "-s", URL, "-d", "0.3s", "-o"]
    done = subprocess.run(
        [*command, str(tmp_path / "run.power")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0 and done.stdout == "" and "phone" in done.stderr
    wrong = subprocess.run(
        [*command[:5], "fone", *command[6:], str(tmp_path / "b.power")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert wrong.returncode == 2 and "phone" in wrong.stderr
