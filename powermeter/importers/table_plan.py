"""What a table is understood to be: its layout, its times, its columns and their rails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from powermeter.channel import Quantity
from powermeter.importers.headers import Heading
from powermeter.importers.layout import Layout
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.tool_table import ColumnFact, Signature
from powermeter.result.notes import Note


@dataclass(slots=True)
class Planned:
    """One column that is read.

    Attributes:
        index: Its place in the row.
        heading: What its header states.
        rail: Its rail's name, or None for a value that belongs to no rail.
        fact: What the tool's signature knows of it.
        why: For `--explain`.
        unit_at: The column that holds each value's unit, or None.
    """

    index: int
    heading: Heading
    rail: str | None = None
    fact: ColumnFact | None = None
    why: str = ""
    unit_at: int | None = None

    @property
    def quantity(self) -> Quantity:
        """What it measures."""
        assert isinstance(self.heading.quantity, Quantity)
        return self.heading.quantity


@dataclass(slots=True)
class TablePlan:
    """What a table is understood to be.

    Attributes:
        layout: Where it stands.
        signature: The tool that wrote it, where it is known.
        time: Where its times are.
        columns: What is read.
        device: The columns that distinguish devices, or none.
        perhaps_devices: Whether `device` distinguishes any is for the times of all rows to show.
        added: The columns that a running sum of the log itself adds up.
        only: (column, text) that a row must have to count.
        aside: (header, why) of the columns that are left out.
        notes: What had to be decided.
    """

    layout: Layout
    signature: Signature | None
    time: TimePlan
    columns: list[Planned]
    device: tuple[int, ...] = ()
    aside: list[tuple[str, str]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    only: tuple[tuple[int, str], ...] = ()
    perhaps_devices: bool = False
    added: frozenset[int] = frozenset()

    @property
    def added_rails(self) -> list[str]:
        """The rails that a running sum of the log itself adds up."""
        return [c.rail for c in self.columns if c.rail is not None and c.index in self.added]

    @property
    def needed(self) -> int:
        """The last column that a row must have: the time and the first value."""
        return max([*self.time.indexes, *self.device, min(column.index for column in self.columns)])

    def keep(self) -> Callable[[list[str]], bool] | None:
        """Return which rows count, where the tool writes rows of several kinds or a summary under them; None for all."""
        wanted = list(self.only)
        closing: tuple[str, ...] = ()
        if self.signature is not None:
            names = [heading.text.strip().lower() for heading in self.layout.headings]
            wanted += [
                (i, value)
                for name, value in self.signature.keep
                for i, own in enumerate(names)
                if own == name
            ]
            closing = self.signature.closing
        seen = any(all(len(row) > i and row[i] == v for i, v in wanted) for row in self.layout.rows)
        if wanted and (seen or self.only):
            return lambda row: all(len(row) > i and row[i].strip() == value for i, value in wanted)
        return (lambda row: not row[0].strip().lower().startswith(closing)) if closing else None
