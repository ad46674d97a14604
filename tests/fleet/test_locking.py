"""A lock that many share or one holds alone, and that ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from powermeter.fleet.locking import locked

_HOLDS = """
import sys
from pathlib import Path
from powermeter.fleet.locking import locked
with locked(Path(sys.argv[1]), alone=True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_many_share_it_and_one_holds_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, alone=False) as first, locked(path, alone=False, wait=False) as second:
        assert first and second
        with locked(path, alone=True, wait=False) as third:
            assert not third
    with locked(path, alone=True, wait=False) as fourth:
        assert fourth


def test_it_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    with locked(path, alone=False, wait=False) as mine:
        assert not mine
    holder.kill()
    holder.wait()
    with locked(path, alone=True) as mine:
        assert mine
