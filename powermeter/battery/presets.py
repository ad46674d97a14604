"""The bundled batteries of `data/batteries.toml`: typical data-sheet values, each with its provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from powermeter import toml


@lru_cache(maxsize=1)
def presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the bundled batteries by name, with the tables they share (`ocv`, `temperature`)."""
    text = files("powermeter.battery").joinpath("data/batteries.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = toml.parse(text, "batteries.toml")
    return tables


def preset_names() -> Sequence[str]:
    """Return the names of the bundled batteries."""
    return [name for name in presets() if name not in ("ocv", "temperature")]


def deliverable_w(entry: Mapping[str, Any]) -> float | None:
    """Return the power that a preset's full cells deliver at most without falling below their cut-off, or None.

    At a terminal voltage U the current is (V - U) / R, so U (V - U) / R is the largest of any U from the cut-off up.
    """
    if not entry.get("resistance_ohm") or "chemistry" not in entry or "cells" not in entry:
        return None
    full = float(entry["cells"]) * float(presets()["ocv"][entry["chemistry"]][-1])
    lowest = max(float(entry.get("cutoff_v", 0.0)), full / 2)
    return lowest * (full - lowest) / float(entry["resistance_ohm"])
