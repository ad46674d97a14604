"""The estimate for machines without a meter: processor load times rated power, and what it leaves open.

Power = rated power × curve(load), the part above the idle floor lowered where the processor runs
below its rated clock.  The program's own part is its share of the busy time times the power above
the floor; the floor belongs to the machine.  Nothing here is measured power: every channel is graded
*estimated* and carries a model error wide enough to hold the errors reported for such models.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.result import Grade
from powermeter.source import Found, Option, PolledSource, Row
from powermeter.units import parse_quantity

from .cpu_time_of_tree import ProcessTree
from .processor import Rating, rating

_EVENLY_95 = 0.95
"""The 95 % interval of an error that lies anywhere within its limit, over the limit: what results of it print."""

_TICK_NS = 1_000_000_000 // (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100)


def _watt(text: str) -> float:
    value = parse_quantity(text, "W")
    if not 0 < value <= 10_000:
        raise ConfigurationError(f"{text!r} is not a rated power; write for example 28W")
    return value


def _pid(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 2**31:
        raise ConfigurationError(f"{text!r} is not a process id")
    return int(text)


class Estimate(PolledSource):
    """Power estimated from processor load and rated power, for the machine and for one program in it."""

    scheme = "estimate"
    summary = "processor load times rated power: for machines without any meter"
    example = "estimate://?tdp=28W"
    OPTIONS: ClassVar = {
        "tdp": Option(_watt, None, "rated power of the processor, where the table is wrong: 28W"),
        "pid": Option(_pid, None, "the program whose own part is estimated too (default: what is measured)"),
        "table": Option(str, None, "a CSV of rated powers (Name, TDP) in place of codecarbon's"),
        "root": Option(str, "/", "where proc and sys are, for tests"),
    }
    default_period_s: ClassVar[float] = 0.1

    _rating: Rating | None = None

    def open(self) -> None:
        """Find the rated power and take the first reading of the counters."""
        root = Path(self.options["root"])
        self._rating = found = rating(root, self.options["table"], self.options["tdp"])
        try:
            self._machine_ns = _linux_machine(root) if (root / "proc/stat").exists() else psutil_machine()
            self._before = (*self._machine_ns(), time.monotonic_ns())
        except (OSError, ValueError, IndexError) as error:
            raise OpenError(
                f"estimate://: the processor's load cannot be read: {error}", Reason.ABSENT
            ) from error
        self._pid = self.options["pid"] or os.getppid()
        self._tree_ns = self._program(root)
        self._tree_before = self._tree_ns(self._before[2])
        self._clock_files, self._rated_khz = _clock_files(root)
        self.channels = self._list_channels(found)

    def _program(self, root: Path) -> Callable[[int], int | None]:
        if (root / "proc/stat").exists():
            return ProcessTree(self._pid, exclude={os.getpid()} - {self._pid}, proc=root / "proc").cpu_ns
        return psutil_tree(self._pid)

    def _list_channels(self, found: Rating) -> tuple[Channel, ...]:
        machine = Rail("machine", None, Boundary.MODEL, found.covers)
        covers = "this program's share of the busy time, of the power above idle; no share of the idle floor"
        program = Rail("program", "machine", Boundary.MODEL, covers)
        model = Accuracy(model=found.model_error, source=f"{found.source}; {found.curve.source}")
        shared: dict[str, Any] = {"kind": Kind.MEAN, "grade": Grade.ESTIMATED}
        channels = [
            Channel("machine.power", Quantity.POWER, 1e-3, machine, accuracy=model, **shared),
            Channel("program.power", Quantity.POWER, 1e-3, program, accuracy=model, **shared),
            Channel("machine.load", Quantity.LOAD, 1e-4, kind=Kind.MEAN),
            Channel("program.load", Quantity.LOAD, 1e-4, kind=Kind.MEAN),
        ]
        if self._clock_files:
            channels.append(Channel("clock", Quantity.FREQUENCY, 1e3))
        return tuple(channels)

    def sample(self) -> Row | None:
        """Return the means since the last call; None where the system's counters have not moved yet."""
        rated = self._rating
        if rated is None:
            raise ReadError("estimate:// is not open", Reason.ABSENT)
        try:
            busy, total = self._machine_ns()
        except (OSError, ValueError, IndexError) as error:
            raise ReadError(f"estimate://: the processor's load cannot be read: {error}") from error
        now = time.monotonic_ns()
        passed = total - self._before[1]
        if passed <= 0:
            return None
        used = self._tree_ns(now)
        own = None
        if used is not None and self._tree_before is not None:
            own = min(1.0, max(0, used - self._tree_before) / passed)
        load = min(1.0, max(0, busy - self._before[0]) / passed)
        # The system counts in ticks of 10 ms, a process in ns: the machine did at least what its program did.
        load = max(load, own or 0.0)
        row = [0, MISSING, round(load * 1e4), MISSING]
        clock_khz = self._clock_khz()
        floor_w = rated.watt * rated.curve.at(0.0)
        above_w = (rated.watt * rated.curve.at(load) - floor_w) * self._slowdown(clock_khz)
        row[0] = round((floor_w + above_w) * 1e3)
        if own is not None:
            row[1] = round(above_w * (own / load if load > 0 else 0.0) * 1e3)
            row[3] = round(own * 1e4)
        self._tree_before = used
        self._before = (busy, total, now)
        if self._clock_files:
            row.append(MISSING if clock_khz is None else clock_khz)
        return Row(row)

    def _slowdown(self, clock_khz: int | None) -> float:
        """Return the factor for a processor running below its rated clock, never above 1."""
        if clock_khz is None or not self._rated_khz:
            return 1.0
        return min(1.0, max(0.1, clock_khz / self._rated_khz))

    def _clock_khz(self) -> int | None:
        values = []
        for path in self._clock_files:
            try:
                with open(path, "rb", buffering=0) as file:
                    values.append(int(file.read(32)))
            except (OSError, ValueError):
                continue
        return round(sum(values) / len(values)) if values else None

    def info(self) -> dict[str, Any]:
        """Return the processor, its rating, where that comes from and which program is followed."""
        if self._rating is None:
            return {}
        return {
            "processor": self._rating.processor,
            "rated_power_w": self._rating.watt,
            "rated_power_source": self._rating.source,
            "curve_source": self._rating.curve.source,
            "covers": self._rating.covers,
            "model_error_95": round(self._rating.model_error * _EVENLY_95, 3),
            "rated_clock_hz": self._rated_khz * 1000 if self._rated_khz else None,
            "program_pid": self._pid,
        }

    @classmethod
    def discover(cls) -> list[Found]:
        """Return the estimate, which is always possible, with what it rests on."""
        found = rating()
        half = found.model_error * _EVENLY_95
        return [
            Found(
                "estimate://",
                f"estimate from processor load ({found.source}; ± {100 * half:.0f} %)",
                Boundary.MODEL,
                Grade.ESTIMATED,
                ("machine", "program"),
                rate_hz=10.0,
                covers=found.covers,
                certainty="guess",
                remedy="a meter: USB power meter, INA219 in the supply line, smart plug, or one read by eye (manual://)",
            )
        ]


