"""What trackers get is what `show` prints; what is not known is absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_of_forty import record

from powermeter import analyse
from powermeter.errors import DataError, NotInstalledError
from powermeter.hooks import mlflow as ours_mlflow
from powermeter.hooks import wandb as ours_wandb
from powermeter.hooks.tracker_metrics import flat, tracked


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tracked") / "run.power", "", 1)


def test_numbers_are_those_of_show(recorded: Path) -> None:
    found, a = flat(recorded), analyse(recorded)
    row = a.row("infer")
    assert row.per_item is not None
    assert found.numbers["energy_j"] == a.energy.value
    assert found.numbers["infer/per_item_low_j"] == row.per_item.low
    assert found.numbers["infer/per_item_high_j"] == row.per_item.high
    assert found.texts["grade"] == "measured" and found.texts["simulated"] == "false"
    assert tracked("a:b|c\n/") == "a_b_c_" and tracked("") == "label"


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.power").write_text("x")
    with pytest.raises(DataError):
        flat(tmp_path / "x.power")


def test_a_tracker_that_is_missing_is_named(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("mlflow", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotInstalledError, match="pip install mlflow"):
        ours_mlflow.log_recording(recorded)
    with pytest.raises(NotInstalledError, match="pip install wandb"):
        ours_wandb.log_recording(recorded)
