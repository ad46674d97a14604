"""Faults done for real to a recording: each row of docs/reliability.md.

What must hold: the program goes on, it is held up at most a second at its end, and what is missing is listed.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from faults import URL, assert_nothing_unlisted, contents
from waiting import (
    CEILING_S,
    Heard,
    assert_all_written,
    assert_hole_listed,
    not_the_machines,
    readings,
    started,
    state,
    wait_for_a_reading_after,
    wait_for_readings,
    wait_until,
)

from powermeter import Meter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import OpenError
from powermeter.recorder import process as module
from powermeter.recorder.clock_jumps import ClockLook
from powermeter.recorder.parent import Recorder
from powermeter.recording import Recording, Writer
from powermeter.testing.contract_case import serving
from powermeter.testing.line_meters import SimulatedSmartPower3
from powermeter.testing.load import Load
from powermeter.testing.request_meters import SimulatedUM25C
from powermeter.testing.terminal import Simulation, TerminalPort

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(sys.platform != "linux", reason="faults are made with Linux's means"),
]


def child_processes() -> set[int]:
    """Return this process's children that are not zombies."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


# Sources ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["block", "nothing"])
def test_a_source_that_stalls_is_a_line_and_a_gap(tmp_path, fault):
    """After 1.4 s without a reading, which is looked for every half second."""
    path = tmp_path / "run.power"
    recorder = started(path, f"{URL}&fault={fault}@0.5s", URL + "&name=other")
    stalled = re.compile(r"^virtual://: nothing for ([\d.]+) s; a gap begins")  # the other may be starved
    wait_until(lambda: any(map(stalled.search, recorder.notices)))
    found = next(filter(None, map(stalled.search, recorder.notices)))
    assert float(found[1]) >= 1.4
    end_ns = time.monotonic_ns()
    wait_for_a_reading_after(path, end_ns, source=2)
    assert recorder.stop() and recorder.problem == "", "the end does not wait for a read that never returns"
    times, gaps, _ = contents(path)
    (gap,) = not_the_machines(gaps)
    assert gap.reason == "no answer" and gap.start_ns == times[-1]
    assert_nothing_unlisted(path, end_ns)
    with Recording.open(path) as recording:
        assert not not_the_machines(recording.gaps(2)), "the other source is not affected"


@pytest.mark.parametrize("meter", [SimulatedSmartPower3, SimulatedUM25C])
def test_a_meter_that_stays_unplugged_to_the_end_is_one_gap(tmp_path, meter):
    """Sent or asked for: two gaps held the same time, and a run of 12 s lacked 19 s at its end."""
    path, port = tmp_path / "run.power", TerminalPort(tmp_path / "port")
    with serving(Simulation(meter(Load("constant", 2.0, 2.0)), port)) as simulation:
        recorder = started(path, f"{meter.kind}://{port.where}", URL + "&name=other")
        wait_for_readings(path, 3)
        simulation.faults.disconnects = ((simulation.now_s(), 1e6),)
        wait_until(lambda: any("nothing for" in notice for notice in recorder.notices))
        wait_for_a_reading_after(path, time.monotonic_ns() + 500_000_000, source=2)
        assert recorder.stop() and recorder.problem == ""
    times, gaps, _ = contents(path)
    last = [gap for gap in gaps if gap.end_ns > times[-1]]
    assert [gap.start_ns for gap in last] == [times[-1]]


