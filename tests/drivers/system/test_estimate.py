"""The estimate: rated power, curve, load of the machine and of the program, and how wide it must be."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from processor_table import TABLE, machine, stat

from powermeter import registry
from powermeter.channel import MISSING, Boundary, Kind
from powermeter.drivers.system import estimate, processor
from powermeter.drivers.system.cpu_time_of_tree import ProcessTree
from powermeter.errors import ConfigurationError, OpenError
from powermeter.result import Grade
from powermeter.testing.sysfs import FakeTree


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cpu.csv"
    path.write_text(TABLE)
    return path


def test_a_raspberry_pi_is_estimated_as_a_whole_board(tmp_path, table):
    machine(tmp_path, "ARMv7 Processor rev 3 (v7l)")
    FakeTree(tmp_path).device_tree("Raspberry Pi 4 Model B Rev 1.4")
    found = processor.rating(tmp_path, table)
    assert found.watt == 6.4 and found.watt * found.curve.at(0) == pytest.approx(2.7)
    assert "whole board" in found.covers


def opened(tree: FakeTree, query: str = ""):
    source = registry.source(f"estimate://?root={tree}&tdp=100W&pid=1{query}")
    source.open()
    return source


def test_power_follows_the_curve_at_the_load(tmp_path):
    tree = machine(tmp_path, "any")
    source = opened(tree)
    stat(tree, 30, 70)
    power, program, load, own = source.sample().codes
    assert load == 3000 and power == 53_500  # 100 W × 0.535
    assert program == MISSING and own == MISSING  # no process 1 in this tree
    stat(tree, 130, 70)
    assert source.sample().codes[:3] == [102_000, MISSING, 10_000]


def test_a_machine_did_at_least_what_its_program_did(tmp_path, monkeypatch):
    """Ticks of 10 ms state 30 % of a second, the program's own clock 50 %: the machine did as much, all of it the program."""
    second = 100 * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    used = iter([0, second // 2])
    program = SimpleNamespace(cpu_ns=lambda now_ns: next(used))
    monkeypatch.setattr(estimate, "ProcessTree", lambda *_, **__: program)
    tree = machine(tmp_path, "any")
    source = opened(tree)
    stat(tree, 30, 70)
    power, program, load, own = source.sample().codes
    assert (load, own) == (5000, 5000)
    assert program == power - 12_000  # what is above the floor of 100 W × 0.12


def test_nothing_is_recorded_while_the_counters_stand_still(tmp_path):
    tree = machine(tmp_path, "any")
    source = opened(tree)
    assert source.sample() is None


def test_time_that_a_hypervisor_took_counts_as_neither(tmp_path):
    tree = machine(tmp_path, "any")
    source = opened(tree)
    tree.write("proc/stat", "cpu  50 0 0 50 0 0 0 99999 0 0")
    assert source.sample().codes[2] == 5000


def test_a_capped_clock_lowers_what_is_above_the_floor(tmp_path):
    tree = machine(tmp_path, "any")
    for name, khz in (("base_frequency", 2_000_000), ("scaling_cur_freq", 1_000_000)):
        tree.write(f"sys/devices/system/cpu/cpu0/cpufreq/{name}", khz)
    source = opened(tree)
    stat(tree, 100, 0)
    power, *_, clock = source.sample().codes
    assert power == 57_000  # 12 W floor + half of 90 W
    assert clock == 1_000_000 and source.channels[-1].scale == 1e3
    tree.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", 3_000_000)
    stat(tree, 200, 0)
    assert source.sample().codes[0] == 102_000  # a boosted clock is in the curve already


def program_stat(tree: FakeTree, pid: int, parent: int, ended_ticks: int = 0) -> None:
    """Write the stat of proc(5): field 4 is the parent, fields 16 and 17 are cutime and cstime."""
    fields = ["S", parent, pid, pid, 0, -1, 0, 0, 0, 0, 0, 11, 12, ended_ticks, 0, 20, 0, 1, 0, 0]
    tree.write(f"proc/{pid}/stat", f"{pid} (a (b) c) " + " ".join(str(field) for field in fields))


def test_tree_holds_descendants_and_ended_children_without_the_recorder(tmp_path):
    tree = FakeTree(tmp_path)
    for pid, parent, ended in ((10, 1, 200), (11, 10, 0), (12, 11, 0), (13, 10, 0), (14, 13, 0), (99, 1, 0)):
        program_stat(tree, pid, parent, ended)
    used = {10: 5, 11: 7, 12: 11, 13: 1000, 14: 2000, 99: 50_000}
    follower = ProcessTree(10, exclude={13}, proc=tmp_path / "proc", clock=lambda pid: used[pid])
    ticks = 200 * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    assert follower.cpu_ns(0) == 5 + 7 + 11 + ticks


def test_tree_is_read_from_children_files_where_the_kernel_has_them(tmp_path):
    tree = FakeTree(tmp_path)
    for pid in (10, 11, 12):
        program_stat(tree, pid, 1)
    tree.write("proc/10/task/10/children", "11 ")
    tree.write("proc/10/task/15/children", "12 ")  # started by another thread
    tree.write("proc/11/task/11/children", "")
    tree.write("proc/12/task/12/children", "")
    assert ProcessTree(10, proc=tmp_path / "proc", clock=lambda pid: pid).cpu_ns(0) == 33


def test_without_process_clocks_the_ticks_are_used(tmp_path):
    program_stat(FakeTree(tmp_path), 10, 1)

    def refused(pid):
        raise OSError(22, "Invalid argument")

    ticks = (11 + 12) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    assert ProcessTree(10, proc=tmp_path / "proc", clock=refused).cpu_ns(0) == ticks


def test_a_tree_whose_root_is_gone_has_no_time(tmp_path):
    FakeTree(tmp_path).write("proc/1/stat", "1 (init) S 0")

    def gone(pid):
        raise ProcessLookupError(pid)

    assert ProcessTree(10, proc=tmp_path / "proc", clock=gone).cpu_ns(0) is None


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="no /proc")
def test_the_programs_part_is_less_than_the_machine_and_is_graded_estimated():
    source = registry.source(f"estimate://?tdp=10W&pid={os.getpid()}")
    source.open()
    end = time.monotonic() + 0.12
    while time.monotonic() < end:
        sum(range(1000))
    power, program, load, own = source.sample().codes[:4]
    assert 1200 < power <= 10_200 and 0 < program < power
    assert 0 < own <= load <= 10_000
    assert all(channel.grade is Grade.ESTIMATED for channel in source.channels[:2])
    assert all(channel.kind is Kind.MEAN for channel in source.channels[:2])
    machine_rail, program_rail = source.channels[0].rail, source.channels[1].rail
    assert machine_rail.boundary is Boundary.MODEL and program_rail.parent == "machine"
    assert source.info()["program_pid"] == os.getpid()


def test_discovery_always_offers_the_estimate_and_says_what_it_is():
    (found,) = estimate.Estimate.discover()
    assert found.url == "estimate://" and found.grade is Grade.ESTIMATED and found.boundary is Boundary.MODEL
    assert "estimate" in found.title and "%" in found.title and found.remedy


def test_discovery_states_the_interval_that_results_have(monkeypatch):
    """A limit of ± 80 % holds 95 % of what it allows within 76 %: `devices` printed ± 91 %, every result of it ± 76 %."""
    assumed = dataclasses.replace(estimate.rating(), model_error=0.8)
    monkeypatch.setattr(estimate, "rating", lambda *_: assumed)
    (found,) = estimate.Estimate.discover()
    assert found.title.endswith("; ± 76 %)")


@pytest.mark.parametrize("query", ["tdp=0W", "tdp=-3W", "tdp=lots", "pid=0", "pid=x", "tpd=3W"])
def test_bad_options_are_refused(query):
    with pytest.raises(ConfigurationError):
        registry.source(f"estimate://?{query}")


def test_a_machine_whose_load_cannot_be_read_is_refused(tmp_path):
    tree = FakeTree(tmp_path)
    tree.write("proc/stat", "nonsense")
    with pytest.raises(OpenError, match="load cannot be read"):
        opened(tree)


def test_waiting_for_a_disk_is_idle(tmp_path):
    """proc(5): the fifth number of the line is time waiting for I/O."""
    tree = machine(tmp_path, "any")
    source = opened(tree)
    tree.write("proc/stat", "cpu  30 0 0 50 20 0 0 0 0 0")
    assert source.sample().codes[2] == 3000


def test_a_program_has_its_share_of_the_busy_time_of_the_power_above_idle(tmp_path, monkeypatch):
    """At 40 % load, of which the program is half: of 100 W, 12 are the idle floor."""
    tree = machine(tmp_path, "any")
    used = iter((0, 20))
    tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    monkeypatch.setattr(ProcessTree, "cpu_ns", lambda self, now_ns: next(used) * tick_ns)
    source = opened(tree)
    stat(tree, 40, 60)
    power, program, load, own = source.sample().codes[:4]
    assert (load, own) == (4000, 2000)
    assert program == pytest.approx((power - 12_000) / 2, abs=1)


def test_without_proc_times_are_those_of_psutil(monkeypatch):
    """Where there is no /proc: 1.5 s of the program and 2.25 s of its child; the recorder itself, 9 s, is not theirs."""

    class Process:
        def __init__(self, pid):
            self.pid = pid

        def children(self, recursive):
            return [Process(11), Process(os.getpid())] if recursive else []

        def cpu_times(self):
            user, system = {10: (1.0, 0.5), 11: (2.0, 0.25)}.get(self.pid, (9.0, 0.0))
            return SimpleNamespace(user=user, system=system)

    class Times(tuple):
        idle = 60.0

    fake = SimpleNamespace(Error=OSError, Process=Process, cpu_times=lambda: Times((25.0, 15.0, 60.0)))
    monkeypatch.setitem(sys.modules, "psutil", fake)
    assert estimate.psutil_tree(10)(0) == 3_750_000_000
    assert estimate.psutil_machine()() == (40_000_000_000, 100_000_000_000)
