"""What takes long before the first mark is begun once, however often a signal's handler marks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from waiting import CEILING_S

from powermeter.marking.deferred_signals import MOST_NESTED, Undisturbed
from powermeter.recording import Recording


@pytest.fixture
def handled():
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    yield seen
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_waits_until_the_block_ends(handled):
    with Undisturbed([0]):
        signal.raise_signal(signal.SIGUSR1)
        assert handled == []
    assert handled == [signal.SIGUSR1]
    os.kill(os.getpid(), signal.SIGUSR1)
    assert len(handled) == 2


def test_handlers_that_come_all_the_same_are_too_deep_at_some_depth():
    depths, found = [0], []

    def inside(more):
        with Undisturbed(depths) as block:
            found.append(block.is_too_deep)
            if more:
                inside(more - 1)

    inside(MOST_NESTED)
    assert found == [False] * MOST_NESTED + [True] and depths == [0]


@pytest.mark.thorough
def test_a_handler_that_marks_before_the_first_mark_is_made_loses_nothing(tmp_path):
    path = tmp_path / "run.power"
    code = """
        import signal, powermeter
        calls = []
        def handle(number, frame):
            calls.append(number)
            with powermeter.event("handler"):
                pass
        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
        while len(calls) < 100:
            with powermeter.event("x"):
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(calls))
    """
    command = [sys.executable, "-m", "powermeter", "record", "-q", "--no-live", "-s", "virtual://?rate=100Hz"]
    command += ["-o", str(path), "--", sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, timeout=CEILING_S, check=False)
    assert done.returncode == 0, done.stderr
    with Recording.open(path) as recording:
        assert recording.warnings == []
        names = [event.name for event in recording.events()]
    assert names.count("handler") == int(done.stdout)
