"""What trackers get is what `show` prints; what is not known is absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from class_of_forty import record

from powermeter import analyse
from powermeter.errors import DataError, NotInstalledError
from powermeter.integrations import mlflow as ours_mlflow
from powermeter.integrations import wandb as ours_wandb
from powermeter.integrations.metrics import flat, tracked


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tracked") / "run.power", "", 1)


def test_numbers_are_those_of_show(recorded: Path) -> None:
    found, a = flat(recorded), analyse(recorded)
    row = a.row("infer")
    assert row.per_item is not None
    assert found.numbers["energy_j"] == a.energy.value
    assert found.numbers["infer/energy_per_item_low_j"] == row.per_item.low
    assert found.numbers["infer/energy_per_item_high_j"] == row.per_item.high
    assert found.texts["grade"] == "measured" and found.texts["simulated"] == "false"
    assert tracked("a:b|c\n/") == "a_b_c_" and tracked("") == "label"


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.power").write_text("x")
    with pytest.raises(DataError):
        flat(tmp_path / "x.power")


def test_mlflow_keeps_metrics_tags_and_the_file(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder needs no server
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not part of the tests' environment")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    experiment = mlflow.create_experiment("e", artifact_location=(tmp_path / "kept").as_uri())
    with mlflow.start_run(experiment_id=experiment) as run:
        found = ours_mlflow.log_recording(recorded)
    kept = mlflow.MlflowClient().get_run(run.info.run_id).data
    assert kept.metrics["power/energy_j"] == found.numbers["energy_j"]
    assert kept.tags["power/grade"] == "measured"
    assert [path.name for path in (tmp_path / "kept").rglob("*.power")] == ["run.power"]


def test_weights_and_biases_gets_a_summary(recorded: Path) -> None:
    class Run:
        summary: dict[str, Any] = {}  # noqa: RUF012

    found = ours_wandb.log_recording(recorded, Run())
    assert (
        Run.summary["power/energy_j"] == found.numbers["energy_j"]
        and Run.summary["power/grade"] == "measured"
    )


def test_a_tracker_that_is_missing_is_named(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("mlflow", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(NotInstalledError, match="pip install mlflow"):
        ours_mlflow.log_recording(recorded)
    with pytest.raises(NotInstalledError, match="pip install wandb"):
        ours_wandb.log_recording(recorded)
