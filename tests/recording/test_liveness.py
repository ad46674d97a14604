"""Whether the recorder that wrote a note about itself is still running on this boot: what it promises."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.recording.liveness import boot_id, is_alive, is_running, started

POWER = (Channel("p", Quantity.POWER, 1e-3, Rail("R"), offset=0.5),)


def times(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.power"


def test_it_is_read_while_it_grows(path):
    writer = Writer.create(path)
    source = writer.add_source("x://", "x", "x", POWER)
    note = {"pid": os.getpid(), "boot_id": boot_id(), "started": started(os.getpid())}
    writer.add_fact("recorder", note)
    seen = []
    for stamp in range(3):
        writer.append(source, times(stamp), np.array([stamp]))
        with Recording.open(path) as recording:
            assert recording.is_growing and recording.warnings == []
            seen.append(recording.samples(1).codes["p"].tolist())
    writer.close()
    assert seen == [[0], [0, 1], [0, 1, 2]]
    with Recording.open(path) as recording:
        assert not recording.is_growing and recording.warnings == []


def test_a_recorder_is_alive_only_as_the_process_it_was():
    note = {"pid": os.getpid(), "boot_id": boot_id(), "started": started(os.getpid())}
    assert is_alive(note)
    assert not is_alive({**note, "started": -1}), "another process has its id now"
    assert not is_alive({**note, "boot_id": "another boot"})
    for pid in (None, 0, -1, "1", 2**22 + 1, 10**30):
        assert not is_alive({**note, "pid": pid})


def test_a_process_that_has_ended_and_that_nobody_has_waited_for_does_not_run():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert is_running(child.pid) and is_running(os.getpid())
        child.stdin.write(b"\n")
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(child.pid)
    assert not is_running(child.pid)
