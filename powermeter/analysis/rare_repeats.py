"""What repeats of a kind that has not been seen yet leave open: the rule of three."""

from __future__ import annotations

UNSEEN_COST = 2.0
"""A kind of repeat that has not been seen yet is taken to cost up to this many times the mean more than the mean."""

CALL_S = 0.05
"""Calls that are shorter count together as one that lasts this long, in s: a hiccup of the machine is not shorter for them."""

_RULE_OF_THREE = 3.0  # 95 %: 0.05 = (1 − 3/n)^n


def unseen_cost(mean: float, repeats: float) -> float:
    """Return by how much the mean may be higher for what has not happened in `repeats`: it happens in at most 3/n of them."""
    return UNSEEN_COST * abs(mean) * _RULE_OF_THREE / repeats


def seen_at_once(calls: int, repeat_s: float) -> float:
    """Return how many chances for something rare a repeat of several calls is: its calls, but one each `CALL_S` at most."""
    return max(1.0, min(float(calls), repeat_s / CALL_S))
