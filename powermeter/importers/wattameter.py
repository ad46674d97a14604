"""Imports WattAMeter logs: RAPL counters of processors or NVML readings of GPUs.

A line `# timestamp reading-time[ns] cpu-0[uJ] … cpu-0[W] …` names the columns, blanks separate them.
Where a counter and a power of the same thing are there, both are kept; the energy comes from the
counter, since the power was computed from it.
"""

from __future__ import annotations

from pathlib import Path

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import DataError
from powermeter.importers.accuracies import NVML, RAPL
from powermeter.importers.column_channels import channel_name, samples
from powermeter.importers.columns import LogColumn, TimeColumn, Written, read_table
from powermeter.importers.files import Peek
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices, Importer, Log

_LABELS = {Quantity.ENERGY: "energy", Quantity.POWER: "power", Quantity.TEMPERATURE: "temperature"}


class WattAMeter(Importer):
    name = "wattameter"
    title = "a WattAMeter log"
    takes = frozenset({"zone"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return _header(peek) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        peek = Peek.at(path)
        names = _header(peek)
        if names is None:
            raise DataError(f"{path}: no line `# timestamp reading-time[ns] …` in it")
        columns = _columns(names)
        table = read_table(
            path,
            columns,
            TimeColumn(0, "wall"),
            choices,
            written=Written(delimiter=" ", is_comment=lambda fields: fields[0].startswith("#")),
        )
        comments = [line.lstrip("# ")[:200] for line in peek.lines[:10] if line.startswith("#")]
        rows = samples("WattAMeter", columns, table)
        return Log(cls.name, table.clock, [rows], metadata={"comments": comments}, warnings=table.warnings)


def _header(peek: Peek) -> list[str] | None:
    for line in peek.lines[:10]:
        words = line.split()
        if words[:3] == ["#", "timestamp", "reading-time[ns]"]:
            return words[1:]
    return None


def _columns(names: list[str]) -> list[LogColumn]:
    columns = []
    for index, text in enumerate(names):
        named = heading(text)
        if index < 2 or named.quantity not in _LABELS:
            continue
        assert isinstance(named.quantity, Quantity)
        counter = named.quantity is Quantity.ENERGY
        rail = None if named.quantity is Quantity.TEMPERATURE else _rail(named.name)
        columns.append(
            LogColumn(
                index,
                f"{channel_name(named.name)}.{_LABELS[named.quantity]}",
                named.quantity,
                named.factor,
                rail,
                Kind.COUNTER if counter else Kind.MEAN if named.unit == "W" else Kind.INSTANT,
                accuracy=NVML if named.name.startswith("gpu") else RAPL,
            )
        )
    return columns


def _rail(name: str) -> Rail:
    if name.startswith("gpu"):
        return Rail(name, "all GPUs", Boundary.DEVICE, "the card: GPU, its memory and regulators")
    package, _, part = name.partition("-core")
    if part or name.endswith("-core"):
        return Rail(name, package, Boundary.PART, "the processor's cores")
    if "dram" in name:
        return Rail(name, None, Boundary.PART, "memory on that processor's channels")
    return Rail(name, "all processors", Boundary.PART, "the processor package; not memory, board or supply")
