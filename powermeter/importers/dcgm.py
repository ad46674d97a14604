"""Imports what `dcgmi dmon` printed: one line per GPU and sample, the header again and again, no times.

The column POWER (field 155, in W) is used; `--rate` states how often it printed, or a time may stand before each
line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.accuracies import NVML
from powermeter.importers.as_table import read_as_table
from powermeter.importers.decimal_grid import DecimalGrid, float_or_nan
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Importer, Log, LogRows
from powermeter.importers.time_axis import regular
from powermeter.result import Grade
from powermeter.result.notes import Note

_STAMPED = re.compile(
    r"\s*\[?(?P<stamp>\d[\d:.,TZ/+-]*(?: \d[\d:.,Z+-]*)?)\]?\s+(?P<rest>(?:#\s*Entity|GPU|GPU-I|GPU-CI|CPU|Switch)\s.*)"
)
_HEADER = re.compile(r"#\s*Entity\s")
_ENTITY = re.compile(r"\s*(?P<kind>GPU|GPU-I|GPU-CI|Switch|CPU)\s*(?P<number>\d+(?:/\d+)*)\s+(?P<rest>.*)")
_POWER = frozenset(("POWER", "POWRD", "PINST"))
_MAX_GPUS = 256


class DcgmDmon(Importer):
    name = "dcgm"
    title = "a dcgmi dmon log"
    takes = frozenset({"rate", "zone", "dates"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return any(_HEADER.match(_unstamped(line)[1]) for line in peek.lines[:50])

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        rows = [(stamp, gpu, value) for stamp, gpu, value in _samples(path)]
        if not rows:
            raise DataError(f"{path}: no samples: no line of a GPU in it")
        if choices.period_s is None and 2 * sum(bool(stamp) for stamp, _, _ in rows) > len(rows):
            return read_as_table(path, ["timestamp", "gpu", "pwr"], rows, choices, of=cls)
        if choices.period_s is None:
            raise ConfigurationError(
                f"{path}: dcgmi dmon prints no times; state how often with --rate, for example --rate 1s"
            )
        values: dict[str, list[float]] = {}
        for _, gpu, text in rows:
            values.setdefault(f"gpu{gpu}", []).append(float_or_nan(text))
        return _log(path, values, choices.period_s)


def _unstamped(line: str) -> tuple[str, str]:
    """Return the time that somebody put before a line, or nothing, and the line as dcgmi printed it."""
    match = _STAMPED.match(line)
    return ("", line) if match is None else (match["stamp"], match["rest"])


def _samples(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (time, GPU, power as text) of each line.

    Raises:
        DataError: No column of it is a power, or it holds far too many GPUs.
    """
    names: list[str] = []
    gpus: set[str] = set()
    for raw in read_lines(path):
        stamp, line = _unstamped(raw)
        if _HEADER.match(line):
            names = line.replace("#", " ", 1).split()[1:]
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
        gpus.add(match["number"])
        if len(gpus) > _MAX_GPUS:
            raise DataError(f"{path}: more than {_MAX_GPUS} GPUs; this is not the format it looks like")
        yield stamp, match["number"], fields[place] if len(fields) > place else "N/A"


def _log(path: Path, values: dict[str, list[float]], period_s: float) -> Log:
    count = max(map(len, values.values()))
    warnings = []
    several = len(values) > 1
    channels, codes = [], []
    for gpu, column in values.items():
        if len(column) < count:
            warnings.append(
                Note.warning(
                    "values-repeated",
                    f"{gpu} has {len(column)} of {plural(count, 'sample')}; the missing ones repeat its last value",
                )
            )
        read = np.array([*column, *[math.nan] * (count - len(column))])
        read[(read < 0) | (read > 1e5)] = math.nan
        if not np.isfinite(read).any():
            continue
        grid = DecimalGrid()
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
    rows = LogRows("DCGM", tuple(channels), regular(count, period_s).times_ns, codes)
    headline = "all GPUs" if several else channels[0].name.partition(".")[0]
    log = Log("dcgm", RELATIVE, [rows], warnings=warnings)
    log.facts["whole"] = {"rail": headline, "why": "the GPUs of the log, added up", "sum": several}
    return log
