"""`kill -9` of the recorder and of the measured program at random moments.

Every file opens, what somebody has seen in it stays, and what is there is right.  The quick form kills a few of
each; `-m slow` fifty of each, prints the table of docs/validation.md, and holds that at most the last second is lost:
that is the machine's affair as well, and for one that has nothing else to do.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from waiting import is_alive, newest_ns, wait_for_readings, wait_until

from powermeter.errors import DataError
from powermeter.recording import Recording

if not hasattr(os, "fork"):
    pytest.skip("kill -9 is a POSIX affair", allow_module_level=True)

# 5 W at 5 V without noise: every sample is 5000 mV and 100000 × 10 µA (drivers/virtual.py).
URL = "virtual://?shape=constant&high=5W&volts=5V&noise=0&rate=1kHz"
VOLTAGE, CURRENT = 5000, 100_000

PROGRAM = f"""
import os, sys, time, powermeter
log = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
if "fork" in sys.argv:
    meter = powermeter.Meter({URL!r}, path=sys.argv[1])
    meter.__enter__()
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    os.write(log, b"child %d 0\\n" % child)
with powermeter.Meter({URL!r}, path=sys.argv[1]) if "fork" not in sys.argv else meter as meter:
    os.write(log, b"recorder %d %d\\n" % (meter._recorder.pid, time.monotonic_ns()))
    while True:
        with powermeter.event("work", n=3) as event:
            time.sleep(0.002)
        os.write(log, b"%d %d %d\\n" % (event.uid, event.start_ns, event.end_ns))
"""


@dataclass
class Run:
    """A measured program on its way, and its own log of what it did."""

    program: subprocess.Popen[bytes]
    path: Path
    log: Path

    def lines(self) -> list[list[str]]:
        text = self.log.read_text() if self.log.exists() else ""
        return [
            line.split() for line in text.splitlines() if text.endswith("\n") or line != text.splitlines()[-1]
        ]

    def wait_for(self, word: str) -> int:
        def found() -> list[int]:
            numbers = [int(line[1]) for line in self.lines() if line[0] == word]
            assert numbers or self.program.poll() is None, "the program ended by itself"
            return numbers

        wait_until(found, f"no {word!r}")
        return found()[0]

    def events(self) -> dict[int, tuple[int, int]]:
        return {int(uid): (int(start), int(end)) for uid, start, end in self.lines() if uid.isdigit()}


def launch(folder: Path, name: str, *how: str) -> Run:
    path, log = folder / f"{name}.power", folder / f"{name}.log"
    command = [sys.executable, "-c", PROGRAM, str(path), str(log), *how]
    return Run(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), path, log)


def check(recording: Recording, run: Run) -> tuple[int, int]:
    """Prove every number in the file right; give the times of its last sample and last event."""
    (source,) = recording.sources
    samples = recording.samples(source.id)
    assert set(samples.codes["virtual.voltage"].tolist()) <= {VOLTAGE}
    assert set(samples.codes["virtual.current"].tolist()) <= {CURRENT}
    steps = np.diff(samples.times_ns)
    assert (steps >= 0).all()
    holes = [(int(samples.times_ns[i]), int(samples.times_ns[i + 1])) for i in np.flatnonzero(steps > 10**8)]
    noted = {(gap.start_ns, gap.end_ns) for gap in recording.gaps(source.id)}
    assert set(holes) <= noted, "samples are missing and no gap says so"
    done = run.events()
    for event in recording.events():
        assert event.count == 3 and event.name == "work"
        if event.uid in done:
            assert (event.start_ns, event.end_ns) == done[event.uid]
        else:
            assert event.uid == max(done, default=0) + 1, "an event that never was"
    ended = [event.end_ns for event in recording.events() if event.end_ns]
    assert len(set(ended)) == len(ended), "an event is there twice"
    started_ns = recording.clock_pairs()[0][0]
    last = max(ended, default=started_ns)
    missing = [uid for uid, (_, end) in done.items() if end <= last and end not in set(ended)]
    assert not missing, "an event in the middle is lost"
    return int(samples.times_ns[-1]) if len(samples.times_ns) else started_ns, last


def let_run(run: Run, after_s: float) -> tuple[int, int, int]:
    """Return the recorder's process, the newest sample that a reader has seen, and the time, some while after the start."""
    recorder = run.wait_for("recorder")
    wait_for_readings(run.path, 0)
    time.sleep(after_s)
    return recorder, newest_ns(run.path), time.monotonic_ns()


