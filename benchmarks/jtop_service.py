"""Our `jtop://` source against jetson-stats' own service over a fake Orin Nano.

Run as root on Linux: `python benchmarks/jtop_service.py VENV [VENV ...]`, each VENV a virtual
environment of this Python version with one jetson-stats in it.  The service is started in a mount
namespace of its own, so that neither its socket nor the fake board is seen outside.  Versions from
4.2 on read the fake sysfs; 4.1 and older read a stand-in for tegrastats that prints the same board.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from powermeter import PowermeterError, registry
from powermeter.testing.sysfs import FakeRail, FakeTree

INSIDE = "POWERMETER_JTOP_INSIDE"
FAKE = Path("/fake_sys")  # where jetson-stats looks when JTOP_TESTING is set
RAILS = (FakeRail("VDD_IN", 5032, 960), FakeRail("VDD_CPU_GPU_CV", 5032, 96), FakeRail("VDD_SOC", 5032, 296))
MILLIWATT = {"vdd_in.power": 4830, "vdd_cpu_gpu_cv.power": 483, "vdd_soc.power": 1489}

# What jetson-stats asks of the board that this machine does not have.
SERVE = """
import jtop.service as service
if hasattr(service, "get_hardware"):
    service.get_hardware = lambda: {"Model": "fake Orin Nano", "L4T": "36.4.3"}
service.JtopServer(force=True).loop_for_ever()
"""


def build_board() -> None:
    """Write the sysfs and proc files that the service reads, and a stand-in for tegrastats."""
    tree = FakeTree(FAKE)
    chip = "bus/i2c/devices/1-0040"
    tree.write(f"{chip}/name", "ina3221")
    for index, rail in enumerate(RAILS, 1):
        for name, value in (
            ("in{}_label", rail.name),
            ("in{}_input", rail.millivolt),
            ("curr{}_input", rail.milliampere),
        ):
            tree.write(f"{chip}/hwmon/hwmon1/{name.format(index)}", value)
    for name in (
        "class/power_supply",
        "class/thermal",
        "class/devfreq",
        "class/hwmon",
        "kernel/debug/clk",
        "devices",
    ):
        (FAKE / name).mkdir(parents=True, exist_ok=True)
    for name in ("stat", "meminfo"):
        tree.write(name, Path("/proc", name).read_text())
    for core in range(os.cpu_count() or 1):
        base = f"devices/system/cpu/cpu{core}"
        tree.write(f"{base}/online", 1)
        for name in (
            "scaling_cur_freq",
            "scaling_min_freq",
            "scaling_max_freq",
            "cpuinfo_cur_freq",
            "cpuinfo_min_freq",
            "cpuinfo_max_freq",
        ):
            tree.write(f"{base}/cpufreq/{name}", 729_600)
        tree.write(f"{base}/cpufreq/scaling_governor", "schedutil")
        tree.write(f"{base}/cpufreq/scaling_driver", "tegra194")
    powers = " ".join(f"{r.name} {r.millivolt * r.milliampere // 1000}/1" for r in RAILS)
    line = f"RAM 775/7620MB (lfb 1x4MB) SWAP 0/1MB (cached 0MB) CPU [1%@729] EMC_FREQ 0%@204 GR3D_FREQ 0%@76 APE 25 CPU@48C {powers}"
    program = Path("/home/nvidia/tegrastats")
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nwhile :; do echo '{line}'; sleep 0.2; done\n")
    program.chmod(0o755)


def mount() -> None:
    """Cover /run, /home and the fake board with memory of our own, and add the service's group."""
    for place in ("/run", "/home", str(FAKE)):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    groups = Path("/run/group")
    groups.write_text(Path("/etc/group").read_text() + "jtop:x:4999:root\n")
    subprocess.run(["mount", "--bind", str(groups), "/etc/group"], check=True)


def inside(environment: Path) -> int:
    """Start the service, read it through our source, and compare."""
    mount()
    build_board()
    service = subprocess.Popen(
        [str(environment / "bin/python"), "-c", SERVE],
        env={**os.environ, "JTOP_TESTING": "1", "JTOP_SERVICE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        sys.path.insert(0, str(next(environment.glob("lib/python*/site-packages"))))
        source = registry.source("jtop://?interval=200ms")
        deadline = time.monotonic() + 20
        while True:
            try:
                source.open()
                break
            except PowermeterError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        rows = []
        while len(rows) < 5 and time.monotonic() < deadline + 10:
            block = source.read_block(1.0)
            rows += [] if block is None else block.codes.tolist()
        info = source.info()
        source.close()
    finally:
        os.killpg(service.pid, signal.SIGKILL)
    names = [channel.name for channel in source.channels]
    last = dict(zip(names, rows[-1], strict=True)) if rows else {}
    right = {name: last.get(name) for name in MILLIWATT} == MILLIWATT
    print(
        f"jetson-stats {info.get('jetson_stats')}: {len(rows)} rows, {last}: {'right' if right else 'WRONG'}",
        flush=True,
    )
    return 0 if right else 1


def main() -> int:
    if os.environ.get(INSIDE):
        return inside(Path(sys.argv[1]))
    if os.geteuid() != 0 or len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    FAKE.mkdir(exist_ok=True)
    worst = 0
    try:
        for place in sys.argv[1:]:
            words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, __file__, place]
            worst = max(
                worst,
                subprocess.run(words, env={**os.environ, INSIDE: "1"}, timeout=90, check=False).returncode,
            )
    finally:
        FAKE.rmdir()
    return worst


if __name__ == "__main__":
    sys.exit(main())
