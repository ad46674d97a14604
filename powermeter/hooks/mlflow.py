"""Energies in MLflow: `log_recording("run.power")` inside a run.

with mlflow.start_run(), powermeter.Meter(path="run.power"):
    train()
log_recording("run.power", run_id=...)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from powermeter.errors import NotInstalledError
from powermeter.hooks.tracker_metrics import Flat, flat

PREFIX = "power/"
MOST_TEXT = 250


def log_recording(
    path: str | Path, *, run_id: str | None = None, artifact: bool = True, step: int = 0
) -> Flat:
    """Log a recording's energies as metrics, their grade and rail as tags, the file as an artifact.

    Args:
        path: A closed recording.
        run_id: The run that gets them; the active one where None.
        artifact: Whether the recording itself is kept too.
        step: Of the metrics, for several recordings of one run.

    Raises:
        NotInstalledError: MLflow is missing.
        DataError: The recording cannot be read, or holds no power.
    """
    try:
        import mlflow
    except ImportError:
        raise NotInstalledError("logging to MLflow needs it; run: pip install mlflow") from None
    found = flat(path)
    client: Any = mlflow.MlflowClient()
    run = run_id or _active(mlflow)
    for name, value in found.numbers.items():
        client.log_metric(run, f"{PREFIX}{name}", value, step=step)
    for name, text in found.texts.items():
        client.set_tag(run, f"{PREFIX}{name}", text[:MOST_TEXT])
    if artifact:
        client.log_artifact(run, str(path), "power")
    return found


def _active(mlflow: Any) -> str:
    run = mlflow.active_run() or mlflow.start_run()
    return str(run.info.run_id)
