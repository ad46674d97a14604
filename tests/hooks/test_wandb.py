"""Energies in Weights & Biases: `log_recording("run.power", run)`: what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from class_of_forty import record

from powermeter.hooks import wandb as ours_wandb


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tracked") / "run.power", "", 1)


def test_weights_and_biases_gets_a_summary(recorded: Path) -> None:
    class Run:
        summary: dict[str, Any] = {}  # noqa: RUF012

    found = ours_wandb.log_recording(recorded, Run())
    assert (
        Run.summary["power/energy_j"] == found.numbers["energy_j"]
        and Run.summary["power/grade"] == "measured"
    )
