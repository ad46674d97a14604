"""The cells of a table as columns of values, block by block: stamps, devices and numbers, and what was seen of each column."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.importers.blocks import TextBlock
from powermeter.importers.cells import Cells, numbers
from powermeter.importers.column_statistics import Statistics
from powermeter.importers.column_store import Store
from powermeter.importers.device_rounds import BETWEEN, numbered
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.log import Choices
from powermeter.importers.stamp_reader import Reader
from powermeter.importers.table_plan import TablePlan
from powermeter.importers.table_rows import Stream
from powermeter.importers.thousands import ThousandMarks
from powermeter.importers.unit_columns import direct
from powermeter.importers.validity_column import ValidityColumn

_DECIMALS = re.compile(r"(\d+)(?:[eE]([+-]?\d{1,3}))?")
_FINEST_SHARE = 0.005  # of a reading that never changes, below which no digits written behind it are its step


class TextColumns:
    """The columns of one table while it is read.

    Attributes:
        devices: Names of devices in the rows → their numbers.
        seen: What was seen of each column's values.
        validity: Which column marks rows as no reading.
        only: What all cells of a column are; None where they differ, and blank before the first.
        cells, marks: How its numbers are written, and where thousands may be marked.
        reader: Of its stamps.
    """

    def __init__(self, path: Path, plan: TablePlan, choices: Choices) -> None:
        self.path, self.plan, self.choices = path, plan, choices
        self.devices: dict[str, int] = {}
        self.cells = [
            Cells(
                plan.layout.decimal_comma,
                column.heading.unit if column.quantity in ELECTRIC else None,
                choices.decimal,
            )
            for column in plan.columns
        ]
        self.seen = [Statistics() for _ in plan.columns]
        self.marks = [ThousandMarks() for _ in plan.columns]
        self.only: list[str | None] = ["" for _ in plan.columns]
        self.validity = ValidityColumn(plan.layout)
        self.reader = Reader(plan.time, plan.layout.decimal_comma)

    def step_of(self, stream: Stream, scale: float) -> float:
        """Return the step of a stream's readings in SI: of one that never changes, the last digit written, zeros too.

        Args:
            scale: SI per code of its grid.
        """
        assert stream.channel is not None
        step, i = scale * stream.grid.per_step(stream.channel.kind), int(stream.column[1:])
        text = self.only[i] or ""
        comma = self.plan.layout.decimal_comma or self.choices.decimal == "comma"
        match = _DECIMALS.match(text.partition("," if comma and "," in text else ".")[2])
        if match is None or not stream.grid.largest:
            return step
        finest = math.ceil(math.log10(_FINEST_SHARE * stream.grid.largest) - 1e-9)
        last = max(int(match[2] or 0) - len(match[1]), finest)
        return float(min(step, 10.0**last * self.plan.columns[i].heading.factor))

    def add(self, block: TextBlock, store: Store) -> None:
        """Put the values of a block of rows into the store."""
        columns: dict[str, NDArray[Any]] = {"line": block.lines}
        time = self.plan.time
        if time.indexes:
            texts = [text.strip() for text in block.column(time.indexes[0])]
            for index in time.indexes[1:]:
                texts = [
                    f"{text} {other.strip()}" for text, other in zip(texts, block.column(index), strict=True)
                ]
            columns["stamp"], aware = self.reader.read(texts)
            if time.added is not None:
                starts = None if time.added.since is None else block.column(time.added.since)
                added = time.added.of(block.column(time.added.column), starts)
                open_ = (columns["stamp"] == MISSING) | (added == MISSING)
                columns["stamp"] = np.where(open_, MISSING, columns["stamp"] + added)
                if time.length_ns is not None:
                    # an end at the start or before it, by clocks, is in the hour that comes twice; a stated length of 0 is one
                    columns["length"] = np.where(
                        (added > 0) | (time.added.since is None), np.maximum(added, 0), time.length_ns
                    )
            columns["aware"] = np.zeros(len(texts), bool) if aware is None else aware
        keys = None
        if self.plan.device:
            parts = [[text.strip() for text in block.column(i)] for i in self.plan.device]
            names = parts[0] if len(parts) == 1 else list(map(BETWEEN.join, zip(*parts, strict=True)))
            keys = numbered(names, self.devices, str(self.path))
        elif self.choices.interleaved and self.choices.interleaved > 1:
            keys = ((store.rows + np.arange(len(block.rows))) % self.choices.interleaved).astype(np.int16)
            for number in range(self.choices.interleaved):
                self.devices.setdefault(str(number), number)
        if keys is not None:
            columns["key"] = keys
        at = self.validity.index
        invalid = None if at is None else self.validity.invalid(block.column(at), block.lines)
        for i, (column, cells) in enumerate(zip(self.plan.columns, self.cells, strict=True)):
            texts = block.column(column.index)
            if column.unit_at is not None:
                units = block.column(column.unit_at)
                texts = [f"{text} {direct(unit)}" for text, unit in zip(texts, units, strict=True)]
            if self.choices.decimal is None:
                self.marks[i].add(texts)
            values = numbers(texts, cells, block.lines)
            values = values if invalid is None else np.where(invalid, np.nan, values)
            self.seen[i].add(values, keys)
            own = self.only[i] or texts[0]
            self.only[i] = own if self.only[i] is not None and texts.count(own) == len(texts) else None
            columns[f"c{i}"] = values
        store.append(columns)
