"""`record --remote` with a stand-in for ssh: words, input, outputs, signals and status as here; marks on our clock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import CEILING_S, wait_until

from powermeter.recording import Recording

SUPPORT = Path(__file__).resolve().parents[2] / "support"
OLD = next((path for path in sorted(Path("~/.pyenv/versions").expanduser().glob("3.6*/bin/python3.6"))), None)
BINDINGS = Path(__file__).resolve().parents[3] / "powermeter" / "marking" / "bindings"
RECORD = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "--remote", "user@board:2222"]


Here = Callable[..., subprocess.CompletedProcess[str]]


def surroundings(folder: Path, python: Path | None = None) -> dict[str, str]:
    """Return an environment in which ssh is the stand-in, and the board's python3 another or this one."""
    first = folder / "bin"
    first.mkdir(exist_ok=True)
    (first / "python3").write_text(f'#!/bin/sh\nexec {python or sys.executable} "$@"\n')
    (first / "python3").chmod(0o755)
    ssh = f"{sys.executable} {SUPPORT / 'fake_ssh.py'}"
    return {**os.environ, "POWERMETER_SSH": ssh, "FAKE_SSH_PYTHON": str(first)}


def record(
    folder: Path, *command: str, python: Path | None = None, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RECORD, "-s", "virtual://?rate=200Hz", "-o", str(folder / "run.power"), "--", *command],
        input=given,
        capture_output=True,
        timeout=CEILING_S,
        check=False,
        env=surroundings(folder, python),
    )


@pytest.fixture
def record_here(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """The same in this process, of any source, to the words after `--remote`."""
    for name, value in surroundings(tmp_path).items():
        monkeypatch.setenv(name, value)

    def run(source: str, *command: str, target: str = "user@board:2222") -> subprocess.CompletedProcess[str]:
        options = ("-s", source, "-o", tmp_path / "run.power")
        return here(*RECORD[3:-1], target, *options, "--", *command)

    return run


PROGRAM = f"""
import sys, time
sys.path.insert(0, {str(BINDINGS)!r})
import powermeter_marks as powermeter
print(sys.argv[1:], sys.stdin.read())
for number in range(20):
    with powermeter.event("infer", n=8, model="tiny"):
        time.sleep(0.004)
    powermeter.mark("step", number=number)
sys.stderr.write("to stderr")
sys.exit(37)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("python", [None, OLD], ids=["this Python", "Python 3.6"])
def test_a_command_there_is_as_a_command_here(tmp_path: Path, python: Path | None) -> None:
    words = ["a b", "$(touch pwned)", "; touch pwned", "'\"\\", "-x", "é"]
    done = record(tmp_path, "python3", "-c", PROGRAM, *words, python=python, given=b"given")
    assert done.returncode == 37, done.stderr
    assert done.stdout.decode() == f"{words} given\n"
    assert b"to stderr" in done.stderr and b"Welcome" not in done.stdout
    assert not Path("pwned").exists()
    with Recording.open(tmp_path / "run.power") as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"]
        events = recording.events()
        (fact,) = recording.facts("alignment")
        (counts,) = recording.process_counts().values()
        first, last = recording.samples(1).times_ns[[0, -1]].tolist()
    assert [event.name for event in events] == ["infer", "step"] * 20
    assert [event.attributes["number"] for event in events[1::2]] == list(range(20))
    assert all(event.count == 8 and event.peak_memory is None for event in events[::2])
    assert all(first <= event.start_ns <= (event.end_ns or 0) <= last for event in events)
    assert (counts.begun, counts.written, counts.details["instants"]) == (20, 20, 20)
    assert 0 < fact["offset_u_ns"] < 10e9, "how long a message takes, which is this machine's affair"
    if python is not None:
        assert "3.6" in subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout


@pytest.mark.thorough
def test_a_boards_own_sensors_are_recorded_here(record_here: Here, tmp_path: Path) -> None:
    done = record_here("board:virtual://?rate=100Hz", "sleep", "0.5")
    assert done.returncode == 0, done.stderr
    with Recording.open(tmp_path / "run.power") as recording:
        (source,) = recording.sources
        times = recording.samples(source.id).times_ns
        assert recording.metadata["remote"] == "ssh://user@board:2222"
        assert recording.facts("alignment")[-1]["source"] == source.id
    assert source.driver == "ssh" and source.channels[0].rail is not None
    assert len(times) > 2
    assert abs(int(times[-1]) - time.monotonic_ns()) < 100e9


@pytest.mark.thorough
def test_what_cannot_be_run_there_has_a_shells_status(record_here: Here) -> None:
    done = record_here("virtual://?rate=200Hz", "no-such-program-anywhere")
    assert done.returncode == 127
    assert "ssh://user@board:2222: no-such-program-anywhere: No such file" in done.stderr


@pytest.mark.thorough
def test_a_board_without_sensors_is_one_line(record_here: Here) -> None:
    done = record_here("board:nonsense://", "true")
    assert done.returncode != 0 and done.stderr.count("\n") <= 3
    assert "nonsense" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_command_there(tmp_path: Path, number: int) -> None:
    script = "trap 'exit 9' TERM INT; echo up; while :; do sleep 0.05; done"
    command = [*RECORD, "-s", "virtual://", "-o", str(tmp_path / "run.power"), "--", "sh", "-c", script]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(tmp_path),
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C does: ssh is in the group as well
    else:
        process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=CEILING_S)
    finally:
        process.kill()
    assert process.returncode == 9, errors


def marks_in(path: Path) -> int:
    with Recording.open(path) as recording:
        return len(recording.events())


@pytest.mark.thorough
def test_a_connection_that_breaks_is_a_line_and_keeps_what_came(tmp_path: Path) -> None:
    program = PROGRAM.replace("sys.exit(37)", "print('marked', flush=True); time.sleep(100)").replace(
        "sys.stdin.read()", "0"
    )
    command = [*RECORD, "-s", "virtual://", "-o", str(tmp_path / "run.power"), "--", "python3", "-c", program]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(tmp_path),
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert process.stdout.readline() == b"marked\n"
    wait_until(lambda: marks_in(tmp_path / "run.power") == 40)
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if b"powermeter-agent" in words and parent == process.pid:
            os.kill(int(folder.name), signal.SIGKILL)
    _, errors = process.communicate(timeout=CEILING_S)
    assert process.returncode == 255
    assert b"broke after" in errors and b"exit status is not known" in errors
    with Recording.open(tmp_path / "run.power") as recording:
        assert len(recording.events()) == 40


@pytest.mark.parametrize(
    "target", ["-oProxyCommand=touch pwned", "a b", "", "u@-h", "x;y", "h:999999", "$(x)@h"]
)
def test_what_is_no_host_never_reaches_ssh(record_here: Here, tmp_path: Path, target: str) -> None:
    done = record_here("virtual://", "true", target=target)
    assert done.returncode == 2 and "is not a host" in done.stderr
    assert not (tmp_path / "run.power").exists()
