"""The `powermeter` command and `python -m powermeter`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import NoReturn


def read_past_epoch() -> None:
    """Import what reads SOURCE_DATE_EPOCH as a number without it where it is none; the program still finds it as it was."""
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    if stated is None or stated.strip().isdecimal():
        return
    del os.environ["SOURCE_DATE_EPOCH"]
    importlib.import_module("numpy.f2py")
    os.environ["SOURCE_DATE_EPOCH"] = stated


def main() -> NoReturn:
    """Run the command line; Ctrl-C while it is still being imported ends it as the system does, without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["report"]:
        # Its figures need no threads for algebra, whose buffers are 80 MB of addresses.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    read_past_epoch()
    from powermeter import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
