"""CPU time of a program with everything it started, read cheaply from Linux's `/proc`.

The time of a live process comes from its CPU-time clock (clock_gettime on the process's own clock
id, nanoseconds, all threads); that of children which have ended comes from their parent's `cutime`
and `cstime`, where the kernel adds them when they are waited for.  A child that detaches itself
(a daemon) leaves the tree, and what it uses from then on is not counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

_WALK_SHARE = 0.01
_TICK_NS = 1_000_000_000 // (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100)


def process_clock_ns(pid: int) -> int:
    """Return the CPU time of all threads of a process in nanoseconds.

    Linux encodes the clock as (~pid << 3) | 2, which is what clock_getcpuclockid(3) returns.

    Raises:
        OSError: There is no such process.
    """
    return time.clock_gettime_ns((~pid << 3) | 2)


class ProcessTree:
    """The CPU time of a process and its descendants, without those in `exclude`.

    Args:
        root: Process id of the program.
        exclude: Process ids to leave out, with their descendants: the recorder itself.
        proc: The proc file system.
        clock: CPU time of one live process in ns; raises OSError when it is gone.
    """

    def __init__(
        self,
        root: int,
        exclude: Collection[int] = (),
        proc: str | Path = "/proc",
        clock: Callable[[int], int] = process_clock_ns,
    ) -> None:
        self._root = root
        self._exclude = frozenset(exclude)
        self._proc = Path(proc)
        self._clock = clock
        self._pids: list[int] = []
        self._walk_at_ns: int | None = None

    def cpu_ns(self, now_ns: int) -> int | None:
        """Return the CPU time used so far by the tree; None once its root is gone.

        Differences of two readings are what counts; one can be negative when a part of the tree
        detached itself in between.

        Args:
            now_ns: Monotonic nanoseconds; the tree is walked anew each time, but not so often that
                walking takes more than 1 % of a core.
        """
        if self._walk_at_ns is None or now_ns >= self._walk_at_ns:
            started = time.perf_counter_ns()
            self._pids = self._walk()
            self._walk_at_ns = now_ns + round((time.perf_counter_ns() - started) / _WALK_SHARE)
        total = 0
        for pid in self._pids:
            try:
                used = self._used_ns(pid)
            except OSError:
                if pid == self._root:
                    return None
                self._walk_at_ns = None  # it has ended; its time is in its parent's from now on
                continue
            total += used
        return total

    def _used_ns(self, pid: int) -> int:
        """Return the CPU time of a process and of its children that have ended."""
        fields = self._stat(pid)
        ended = (int(fields[13]) + int(fields[14])) * _TICK_NS
        try:
            return self._clock(pid) + ended
        except ProcessLookupError:
            raise
        except OSError:  # a sandbox without such clocks: the same in ticks of 10 ms
            return (int(fields[11]) + int(fields[12])) * _TICK_NS + ended

    def _stat(self, pid: int) -> list[bytes]:
        """Return the fields after the command's name; field 3 of proc(5), the state, is number 0."""
        with open(self._proc / str(pid) / "stat", "rb", buffering=0) as file:
            return file.read(4096).rpartition(b")")[2].split()

    def _walk(self) -> list[int]:
        first = self._proc / str(self._root) / "task" / str(self._root) / "children"
        find = self._children if first.exists() else self._children_by_scan()
        found: list[int] = []
        waiting = [self._root]
        while waiting:
            pid = waiting.pop()
            if pid in self._exclude or pid in found:
                continue
            found.append(pid)
            waiting.extend(find(pid))
        return found

    def _children(self, pid: int) -> list[int]:
        """Return the children of all threads of a process (needs CONFIG_PROC_CHILDREN)."""
        found: list[int] = []
        try:
            for thread in (self._proc / str(pid) / "task").iterdir():
                with open(thread / "children", "rb") as file:
                    found.extend(int(word) for word in file.read().split())
        except OSError:
            pass  # it ended while it was being looked at
        return found

    def _children_by_scan(self) -> Callable[[int], list[int]]:
        children: dict[int, list[int]] = {}
        for pid in (int(entry.name) for entry in self._proc.iterdir() if entry.name.isdigit()):
            try:
                parent = int(self._stat(pid)[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(pid)
        return lambda pid: children.get(pid, [])
