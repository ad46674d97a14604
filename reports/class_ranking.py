"""The rows of many recordings in an order: sorted, or ranked with equal places where intervals overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from powermeter.errors import ConfigurationError
from powermeter.fleet.findings import NOT_ACCEPTED

from .class_table import OF_ITEMS, ClassRow

SORTS = ("energy", "charge", "latency", "carbon", "file", "team", "points")


def in_order(rows: Sequence[ClassRow], by: str) -> list[ClassRow]:
    """Return the rows sorted, those of whole runs behind those of an item, and those that lack what is sorted by at the end.

    Raises:
        ConfigurationError: There is no such order.
    """
    if by not in SORTS:
        raise ConfigurationError(f"--sort {by!r}: there are {', '.join(SORTS)}")

    def key(row: ClassRow) -> tuple[Any, ...]:
        value: Any = {
            "energy": row.per_item and row.per_item.value,
            "charge": row.charge and row.charge.value,
            "latency": row.latency_s,
            "carbon": row.carbon and row.carbon.value,
            "file": row.file,
            "team": row.team,
            "points": None if row.points is None else -row.points,
        }[by]
        apart = by in OF_ITEMS and row.is_of_the_run
        return (value is None, apart, value if value is not None else 0, row.file, row.label)

    return sorted(rows, key=key)


def ranked(rows: Sequence[ClassRow]) -> list[ClassRow]:
    """Return rows by energy, with equal places where the intervals overlap, then those that are not accepted without a place.

    A row shares the place of the first one whose interval reaches its value: with equal places it is not known who uses less.
    A whole run has no place beside items.
    """
    order = in_order(rows, "energy")
    placed = [row for row in order if row.per_item is not None and row.verdict != NOT_ACCEPTED]
    placed = [row for row in placed if not row.is_of_the_run] or placed
    left = [row for row in order if row not in placed]
    found: list[ClassRow] = []
    place, leader = 0, None
    for number, row in enumerate(placed, 1):
        assert row.per_item is not None
        # Sensors of different teams have errors of their own, whatever equal names they wear.
        own = replace(row.per_item, parts={})
        if leader is None or leader < own:
            place, leader = number, own
        found.append(replace(row, rank=place))
    return [*found, *left]