def kill_recorder(folder: Path, name: str, after_s: float) -> tuple[float, float]:
    """Return the seconds of samples and of events lost when the recorder is killed."""
    run = launch(folder, name)
    try:
        recorder, seen_ns, at_ns = let_run(run, after_s)
        os.kill(recorder, signal.SIGKILL)
        wait_until(lambda: not is_alive(recorder))
        before = len(run.events())
        wait_until(lambda: len(run.events()) > before + 20, "the program noticed")
        assert run.program.poll() is None
    finally:
        run.program.kill()
        run.program.wait()
    with Recording.open(run.path) as recording:
        assert any("not closed properly" in text for text in recording.warnings)
        sample_ns, event_ns = check(recording, run)
    assert sample_ns >= seen_ns, "what had been seen is gone"
    newest = max((end for _, end in run.events().values()), default=event_ns)
    return (at_ns - sample_ns) / 1e9, max(0.0, (newest - event_ns) / 1e9)


def kill_program(folder: Path, name: str, after_s: float) -> tuple[float, float]:
    """Return the seconds of samples and of events lost when the program is killed."""
    run = launch(folder, name)
    recorder, seen_ns, at_ns = let_run(run, after_s)
    run.program.kill()
    run.program.wait()
    wait_until(lambda: not is_alive(recorder), "the recorder outlives the program")
    with Recording.open(run.path) as recording:
        assert recording.warnings == []
        assert recording.metadata["ended"] == "the measured program is gone"
        sample_ns, event_ns = check(recording, run)
    assert sample_ns >= seen_ns, "what had been seen is gone"
    newest = max((end for _, end in run.events().values()), default=event_ns)
    return max(0.0, (at_ns - sample_ns) / 1e9), max(0.0, (newest - event_ns) / 1e9)


def kill_many(
    folder: Path, turns: int, together: int, longest_s: float, seed: int
) -> dict[str, list[tuple[float, float]]]:
    print("seed", seed)
    draw = random.Random(seed)
    lost: dict[str, list[tuple[float, float]]] = {}
    for victim, kill in (("recorder", kill_recorder), ("program", kill_program)):
        moments = [draw.uniform(0.05, longest_s) for _ in range(turns)]
        with ThreadPoolExecutor(together) as pool:
            runs = [pool.submit(kill, folder, f"{victim}{i}", moment) for i, moment in enumerate(moments)]
            lost[victim] = [run.result() for run in runs]
    return lost


@pytest.mark.thorough
def test_killed_at_a_random_moment(tmp_path):
    lost = kill_many(tmp_path, 3, 3, 0.9, seed=1)
    print(lost)
    assert not any(events for runs in lost.values() for _, events in runs), "all that was marked is there"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_fifty_times_each(tmp_path):
    lost = kill_many(tmp_path, 50, 2, 3.0, seed=2)
    for victim, runs in lost.items():
        for position, what in enumerate(("samples", "events")):
            values = [run[position] for run in runs]
            print(
                f"| {victim} | {len(values)} | {what} | {statistics.median(values):.3f} s | {max(values):.3f} s |"
            )
    assert all(max(run) <= 1.0 for runs in lost.values() for run in runs), lost


@pytest.mark.thorough
def test_a_forked_grandchild_does_not_keep_the_recorder(tmp_path):
    """The grandchild inherits the pipe to the recorder, which therefore never sees its end."""
    run = launch(tmp_path, "fork", "fork")
    grandchild, recorder = run.wait_for("child"), run.wait_for("recorder")
    try:
        run.program.kill()
        run.program.wait()
        wait_until(lambda: not is_alive(recorder), "the recorder waits for a grandchild")
        os.kill(grandchild, 0)
    finally:
        os.kill(grandchild, signal.SIGKILL)
    with Recording.open(run.path) as recording:
        assert recording.warnings == []
        assert recording.metadata["ended"] == "the measured program is gone"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_while_it_starts(tmp_path):
    """Before the first sample there is nothing to lose, but nothing may be made up either."""
    seed = 3
    print("seed", seed)
    draw = random.Random(seed)
    for turn in range(20):
        run = launch(tmp_path, f"start{turn}")
        time.sleep(draw.uniform(0.05, 0.8))
        run.program.kill()
        run.program.wait()
        time.sleep(1.5)
        if not run.path.exists():
            continue
        try:
            with Recording.open(run.path) as recording:
                for source in recording.sources:
                    codes = recording.samples(source.id).codes
                    assert set(codes["virtual.voltage"].tolist()) <= {VOLTAGE}
        except DataError as error:
            assert "not a recording" in str(error) or "is empty" in str(error)
