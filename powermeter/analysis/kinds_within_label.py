"""Whether a label holds several kinds of work: an attribute of its events that sorts their energies."""

from __future__ import annotations

import numpy as np

from powermeter.analysis.energy import Analysis
from powermeter.analysis.label_row import LabelRow
from powermeter.result.notes import Note
from powermeter.units import format_percent

_FEWEST = 8
_MOST_NAMES = 24
_MOST_KINDS = 12
_EACH = 3  # events of a kind, without which a mean of it is none
_EXPLAINED = 0.75


def splits_of(row: LabelRow, analysis: Analysis) -> list[Note]:
    """Return a note on the attribute that explains most of the differences between a label's energies, if one does.

    It must explain three quarters of their variance, degrees of freedom allowed for, and have some events of each of its values.
    """
    known = row.index[analysis.energies.known[row.index]]
    events = analysis.events.at(known)
    counts = np.where(events.counts == 0, np.nan, events.counts)
    each = analysis.energies.value[known] / counts
    if each.size < _FEWEST or not np.isfinite(each).all() or not each.std() or row.method == "regression":
        return []
    if not events.having("attributes").size:
        return []
    attributes, kind = events.kinds
    names = [name for name in dict.fromkeys(n for one in attributes for n in one) if name not in row.group]
    best, share = "", _EXPLAINED
    for name in names[:_MOST_NAMES]:
        values = [str(one.get(name)) for one in attributes]
        kinds, number = np.unique(values, return_inverse=True)
        number = number[kind]
        size = np.bincount(number)
        if not 2 <= kinds.size <= _MOST_KINDS or size.min() < _EACH:
            continue
        within = each - (np.bincount(number, each) / size)[number]
        left = float(within @ within) / (each.size - kinds.size)
        explained = 1 - left / float(np.var(each, ddof=1))
        if explained > share:
            best, share = name, explained
    if not best:
        return []
    text = (
        f"{row.title!r} holds several kinds of work: {format_percent(share)} of the differences between its energies follow the attribute "
        f"{best!r}; --by {best} keeps them apart, which narrows more than repeats do; the interval of all supposes the same mix"
    )
    return [Note.info("attribute-splits", text)]
