"""How a log learns that its process leaves in order.

Every instrumented program imports this file, so it imports next to nothing.
"""

from __future__ import annotations

import atexit
import sys

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from collections.abc import Callable


def closed_at_exit(close: Callable[[], None]) -> list[Callable[[], object]]:
    """Have a log closed when this process leaves in order; return what undoes that.

    Workers of multiprocessing leave by `os._exit`, past `atexit`.
    """
    atexit.register(close)
    undo: list[Callable[[], object]] = [lambda: atexit.unregister(close)]
    workers = sys.modules.get("multiprocessing.util")
    if workers is not None:
        undo.append(workers.Finalize(None, close, exitpriority=10).cancel)
    return undo
