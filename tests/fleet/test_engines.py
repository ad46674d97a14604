"""DuckDB and Spark answer alike; what is not installed or out of reach is named in one line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import outside
import pytest
from structures import alike

from powermeter.errors import ConfigurationError, NotInstalledError, OpenError
from powermeter.fleet import engines

TABLES = ("recordings", "labels", "parts", "events", "hours", "readings")


@pytest.fixture
def small(dataset: Path, tmp_path: Path) -> Path:
    """Two devices of the lab."""
    for table in TABLES:
        for device in ("pi-00", "pi-01"):
            shutil.copytree(
                dataset / table / f"device={device}", tmp_path / "ds" / table / f"device={device}"
            )
    shutil.copyfile(dataset / "powermeter-dataset.json", tmp_path / "ds" / "powermeter-dataset.json")
    return tmp_path / "ds"


def both(folder: Path, master: str, *, merged: bool = False) -> dict[str, Any]:
    """Return engine → everything that is asked, and all event energies; Spark is asked after the files were merged."""
    import pyarrow as pa

    from powermeter.fleet.answers import FleetOptions, answers
    from powermeter.fleet.recompute import event_energies

    found = {}
    questions = ("energies", "outliers", "drifts", "regressions", "totals", "life")
    for name, where in (("duckdb", None), ("spark", master)):
        if merged and name == "spark":
            merge_half(folder)
        with engines.engine_of(name, folder, master=where) as engine:
            told = answers(
                engine, FleetOptions(questions, ("model", "version", "label", "device"), place="FRA")
            ).to_dict()
            events = pa.concat_tables(list(event_energies(engine)))
        order = events.sort_by([("recording", "ascending"), ("number", "ascending")])
        found[name] = (told, order.to_pylist())
    return found


def merge_half(folder: Path) -> None:
    """Merge one device; the other one keeps files of its own."""
    from powermeter.fleet.dataset import Dataset
    from powermeter.fleet.merging import merge

    away = {table: sorted((folder / table).glob("device=pi-01/day=*/*.parquet")) for table in TABLES}
    kept = {path: path.read_bytes() for paths in away.values() for path in paths}
    for path in kept:
        path.unlink()
    merge(Dataset(folder))
    for path, data in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_spark_answers_what_duckdb_answers(small: Path) -> None:
    outside.need("pyarrow", "ibis", "duckdb", "pyspark", "java")
    found = both(small, "local[2]", merged=True)
    told = [{k: v for k, v in found[name][0].items() if k != "engine"} for name in ("duckdb", "spark")]
    alike(*told)
    alike(found["duckdb"][1], found["spark"][1])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_workers_as_jvms_of_their_own(small: Path) -> None:
    outside.need("pyarrow", "ibis", "duckdb", "pyspark", "java")
    found = both(small, "local-cluster[2,1,1024]")
    alike(found["duckdb"][1], found["spark"][1])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_worker_that_is_killed_midway_changes_nothing(small: Path) -> None:
    """One of the executors, a JVM that this test started, is killed by its id while event energies are computed."""
    outside.need("pyarrow", "ibis", "duckdb", "pyspark", "java")
    psutil = pytest.importorskip("psutil")
    import os
    import threading

    import pyarrow as pa

    from powermeter.fleet.recompute import event_energies

    killed: list[int] = []

    def kill_one() -> None:
        for _ in range(1200):
            for child in psutil.Process(os.getpid()).children(recursive=True):
                try:
                    if "CoarseGrainedExecutorBackend" in " ".join(child.cmdline()) and not killed:
                        child.kill()
                        killed.append(child.pid)
                        return
                except psutil.Error:
                    continue
            threading.Event().wait(0.1)

    with engines.engine_of("duckdb", small) as engine:
        wanted = pa.concat_tables(list(event_energies(engine)))
    with engines.engine_of("spark", small, master="local-cluster[2,1,1024]") as engine:
        waiting = threading.Thread(target=kill_one)
        waiting.start()
        found = pa.concat_tables(list(event_energies(engine)))
        waiting.join()
    assert killed
    order = [("recording", "ascending"), ("number", "ascending")]
    alike(wanted.sort_by(order).to_pylist(), found.sort_by(order).to_pylist())


def test_a_master_out_of_reach_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "powermeter-dataset.json").write_text('{"layout": 1}')
    with pytest.raises(OpenError, match=r"127\.0\.0\.1:9: "):
        engines.engine_of("spark", tmp_path, master="spark://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=r"write local"):
        engines.engine_of("spark", tmp_path, master="mesos")


def test_what_is_no_dataset_or_engine_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="powermeter collect"):
        engines.engine_of("duckdb", tmp_path)
    with pytest.raises(ConfigurationError, match="duckdb, spark"):
        engines.engine_of("pandas", tmp_path)
    with pytest.raises(ConfigurationError, match="--master"):
        engines.engine_of("duckdb", tmp_path, master="local")


def test_a_missing_extra_is_named_by_the_message_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "powermeter-dataset.json").write_text('{"layout": 1}')
    monkeypatch.setitem(sys.modules, "ibis", None)
    monkeypatch.setattr(engines, "require_arrow", lambda: None)
    with pytest.raises(NotInstalledError, match=r"powermeter\[fleet\]"):
        engines.engine_of("duckdb", tmp_path)
    with pytest.raises(NotInstalledError, match=r"powermeter\[spark\]"):
        engines.engine_of("spark", tmp_path)


@pytest.mark.thorough
def test_the_core_works_without_any_of_them(tmp_path: Path) -> None:
    """The modules that the README's commands load import none of the engines."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('ibis','duckdb','pyspark','pyarrow','fsspec','paho','opentelemetry')))\n"
        "from powermeter import cli\n"
        f"sys.exit(cli.run(['table', {str(tmp_path)!r}]) - 2 or cli.run(['--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
