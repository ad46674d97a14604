"""What was passed over while a table was read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from powermeter.importers.unread_lines import Unread


@dataclass(slots=True)
class RowCount:
    """What was passed over while the rows were read, with the first lines of each kind."""

    rows: int = 0
    blank: int = 0
    headers: int = 0
    comments: int = 0
    summaries: Counter[str] = field(default_factory=Counter)
    summary_lines: list[int] = field(default_factory=list)
    short: int = 0
    short_lines: list[int] = field(default_factory=list)
    fewer: Unread = field(default_factory=Unread)
    left_out: int = 0
    long: int = 0
    odd_lines: list[int] = field(default_factory=list)
