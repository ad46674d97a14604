"""A copy of the checkout in which one file at a time is wrong, and tests that are run on it."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WINGS = ("drivers", "calibration", "reports")
PRELOADED = (
    "numpy",
    "scipy.stats",
    "scipy.optimize",
    "hypothesis",
    "rich.console",
    "click",
    "pytest",
    "sqlite3",
)
"""Heavy libraries that a test process is forked with, so that each mutant costs a second and not three."""

HANGS = "hangs for more than"
SLACK_S = 20.0
FACTOR = 4.0
"""A run may take this many times what its tests took before, and the slack; then it hangs, which is seen."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant.

    Attributes:
        killed: Whether a test failed, or hung.
        by: The test, or what else happened.
        tests: How many tests (without parameters) were asked.
        seconds: How long it took.
    """

    killed: bool
    by: str
    tests: int
    seconds: float

    @property
    def hangs(self) -> bool:
        """Whether it was killed because the tests did not end in time."""
        return self.killed and self.by.startswith(HANGS)


class Laboratory:
    """The copy; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.output = folder / "output.txt"
        self._stamp = int(time.time()) - 1_000_000

    def __enter__(self) -> Laboratory:
        listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\0"
        )
        for name in filter(None, names):
            here = ROOT / name
            if here.is_file():
                there = self.root / name
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(here, there)
        for wing in WINGS:  # so that the copy is imported whole and not the installed checkout
            (self.root / "powermeter" / wing).symlink_to(self.root / wing)
        shared = next((p / "shared" for p in ROOT.parents if (p / "shared").is_dir()), None)
        if shared is not None:
            (self.root.parent / "shared").symlink_to(shared)
        for name in PRELOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left running; the folder is its owner's."""

    @contextlib.contextmanager
    def changed(self, path: str, source: str) -> Iterator[None]:
        """Have a file's text be another while it lasts; compiled files are never taken for the wrong one."""
        file = self.root / path
        before = file.read_text(encoding="utf-8")
        try:
            self._write(file, source)
            yield
        finally:
            self._write(file, before)

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        self._stamp += 2
        os.utime(file, (self._stamp, self._stamp))

    def environment(self) -> dict[str, str]:
        """Return the variables of a test process."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        memory = Path("/dev/shm")
        if memory.is_dir() and os.access(memory, os.W_OK):  # recordings wait for the disk at each commitment
            kept = {"PYTEST_DEBUG_TEMPROOT": str(memory), **kept}
        return {
            **kept,
            "PYTHONPATH": str(self.root),
            "PYTHONPYCACHEPREFIX": str(self.root.parent / "bytecode"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.root.parent / "hypothesis"),
        }

    def run(self, tests: Sequence[str], limit_s: float) -> Outcome:
        """Run tests in a forked process until the first fails."""
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            self._be_pytest(tests)
        status = None
        try:
            while status is None and time.monotonic() - began < limit_s:
                done, raw = os.waitpid(child, os.WNOHANG)
                status = os.waitstatus_to_exitcode(raw) if done else None
                if status is None:
                    time.sleep(0.02)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            if status is None:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, 0)
        took = time.monotonic() - began
        if status is None:
            return Outcome(True, f"{HANGS} {limit_s:.0f} s", len(tests), took)
        if status in (0, 5):
            return Outcome(False, "no test reaches it" if status == 5 else "", len(tests), took)
        if status == 4:
            text = self.output.read_text(errors="replace")
            if re.search(r"^ERROR tests/", text, re.MULTILINE):  # a test file could not even be imported
                return Outcome(True, self._failed(), len(tests), took)
            # A test that the map knows may have another name by now.
            gone = set(re.findall(r"not found: \S*?/checkout/(tests/\S+)", text))
            if left := [name for name in tests if gone and name not in gone]:
                return self.run(left, limit_s)
            raise RuntimeError(f"pytest could not be called: {text[-500:]}")
        return Outcome(True, self._failed(), len(tests), took)

    def _be_pytest(self, tests: Sequence[str]) -> None:
        status = 3
        try:
            os.setpgid(0, 0)
            log = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.chdir(self.root)
            variables = self.environment()  # before they are gone: tests look for programs in PATH
            os.environ.clear()
            os.environ.update(variables)
            sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
            sys.dont_write_bytecode = False
            mine = str(Path(__file__).parent)
            sys.path[:] = [str(self.root), *(p for p in sys.path if p not in (mine, "", str(ROOT)))]
            import pytest

            options = ["-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "--timeout=60"]
            options += ["-m", "not device and not slow and not thorough"]  # the tests of `tasks.py test`
            status = int(pytest.main([*options, *tests]))
        finally:
            os._exit(status)

    def _failed(self) -> str:
        lines = self.output.read_text(errors="replace").splitlines()
        named = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
        return (named or lines[-1:] or ["it crashed"])[0].partition(" - ")[0].strip()
