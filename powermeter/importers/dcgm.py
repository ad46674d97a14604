"""Imports what `dcgmi dmon` printed: one line per GPU and sample, the header again and again, no times.

The column POWER (field 155, in W) is used; `--rate` states how often it printed, or a time may stand before each
line.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.accuracies import NVML
from powermeter.importers.axis import regular
from powermeter.importers.decimal_grid import Grid, float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, Rows
from powermeter.result import Grade

_ENTITY = re.compile(r"\s*(?P<kind>GPU|GPU-I|GPU-CI|Switch|CPU)\s*(?P<number>\d+(?:/\d+)*)\s+(?P<rest>.*)")
_POWER = frozenset(("POWER", "POWRD", "PINST"))
_MAX_GPUS = 256


class DcgmDmon(Importer):
    name = "dcgm"
    title = "a dcgmi dmon log"
    takes = frozenset({"rate"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return any(re.match(r"#\s*Entity\s", line) for line in peek.lines[:50])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        names: list[str] = []
        values: dict[str, list[float]] = {}
        for line in read_lines(path):
            if re.match(r"#\s*Entity\s", line):
                names = line.split()[1:] if line.startswith("#E") else line.replace("#", " ", 1).split()[1:]
                continue
            match = _ENTITY.match(line)
            if match is None or not names:
                continue
            fields = match["rest"].split()
            place = next((i for i, name in enumerate(names) if name in _POWER), None)
            if place is None:
                raise DataError(
                    f"{path}: no power in it ({', '.join(names)}); log it with: dcgmi dmon -e 155 (power usage in W)"
                )
            gpu = f"gpu{match['number']}"
            if gpu not in values and len(values) >= _MAX_GPUS:
                raise DataError(f"{path}: more than {_MAX_GPUS} GPUs; this is not the format it looks like")
            values.setdefault(gpu, []).append(
                float_or_nan(fields[place]) if len(fields) > place else math.nan
            )
        if not values:
            raise DataError(f"{path}: no samples: no line of a GPU in it")
        if choices.period_s is None:
            raise ConfigurationError(
                f"{path}: dcgmi dmon prints no times; say how often with --rate, for example --rate 1s"
            )
        return _log(path, values, choices.period_s)


def _log(path: Path, values: dict[str, list[float]], period_s: float) -> Log:
    count = max(map(len, values.values()))
    warnings = []
    several = len(values) > 1
    channels, codes = [], []
    for gpu, column in values.items():
        if len(column) < count:
            warnings.append(
                f"{gpu} has {len(column)} of {count} samples; the missing ones were taken to be its last"
            )
        read = np.array([*column, *[math.nan] * (count - len(column))])
        read[(read < 0) | (read > 1e5)] = math.nan
        if not np.isfinite(read).any():
            continue
        grid = Grid()
        grid.add(read)
        rail = Rail(
            gpu,
            "all GPUs" if several else None,
            Boundary.DEVICE,
            "the card: GPU, its memory and regulators",
            sum_lacks="the machine around the cards",
        )
        channels.append(
            Channel(
                f"{gpu}.power",
                Quantity.POWER,
                grid.scale,
                rail,
                Kind.INSTANT,
                grade=Grade.MEASURED,
                accuracy=NVML,
            )
        )
        codes.append(grid.codes(read))
    if not channels:
        raise DataError(f"{path}: no samples: no power in it is a number")
    rows = Rows("DCGM", tuple(channels), regular(count, period_s).times_ns, codes)
    headline = "all GPUs" if several else channels[0].name.partition(".")[0]
    log = Log("dcgm", RELATIVE, [rows], warnings=warnings)
    log.facts["whole"] = {"rail": headline, "why": "the GPUs of the log, added up", "sum": several}
    return log
