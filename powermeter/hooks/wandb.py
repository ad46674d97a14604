"""Energies in Weights & Biases: `log_recording("run.power", run)`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from powermeter.errors import NotInstalledError
from powermeter.hooks.tracker_metrics import Flat, flat

PREFIX = "power/"


def log_recording(path: str | Path, run: Any = None) -> Flat:
    """Put a recording's energies into the summary of a run, with their grade and rail.

    Args:
        path: A closed recording.
        run: Of Weights & Biases; the active one where None.

    Raises:
        NotInstalledError: wandb is missing, or no run is active.
        DataError: The recording cannot be read, or holds no power.
    """
    found = flat(path)
    if run is None:
        run = _active()
    for name, value in {**found.numbers, **found.texts}.items():
        run.summary[f"{PREFIX}{name}"] = value
    return found


def _active() -> Any:
    try:
        import wandb
    except ImportError:
        raise NotInstalledError("logging to Weights & Biases needs it; run: pip install wandb") from None
    if wandb.run is None:
        raise NotInstalledError("no run of Weights & Biases is active; call wandb.init() first")
    return wandb.run
