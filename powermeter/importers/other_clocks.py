"""Compares the times that are used with the other columns of times that a table has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.errors import plural
from powermeter.importers.calendar_columns import calendar_columns
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.importers.stamp_reader import Reader, TimePlan
from powermeter.importers.time_columns import choose_time
from powermeter.result.notes import Note
from powermeter.units import NS, format_short

_FEWEST = 4
_SHARE = 0.05
_COARSE_S = 2.0


def disagreements(found: Layout, headings: Sequence[Heading], used: TimePlan, choices: Choices) -> list[Note]:
    """Return a warning for each other column of times over which the sampled rows take another time than over the one used."""
    if not used.indexes:
        return []
    own = _span_s(found, used)
    if own is None:
        return []
    named = [i for i, h in enumerate(headings) if h.is_time]
    others = [i for i in dict.fromkeys([*named, *calendar_columns(found, headings)]) if i not in used.columns]
    notes = []
    for other in others:
        alone = [h if i == other else replace(h, unit="-", quantity=None) for i, h in enumerate(headings)]
        plan = choose_time(found, alone, choices, [])
        span = None if plan is None or plan.indexes != (other,) else _span_s(found, plan)
        if span is None or abs(span - own) <= _SHARE * max(span, own) + _COARSE_S * (max(span, own) > 10):
            continue
        notes.append(
            Note.warning(
                "times-disagree",
                f"{_names(headings, used)} was used as the time: the first {plural(len(found.rows), 'row')} cover {format_short(own, 4)} s by it and "
                f"{format_short(span, 4)} s by {headings[other].text!r}; to use the latter, add {_without(headings, used)}",
            )
        )
    return notes


def _names(headings: Sequence[Heading], plan: TimePlan) -> str:
    return " and ".join(repr(headings[i].text) for i in plan.indexes)


def _without(headings: Sequence[Heading], plan: TimePlan) -> str:
    return " ".join(f"--column {quote(f'{headings[i].text}=-')}" for i in plan.indexes)


def _span_s(found: Layout, plan: TimePlan) -> float | None:
    """Return the seconds that the sampled rows take by a column, or None where it does not rise with them."""
    rows = [row for row in found.rows if len(row) > max(plan.indexes)]
    texts = [" ".join(row[i].strip() for i in plan.indexes) for row in rows]
    stamps: NDArray[np.int64] = Reader(plan, found.decimal_comma).read(texts)[0]
    known = stamps[stamps != MISSING]
    if len(known) < _FEWEST or len(known) < len(rows) or (np.diff(known) < 0).any() or known[-1] == known[0]:
        return None
    return float(known[-1] - known[0]) / NS
