"""Which of the long proofs a run leaves out: each that costs a second is due for one commit in four."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

TABLE = Path(__file__).parents[1] / "costly.csv"
"""Thorough tests whose cases cost about a second of a core or more in all, with the seconds."""


def seconds() -> dict[str, float]:
    """Return what each of the costly tests takes of a processor, all its cases together."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {row["test"]: float(row["seconds"]) for row in csv.DictReader(file)}


def is_due(test: str, costly: Iterable[str], share: str) -> bool:
    """Return whether a share, as "1/4", has a test: what is cheap always, of what is costly each case in one share."""
    if test.partition("[")[0] not in costly:
        return True
    one, shares = map(int, share.split("/"))
    return zlib.crc32(test.encode()) % shares == one % shares


def parted(tests: Sequence[str], share: str) -> tuple[list[int], list[int]]:
    """Return the places of the tests that are due, and of the others."""
    costly = seconds()
    due = [is_due(test, costly, share) for test in tests]
    return [n for n, yes in enumerate(due) if yes], [n for n, yes in enumerate(due) if not yes]
