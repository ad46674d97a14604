"""Work that a limit of processor time (`ulimit -t`) must not end this process for.

The limit is each process's own, and the system ends who reaches it, already at the soft one (SIGXCPU): a child begins anew, and its end is one line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from powermeter.cli.standard_output import report_problem, settle


def is_limited() -> bool:
    """Return whether the processor time of this process is limited."""
    if sys.platform == "win32":
        return False
    import resource

    return resource.getrlimit(resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY


def do_apart(work: Callable[[], None], what: str) -> None:
    """Do some work that prints: in a child of its own where processor time is limited.

    Args:
        what: Names it in the line that is printed where it was ended.
    """
    if sys.platform == "win32" or not is_limited():
        work()
        return
    settle()
    with suppress(ChildProcessError):
        if _died(_forked(work)):
            report_problem(
                f"{what} was cut off: processor time is limited (ulimit -t); powermeter show prints it"
            )


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
        settle()
    finally:
        os._exit(0)


def _died(child: int) -> bool:
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
