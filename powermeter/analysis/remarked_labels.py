"""Of which labels a reader must know something, and what of each, by code: of thousands, found without making their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from powermeter.analysis.label_row import LabelRow
from powermeter.analysis.label_rows import LabelRows
from powermeter.analysis.next_item import is_of_this_mix, trend_in
from powermeter.analysis.resolution import is_short, remarked, stated_of_long
from powermeter.result import Result


class Remarked(NamedTuple):
    """What is remarked of one label.

    Attributes:
        codes: Of the remarks, in their order.
        outcome, length_s: Of its `Resolution`, which labels may share.
    """

    codes: tuple[str, ...]
    outcome: str
    length_s: float


_PLAIN = Remarked((), "", 0.0)


def remarked_of(rows: Sequence[LabelRow]) -> list[Remarked]:
    """Return what is remarked of each of some rows, none of which is kept for it."""
    if not isinstance(rows, LabelRows):
        return [_of_row(made) for made in rows]
    counts, short = rows.events.counts, _of_short_labels(rows)
    return [short.get(i) or _of_label(rows, i, counts) for i in range(len(rows))]


def _of_short_labels(rows: LabelRows) -> dict[int, Remarked]:
    """Return what is remarked of the labels with one event that is long enough to be resolved and shares nothing."""
    energy = rows.energies
    long = (
        energy.known & ~is_short(energy.integral.trace, energy.samples, energy.seconds) & (energy.seconds > 0)
    )
    if rows.shares is not None:
        long &= ~(rows.shares.whole < 1 - 1e-9)
    longs, groups = long.tolist(), energy.group.tolist()
    found: dict[int, Remarked] = {}
    for i, (mine, warm) in enumerate(zip(rows.members, rows.warm, strict=True)):
        if mine.size == 1 and longs[at := mine.item()] and not warm.count:
            of = energy.groups[groups[at]]
            tail, text = of.tail is not None, stated_of_long(of.why)
            found[i] = (
                _PLAIN
                if not (tail or text)
                else Remarked((*["tail"][:tail], *["not-resolved"][:text]), "", 0.0)
            )
    return found


def without_charge(rows: Sequence[LabelRow], i: int) -> LabelRow:
    """Return a row for what is remarked of it."""
    return rows.without_charge(i) if isinstance(rows, LabelRows) else rows[i]


def _of_row(made: LabelRow) -> Remarked:
    outcome = made.verdict.outcome
    return Remarked(tuple(_codes(made)), outcome, made.verdict.length_s if outcome else 0.0)


def _codes(made: LabelRow) -> Iterator[str]:
    if made.share is not None and made.energy is not None:
        yield "overlap"
    if made.warmup.count:
        yield "warm-up"
    if made.of_this_mix and made.spread_j is not None:
        yield "same-mix"
    if made.drift is not None:
        yield "drift"
    if made.tail is not None:
        yield "tail"
    if made.verdict.text:
        yield "not-resolved"


def _of_label(rows: LabelRows, i: int, counts: NDArray[np.float64]) -> Remarked:
    """Return what `_of_row` does of a row that is not made."""
    energy, index, skipped = rows.energies, rows.members[i], rows.warm[i].count
    known, covered = index[energy.known[index]], index[energy.covered[index]]
    if known.size and rows.shares is not None and (rows.shares.whole[known] < 1 - 1e-9).any():
        return _of_row(rows.without_charge(i))
    codes = ["warm-up"] if skipped else []
    if known.size - skipped > 1 and not np.isnan(counts[known]).any():
        rest = known[np.argsort(energy.start_ns[known], kind="stable")][skipped:]
        trend = trend_in(energy, rest, counts[rest], skipped)
        if is_of_this_mix(energy, rest, counts[rest], trend):
            return _of_row(rows.without_charge(i))
        codes += ["drift"] if trend is not None else []
    if any(found.tail is not None for found in energy.groups_at(known)):
        codes.append("tail")

    def total() -> Result:
        return energy.combine_of(known, np.ones(known.size), rows.named[i].origin)

    has_text, outcome, length_s = remarked(energy, known, covered, total)
    return Remarked((*codes, *(["not-resolved"] if has_text else [])), outcome, length_s)
