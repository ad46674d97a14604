"""Nothing is sent or fetched at import, record, show and report: in a namespace without interfaces, and seen by a tracer."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

URL = "virtual://?shape=constant&rate=200Hz"
FAMILIES = re.compile(r"AF_INET6?|AF_NETLINK|AF_PACKET")


def steps(folder: Path) -> list[list[str]]:
    """Return the commands: import, record, show, report, verify."""
    path = str(folder / "run.power")
    power = [sys.executable, "-m", "powermeter"]
    return [
        [sys.executable, "-c", "import powermeter, powermeter.drivers, powermeter.reports"],
        [*power, "record", "-q", "-s", URL, "-o", path, "--", sys.executable, "-c", "pass"],
        [*power, "show", path],
        [*power, "report", path, "-o", str(folder / "run.html")],
        [*power, "verify", path],
    ]


def done(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_all_of_it_works_without_any_interface(tmp_path: Path) -> None:
    alone = ["unshare", "-rn"]
    if sys.platform != "linux" or not shutil.which("unshare") or done([*alone, "true"]).returncode:
        pytest.skip("a namespace without interfaces needs unshare, and the right to")
    for command in steps(tmp_path):
        result = done([*alone, *command])
        assert result.returncode == 0, (command, result.stderr)


def test_no_socket_of_a_network_is_made(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=%network", "-o", str(trace)]
    if sys.platform != "linux" or not shutil.which("strace") or done([*traced, "true"]).returncode:
        pytest.skip("tracing needs strace, and the right to")
    seen = ["import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()"]
    assert done([*traced, sys.executable, "-c", *seen]).returncode == 0
    assert FAMILIES.search(trace.read_text()), "else the tracer sees nothing"
    for command in steps(tmp_path):
        assert done([*traced, *command]).returncode == 0, command
        found = FAMILIES.findall(trace.read_text())
        assert not found, (command, found)
