"""The profiler for experiment-runner, in the order in which it calls a configuration."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import powermeter
from powermeter.hooks.experiment_runner import COLUMNS, FILE, PREFIX, profiled
from powermeter.recording import Recording


class Model:
    """A run table as experiment-runner's: its columns are a list that it hands out."""

    def __init__(self) -> None:
        self.columns = ["avg_cpu"]

    def get_data_columns(self) -> list[str]:
        return self.columns


@pytest.mark.thorough
def test_a_run_gets_columns_and_a_recording(tmp_path: Path) -> None:
    calls: list[str] = []

    @profiled(["virtual://?rate=200Hz"])
    class RunnerConfig:
        def create_run_table_model(self) -> Model:
            return Model()

        def start_measurement(self, context: Any) -> None:
            calls.append("start")

        def stop_measurement(self, context: Any) -> None:
            calls.append("stop")

        def populate_run_data(self, context: Any) -> dict[str, Any]:
            return {"avg_cpu": 3}

    config = RunnerConfig()
    model = config.create_run_table_model()
    assert model.get_data_columns() == ["avg_cpu", *(f"{PREFIX}{name}" for name in COLUMNS)]
    context = SimpleNamespace(run_dir=tmp_path, run_variation={"__run_id": "run_0", "model": "tiny"})
    config.start_measurement(context)
    for _ in range(4):
        with powermeter.event("infer"):
            time.sleep(0.05)
    config.stop_measurement(context)
    found = config.populate_run_data(context)
    assert (
        calls == ["start", "stop"] and found["avg_cpu"] == 3 and set(found) >= set(model.get_data_columns())
    )
    assert found[f"{PREFIX}energy_j"] > 0 and found[f"{PREFIX}grade"] == "simulated"
    assert found[f"{PREFIX}per_item_low_j"] <= found[f"{PREFIX}per_item_j"]
    with Recording.open(tmp_path / FILE) as recording:
        assert recording.metadata["attributes"] == {"model": "tiny"}


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="energy_j"):
        profiled(columns=["joules"])
