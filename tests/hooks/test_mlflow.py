"""Energies in MLflow: `log_recording("run.power")` inside a run: what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_of_forty import record
from frameworks import need_here

from powermeter.hooks import mlflow as ours_mlflow


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tracked") / "run.power", "", 1)


def test_mlflow_keeps_metrics_tags_and_the_file(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder needs no server
    need_here("mlflow")
    import mlflow

    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    experiment = mlflow.create_experiment("e", artifact_location=(tmp_path / "kept").as_uri())
    with mlflow.start_run(experiment_id=experiment) as run:
        found = ours_mlflow.log_recording(recorded)
    kept = mlflow.MlflowClient().get_run(run.info.run_id).data
    assert kept.metrics["power/energy_j"] == found.numbers["energy_j"]
    assert kept.tags["power/grade"] == "measured"
    assert [path.name for path in (tmp_path / "kept").rglob("*.power")] == ["run.power"]
