"""Imports what a server's Redfish service answered: a report of telemetry, or a loop over its power.

`PowerControl[].PowerConsumedWatts` (Power) and `PowerWatts.Reading` (EnvironmentMetrics) are watts, a `MetricReport` holds values
with their times (DMTF's schemas).  An answer of a loop has no time of its own: a line before it, as of `date` or HTTP's `Date:`, is
its time, else `--rate`.  Averages, limits and capacities are not data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.files import Peek, read_all
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.row_order import RowOrder
from powermeter.importers.stamps import is_stamp, wall

_CONTROL = re.compile(r'"PowerControl"\s{0,20}:\s{0,20}\[')
_TYPE = re.compile(r'"@odata\.type"\s{0,20}:\s{0,20}"#(?:Power|EnvironmentMetrics|MetricReport)\.')
_MAX_BYTES = 128 << 20
_FEWEST = 2
_MOST = 1_000_000
_WATTS = re.compile(r"Watts\Z|Power\Z|PowerConsumption\Z", re.IGNORECASE)


class Redfish(Importer):
    name = "redfish"
    title = "answers of a server's Redfish service"
    takes = frozenset({"rate", "zone", "dates", "rail", "sum", "unit", "column"})
    has_rows_of_numbers = False

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.is_binary:
            return False
        return _TYPE.search(peek.text) is not None or (
            _CONTROL.search(peek.text) is not None and '"PowerConsumedWatts"' in peek.text
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        answers = list(_answers(path))
        reports = [data for _, data in answers if isinstance(data.get("MetricValues"), list)]
        log = _reports(path, reports, choices) if reports else _loop(path, answers, choices)
        log.format = cls.name
        log.metadata["tool"] = "Redfish"
        return log


def _answers(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (the time in the lines before it as text, or nothing; the object) of each JSON document in a file."""
    text = read_all(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
    decoder = json.JSONDecoder()
    place = count = 0
    while (start := text.find("{", place)) >= 0:
        try:
            data, end = decoder.raw_decode(text, start)
        except ValueError:
            place = text.find("\n", start)
            if place < 0:
                return
            continue
        yield _stamp(text[max(place, start - 4000) : start]) or _own_stamp(data), data
        place, count = end, count + 1
        if count > _MOST:
            raise DataError(f"{path}: more than {_MOST} answers; split it and import the parts")


def _own_stamp(data: Mapping[str, Any]) -> str:
    """Return the time that a loop wrote into an answer, or nothing."""
    for name in ("timestamp", "Timestamp", "time", "Time", "date"):
        text = str(data.get(name, ""))[:80]
        if is_stamp(text):
            return text
    return ""


def _stamp(before: str) -> str:
    """Return the last line before an answer that is a time, HTTP's header of the date included."""
    for line in reversed(before.splitlines()):
        text = re.sub(r"\A(?i:date):\s*(?:\w{3}, )?", "", line.strip()).rstrip(" ,[")
        if wall(text) is not None or re.fullmatch(r"\d{10}(?:\.\d{1,9})?", text):
            return text
    return ""


def _reports(path: Path, reports: list[dict[str, Any]], choices: Choices) -> Log:
    """Read the values of reports of telemetry: a metric's name is its rail.

    Raises:
        DataError: None of them is a power.
    """
    columns: dict[str, None] = {}
    rows: dict[str, dict[str, str]] = {}
    others: dict[str, None] = {}
    for entry in (entry for report in reports for entry in report["MetricValues"] if isinstance(entry, dict)):
        stamp, value = str(entry.get("Timestamp", "")), entry.get("MetricValue")
        tail = str(entry.get("MetricProperty", "")).rsplit("/", 1)[-1]
        name = str(entry.get("MetricId") or tail)[:80]
        if heading(name).quantity not in ELECTRIC and not (_WATTS.search(name) or _WATTS.search(tail)):
            others[name] = None
            continue
        name = name if heading(name).quantity in ELECTRIC else f"{name} (W)"
        columns[name] = None
        rows.setdefault(stamp, {})[name] = str(value if value is not None else "")
    if not columns:
        listed = ", ".join(list(others)[:8])
        raise DataError(
            f"{path}: no metric of power in Redfish's report ({listed}); ask for the report PowerMetrics"
        )
    _refuse_set_back(path, reports)
    stamps = sorted(rows, key=_ns)
    table = ([stamp, *(rows[stamp].get(name, "") for name in columns)] for stamp in stamps)
    return read_as_table(path, ["time", *columns], table, choices)


def _refuse_set_back(path: Path, reports: list[dict[str, Any]]) -> None:
    """Refuse reports whose new values lie before those of the reports above: a clock was set.

    Raises:
        DataError: They do.
    """
    order = RowOrder()
    known: set[int] = set()
    for number, report in enumerate(reports, 1):
        stamps = {_ns(str(e.get("Timestamp", ""))) for e in report["MetricValues"] if isinstance(e, dict)}
        for stamp in sorted(stamps - known):
            order.add(stamp, number)
        known |= stamps
    order.refuse_set_back(
        str(path),
        "its metrics",
        "report",
        "Write the reports before it and those from it on into a file each",
    )


def _ns(stamp: str) -> int:
    found = wall(stamp)
    return 0 if found is None else found.ns - (found.zone_ns or 0)


def _loop(path: Path, answers: list[tuple[str, dict[str, Any]]], choices: Choices) -> Log:
    """Read the present power of each answer.

    Raises:
        DataError: There is none, or only one.
        ConfigurationError: Nothing states when they came.
    """
    rows = [(stamp, found) for stamp, data in answers if (found := _watts(data))]
    if not rows:
        raise DataError(f"{path}: Redfish's answers in it hold no PowerConsumedWatts and no PowerWatts")
    if len(rows) < _FEWEST:
        shown = ", ".join(f"{watts} W" for watts in list(rows[0][1].values())[:3])
        raise DataError(
            f"{path}: one answer of a Redfish service is one reading ({shown}), which holds no energy; log with: "
            "while date; do curl …/Power; sleep 10; done"
        )
    stamped = 2 * sum(bool(stamp) for stamp, _ in rows) > len(rows) and choices.period_s is None
    if not stamped and choices.period_s is None:
        raise ConfigurationError(
            f"{path}: Redfish's answers state no time; state how often they were asked for with --rate, for example --rate 10s, "
            "or print one before each with date"
        )
    columns = dict.fromkeys(name for _, found in rows for name in found)
    table = ([stamp] * stamped + [found.get(name, "") for name in columns] for stamp, found in rows)
    return read_as_table(path, ["time"] * stamped + [f"{name} power (W)" for name in columns], table, choices)


def _watts(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the present watts of an answer by the name of what they are of."""
    found: dict[str, str] = {}
    listed = data.get("PowerControl")
    controls = listed if isinstance(listed, list) else []
    for number, entry in enumerate(controls):
        watts = entry.get("PowerConsumedWatts") if isinstance(entry, dict) else None
        if isinstance(watts, (int, float)) and not isinstance(watts, bool):
            found["server" if len(controls) == 1 else f"control{number}"] = str(watts)
    reading = data.get("PowerWatts")
    watts = reading.get("Reading") if isinstance(reading, dict) else None
    if isinstance(watts, (int, float)) and not isinstance(watts, bool):
        found["server"] = str(watts)
    return found
