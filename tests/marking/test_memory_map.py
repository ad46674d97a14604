"""Shared memory at whose end nothing of the program's is closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from powermeter.marking.memory_map import mapped

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="descriptors are listed by Linux's /proc")


def descriptors() -> set[int]:
    return {int(one.name) for one in Path("/proc/self/fd").iterdir() if os.path.lexists(one)}


def made(path) -> tuple[object, set[int]]:
    path.write_bytes(b"12345678")
    file = os.open(path, os.O_RDWR)
    before = descriptors()
    memory = mapped(file, 8)
    held = descriptors() - before
    os.close(file)
    return memory, held


def test_it_is_the_file_and_leaves_no_descriptor_behind(tmp_path):
    before = descriptors()
    memory, _ = made(tmp_path / "file")
    memory[0:1] = b"x"
    assert (tmp_path / "file").read_bytes() == b"x2345678"
    del memory
    assert descriptors() == before


def test_a_descriptor_that_became_another_files_stays_open(tmp_path):
    memory, held = made(tmp_path / "file")
    (tmp_path / "mine").write_bytes(b"mine")
    mine = os.open(tmp_path / "mine", os.O_RDWR)
    for descriptor in held:  # as a program does that closes all, and opens its own
        os.dup2(mine, descriptor)
    view = memoryview(memory)
    del memory, view
    for descriptor in held | {mine}:
        assert os.read(os.dup(descriptor), 0) == b"" and os.pread(descriptor, 9, 0) == b"mine"
        os.close(descriptor)


PROGRAM = """
import os, sys, time, powermeter
with powermeter.Meter("virtual://?rate=100Hz", path=sys.argv[1]) as meter:
    with powermeter.event("before"): pass
    os.closerange(3, 256)
    mine = [os.open(f"{sys.argv[1]}.{i}", os.O_RDWR | os.O_CREAT) for i in range(20)]
    for file in mine: os.write(file, b"mine")
    with powermeter.event("after"): pass
    time.sleep(float(sys.argv[2]))
assert [os.pread(file, 99, 0) for file in mine] == [b"mine"] * 20
print(meter.problem)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("longer_s", [0, 0.5])
def test_a_program_that_closes_every_descriptor_keeps_its_own_files(tmp_path, longer_s):
    """`stop` was written into one of them, two were closed; readings after that are a gap with its reason, events are all there."""
    from powermeter.recording import Recording

    path = tmp_path / "run.power"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(longer_s)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "closed the pipes to its recorder" in done.stdout
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events()] == ["before", "after"]
        assert recording.gaps(1)[-1].detail == "the program closed the pipes to its recorder"
