"""Finds the column that states whether a battery charges by its cells, where its name does not show it: `charge` of yes and no is no charge in mAh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from powermeter.importers.battery_words import CHARGING, DISCHARGING, plain
from powermeter.importers.calendar_columns import texts_of
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout

_CALLED = frozenset(
    (
        *("charge", "charging", "is charging", "chg", "carga", "cargando", "en carga", "carica", "in carica"),
        *("laden", "ladt", "ladend", "en charge", "chargement"),
    )
)
"""Names under which yes, no, 1 and 0 state whether a battery charges."""


def state_column(
    found: Layout, words: Mapping[str, str], answers: Mapping[str, str]
) -> tuple[int, Mapping[str, str]] | None:
    """Return (column, what its cells mean) of the first column whose cells are all states of a battery, or None.

    Args:
        words: States in words → what they are.
        answers: Answers to whether it charges → what they are; of a column of numbers and answers both must occur.
    """
    for index, named in enumerate(found.headings):
        cells = {plain(text) or text for text in texts_of(found, index)}
        is_state = cells & _MOVING if found.named else cells != cells & _NOUNS or len(cells) > 1
        if cells and cells <= words.keys() and is_state:
            return index, words
        if found.named and plain(named.text) in _CALLED and cells <= answers.keys() and len(cells) == _BOTH:
            return index, answers
    return None


_MOVING = CHARGING | DISCHARGING
_NOUNS = {"charge", "discharge", "laden", "decharge", "carga", "descarga", "carica", "ricarica", "scarica"}
"""Of these one alone in every row of a table without a header is the label of the number behind it: `charge 5.2`."""

_BOTH = 2


def without_states(found: Layout, headings: Sequence[Heading]) -> list[Heading]:
    """Return headings without a quantity where a column that is called after a charge holds yes and no, or 1 and 0."""
    return [
        replace(named, unit=named.unit or named.text, quantity=None, why="whether a battery charges")
        if plain(named.text) in _CALLED and _are_answers(texts_of(found, index))
        else named
        for index, named in enumerate(headings)
    ]


def _are_answers(texts: Sequence[str]) -> bool:
    return len({*texts}) == _BOTH and {*map(plain, texts)} in _PAIRS


_PAIRS = (
    {"0", "1"},
    {"yes", "no"},
    {"si", "no"},
    {"oui", "non"},
    {"ja", "nein"},
    {"true", "false"},
    {"on", "off"},
    {"y", "n"},
)
