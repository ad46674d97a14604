"""What a program calls first on a recording: `open`, and `to_frame` for its samples, events or labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from powermeter.recording.reader import Recording, What


def open(path: str | os.PathLike[str]) -> Recording:
    """Return an open recording; close it, or use it as a context manager.

    ::

        with powermeter.open("run.power") as recording:
            print(recording.metadata, len(list(recording.events())))

    Raises:
        DataError: It is missing, not a recording, or damaged beyond reading.
    """
    return Recording.open(Path(path))


def to_frame(
    recording: Recording | str | os.PathLike[str],
    what: What = "events",
    *,
    rail: str | None = None,
    baseline: object = None,
    by: str | Sequence[str] = (),
    battery: object = None,
) -> Any:
    """Return samples, events or labels as a pandas DataFrame, or as a pyarrow Table without pandas.

    ::

        frame = powermeter.to_frame("run.power", "events")

    The columns are those of `powermeter export`: lower case, the SI unit at the end (`energy_j`).

    Args:
        recording: A path or an open recording.
        what: Every sample, every event with its energy, one row per label, or per model and phase of tokens.
        rail, baseline, by: As for `analyse`.
        battery: What `items_per_charge` is counted for: a specification, a preset or a `Battery`; 4Ah, or
            what the recording notes, where None.

    Raises:
        NotInstalledError: Neither pandas nor pyarrow is there.
        DataError, ConfigurationError: As for `analyse`.
    """
    if isinstance(recording, (str, os.PathLike)):
        with open(recording) as opened:
            return opened.to_frame(what, rail=rail, baseline=baseline, by=by, battery=battery)
    return recording.to_frame(what, rail=rail, baseline=baseline, by=by, battery=battery)
