"""Which of the long proofs a run leaves out: each that costs half a second or more is due for one commit in four."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Container
from pathlib import Path

TABLE = Path(__file__).parents[1] / "costly.csv"
"""Thorough tests whose cases cost half a second of a core or more in all, and files of them whose fixture does, with the seconds."""


def seconds() -> dict[str, float]:
    """Return what each of the costly tests takes of a processor, all its cases together."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {row["test"]: float(row["seconds"]) for row in csv.DictReader(file)}


def is_due(test: str, costly: Container[str], share: str) -> bool:
    """Return whether a share, as "1/4", has a long proof: what is cheap always, of what is costly each case or file in one share."""
    path, name = test.partition("::")[0], test.partition("[")[0]
    if path not in costly and name not in costly:
        return True
    one, shares = map(int, share.split("/"))
    return zlib.crc32((path if path in costly else test).encode()) % shares == one % shares
