"""CPU time of a program with everything it started, read cheaply from Linux's `/proc`: what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import CEILING_S

from powermeter.drivers.system.cpu_time_of_tree import ProcessTree, process_clock_ns
from powermeter.testing.sysfs import FakeTree


def stat(tree: FakeTree, busy: int, idle: int) -> None:
    """Write /proc/stat in ticks: user, nice, system, idle, iowait, irq, softirq, steal."""
    tree.write("proc/stat", f"cpu  {busy} 0 0 {idle} 0 0 0 500 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0")


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_real_processes_are_counted_alive_and_after_their_end():
    before = process_clock_ns(os.getpid())
    follower = ProcessTree(os.getpid())
    start = follower.cpu_ns(time.monotonic_ns())
    burn = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.08: pass"
    subprocess.run([sys.executable, "-c", burn], check=True, timeout=CEILING_S)
    own = process_clock_ns(os.getpid()) - before
    end = follower.cpu_ns(time.monotonic_ns() + 10**9)
    assert start is not None and end is not None
    assert 0.06e9 < end - start - own < 20e9
