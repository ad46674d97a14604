"""Verdicts on many labels, kept from being wrong by their number: Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from powermeter.comparison.contrast import Contrast, contrast
from powermeter.comparison.matching_labels import Pair
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.verdict import LEVEL, Verdict


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One label of a comparison.

    Attributes:
        title: The label (with its group), `whole run`, or `base → small` where two labels are compared.
        contrast: How the two sides compare.
    """

    title: str
    contrast: Contrast

    @property
    def verdict(self) -> Verdict:
        """What is known about the programs, B against A: the cautious verdict."""
        return self.contrast.verdict


def jointly(pairs: Sequence[Pair], asked: CompareOptions) -> tuple[ComparisonRow, ...]:
    """Return the rows with verdicts that hold together: at most `LEVEL` that any of them is false (Holm 1979)."""
    alone = [contrast(p.left, p.right, paired=asked.paired, margin=asked.margin) for p in pairs]
    order = sorted(range(len(alone)), key=lambda i: 1.0 if (p := alone[i].p_value) is None else p)
    rows: list[ComparisonRow | None] = [None] * len(pairs)
    significant, level = True, LEVEL
    for rank, i in enumerate(order):
        if significant:
            level = LEVEL / (len(order) - rank)
        pair = pairs[i]
        weighed = contrast(pair.left, pair.right, paired=asked.paired, margin=asked.margin, level=level)
        significant = significant and weighed.significant
        rows[i] = ComparisonRow(pair.title, weighed)
    return tuple(row for row in rows if row is not None)
