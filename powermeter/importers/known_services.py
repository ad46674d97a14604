"""Tables that services export: home monitors, adapters, a vendor's counters.  As in `known_tools.py`, one entry each."""

from __future__ import annotations

from powermeter.channel import Boundary
from powermeter.importers.accuracies import RAPL
from powermeter.importers.tool_table import ColumnFact, Signature
from powermeter.result import Grade

SERVICES: tuple[Signature, ...] = (
    Signature(
        "Sense",
        "an export of Sense",
        (r"datetime", r"device id", r"avg wattage", r"kwh"),
        (
            ColumnFact(r"datetime", ""),
            ColumnFact(r"avg wattage", "W", "mean", "device", boundary=Boundary.WALL),
            ColumnFact(r"kwh", "kWh", "per-row", "device", boundary=Boundary.WALL),
            ColumnFact(r".*", "-"),
        ),
        ("name",),
        source="Sense's data export: mean watts and kWh of each interval and device",
    ),
    Signature(
        "ioBroker",
        "a history of ioBroker",
        (r"val", r"ts", r"ack|q|from"),
        (ColumnFact(r"ts", "ms"), ColumnFact(r"ack|q|from|lc|c|user", "-")),
        source="ioBroker's history: ts in Unix milliseconds; q is the quality of the value",
        spread=False,
    ),
    Signature(
        "Intel PCM",
        "a table of Intel PCM",
        (r"date", r"time", r"proc energy \(joules\)"),
        (
            ColumnFact(r"date|time", ""),
            ColumnFact(r"proc energy \(joules\)", "J", "per-row", "cpu", None, Boundary.PART),
            ColumnFact(r"dram energy \(joules\)", "J", "per-row", "dram", None, Boundary.PART),
            ColumnFact(r".*", "-"),
        ),
        grade=Grade.MEASURED,
        accuracy=RAPL,
        source="pcm -csv: joules of each interval; the first column of a name is the system's, the sockets' follow",
    ),
)
