"""The `powermeter` command and `python -m powermeter`."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; Ctrl-C while it is still being imported ends it as the system does, without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from powermeter import cli

    signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


if __name__ == "__main__":
    main()
