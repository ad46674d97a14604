"""The real OpenSSH over loopback: a server of its own with keys made on the spot, asked as a board would be."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter.recording import Recording

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        SSHD is None or shutil.which("ssh-keygen") is None or not hasattr(os, "getuid"),
        reason="no OpenSSH server here",
    ),
]

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
"""


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """A server for this user; yields where it is and an environment in which ssh reaches it."""
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    assert SSHD is not None
    server = subprocess.Popen([SSHD, "-D", "-f", str(folder / "config")], stderr=subprocess.PIPE)
    deadline = time.monotonic() + CEILING_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    ssh = (
        f"ssh -F none -i {folder / 'user'} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
        f"-o UserKnownHostsFile={folder / 'known'} -o LogLevel=ERROR"
    )
    import getpass

    yield f"{getpass.getuser()}@127.0.0.1:{port}", {**os.environ, "POWERMETER_SSH": ssh}
    server.terminate()
    server.wait(CEILING_S)


def test_words_input_outputs_status_and_marks_over_the_real_thing(
    board: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    target, environment = board
    bindings = Path(__file__).resolve().parents[3] / "powermeter" / "marking" / "bindings"
    program = (
        f"import sys; sys.path.insert(0, {str(bindings)!r}); import powermeter_marks as p, time\n"
        "print(sys.argv[1:], sys.stdin.read())\n"
        "for i in range(50):\n    with p.event('infer', n=2): time.sleep(0.002)\nsys.exit(41)"
    )
    path = tmp_path / "run.power"
    words = ["a  b", "$HOME; exit 3", "'q'"]
    record = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-q",
        "--no-live",
        "-s",
        "virtual://?rate=200Hz",
        "-o",
        str(path),
    ]
    done = subprocess.run(
        [*record, "--remote", target, "--", "python3", "-c", program, *words],
        input=b"given",
        capture_output=True,
        timeout=CEILING_S,
        check=False,
        env=environment,
    )
    assert done.returncode == 41, done.stderr
    assert done.stdout.decode() == f"{words} given\n"
    with Recording.open(path) as recording:
        events = recording.events()
        (fact,) = recording.facts("alignment")
        assert [note.code for note in recording.warnings] == ["program-failed"]
    assert [event.count for event in events] == [2] * 50
    assert fact["offset_u_ns"] < 10e9


def test_a_board_that_refuses_us_is_one_line(board: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    target, environment = board
    wrong = environment | {"POWERMETER_SSH": environment["POWERMETER_SSH"].replace("user ", "nokey ")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "powermeter",
            "record",
            "-q",
            "--remote",
            target,
            "-o",
            str(tmp_path / "x.power"),
            "--",
            "true",
        ],
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
        env=wrong,
    )
    assert done.returncode not in (0, 1)
    assert "Traceback" not in done.stderr and "try: ssh" in done.stderr
