"""The `powermeter` command and `python -m powermeter`."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; Ctrl-C while it is still being imported ends it as the system does, without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["report"]:
        # Its figures need no threads for algebra, whose buffers are 80 MB of addresses.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from powermeter import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
