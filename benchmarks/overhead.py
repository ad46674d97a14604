"""What instrumenting a program costs: the import, an event outside a recording, an event inside one.

    python benchmarks/overhead.py [--zeus PYTHON]

codecarbon is measured where it is installed; zeus through another interpreter that has it.  Each figure is
the least of many short runs (other programs only ever add), with the median beside it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import powermeter

LOOPS, REPEATS = 200, 2000

ZEUS = """
import time
from zeus.monitor import ZeusMonitor
monitor = ZeusMonitor(gpu_indices=[], cpu_indices=[])
costs = []
for turn in range(3000):
    start = time.perf_counter_ns()
    monitor.begin_window("w", sync_execution=False); monitor.end_window("w", sync_execution=False)
    costs.append(time.perf_counter_ns() - start)
costs.sort()
print(costs[0] / 1e3, costs[len(costs) // 2] / 1e3)
"""

CODECARBON = """
import time
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(country_iso_code="FRA", log_level="critical", save_to_file=False)
costs = []
for turn in range(40):
    start = time.perf_counter_ns()
    tracker.start_task("w"); tracker.stop_task("w")
    costs.append(time.perf_counter_ns() - start)
costs.sort()
print(costs[0] / 1e3, costs[len(costs) // 2] / 1e3)
"""


C_PROGRAM = r"""
#include <stdio.h>
#include "powermeter_marks.h"

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int marks = atoi(argv[argc - 1]), runs = marks / 200, i, k;
    double *costs = malloc(sizeof(double) * (size_t)runs);
    powermeter_instant("first", NULL);
    for (i = 0; i < runs; i++) {
        int64_t start = powermeter_now();
        for (k = 0; k < 200; k++) powermeter_instant("infer", NULL);
        costs[i] = (double)(powermeter_now() - start) / 200e3;
    }
    qsort(costs, (size_t)runs, sizeof(double), by_size);
    printf("%f %f\n", costs[0], costs[runs / 2]);
    return 0;
}
"""


def import_ms(python: str, code: str, turns: int = 15) -> tuple[float, float]:
    """Return the least and the median of what running some code adds to a bare interpreter, in ms."""
    with_it, bare = [], []
    for _ in range(turns):
        for statement, times in (("pass", bare), (code, with_it)):
            start = time.perf_counter()
            subprocess.run([python, "-c", statement], check=True, capture_output=True)
            times.append((time.perf_counter() - start) * 1e3)
    return min(with_it) - min(bare), statistics.median(with_it) - statistics.median(bare)


def per_turn_us(work: Callable[[int], None]) -> tuple[float, float]:
    """Return the least and the median of one turn of a loop, in µs, less the empty loop."""

    def empty(loops: int) -> None:
        for _ in range(loops):
            pass

    def runs(function: Callable[[int], None]) -> list[float]:
        costs = []
        for _ in range(REPEATS):
            start = time.perf_counter_ns()
            function(LOOPS)
            costs.append((time.perf_counter_ns() - start) / LOOPS / 1e3)
        return costs

    base, costs = min(runs(empty)), runs(work)
    return min(costs) - base, statistics.median(costs) - base


def stamp(loops: int) -> None:
    """Mark so many events."""
    for _ in range(loops):
        with powermeter.event("infer"):
            pass


def take_in_us(events: int = 20_000) -> float:
    """Return what the recorder process spends on one event, from the ring to the file, in µs of processor time."""
    from powermeter.marking import recordings, span
    from powermeter.marking.event_log import EventLog
    from powermeter.marking.intake import Intake
    from powermeter.recording import Writer

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.power"
        Writer.create(path, {}).close()
        marks = recordings.make(str(path))
        log = EventLog(marks)
        token = span.attach(log)
        stamp(events)
        span.detach(log, token)
        start = time.process_time()
        Intake(marks, path).finish()
        spent = time.process_time() - start
    return spent / events * 1e6


def in_c_us(marks: int = 20_000) -> tuple[float, float] | None:
    """Return the least and the median of one mark by the C header, in µs; None where there is no compiler."""
    from powermeter.marking.bindings import HEADER

    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cost.c").write_text(C_PROGRAM)
        build = [
            compiler,
            "-O2",
            "-I",
            str(HEADER.parent),
            "-o",
            str(folder / "cost"),
            str(folder / "cost.c"),
        ]
        subprocess.run(build, check=True)
        with powermeter.Meter("virtual://", path=folder / "run.power"):
            done = subprocess.run(
                [str(folder / "cost"), str(marks)], capture_output=True, text=True, check=True
            )
    least, median = map(float, done.stdout.split())
    return least, median


def elsewhere(python: str, code: str) -> tuple[float, float] | None:
    """Return the two figures another program prints, or None where it cannot run."""
    done = subprocess.run([python, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    least, median = done.stdout.split()[-2:]
    return float(least), float(median)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zeus", metavar="PYTHON", help="an interpreter that has zeus")
    python_with_zeus = parser.parse_args().zeus
    rows: list[tuple[str, tuple[float, float] | None, str, str]] = []
    rows.append(("import powermeter", import_ms(sys.executable, "import powermeter"), "ms", "20"))
    rows.append(("event outside a recording", per_turn_us(stamp), "µs", "0.2"))
    with (
        tempfile.TemporaryDirectory() as folder,
        powermeter.Meter("virtual://", path=Path(folder) / "run.power"),
    ):
        rows.append(("event inside one, in its thread", per_turn_us(stamp), "µs", "1"))
    cost = take_in_us()
    rows.append(("  and later, in the recorder", (cost, cost), "µs", "–"))
    rows.append(("mark in C, inside one", in_c_us(), "µs", "0.2"))
    try:
        import codecarbon  # noqa: F401
    except ImportError:
        print("codecarbon is not installed: pip install codecarbon")
    else:
        rows.append(("import codecarbon", import_ms(sys.executable, "import codecarbon", 5), "ms", ""))
        rows.append(("codecarbon task", elsewhere(sys.executable, CODECARBON), "µs", ""))
    if python_with_zeus:
        rows.append(("import zeus.monitor", import_ms(python_with_zeus, "import zeus.monitor", 5), "ms", ""))
        rows.append(("zeus window, no device", elsewhere(python_with_zeus, ZEUS), "µs", ""))
    print(f"{'what':34} {'least':>10} {'median':>10}      {'target':>6}")
    for what, figures, unit, target in rows:
        shown = "did not run" if figures is None else f"{figures[0]:10.2f} {figures[1]:10.2f}"
        print(f"{what:34} {shown} {unit:3}  {target:>6}")


if __name__ == "__main__":
    main()
