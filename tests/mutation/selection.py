"""Which tests see a line: from one run of the suite under coverage, test by test.

As a plugin (`-p selection`, with `MUTATION_MAP` naming a folder) this file records it.
"""

from __future__ import annotations

import difflib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MAP = "MUTATION_MAP"
EVERYWHERE = ("tests/analysis/test_every_part.py", "tests/reports/test_every_cell.py")
"""Tests of what many files together print; quick."""


class Recording:
    """Has coverage note which test runs a line, and how long each test takes where others leave it the machine."""

    def __init__(self, folder: Path, name: str, root: Path) -> None:
        import coverage

        self.times = (folder / f"times.{name}").open("a")
        packages = [str(root / name) for name in ("powermeter", "drivers", "calibration", "reports")]
        self.coverage = coverage.Coverage(
            data_file=str(folder / f"lines.{name}"), source=packages, branch=False
        )
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        began, worked = time.monotonic(), sum(os.times()[:4])
        result = yield
        took, worked = time.monotonic() - began, sum(os.times()[:4]) - worked
        self.times.write(f"{min(took, 2.0 * worked + 0.2):.4f} {plain(item.nodeid)}\n")
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.coverage.switch_context(plain(item.nodeid) + "|setup")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self.coverage.switch_context(plain(item.nodeid))

    def pytest_unconfigure(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        self.times.close()


def pytest_configure(config: pytest.Config) -> None:
    folder = os.environ.get(MAP)
    if folder:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        if worker == "main" and getattr(config.option, "numprocesses", None):
            return
        name = f"{worker}.{os.getpid()}"
        config.pluginmanager.register(Recording(Path(folder), name, config.rootpath))


def plain(nodeid: str) -> str:
    """Return a test's name without its parameters."""
    return nodeid.partition("[")[0]


class TestMap:
    """Tests by the lines that they run, and their durations."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds: dict[str, float] = {}
        self.cases: dict[str, int] = {}
        for path in folder.glob("times.*"):
            for line in path.read_text().splitlines():
                took, _, name = line.partition(" ")
                self.seconds[name] = self.seconds.get(name, 0.0) + float(took)
                self.cases[name] = self.cases.get(name, 0) + 1
        self.lines: dict[str, dict[int, set[str]]] = {}

    def __bool__(self) -> bool:
        return bool(self.seconds)

    def of_file(self, path: str, source: str) -> dict[int, set[str]]:
        """Return for each line of a file, as it is now, the tests that run it."""
        if path not in self.lines:
            found: dict[int, set[str]] = {}
            for data in self.folder.glob("lines.*"):
                for context, numbers in _rows(data, path):
                    for line in numbers:
                        found.setdefault(line, set()).add(context)
            self.lines[path] = self._moved(path, source, found)
        return self.lines[path]

    def _moved(self, path: str, source: str, found: dict[int, set[str]]) -> dict[int, set[str]]:
        """Have lines be where they are now; a new line is run by those that ran the line before it."""
        then = self.folder / "sources" / path
        if not then.exists() or (old := then.read_text(encoding="utf-8")) == source:
            return found
        moved: dict[int, set[str]] = {}
        before, after = old.splitlines(), source.splitlines()
        matched = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        for _, first, last, now, end in matched:
            for line in range(now, end):
                was = min(first + line - now, max(last - 1, 0))
                moved[line + 1] = found.get(was + 1, set())
        return moved

    def tests(self, path: str, source: str, span: tuple[int, int], mirror: str, most_s: float) -> list[str]:
        """Return the tests to run for a change of some lines: the file's own, then the quickest, within a time."""
        by_line = self.of_file(path, source)
        seen: set[str] = set()
        for line in range(span[0], span[1] + 1):
            seen |= by_line.get(line, set())
        seen = self._of(seen)
        # What a line makes at import, or in a fixture that many files share, is seen by others than those that ran it.
        near = self._of({name for names in by_line.values() for name in names}) - seen
        return [*self._quickest(seen, mirror, most_s), *self._quickest(near, mirror, most_s / 2)]

    def _of(self, contexts: set[str]) -> set[str]:
        """Return the tests of contexts: what is made in a fixture is seen by all tests of its file."""
        files = {name.partition("::")[0] for name in contexts if name.endswith("|setup")}
        tests = {name.partition("|")[0] for name in contexts if name}
        return tests | {name for name in self.seconds if name.partition("::")[0] in files}

    def _quickest(self, names: set[str], mirror: str, most_s: float) -> list[str]:
        ordered = sorted(
            names,
            key=lambda name: (
                not name.startswith(mirror),
                not name.startswith(EVERYWHERE),
                self.seconds.get(name, 0.0)
                / self.cases.get(name, 1),  # the first of many cases that fails ends it
            ),
        )
        chosen, spent = [], 0.0
        for name in ordered:
            spent += self.seconds.get(name, 0.0)
            if chosen and spent > most_s:
                break
            chosen.append(name)
        return chosen


def _rows(data: Path, path: str) -> Iterator[tuple[str, list[int]]]:
    from coverage.numbits import numbits_to_nums

    connection = sqlite3.connect(f"file:{data}?mode=ro", uri=True)
    try:
        query = (
            "select context.context, line_bits.numbits from line_bits join context on context.id = context_id "
            "join file on file.id = file_id where file.path like ?"
        )
        for context, bits in connection.execute(query, (f"%/{path}",)):
            yield context, numbits_to_nums(bits)
    finally:
        connection.close()
