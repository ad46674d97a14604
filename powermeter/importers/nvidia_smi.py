"""Imports what `nvidia-smi --query-gpu=timestamp,power.draw,… --format=csv` logged.

With a header the columns state what they are (`known_tools.py`), and rows of several cards are distinguished by index,
uuid, bus id or name.  Without one only the power can be recognised: it is the one column that nvidia-smi prints
with two decimals, in watt; so is a limit, which never changes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from powermeter.channel import Boundary, Quantity
from powermeter.errors import ConfigurationError
from powermeter.importers.cells import is_missing_word
from powermeter.importers.column_roles import understand
from powermeter.importers.files import Peek
from powermeter.importers.headers import Heading
from powermeter.importers.known_tools import SIGNATURES
from powermeter.importers.layout import Layout
from powermeter.importers.log import Choices
from powermeter.importers.stamp_reader import TimePlan
from powermeter.importers.table import TableImporter
from powermeter.importers.table_grade import COLUMN_ASSUMED
from powermeter.importers.table_plan import Planned, TablePlan
from powermeter.importers.tool_table import ColumnFact
from powermeter.result.notes import Note

_SIGNATURE = next(one for one in SIGNATURES if one.name == "nvidia-smi")
_STAMP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}\Z")
_TWO_DECIMALS = re.compile(r"\d+\.\d\d( W)?\Z")
_OWN_CELL = re.compile(r"GPU-[0-9a-f]{8}-|P\d{1,2}\Z|[0-9A-Fa-f]{8}:[0-9A-Fa-f]{2}:|.* W\Z")
"""What no other tool writes beside such a stamp: a card's UUID, its performance state, its bus, or the unit."""


class NvidiaSmi(TableImporter):
    name = "nvidia-smi"
    title = "an nvidia-smi log"
    accuracy, grade = _SIGNATURE.accuracy, _SIGNATURE.grade

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        first = _fields(peek.lines[0])
        if _is_header(first):
            return True
        return len(first) > 1 and all(_STAMP.match(_fields(line)[0]) for line in peek.lines[:20])

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        return cls.recognises(peek)

    @classmethod
    def understand(cls, path: Path, found: Layout, choices: Choices) -> TablePlan:
        if found.named or choices.columns or choices.unit:
            return understand(path, found, choices)
        rows = [_fields(line) for line in Peek.at(path).lines[:200]]
        width = min(len(row) for row in rows)
        powers = [
            i
            for i in range(1, width)
            if all(_TWO_DECIMALS.match(row[i]) or is_missing_word(row[i]) for row in rows)
            and any(_TWO_DECIMALS.match(row[i]) for row in rows)
        ]
        if len(powers) != 1:
            looks = f"{len(powers)} columns look" if powers else "no column looks"
            raise ConfigurationError(
                f"{path}: no header, and {looks} like a power (two decimals); {_remedy(powers)}"
            )
        cells = {row[powers[0]].removesuffix(" W") for row in rows}
        known = any(map(_OWN_CELL.match, rows[0][1:]))
        whole = len(cells) == 1 < len(rows)
        if whole or not (known or any(not cell.endswith("0") for cell in cells)):
            what = (
                "never changes: it may be a limit"
                if whole
                else "has no second decimal that is not 0: it may be a temperature"
            )
            raise ConfigurationError(
                f"{path}: no header, and column {powers[0] + 1}, the only one with two decimals, {what} and no draw; {_remedy(powers)}"
            )
        column = powers[0]
        rail = "gpu"
        headings = [Heading(str(i + 1), str(i + 1)) for i in range(width)]
        headings[0] = Heading(
            "timestamp", "timestamp", why="no header: the first column is nvidia-smi's time"
        )
        headings[column] = Heading(
            f"column {column + 1}", rail, "W", Quantity.POWER, 1.0, "the only column with two decimals"
        )
        plan = TablePlan(
            replace(found, headings=tuple(headings)),
            None,
            TimePlan((0,), "wall", order="ymd", why="nvidia-smi's time"),
            [
                Planned(
                    column,
                    headings[column],
                    rail,
                    ColumnFact("", "W", "power", rail, boundary=Boundary.DEVICE),
                )
            ],
        )
        text = (
            f"the log has no header: column {column + 1}, the only one with two decimals, was taken as power.draw in W; the other columns were "
            "left out"
        )
        plan.notes.append(
            Note.info("column-recognised", text) if known else Note.warning(COLUMN_ASSUMED, text)
        )
        return plan


def _remedy(powers: Sequence[int]) -> str:
    """Return what to type where it is not known which column is a power."""
    if powers:
        return (
            f"if it is power.draw, name it: --column {powers[0] + 1}=W"
            if len(powers) == 1
            else f"name it, for example --column {powers[0] + 1}=W"
        )
    return "log it with nvidia-smi --query-gpu=timestamp,index,power.draw; where one of them is a power, --column NUMBER=W"


def _fields(line: str) -> list[str]:
    return [entry.strip() for entry in next(csv.reader([line]), [])]


def _is_header(fields: list[str]) -> bool:
    """Return whether a line names the fields of a query with a power among them."""
    names = [re.sub(r"\s*\[.*\]\Z", "", entry).strip() for entry in fields]
    return "timestamp" in names and any(re.fullmatch(r"(module\.)?power\.draw.*", name) for name in names)
