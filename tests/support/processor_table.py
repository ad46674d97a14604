"""A table of processors with their rated power, and a machine with one of them."""

from __future__ import annotations

from powermeter.testing.sysfs import FakeTree

TABLE = """Name,TDP
Intel Core i7-8650U,15.0
Intel Core i7-8650,65.0
AMD EPYC 7763,280.0
Intel Xeon E5-2640,95.0
Intel Xeon E5-2640 v4,90.0
AMD Ryzen 7 5800H,45
Odd One,999999
E7-8890 v4,165
Broken
Same 77X,10
Same 77X,20
"""


def stat(tree: FakeTree, busy: int, idle: int) -> None:
    """Write /proc/stat in ticks: user, nice, system, idle, iowait, irq, softirq, steal."""
    tree.write("proc/stat", f"cpu  {busy} 0 0 {idle} 0 0 0 500 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0")


def machine(tmp_path, name: str, threads: int = 4, sockets: int = 1, flags: str = "fpu sse") -> FakeTree:
    tree = FakeTree(tmp_path)
    blocks = [
        f"processor\t: {number}\nmodel name\t: {name}\nphysical id\t: {number % sockets}\nflags\t\t: {flags}\n"
        for number in range(threads)
    ]
    tree.write("proc/cpuinfo", "\n".join(blocks))
    stat(tree, 0, 0)
    return tree
