"""Imports a finished list of readings taken by eye: a line for each, its time, its value and its unit.

::

    # plug meter in the kitchen
    18:00     0.100 kWh
    18:42:30  0.107 kWh

Times are times of day, dates with times, or seconds since the start (`+30s`).  The unit may stand on
one line only.  The last digit that was written is taken for the display's step.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.importers.files import Peek, opened_text
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.manual_readings import SCALE, Display, advice, channel_of, rail_of
from powermeter.result.notes import Note
from powermeter.units import parse_duration, unit_factor

GAIN = 0.02
"""Assumed of a plug meter whose maker is not known."""
MAX_READINGS = 100_000

_LINE = re.compile(
    r"(?P<time>\+\S{1,20}|\d{4}-\d\d-\d\d[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d(?::\d\d)?)"
    r"[\s,;]+(?P<value>[+-]?\d+(?:\.(?P<decimals>\d{1,9}))?)\s*(?P<unit>[A-Za-zµμ]{1,4})?\s*(?:#.*)?"
)


class Readings(Importer):
    """A list written by hand."""

    name = "readings"
    title = "a list of readings taken by eye: time, value, unit"
    takes = frozenset({"unit", "zone", "accuracy"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        """Return whether every line is a time and a value, and one of them names a unit of a meter."""
        matches = [_LINE.fullmatch(line.strip()) for line in _content(peek.lines[:50])]
        if len(matches) < 2 or not all(matches):
            return False
        units = {match["unit"] for match in matches if match is not None and match["unit"]}
        return len(units) == 1 and unit_factor(units.pop()) is not None

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        """Read the whole list at once."""
        with opened_text(path) as stream:
            lines = [line.rstrip("\n") for _, line in zip(range(MAX_READINGS), stream, strict=False)]
        found = []
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.fullmatch(line.strip())
            if match is None:
                raise DataError(
                    f"{path}:{number}: {line.strip()[:60]!r} is not a reading; write for example 18:42 0.107 kWh"
                )
            found.append((number, match))
        if len(found) < 2:
            raise DataError(f"{path}: {plural(len(found), 'reading')}; at least two are needed")
        unit = choices.unit or next((match["unit"] for _, match in found if match["unit"]), None)
        if unit is None:
            raise ConfigurationError(f"{path}: no line names the unit of its values; add --unit kWh")
        odd = next((number for number, match in found if match["unit"] not in (None, unit)), None)
        if odd is not None:
            raise DataError(f"{path}:{odd}: a reading in another unit than {unit}; keep one unit a list")
        step = f"1e-{max(len(match['decimals'] or '') for _, match in found)}{unit}"
        display = Display.of(unit, step)
        clock, times = _times(path, found, choices)
        codes = [round(float(match["value"]) * display.factor / SCALE) for _, match in found]
        gain = GAIN if choices.accuracy is None else choices.accuracy
        shown = f"{display.step / display.factor:g} {unit}"
        channel = channel_of(display, rail_of(Boundary.WALL, shown), gain=gain)
        rows = LogRows(
            "display",
            (channel,),
            np.array(times, np.int64),
            [np.array(codes, np.int64)],
            info={"taken": "by hand", "display_unit": unit, "display_step": shown, "advice": advice(display)},
        )
        warnings = [
            Note.info(
                "step-assumed", f"the display's step is taken to be one in the last digit written: {shown}"
            )
        ]
        return Log(cls.name, clock, [rows], warnings=warnings)


def _content(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.lstrip().startswith("#")]


def _times(path: Path, found: list[tuple[int, re.Match[str]]], choices: Choices) -> tuple[str, list[int]]:
    """Return which clock the times are of, and the times in ns.

    Raises:
        DataError: One lies before the one above it, or is not a time.
    """
    day = datetime.fromtimestamp(path.stat().st_mtime).astimezone().date()
    clocks: set[str] = set()
    times: list[int] = []
    for number, match in found:
        text = match["time"]
        clocks.add(RELATIVE if text.startswith("+") else UTC)
        try:
            if text.startswith("+"):
                moment = round(parse_duration(text[1:]) * 1e9)
            else:
                if "-" not in text[:5]:
                    text = f"{day.isoformat()}T{text if text.index(':') == 2 else '0' + text}"
                stamp = datetime.fromisoformat(text.replace("Z", "+00:00"))
                moment = round(
                    (stamp if stamp.tzinfo else stamp.replace(tzinfo=timezone.utc)).timestamp() * 1e9
                )
                moment = moment if stamp.tzinfo else choices.utc_ns(moment)
        except ValueError:
            raise DataError(f"{path}:{number}: {text!r} is not a time; write 18:42:30 or +30s") from None
        if times and moment < times[-1]:
            if "-" in match["time"] or match["time"].startswith("+") or times[-1] - moment < 43_200e9:
                raise DataError(f"{path}:{number}: this time is before the one above it")
            moment += 86_400 * 10**9  # past midnight
        times.append(moment)
    if len(clocks) > 1:
        raise DataError(
            f"{path}: some times count from the start (+30s) and some are times of day; use one kind"
        )
    return clocks.pop(), times
