"""How much memory a program may still take, before a recording takes more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def memory_left() -> int:
    """Return the bytes that this process may still take, as far as the system reports; else a large number."""
    left = 1 << 62
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        (text,) = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
        left = int(text) * 1024
    with suppress(ImportError, OSError, ValueError):
        import resource

        for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            soft, _ = resource.getrlimit(limit)
            if soft != resource.RLIM_INFINITY:
                left = min(left, soft)
    return left
