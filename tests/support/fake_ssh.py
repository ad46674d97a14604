"""Stands for ssh in tests: runs the remote command in a shell of this machine, after what a login may print.

`FAKE_SSH_PYTHON` names a folder that is looked into first, for the board's python3.
"""

from __future__ import annotations

import os
import signal
import sys

if __name__ == "__main__":
    words = sys.argv[1:]
    at = words.index("--")
    assert words[at + 1].startswith("ssh://"), words
    print("Welcome to the board", flush=True)
    first = os.environ.get("FAKE_SSH_PYTHON")
    if first:
        os.environ["PATH"] = f"{first}{os.pathsep}{os.environ['PATH']}"
    for number in (signal.SIGINT, signal.SIGQUIT):  # a board knows nothing of what is ignored here
        signal.signal(number, signal.SIG_DFL)
    if os.getpid() != os.getsid(0):
        os.setsid()
    os.execvp("sh", ["sh", "-c", words[at + 2]])
