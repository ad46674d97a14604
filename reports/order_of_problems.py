"""In which order the problems and the notes of a recording stand, in `show` and in every report.

Problems: what was recorded, what of it is counted, what no number can be had for, and what the footprint assumes.
Notes: what the program left unmarked, its labels, the importer, the analysis; the unknown place is the least and stands last.
"""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.analysis.asynchronous_calls import CALL_ALONE
from powermeter.analysis.energy import Analysis
from powermeter.analysis.item_count import CONTRADICTED, ODD
from powermeter.analysis.kinds_within_label import splits_of
from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.raised_events import RAISED
from powermeter.footprint import Footprint
from powermeter.footprint.grid_of_place import PLACE_UNKNOWN
from powermeter.recording import Recording
from powermeter.result.notes import Note, having, once

from .instruments import Instrument
from .rails_table import RailUse
from .recording_notes import imported, of_others, unmarked, warnings_of

NO_PLACE = Note.info(
    PLACE_UNKNOWN,
    "the place is not known: the footprint spans the world's grids; name it, for example FRA",
)
"""What a reader should know, but the least of all problems: it stands last."""

_LOUD = (RAISED, CALL_ALONE, CONTRADICTED, ODD, "unseen-end", "mostly-refused", "stood-still")
"""Remarks of an analysis that stand among the problems."""


def problems_in_order(
    recording: Recording,
    analysis: Analysis,
    sources: Sequence[Instrument],
    rails: Sequence[RailUse],
    *,
    voltage_known: bool,
    withheld: Sequence[Note],
    footprint: Footprint | None,
) -> tuple[Note, ...]:
    """Return what went wrong or must not be overlooked, each once; `withheld` are the reasons of missing numbers."""
    return once(
        [
            *warnings_of(recording, analysis, sources, voltage_known),
            *of_others(rails, analysis.line.rail.boundary),
            *(note for note in analysis.notes if _is_loud(note, analysis)),
            *withheld,
            *(note for note in (footprint.warnings if footprint else ()) if note.code != PLACE_UNKNOWN),
        ]
    )


def notes_in_order(
    recording: Recording, analysis: Analysis, headline: LabelRow | None, footprint: Footprint | None
) -> tuple[Note, ...]:
    """Return what a reader should know."""
    return (
        *unmarked(recording, analysis),
        *(splits_of(headline, analysis) if headline is not None else ()),
        *imported(recording),
        *(note for note in analysis.notes if not _is_loud(note, analysis)),
        *((NO_PLACE,) if footprint is not None and having(footprint.warnings, PLACE_UNKNOWN) else ()),
    )


def _is_loud(note: Note, analysis: Analysis) -> bool:
    return note.code in _LOUD or note in analysis.warnings
