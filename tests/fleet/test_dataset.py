"""A collected dataset on disk: written by several collectors at once, each file whole or not at all: what it promises."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import outside
import pytest
from class_of_forty import record
from collected import rows, take


@pytest.fixture(autouse=True)
def _arrow() -> None:
    outside.need("pyarrow")


_KILLED = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from powermeter.fleet import dataset
before = dataset.Dataset._write
count = 0
def slow(self, path, table, pieces, note):
    global count
    count += 1
    if count == {at}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name("." + path.name + ".1.part").write_text("half")
        (self.folder / "ready").write_text("x")
        __import__("time").sleep(60)
    return before(self, path, table, pieces, note)
dataset.Dataset._write = slow
from powermeter.fleet.collect import collect
from powermeter.fleet.origins import origin_of
collect(origin_of({origin!r}), dataset.Dataset(Path({to!r})), "all")
"""


@pytest.mark.thorough
@pytest.mark.parametrize("at", [3, 9])
def test_a_killed_collector_leaves_nothing_that_counts_twice(tmp_path: Path, at: int) -> None:
    for number in range(3):
        record(tmp_path / "in" / f"{number}.power", "", number + 1, events=5)
    script = _KILLED.format(paths=[], at=at, origin=str(tmp_path / "in"), to=str(tmp_path / "ds"))
    running = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 100
    while not (tmp_path / "ds" / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    (tmp_path / "ds" / "ready").unlink()
    assert len(rows(tmp_path / "ds", "recordings")) == (0 if at == 3 else 1)
    take(tmp_path / "in", tmp_path / "ds", "all")
    held = rows(tmp_path / "ds", "recordings")
    assert len(held) == 3
    for table in ("labels", "events", "readings", "hours"):
        found = rows(tmp_path / "ds", table)
        keys = {(row["recording"], row["content"]) for row in found}
        assert keys == {(row["recording"], row["content"]) for row in held}, table
    assert len(rows(tmp_path / "ds", "events")) == 15
    from powermeter.fleet.dataset import Dataset

    assert Dataset(tmp_path / "ds").clean(time.time() + 7200) == 1


def test_what_another_collector_finishes_meanwhile_is_none_of_what_is_removed(tmp_path, monkeypatch) -> None:
    from powermeter.fleet.dataset import Dataset

    dataset = Dataset(tmp_path / "ds")
    (tmp_path / "ds" / ".x.parquet.7.part").touch()

    def finished(path: Path) -> bool:
        path.unlink()
        return True

    monkeypatch.setattr(Path, "is_file", finished)
    assert dataset.clean(time.time() + 7200) == 0
