"""A private recording, run as a user runs it, holds nothing that names machine, program or path; a secret never."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from powermeter.recording import Recording

SCRIPT = "import powermeter\nfor i in range(3):\n    with powermeter.event('infer'): pass\n"


def texts(path):
    """Every text of every row of every table."""
    with sqlite3.connect(path) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = [row for name in tables for row in connection.execute(f'SELECT * FROM "{name}"')]
    connection.close()
    cells = [cell for row in rows for cell in row if isinstance(cell, str | bytes)]
    return "\n".join(cell if isinstance(cell, str) else cell.decode("latin-1") for cell in cells)


@pytest.mark.parametrize("private", [True, False])
def test_the_program_is_left_out_or_its_secret_masked(private, tmp_path):
    (tmp_path / "clandestine.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "powermeter", "record", "-q", "-o", "run.power", "-s", "virtual://"]
    command += [
        *(["--private"] if private else []),
        "--",
        sys.executable,
        "clandestine.py",
        "--api-key=hunter2",
    ]
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH", ""))))
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=120)
    held = texts(tmp_path / "run.power")
    with Recording.open(tmp_path / "run.power") as recording:
        assert len(recording.events()) == 3
    assert "hunter2" not in held
    names = ("clandestine", str(tmp_path), "/dev/shm", platform.release())
    if private:
        assert [name for name in names if name in held] == []
    else:
        assert "clandestine.py --api-key=***" in held
