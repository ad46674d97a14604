"""tegrastats as a source: a stand-in program, a log that grows, rotates and is cut."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from waiting import CEILING_S, wait_until

from powermeter import registry
from powermeter.channel import MISSING, Kind, Quantity
from powermeter.drivers import tegrastats
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import INTERPOLATED_TIME

ORIN = "04-27-2026 14:59:41 RAM 775/7620MB CPU [10%@729,30%@729,off] GR3D_FREQ 63%@[621] cpu@48.468C cv0@-256C {}"
POWER = "VDD_IN {0}mW/4778mW VDD_CPU_GPU_CV 515mW/501mW VDD_SOC 1428mW/1428mW"


def line(milliwatt: int) -> str:
    return ORIN.format(POWER.format(milliwatt)) + "\n"


def program(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "tegrastats"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def collect(source, rows: int, timeout_s: float = CEILING_S):
    """Return rows, times, flags and gaps once that many rows have come."""
    codes, times, flags, gaps = [], [], [], []
    deadline = time.monotonic() + timeout_s
    while len(codes) < rows and time.monotonic() < deadline:
        block = source.read_block(0.05)
        if block is not None:
            codes += block.codes.tolist()
            times += block.times_ns.tolist()
            flags += block.flags.tolist()
            gaps += block.gaps
    return codes, times, flags, gaps


@pytest.fixture
def running(tmp_path):
    """A source over a stand-in program with the given shell body; closed at the end."""
    opened = []

    def start(body: str, wait: str = f"{CEILING_S}s"):
        path = program(tmp_path, body)
        source = registry.source(f"tegrastats://?program={path}&interval=100ms&wait={wait}&root={tmp_path}")
        opened.append(source)
        source.open()
        return source

    yield start
    for source in opened:
        source.close()


@pytest.fixture
def later(tmp_path):
    """What a stand-in waits for in its body, and a function that lets it go on: when what it printed before is read."""
    go = tmp_path / "go"
    return f"\nwhile [ ! -e {go} ]; do sleep 0.01; done\n", go.touch


def printf(*lines: str) -> str:
    return "\n".join(f"printf '%s' '{text}'" for text in lines)


def test_rails_temperatures_and_loads_become_channels(running):
    source = running(printf(line(0), line(4761)) + "\nsleep 100")
    assert [channel.name for channel in source.channels] == [
        "vdd_in.power",
        "vdd_cpu_gpu_cv.power",
        "vdd_soc.power",
        "cpu.temperature",
        "cpu.load",
        "gpu.load",
    ]
    power = source.channels[0]
    assert (power.quantity, power.kind, power.scale) == (Quantity.POWER, Kind.INSTANT, 1e-3)
    assert power.accuracy.step == pytest.approx(0.040)  # 40 µV over 5 mohm at 5 V
    codes, _, _, _ = collect(source, 1)
    # The first line of a run is not data (Thor prints zeros there); load is over all cores, off ones too.
    assert codes == [[4761, 515, 1428, 48468, 1333, 6300]]


def test_lines_that_arrive_together_are_spread_and_marked(running, later):
    wait, go = later
    source = running(printf(line(0)) + wait + printf(line(1) + line(2) + line(3)) + "\nsleep 100")
    go()
    codes, times, flags, _ = collect(source, 3)
    assert [row[0] for row in codes] == [1, 2, 3]
    assert flags == [INTERPOLATED_TIME, INTERPOLATED_TIME, 0]
    assert times == sorted(times) and times[2] - times[0] <= 200_000_000


def test_a_line_without_power_is_a_gap_not_zero(running, later):
    bare = ORIN.format("") + "\n"
    wait, go = later
    source = running(printf(line(0), line(1)) + wait + printf(bare, line(3)) + "\nsleep 100")
    first = collect(source, 1)
    go()
    codes, times, _, gaps = (a + b for a, b in zip(first, collect(source, 1), strict=True))
    assert [row[0] for row in codes] == [1, 3]
    assert [(gap.start_ns, gap.end_ns, gap.reason) for gap in gaps] == [(times[0], times[1], "bad data")]


def test_a_rail_that_is_missing_once_is_missing_not_zero(running):
    source = running(printf(line(0), ORIN.format("VDD_IN 5mW/5mW") + "\n") + "\nsleep 100")
    codes, _, _, _ = collect(source, 1)
    assert codes[0][:3] == [5, MISSING, MISSING]


def test_a_line_without_its_end_waits(running, later):
    wait, go = later
    source = running(printf(line(0), "VDD_IN 4761mW/47") + wait + "printf '78mW\\n'\nsleep 100")
    assert source.read_block(0.05) is None
    go()
    assert [row[0] for row in collect(source, 1)[0]] == [4761]


def test_a_program_that_ends_is_lost(running):
    source = running(printf(line(0), line(1)) + "\nexit 3")
    with pytest.raises(ReadError, match="status 3"):
        for _ in range(100):
            source.read_block(0.05)


def test_no_power_rails_is_said(running):
    with pytest.raises(OpenError, match="without any power rail") as caught:
        running("while :; do " + printf("RAM 1/2MB CPU [1%@2] cpu@30C") + "; echo; sleep 0.01; done", "2s")
    assert caught.value.reason is Reason.NO_ANSWER


def test_a_program_that_is_not_there_or_may_not_be_run(tmp_path):
    with pytest.raises(OpenError, match="cannot be run"):
        registry.source(f"tegrastats://?program={tmp_path}/none").open()
    path = program(tmp_path, "true")
    path.chmod(0o644)
    with pytest.raises(OpenError) as caught:
        registry.source(f"tegrastats://?program={path}").open()
    assert caught.value.reason is Reason.PERMISSION


def test_closing_stops_the_program(running, tmp_path):
    mark = tmp_path / "pid"
    source = running(f"echo $$ > {mark}\n" + printf(line(0), line(1)) + "\nexec sleep 100")
    pid = int(mark.read_text())
    source.close()
    source.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ReadError):
        source.read_block(0)


def test_a_log_is_followed_from_its_end(tmp_path):
    log = tmp_path / "t.log"
    log.write_text(line(1) + "the beginning of")
    source = registry.source(f"tegrastats://{log}?wait={CEILING_S}s")
    with open(log, "a") as file:
        opened = threading.Event()

        def write() -> None:
            # What is left of the torn line, then whole ones, until it has seen one: nobody knows when it looks first.
            file.write(" VDD_IN 9mW/9mW\n")
            while not opened.wait(0.02):
                file.write(line(7))
                file.flush()

        thread = threading.Thread(target=write)
        thread.start()
        source.open()
        opened.set()
        thread.join()
        file.write(line(8))
        file.flush()
        seen: list[int] = []
        wait_until(lambda: seen.extend(row[0] for row in collect(source, 1)[0]) or seen[-1] == 8)
        assert set(seen) <= {7, 8} and seen == sorted(seen)
    # Rotation: a new file of the same name.
    log.rename(tmp_path / "t.log.1")
    log.write_text(line(9))
    assert [row[0] for row in collect(source, 1)[0]] == [9]
    # Cut to nothing and written anew.
    log.write_text("")
    source.read_block(0.05)
    log.write_text(line(10))
    assert [row[0] for row in collect(source, 1)[0]] == [10]
    source.close()


def test_a_log_that_is_not_there(tmp_path):
    with pytest.raises(OpenError, match=r"none\.log"):
        registry.source(f"tegrastats://{tmp_path}/none.log").open()


def test_a_log_without_new_lines_times_out(tmp_path):
    log = tmp_path / "t.log"
    log.write_text(line(1))
    with pytest.raises(OpenError, match="no line in time"):
        registry.source(f"tegrastats://{log}?wait=50ms").open()


def test_other_rails_after_reopening_are_refused(running, tmp_path):
    source = running(printf(line(0), line(1)) + "\nsleep 100")
    source.close()
    program(tmp_path, printf("POM_5V_IN 1/1\n", "POM_5V_IN 1/1\n") + "\nsleep 100")
    with pytest.raises(OpenError) as caught:
        source.open()
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_not_connected_inputs_are_no_channels(running):
    orin = "VDD_GPU_SOC 1mW/1mW VDD_CPU_CV 2mW/2mW VIN_SYS_5V0 3mW/3mW NC 0mW/0mW VDDQ_VDD2_1V8AO 1mW/1mW NC 0mW/0mW\n"
    source = running(printf(orin, orin) + "\nsleep 100")
    rails = [channel.rail for channel in source.channels]
    assert [rail.name for rail in rails] == ["VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0", "VDDQ_VDD2_1V8AO"]
    assert [rail.parent for rail in rails] == ["MODULE", "MODULE", "MODULE", "VIN_SYS_5V0"]
    assert source.info()["board"] == "Jetson AGX Orin" and "carrier" in source.info()["not_covered"]


def test_of_lines_that_come_together_the_newest_is_stamped_when_it_came(running, monkeypatch):
    """A pipe hands over three lines of 100 ms at once: the last was written just now, the others one and two intervals before."""
    source = running(printf(line(4000)) + "\nsleep 100")
    arrived = time.monotonic_ns() + 10**9
    monkeypatch.setattr(tegrastats, "now_ns", lambda: arrived)
    source._pending = [line(4001), line(4002), line(4003)]
    block = source.read_block(0.0)
    assert (block.times_ns - arrived).tolist() == [-200_000_000, -100_000_000, 0]
    assert block.flags.tolist() == [INTERPOLATED_TIME, INTERPOLATED_TIME, 0]
    source._pending = [line(4004)]
    assert source.read_block(0.0).times_ns.tolist() == [arrived + 1]  # never before what was there


@pytest.mark.parametrize(("named", "title"), [("", "this Jetson"), ("Jetson Orin Nano", "Jetson Orin Nano")])
def test_it_is_offered_under_the_board_s_name(monkeypatch, named, title):
    monkeypatch.setattr(tegrastats, "_program", lambda: "/usr/bin/tegrastats")
    monkeypatch.setattr(tegrastats, "model", lambda: named)
    (found,) = tegrastats.Tegrastats.discover()
    assert (found.title, found.problem, found.remedy) == (f"tegrastats on {title}", "", "")