def test_a_source_that_blocks_in_open_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    """The time that it has begins when it is its turn: what the machine takes before that is not its fault."""
    monkeypatch.setattr("powermeter.recorder.waiting_at_start.WAIT_S", 100.0)
    before = child_processes()
    recorder = Recorder(tmp_path / "run.power", [URL, "virtual://?fault=block-open"])
    take = recorder.take

    def taken(message) -> None:
        take(message)
        if message == {"type": "opening", "source": "virtual://?fault=block-open"}:
            monkeypatch.setattr("powermeter.recorder.waiting_at_start.WAIT_S", 0.0)
            wait_until(lambda: recorder.notices)
            monkeypatch.setattr("powermeter.recorder.waiting_at_start.READY_S", 0.1)

    monkeypatch.setattr(recorder, "take", taken)
    with pytest.raises(OpenError, match="fault=block-open: it did not open within 0 s"):
        recorder.start()
    assert recorder.notices == ["waiting for virtual://?fault=block-open to open"]
    assert child_processes() == before and list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_source_blocks_in_open_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "powermeter", "record", "-s", "virtual://?fault=block-open", "-d", "9s"]
    program = subprocess.Popen(
        [*command, "-o", str(tmp_path / "run.power")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stderr is not None
    assert "waiting for virtual://?fault=block-open to open" in program.stderr.readline()
    program.send_signal(signal.SIGINT)
    assert program.wait(CEILING_S) == 130
    program.stderr.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "reason", "says"),
    [("exit", "no answer", "SystemExit"), ("fraction", "bad data", "float64, not whole numbers")],
)
def test_a_driver_that_breaks_the_contract_loses_its_own_readings_only(tmp_path, fault, reason, says):
    path = tmp_path / "run.power"
    recorder = started(path, f"{URL}&fault={fault}@0.4s", URL + "&name=other")
    wait_until(lambda: not_the_machines(contents(path)[1]))
    wait_for_a_reading_after(path, time.monotonic_ns(), source=2)
    assert recorder.stop() and recorder.problem == ""
    _, gaps, warnings = contents(path)
    first = not_the_machines(gaps)[0]
    assert first.reason == reason and says in first.detail and not warnings
    assert_all_written(path, source=2)


def test_events_after_the_end_of_every_source_are_kept(tmp_path):
    """Else they vanished without a word: an instrument that ends ended the recording with it."""
    played, path = tmp_path / "played.power", tmp_path / "run.power"
    with Writer.create(played) as writer:
        source = writer.add_source("x://", "x", "x", (Channel("v", Quantity.VOLTAGE, 1e-3, Rail("R")),))
        writer.append(source, np.arange(20) * 10_000_000, np.full((20, 1), 7))
    with Meter(f"replay://{played}", path=path) as meter:
        wait_until(lambda: any("it has ended" in notice for notice in meter._recorder.notices))
        for _ in range(30):
            with meter.event("late"):
                pass
    assert meter.problem == "" and len(contents(path)[0]) == 20
    with Recording.open(path) as recording:
        assert [event.name for event in recording.events() if event.end_ns] == ["late"] * 30


# The recorder -------------------------------------------------------------------------------------


def stop_process(number: int) -> None:
    os.kill(number, signal.SIGSTOP)
    wait_until(lambda: state(number) == "T")


def test_a_recorder_that_is_stopped_for_a_while_lists_the_hole(tmp_path):
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    stop_process(recorder.pid)
    stopped_ns = time.monotonic_ns()
    time.sleep(0.4)
    continued_ns = time.monotonic_ns()
    os.kill(recorder.pid, signal.SIGCONT)
    wait_for_a_reading_after(path, continued_ns)
    assert recorder.stop() and recorder.problem == ""
    gaps = assert_hole_listed(path, stopped_ns, continued_ns)
    assert gaps and not contents(path)[2]
    for gap in gaps:
        assert gap.reason == "missed"
        assert gap.lost == (gap.end_ns - gap.start_ns) // 5_000_000 - 1, "at 200 Hz"


def test_a_recorder_that_is_stopped_at_the_end_is_continued_and_closes(tmp_path):
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    stop_process(recorder.pid)
    assert recorder.stop()
    assert not contents(path)[2]


def kill_once(folder: Path, number: int, dice: random.Random) -> None:
    path = folder / f"{number}.power"
    recorder = started(path, URL)
    time.sleep(dice.uniform(0.0, 1.2))
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    end_ns = time.monotonic_ns()
    assert not recorder.stop()
    assert "died" in recorder.problem
    assert_nothing_unlisted(path, end_ns)
    times, gaps, _ = contents(path)
    assert gaps and gaps[-1].reason == "failed" and (not times.size or gaps[-1].start_ns >= times[-1])


def test_killed_at_random_moments_nothing_is_missing_unlisted(tmp_path):
    seed = 3
    print("seed", seed)
    dice = random.Random(seed)
    for number in range(6):
        kill_once(tmp_path, number, dice)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_two_hundred_times(tmp_path):
    seed = 4
    print("seed", seed)
    dice = random.Random(seed)
    for number in range(200):
        kill_once(tmp_path, number, dice)


