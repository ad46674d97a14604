"""Imports what `nvidia-smi stats` printed: one sample a line, of every kind of reading, without a header.

::

    0, pwrDraw    , 1515942330734500, 114
    0, temp       , 1515942330734500, 41
    0, gpuUtil    , 1515942330734500, 97

The fields are the GPU's index, what was read, microseconds since 1970 and the value; `pwrDraw` is in watts (nvidia-smi's
manual).  A loop over it prints what the driver's buffer still holds again and again: a sample counts once.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.row_order import RowOrder
from powermeter.result.notes import Note

_LINE = re.compile(r"\s*(\d{1,4})\s*,\s*([A-Za-z]{2,20})\s*,\s*(\d{15,17})\s*,\s*(\S.{0,40}?)\s*\Z")
_KINDS = frozenset(
    ("pwrdraw", "temp", "gpuutil", "memutil", "encutil", "decutil", "procclk", "memclk", "violpwr", "violthm")
)
_POWER = "pwrdraw"
_REMEMBERED = 1024
"""Stamps kept per GPU to know a sample again: several times what the driver's buffer holds."""


class NvidiaSmiStats(Importer):
    name = "nvidia-smi-stats"
    title = "samples of nvidia-smi stats"
    takes = frozenset({"rail", "sum"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        found = [_LINE.match(line[:200]) for line in peek.raw_lines[:50] if line.strip()]
        known = sum(match is not None and match[2].lower() in _KINDS for match in found)
        return known > 0 and known * 2 > len(found)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        counts = {"power": 0, "again": 0, "other": 0, "unread": 0}
        rows = sorted(_samples(path, counts))
        if not rows:
            raise DataError(
                f"{path}: samples of nvidia-smi stats, but none of pwrDraw: there is no power in it"
            )
        table = ((f"{us // 1_000_000}.{us % 1_000_000:06d}", gpu, value) for us, gpu, value in rows)
        log = read_as_table(path, ["timestamp [s]", "gpu", "pwr"], table, choices, of=cls)
        log.metadata["tool"] = "nvidia-smi stats"
        if counts["other"]:
            log.warnings.append(
                Note.info(
                    "readings-passed-over",
                    f"left out: {plural(counts['other'], 'sample')} of other readings (temperature, clocks …)",
                )
            )
        if counts["again"]:
            log.warnings.append(
                Note.info(
                    "readings-repeated",
                    f"{plural(counts['again'], 'sample was', 'samples were')} logged again with the same time; each is counted once",
                )
            )
        if counts["unread"]:
            log.warnings.append(
                Note.warning(
                    "rows-left-out",
                    f"{plural(counts['unread'], 'line is not a sample', 'lines are not samples')} of nvidia-smi stats: left out",
                )
            )
        return log


def _samples(path: Path, counts: dict[str, int]) -> Iterator[tuple[int, str, str]]:
    """Yield (microseconds since 1970, GPU, power as text) of each sample of a power, each once."""
    seen: dict[str, tuple[deque[int], dict[int, str]]] = {}
    orders: dict[str, RowOrder] = {}
    for number, line in enumerate(read_lines(path), 1):
        match = _LINE.match(line[:200])
        if match is None:
            counts["unread"] += bool(line.strip())
            continue
        if match[2].lower() != _POWER:
            counts["other"] += 1
            continue
        gpu, stamp = match[1], int(match[3])
        order, known = seen.setdefault(gpu, (deque(), {}))
        if stamp in known:
            if known[stamp] != match[4]:
                raise DataError(
                    f"{path}: line {number} has another power of GPU {gpu} at a time that an earlier line has: a clock was set back, or two "
                    "logs were put together. Write the lines before it and those from it on into a file each, and import them with --each"
                )
            counts["again"] += 1
            continue
        order.append(stamp)
        known[stamp] = match[4]
        if len(order) > _REMEMBERED:
            known.pop(order.popleft(), None)
        counts["power"] += 1
        orders.setdefault(gpu, RowOrder()).add(stamp * 1000, number)
        yield stamp, gpu, match[4]
    for gpu, rises in orders.items():
        rises.refuse_set_back(
            str(path), f"GPU {gpu}", "line", "Write the lines before it and those from it on into a file each"
        )
