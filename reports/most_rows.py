"""How many rows a terminal prints of very many, which ones, and the line that counts the rest, for every verb."""

from __future__ import annotations

from collections.abc import Sequence

from powermeter.errors import plural

from .terminal_look import NARROW

MOST_ROWS, FEW_ROWS = 24, 10
"""Rows of a table, and of one below `NARROW` cells."""


def most_rows(width: int) -> int:
    """Return how many rows a table has at most in a terminal so many cells wide."""
    return MOST_ROWS if width >= NARROW else FEW_ROWS


def heaviest(weights: Sequence[float], most: int) -> list[int]:
    """Return the places of the heaviest, so many at most, in the order in which they stand."""
    return sorted(sorted(range(len(weights)), key=lambda i: -weights[i])[:most])


def rest(count: int, noun: str, least: str, where: str) -> str:
    """Return the line that counts what is not printed: `76 more labels, which used less each: --json lists all`."""
    return f"{plural(count, f'more {noun}')}, which {least}: {where}"
