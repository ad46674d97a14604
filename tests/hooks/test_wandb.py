"""Energies in Weights & Biases: `log_recording("run.power", run)`: what it promises, on the real package without a network."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from class_of_forty import record
from frameworks import need_here

from powermeter.errors import NotInstalledError
from powermeter.hooks import wandb as ours_wandb


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tracked") / "run.power", "", 1)


def test_a_run_gets_a_summary(recorded: Path) -> None:
    class Run:
        summary: dict[str, Any] = {}  # noqa: RUF012

    found = ours_wandb.log_recording(recorded, Run())
    assert Run.summary["power/energy_j"] == found.numbers["energy_j"]
    assert Run.summary["power/grade"] == "measured"


BLOCK, HEADER = 32_768, 7


def records(data: bytes) -> Iterator[bytes]:
    """Yield the records of a run's file: a log as LevelDB's, after seven bytes that name it."""
    assert data.startswith(b":W&B")
    at, held = HEADER, b""
    while at + HEADER <= len(data):
        if BLOCK - at % BLOCK < HEADER:  # what is left of a block is empty
            at += BLOCK - at % BLOCK
            continue
        size, kind = struct.unpack("<HB", data[at + 4 : at + HEADER])
        held += data[at + HEADER : at + HEADER + size]
        at += HEADER + size
        if kind in (1, 4):  # whole, or the last piece
            yield held
            held = b""


def kept_offline(folder: Path) -> dict[str, Any]:
    """Return the summary that an offline run wrote into its file."""
    from wandb.proto import wandb_internal_pb2

    (path,) = folder.rglob("*.wandb")
    summary: dict[str, Any] = {}
    for data in records(path.read_bytes()):
        one = wandb_internal_pb2.Record()
        one.ParseFromString(data)
        updates = [*one.summary.update, *one.run.summary.update]
        summary |= {"/".join(u.nested_key) or u.key: json.loads(u.value_json) for u in updates}
    return summary


@pytest.mark.timeout(300)
def test_the_real_package_keeps_it_offline(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_here("wandb")
    for name in ("HOME", "WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    for name, value in (("MODE", "offline"), ("SILENT", "true"), ("DISABLE_GIT", "true"), ("CONSOLE", "off")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    import wandb

    with pytest.raises(NotInstalledError, match=r"wandb\.init"):
        ours_wandb.log_recording(recorded)
    with wandb.init(project="p", dir=str(tmp_path)):
        found = ours_wandb.log_recording(recorded)  # the active run
    wanted = {f"power/{name}": value for name, value in {**found.numbers, **found.texts}.items()}
    deadline = time.monotonic() + 100
    while not wanted.items() <= kept_offline(tmp_path).items() and time.monotonic() < deadline:
        time.sleep(0.1)  # a process of the package's own writes the file
    kept = kept_offline(tmp_path)
    assert {name: kept.get(name) for name in wanted} == wanted and kept["power/grade"] == "measured"
