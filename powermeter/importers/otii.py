"""Imports CSV exports of Qoitech's Otii application.

Headers name device, channel and unit: `"Wall-clock time (UTC)","Arc Main Current (A)",…`.  The current
and voltage are data; the energy column was computed from them and is kept beside.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from powermeter.importers.accuracies import OTII
from powermeter.importers.files import Peek
from powermeter.importers.log import Choices, Log
from powermeter.importers.table import TableImporter
from powermeter.importers.time_zones import LogZone

_COLUMN = re.compile(
    r"\b(Main|ADC|Sense\+?|VBUS|5V)\b.{0,12} (Current|Voltage|Power|Energy) \((A|V|W|J)\)", re.IGNORECASE
)
_TIME = re.compile(r"(Wall-clock time|Relative time|Timestamp)\b", re.IGNORECASE)


class OtiiExport(TableImporter):
    name = "otii"
    title = "an Otii export"
    takes = frozenset({"voltage", "zone", "column", "rate"})
    accuracy = OTII

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if not peek.lines or peek.is_binary:
            return False
        header = peek.lines[0]
        return _COLUMN.search(header) is not None and _TIME.search(header) is not None

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        return cls.recognises(peek)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        log = super().read(path, replace(choices, zone=choices.zone or LogZone("UTC")))
        log.sources[0].name = "Otii"
        return log
