"""Imports what a loop over `ipmitool dcmi power reading` (or FreeIPMI's `ipmi-dcmi`, or `ipmiutil dcmi`) printed: a machine's power by its controller.

Each block states the present power in whole watts and the controller's time in whole seconds (`IPMI timestamp`, `Time Stamp`); its own
averages, minima and maxima are not data.  Without the controller's times the log needs `--rate`.
"""

from __future__ import annotations

import re
from array import array
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import UNKNOWN
from powermeter.importers.column_channels import channel
from powermeter.importers.columns import LogColumn
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import axis, regular, wall
from powermeter.importers.time_zones import zone_notes
from powermeter.result import Grade
from powermeter.result.notes import Note

_POWER = re.compile(
    r"\s*(?:Instantaneous power reading|Current Power)\s*:\s*(\d{1,6}(?:\.\d{1,3})?)\s*Watts?\s*"
)
_TIME = re.compile(r"\s*(?:IPMI timestamp|Time ?[Ss]tamp)\s*:\s*(\S.{5,40}?)\s*")
_FEWEST = 2


class IpmiDcmi(Importer):
    name = "ipmi-dcmi"
    title = "a log of IPMI's DCMI power readings"
    takes = frozenset({"rate", "zone"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return not peek.is_binary and any(_POWER.fullmatch(line) for line in peek.lines[:60])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        watts: array[float] = array("d")
        stamps: list[int | None] = []
        naive: dict[int, bool] = {}
        for line in read_lines(path):
            power = _POWER.fullmatch(line[:200])
            if power is not None:
                watts.append(float(power[1]))
                stamps.append(None)
                continue
            time = _TIME.fullmatch(line[:200]) if watts and stamps[-1] is None else None
            stamp = None if time is None else wall(time[1].replace(" - ", " "), "mdy")
            if stamp is not None:
                stamps[-1] = stamp.ns - (stamp.zone_ns or 0)
                naive[len(stamps) - 1] = stamp.zone_ns is None
        if len(watts) < _FEWEST:
            raise DataError(
                f"{path}: one reading of a power holds no energy: log it in a loop, for example every second"
            )
        stamps = choices.in_utc(stamps, [naive.get(i, False) for i in range(len(stamps))])
        known = sum(stamp is not None for stamp in stamps)
        warnings: list[Note] = []
        if choices.period_s is not None:
            found, clock = regular(len(watts), choices.period_s), RELATIVE
        elif known * 2 > len(stamps):
            found, clock = axis(stamps, str(path)), UTC
            warnings += [*found.warnings, *zone_notes(choices.zone)]
        else:
            raise ConfigurationError(
                f"{path}: no times stand beside its readings; state how often they were taken with --rate, for example --rate 1s"
            )
        covers = "the machine, as its management controller reads its power supplies"
        column = LogColumn(
            0,
            "system.power",
            Quantity.POWER,
            1.0,
            Rail("system", None, Boundary.WALL, covers),
            Kind.INSTANT,
            accuracy=UNKNOWN,
            grade=Grade.MEASURED,
        )
        codes, grid = integer_codes(np.frombuffer(watts, np.float64)[found.kept])
        own = channel(column, grid, found.span_error)
        rows = LogRows("IPMI DCMI", (own,), found.times_ns, [codes], flags=found.flags, gaps=found.gaps)
        return Log(cls.name, clock, [rows], warnings=list(warnings), external=True)
