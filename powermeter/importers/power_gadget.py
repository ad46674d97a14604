"""Imports the CSV of Intel Power Gadget.

`Elapsed Time (sec)` is the axis; the cumulative energies are counters that began at 0 with it, and the
powers are means over the interval that ended at their row.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from powermeter.channel import MISSING, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers.accuracies import RAPL
from powermeter.importers.column_channels import channel_name, samples
from powermeter.importers.columns import LogColumn, TimeColumn, Written, read_table, rows
from powermeter.importers.files import Peek
from powermeter.importers.log import RELATIVE, Choices, Importer, Log

_ELAPSED = "Elapsed Time (sec)"
_COLUMN = re.compile(r"(Cumulative )?(Processor|IA|GT|DRAM) (Power|Energy)_(\d+) ?\((Watt|Joules)\)\Z")
_COVERS = {
    "Processor": "the processor package: cores, graphics, caches; not memory, board or supply",
    "IA": "the processor's cores",
    "GT": "the processor's graphics",
    "DRAM": "memory",
}


class PowerGadget(Importer):
    name = "power-gadget"
    title = "an Intel Power Gadget log"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return bool(peek.lines) and _ELAPSED in peek.lines[0] and "Processor Power_0" in peek.lines[0]

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        header = next(rows(path, ","), (0, []))[1]
        names = [name.strip() for name in header]
        if _ELAPSED not in names:
            raise DataError(f"{path}: no column {_ELAPSED!r}; not a Power Gadget log")
        columns = [column for i, name in enumerate(names) if (column := _column(i, name)) is not None]
        if not columns:
            raise DataError(
                f"{path}: no power in it: neither Processor Power nor Cumulative Processor Energy"
            )
        time = TimeColumn(names.index(_ELAPSED), "relative")
        # The summary that follows the samples (Total Elapsed Time …) has two fields a line.
        table = read_table(
            path,
            columns,
            time,
            choices,
            written=Written(skip=1, is_comment=lambda fields: "=" in fields[0] or len(fields) < 4),
        )
        found = samples("Intel Power Gadget", columns, table)
        memory = [
            codes
            for channel, codes in zip(found.channels, found.codes, strict=True)
            if channel.rail is not None and channel.rail.name.startswith("dram-")
        ]
        if any((codes > 0).any() for codes in memory):  # of many processors it reads 0 throughout
            found.channels = tuple(map(_beside_memory, found.channels))
        if found.times_ns[0] > 0:
            found.times_ns = np.concatenate(([0], found.times_ns))
            found.codes = [
                np.concatenate(([0 if channel.kind is Kind.COUNTER else MISSING], codes))
                for channel, codes in zip(found.channels, found.codes, strict=True)
            ]
        return Log(cls.name, RELATIVE, [found], warnings=table.warnings)


def _beside_memory(channel: Channel) -> Channel:
    """Return a package's or a memory's channel as a part of both together, as the domains of RAPL are."""
    if channel.rail is None or channel.rail.parent is not None:
        return channel
    rail = replace(
        channel.rail,
        parent="processors + memory",
        sum_lacks="graphics cards, board, disks, fans and the supply",
    )
    return replace(channel, rail=rail)


def _column(index: int, name: str) -> LogColumn | None:
    match = _COLUMN.match(name)
    if (
        match is None
        or bool(match[1]) != (match[3] == "Energy")
        or (match[3] == "Energy") != (match[5] == "Joules")
    ):
        return None
    part = f"{match[2].lower()}-{match[4]}"
    parent = f"processor-{match[4]}" if match[2] in ("IA", "GT") else None
    energy = match[3] == "Energy"
    return LogColumn(
        index,
        f"{channel_name(part)}.{match[3].lower()}",
        Quantity.ENERGY if energy else Quantity.POWER,
        1.0,
        Rail(part, parent, Boundary.PART, _COVERS[match[2]]),
        Kind.COUNTER if energy else Kind.MEAN,
        accuracy=RAPL,
    )