def test_few_descriptors_are_enough(tmp_path):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))\n"
        "from powermeter.cli import main; main()"
    )
    arguments = ["record", "-s", URL, "-d", "0.5s", "-o", str(tmp_path / "run.power"), "-q"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=CEILING_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_all_written(tmp_path / "run.power")


def limit_memory(process: int, limit: int) -> None:
    import resource

    resource.prlimit(process, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def test_memory_that_is_short_for_a_while_loses_nothing(tmp_path):
    """Every further piece of memory is refused to a recorder that runs; its readings wait until there is some."""
    path, heard = tmp_path / "run.power", Heard()
    recorder = started(path, URL.replace("200Hz", "20Hz"), heard=heard)  # few: they need a little memory too
    wait_for_readings(path, 5)
    limit_memory(recorder.pid, 1)
    heard.wait_for_tries()
    written = readings(path)
    heard.wait_for_tries(1)
    assert readings(path) == written, "it was not short of memory"
    limit_memory(recorder.pid, -1)
    wait_for_a_reading_after(path, time.monotonic_ns())
    assert recorder.stop() and recorder.problem == ""
    assert_all_written(path, longer_than_s=10 / 20)
    with Recording.open(path) as recording:
        assert any("memory" in (note["disk_error"] or "") for note in recording.facts("recorder"))


def test_a_recorder_that_an_error_ends_is_listed_like_one_that_is_killed(tmp_path):
    path = tmp_path / "run.power"
    recorder = started(path, URL)
    wait_for_readings(path)
    recorder.take({"type": "error", "class": "ReadError", "message": "it broke", "reason": None})
    os.kill(recorder.pid, signal.SIGKILL)
    wait_until(lambda: not recorder.is_running)
    end_ns = time.monotonic_ns()
    assert not recorder.stop()
    assert re.search("it broke; the recording ends .* earlier than the program", recorder.problem)
    assert_nothing_unlisted(path, end_ns)
    assert contents(path)[1][-1].detail.endswith("it broke")


# Clocks -------------------------------------------------------------------------------------------


def test_a_wall_clock_that_is_set_is_found_located_and_said(tmp_path, monkeypatch):
    looks = iter(
        [
            ClockLook(0, 10**18, 0),
            ClockLook(500, 10**18 + 500, 500),
            ClockLook(1000, 10**18 + 3_200_001_000, 1000),
        ]
    )
    said: list[str] = []
    monkeypatch.setattr(module, "look", lambda: next(looks))
    monkeypatch.setattr(module, "notice", said.append)
    recorder = module.Process({"path": str(tmp_path / "run.power"), "sources": []})
    with Writer.create(tmp_path / "run.power") as writer:
        for _ in range(3):
            recorder.watch_clocks(writer)
    with Recording.open(tmp_path / "run.power") as recording:
        pairs = recording.clock_pairs()
        (fact,) = recording.facts("clock_step")
    assert pairs == [(500, 10**18 + 500), (1000, 10**18 + 3_200_001_000)]
    assert fact["by_ns"] == 3_200_000_000 and said == [fact["text"]] and "+3.20 s" in said[0]


# Forks --------------------------------------------------------------------------------------------

FORKING = """
import os, random, sys, time
import powermeter

path, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(seed)
with powermeter.Meter("virtual://?rate=200Hz", path=path) as meter:
    for number in range(count):
        with powermeter.event("parent"):
            time.sleep(dice.uniform(0, 0.01))
        child = os.fork()
        if not child:
            with powermeter.event("child"):
                time.sleep(dice.uniform(0, 0.01))
            if dice.random() < 0.5:
                os._exit(0)
            sys.exit(0)  # unwinds through the `with` of the parent's meter
        os.waitpid(child, 0)
print(meter.problem or "fine", flush=True)
"""


def fork(folder: Path, seed: int, count: int) -> None:
    path = folder / f"{seed}.power"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKING), str(path), str(seed), str(count)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "fine", (done.stdout, done.stderr)
    with Recording.open(path) as recording:
        names = [event.name for event in recording.events()]
        assert not recording.warnings and not not_the_machines(recording.gaps(1))
    assert names.count("parent") == count
    assert names.count("child") >= 0.4 * count, "children that end in order write their events"


def test_forks_at_random_moments_harm_nothing(tmp_path):
    seed = 5
    print("seed", seed)
    fork(tmp_path, seed, 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_forks(tmp_path):
    for seed in range(10):
        fork(tmp_path, seed, 100)
