"""Fixtures that write a small recording, and what is in one in a form that compares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_recording import Truth, write

from powermeter.recording import Overview, Recording


@pytest.fixture
def recorded(tmp_path: Path) -> Truth:
    """A finished recording and what is in it."""
    return write(tmp_path / "run.power")


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Truth]:
    """A function that writes such a recording with other sizes."""
    return lambda name="run.power", **sizes: write(tmp_path / name, **sizes)


def listed(overview: Overview) -> list[Any]:
    """An overview in a form that compares."""
    cells = [overview.start_ns, overview.end_ns, overview.count, overview.low, overview.high, overview.mean]
    return [np.nan_to_num(column, nan=-1e300).tolist() for column in cells]


def content(recording: Recording) -> dict[str, Any]:
    """Everything a report could use, in a form that compares."""
    found: dict[str, Any] = {"metadata": recording.metadata, "events": recording.events()}
    found["clock"] = recording.clock_pairs()
    found["calibration"] = recording.facts("calibration")
    for source in recording.sources:
        samples = recording.samples(source.id)
        found[f"source {source.id}"] = (
            source,
            samples.times_ns.tolist(),
            {name: column.tolist() for name, column in samples.codes.items()},
            samples.flags.tolist(),
            recording.ticks(source.id),
            listed(recording.overview(source.id)),
            recording.span_ns(source.id),
            recording.read_ns(source.id),
        )
        found[f"gaps {source.id}"] = recording.gaps(source.id)
    return found


@pytest.fixture
def contents() -> Callable[[Recording], dict[str, Any]]:
    """The function that gives a recording's whole content in a form that compares."""
    return content
