"""One recording of a comparison: its analysis and the instrument behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.analysis import throttling
from powermeter.analysis.above_baseline import BaselineSpec
from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.item_count import ItemCount
from powermeter.recording import Recording


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedRun:
    """One recording, analysed.

    Attributes:
        name: For people.
        analysis: What it states.
        instrument: Names what measured it; equal names are one instrument.
        recording: Names the recording: within it, offsets of clocks and baselines are common too.
        started_s: UTC of its first sample in s, or None where no wall clock is known.
        throttled: Whether the board reported that it held itself back.
        program: The script or program that ran, without its folder; empty where that is not known.
    """

    name: str
    analysis: Analysis
    instrument: str
    recording: str
    started_s: float | None = None
    throttled: bool = False
    program: str = ""


def read(
    what: Any,
    *,
    rail: str | None = None,
    baseline: BaselineSpec = None,
    by: Sequence[str] = (),
    name: str = "",
    count: ItemCount | None = None,
) -> AnalysedRun:
    """Analyse one recording.

    Args:
        what: A path, an open recording, or an `Analysis` (which keeps its own rail, baseline and groups).
        rail, baseline, by: As for `analyse`.
        name: For people; the file's otherwise.
        count: How many items it stands for; the events' own counts otherwise.

    Raises:
        DataError: It cannot be read, or holds no power.
    """
    if isinstance(what, (str, Path)):
        with Recording.open(what) as opened:
            name = name or Path(what).name
            return read(opened, rail=rail, baseline=baseline, by=by, name=name, count=count)
    analysis = (
        what
        if isinstance(what, Analysis)
        else analyse(what, rail=rail, baseline=baseline, by=by, items=count)
    )
    origin = analysis.origin
    throttled = any(note.code == throttling.THROTTLED for note in analysis.notes)
    name = name or origin.name
    return AnalysedRun(
        name, analysis, origin.instrument, origin.recording, origin.started_s, throttled, origin.program
    )
