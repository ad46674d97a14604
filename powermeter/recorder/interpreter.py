"""How the recorder's interpreter is started: what it runs, where it finds modules, and in which environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from powermeter import registry

# The parent's search path is handed on as it is; the empty entry `-c` adds is dropped first, so that
# a `numpy.py` in the working directory cannot be picked up.
_MODULE, _, _MAIN = registry.RECORDER.partition(":")

# Its end waits for nothing of a driver's: no thread, no function registered for the end.
BOOT = (
    "import os, sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    f"from {_MODULE} import {_MAIN}; os._exit({_MAIN}())"
)

SMALL = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""The environment of the recorder alone: no threads and buffers for algebra it never does; what is freed returns
to the system (of four fast sources 49 MB without it, 43 MB with it)."""


def search_path() -> str:
    """Return where this program finds its modules; an empty entry is the working directory, which may be gone."""
    try:
        here = str(Path.cwd())
    except OSError:
        here = ""
    return "\n".join(filter(None, (path or here for path in sys.path)))


def own_group() -> dict[str, Any]:
    """Keep the terminal's Ctrl-C and hang-up away from the recorder."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
