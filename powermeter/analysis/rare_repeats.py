"""What repeats of a kind that has not been seen yet leave open: the rule of three."""

from __future__ import annotations

UNSEEN_COST = 2.0
"""A kind of repeat that has not been seen yet is taken to cost up to this many times the mean more than the mean."""

_RULE_OF_THREE = 3.0  # 95 %: 0.05 = (1 − 3/n)^n


def unseen_cost(mean: float, repeats: int) -> float:
    """Return by how much the mean may be higher for what has not happened in `repeats`: it happens in at most 3/n of them."""
    return UNSEEN_COST * abs(mean) * _RULE_OF_THREE / repeats