def _linux_machine(root: Path) -> Callable[[], tuple[int, int]]:
    """Return a reader of (busy, total) CPU time of all cores in ns from /proc/stat.

    Waiting for disk counts as idle; what a hypervisor took away (steal) counts as neither.
    """
    path = root / "proc/stat"

    def read() -> tuple[int, int]:
        with open(path, "rb", buffering=0) as file:
            words = file.read(512).split(b"\n", 1)[0].split()
        if words[0] != b"cpu" or len(words) < 8:
            raise ValueError(f"{path} does not begin with the sum over all cores")
        user, nice, system, idle, iowait, irq, softirq = (int(word) for word in words[1:8])
        busy = user + nice + system + irq + softirq
        return busy * _TICK_NS, (busy + idle + iowait) * _TICK_NS

    return read


def _clock_files(root: Path) -> tuple[list[Path], int | None]:
    """Return the files with each core's clock in kHz (64 at most) and the clock the rating is for."""
    base = root / "sys/devices/system/cpu"
    files = sorted(base.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))[:64]
    for name in ("base_frequency", "cpuinfo_max_freq"):
        try:
            return files, int((base / "cpu0/cpufreq" / name).read_text())
        except (OSError, ValueError):
            continue
    return files, None


def psutil_machine() -> Callable[[], tuple[int, int]]:
    """Return what reads the machine's busy and whole processor time in ns, where there is no /proc."""
    try:
        import psutil
    except ImportError:
        raise OpenError(
            f"estimate:// needs psutil on {sys.platform}; run: pip install psutil", Reason.ABSENT
        ) from None

    def read() -> tuple[int, int]:
        times = psutil.cpu_times()
        total = sum(times)
        return round((total - times.idle) * 1e9), round(total * 1e9)

    return read


def psutil_tree(pid: int) -> Callable[[int], int | None]:
    """Return what reads the processor time of a program and all that it started, in ns; the recorder's own is left out."""
    import psutil

    def read(now_ns: int) -> int | None:
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return None
        total = 0.0
        for process in tree:
            if process.pid == pid or process.pid != os.getpid():
                try:
                    times = process.cpu_times()
                except psutil.Error:
                    continue
                total += times.user + times.system
        return round(total * 1e9)

    return read
