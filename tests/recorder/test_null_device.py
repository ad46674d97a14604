"""Without /dev, as in a bare chroot, and with few descriptors: a command is recorded all the same, or a line states what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter.recorder.null_device import nowhere, open_null, put_null
from powermeter.recording import Recording

pytestmark = pytest.mark.thorough

URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=200Hz"
WITHOUT_DEV = (  # but for shared memory, where the tests' folder may lie
    "kept=$(mktemp -d) && mount --bind /dev/shm $kept && mount -t tmpfs none /dev && mkdir /dev/shm && "
    "mount --bind $kept /dev/shm"
)


@pytest.fixture(params=[os.devnull, "/nowhere/null"])
def devnull(request, monkeypatch):
    monkeypatch.setattr(os, "devnull", request.param)
    return request.param


def test_it_has_ended_where_it_is_read(devnull):
    null = open_null(os.O_RDONLY)
    assert os.read(null, 1) == b""
    os.close(null)


def test_what_is_written_to_it_waits_for_nobody(devnull):
    with nowhere() as null:
        for _ in range(100):  # more than a pipe holds
            try:
                assert os.write(null, bytes(4096)) == 4096
            except BrokenPipeError:
                assert not Path(devnull).exists()


def test_it_takes_the_place_of_a_descriptor_open_or_not(devnull):
    number = os.open(__file__, os.O_RDONLY)
    put_null(os.O_RDONLY, number)
    assert os.read(number, 1) == b""
    os.close(number)
    put_null(os.O_RDONLY, number, inheritable=False)
    assert os.read(number, 1) == b"" and not os.get_inheritable(number)
    os.close(number)


def recorded(path, before, *, ahead=()):
    """Record a command that ends with 7, in a process that does something first."""
    command = ["record", "-q", "-s", URL, "-o", str(path), "--", "sh", "-c", "sleep 0.3; exit 7"]
    code = f"{before}\nfrom powermeter.cli import main; main()"
    return subprocess.run(
        [*ahead, sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="made with Linux's means")
def test_a_command_is_recorded_without_dev(tmp_path):
    hide = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{WITHOUT_DEV} && exec "$@"', "sh"]
    if subprocess.run([*hide, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be had")
    done = recorded(
        tmp_path / "run.power", "import os; assert not os.access(os.devnull, os.F_OK)", ahead=hide
    )
    assert done.returncode == 7, done.stderr
    with Recording.open(tmp_path / "run.power") as recording:
        assert [note.code for note in recording.warnings] == ["program-failed"] and len(recording.samples(1))


@pytest.mark.skipif(sys.platform != "linux", reason="made with Linux's means")
def test_too_few_descriptors_are_one_line_with_what_to_do(tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6))"
    done = recorded(tmp_path / "run.power", limit)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "ulimit -n" in done.stderr
    assert not list(tmp_path.iterdir())
