"""What a program calls first on something recorded or plugged in: `open`, `analyse`, `discover`, `to_frame`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from powermeter import registry
from powermeter.analysis import energy
from powermeter.analysis.baseline import BaselineSpec
from powermeter.analysis.energy import Analysis
from powermeter.battery.battery import Battery
from powermeter.discovery import Finding, search
from powermeter.recording import Recording, RecordingLike

What = Literal["samples", "events", "labels"]


def open(path: str | os.PathLike[str]) -> Recording:
    """Return an open recording; close it, or use it as a context manager.

    Raises:
        DataError: It is missing, not a recording, or damaged beyond reading.
    """
    return Recording.open(Path(path))


def analyse(
    recording: RecordingLike | str | os.PathLike[str],
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
) -> Analysis:
    """Return the energies of a recording, its events and its labels.

    Args:
        recording: A path, an open `Recording`, or anything with its sources, samples, gaps and events.
        rail: The rail to count, by name or `source/rail`; None takes the best stand-in for what the
            battery sees.
        baseline: What to subtract: watts, `"2.1W"`, the name of an idle event, a (start_ns, end_ns)
            window, a `Result` in W, or None.
        by: Attributes that split a label into several rows; one may be given as a plain name.

    Raises:
        DataError: It cannot be read, nothing in it measures power, or too few samples do.
        ConfigurationError: No such rail, no such baseline.
    """
    names = (by,) if isinstance(by, str) and by else tuple(by)
    if isinstance(recording, (str, os.PathLike)):
        with open(recording) as opened:
            return energy.analyse(opened, rail=rail, baseline=baseline, by=names)
    return energy.analyse(recording, rail=rail, baseline=baseline, by=names)


def discover(limit_s: float = 2.0, schemes: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """Return what can be measured on this machine, best first; nothing is written to any hardware.

    Args:
        limit_s: The longest to look, in s.
        schemes: The drivers to ask; all where None.
    """
    return search(limit_s, schemes).findings


def to_frame(
    recording: Recording | str | os.PathLike[str],
    what: What = "events",
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: str | Sequence[str] = (),
    battery: str | Battery | None = None,
) -> Any:
    """Return samples, events or labels as a pandas DataFrame, or as a pyarrow Table without pandas.

    The columns are those of `powermeter export`: lower case, the SI unit at the end (`energy_j`).

    Args:
        recording: A path or an open recording.
        what: Every sample, every event with its energy, or one row per label.
        rail, baseline, by: As for `analyse`.
        battery: What `items_per_charge` is counted for; 4Ah, or what the recording notes, where None.

    Raises:
        NotInstalledError: Neither pandas nor pyarrow is there.
        DataError, ConfigurationError: As for `analyse`.
    """
    make = registry.load(registry.FRAME)
    options = {"rail": rail, "baseline": baseline, "by": by, "battery": battery}
    if isinstance(recording, (str, os.PathLike)):
        with open(recording) as opened:
            return make(opened, what, **options)
    return make(recording, what, **options)
