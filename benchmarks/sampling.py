"""How evenly 1 kHz is sampled while the program being measured keeps the interpreter busy.

    python benchmarks/sampling.py [--seconds 10]

Beside our recorder process: a sampling thread in the same program, as most tools have it, on the same
deadlines, reading the same simulated meter.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from powermeter import registry
from powermeter.recorder.parent import Recorder
from powermeter.recording import Recording

URL = "virtual://?rate=1kHz"
PERIOD_NS = 1_000_000


def busy(seconds: float) -> int:
    """Keep the interpreter busy with pure Python; gives the rounds done."""
    end, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        sum(i * i for i in range(2000))
        rounds += 1
    return rounds


def idle(seconds: float) -> int:
    """Leave the interpreter alone."""
    time.sleep(seconds)
    return 0


class Threaded:
    """The usual way: a thread that sleeps until each deadline and reads."""

    def __init__(self) -> None:
        self.source: Any = registry.source(URL)
        self.stamps: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Open the source and begin."""
        self.source.open()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        deadline = time.monotonic_ns()
        while not self._stop.is_set():
            wait = deadline - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            self.source.sample()
            self.stamps.append(time.monotonic_ns())
            deadline += PERIOD_NS


def row(name: str, stamps_ns: np.ndarray[Any, Any], cpu: float | None) -> str:
    """Return a line of the table from the time stamps of samples."""
    steps = np.diff(stamps_ns) / 1e6
    middle, high, most = np.percentile(steps, [50, 99, 100])
    late = np.count_nonzero(steps > 1.5) / len(steps)
    share = "" if cpu is None else f"{cpu:7.1%}"
    return f"{name:34} {middle:8.3f} {high:8.3f} {most:8.2f} {late:8.2%} {share}"


def with_process(work: Callable[[float], int], seconds: float) -> tuple[np.ndarray[Any, Any], float]:
    """Record in our process; gives the stamps and the recorder's share of a core once it runs."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder) / "run.power", [URL])
        recorder.start()
        assert recorder.pid is not None
        time.sleep(0.3)
        before, started = processor_s(recorder.pid), time.monotonic()
        work(seconds)
        share = (processor_s(recorder.pid) - before) / (time.monotonic() - started)
        recorder.stop()
        with Recording.open(Path(folder) / "run.power") as recording:
            return recording.samples(1).times_ns, share


def processor_s(pid: int) -> float:
    """Return the processor time a process has used, in seconds (Linux: proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def with_thread(work: Callable[[float], int], seconds: float) -> np.ndarray[Any, Any]:
    """Sample in a thread of this program; gives the stamps."""
    sampler = Threaded()
    sampler.start()
    work(seconds)
    sampler.stop()
    return np.array(sampler.stamps)


BARE = """
import sys, time
end, deadline = time.monotonic() + float(sys.argv[1]), time.monotonic_ns()
started = time.process_time()
while time.monotonic() < end:
    deadline += 1_000_000
    wait = deadline - time.monotonic_ns()
    if wait > 0:
        time.sleep(wait / 1e9)
print((time.process_time() - started) / float(sys.argv[1]))
"""


def bare_loop(work: Callable[[float], int], seconds: float) -> float:
    """Return the share of a core that a process takes which only wakes up at 1 kHz and reads nothing."""
    child = subprocess.Popen([sys.executable, "-c", BARE, str(seconds)], stdout=subprocess.PIPE, text=True)
    work(seconds)
    return float(child.communicate()[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"1 kHz for {seconds:g} s a line; {os.cpu_count()} cores, load {load:.1f} before we add ours")
    print(f"{'sample interval in ms':34} {'median':>8} {'p99':>8} {'max':>8} {'>1.5 ms':>8} {'CPU':>7}")
    for name, work in (("program idle", idle), ("program busy", busy)):
        stamps, share = with_process(work, seconds)
        print(row(f"recorder process, {name}", stamps, share))
        print(row(f"thread, {name}", with_thread(work, seconds), None))
        print(f"{'process that only wakes up, ' + name:67} {bare_loop(work, seconds):14.1%}")
    print("targets: recorder process, program busy: p99 at most 1.5 ms, at most 5 % of a core")


if __name__ == "__main__":
    main()
