"""Imports tables that were written as JSON: a list of records, one record a line, or an object of equally long lists.

Nested records become columns with a dot in their names.  What they hold is then read as any other table is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError
from powermeter.importers.as_table import read_as_table
from powermeter.importers.cloud_watch import metrics
from powermeter.importers.files import Peek, read_all, read_lines
from powermeter.importers.header_words import ELECTRIC
from powermeter.importers.headers import heading
from powermeter.importers.interval_of_lists import TIME_NAME, times_of
from powermeter.importers.log import Choices, Importer, Log
from powermeter.importers.stamps import is_stamp
from powermeter.importers.table import TableImporter
from powermeter.importers.telegraf_records import of_one_time
from powermeter.importers.unread_lines import Unread

_MAX_BYTES = 128 << 20
_MAX_COLUMNS = 500
_MAX_DEPTH = 3
_MOST_IN_LIST = 16
_FEWEST = 2


class JsonTable(Importer):
    name = "json"
    title = "a table in JSON"
    takes = TableImporter.takes

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        start = peek.text.lstrip()[:1]
        if not peek.is_binary and _has_records_behind_text(peek.lines[:20]):
            return True
        if peek.is_binary or start not in ("[", "{"):
            return False
        head = peek.text.lstrip()[:4000]
        return '"' in head and ":" in head

    @classmethod
    def is_certain(cls, peek: Peek) -> bool:
        """Return False: beside a log, a JSON file mostly describes it."""
        return False

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        unread = Unread()
        records = of_topics([_flat(entry) for entry in of_one_time(list(_records(path, unread)))])
        columns = list(dict.fromkeys(name for record in records for name in record))
        if len(records) < _FEWEST or not columns:
            raise DataError(f"{path}: JSON, but no list of records in it: no known power log")
        if len(columns) > _MAX_COLUMNS:
            raise DataError(f"{path}: {len(columns)} fields a record; this is not a power log")
        rows = ([record.get(name, "") for name in columns] for record in records)
        log = read_as_table(path, columns, rows, choices, of=cls)
        log.warnings += unread.notes()
        return log


def _records(path: Path, unread: Unread) -> Iterator[dict[str, Any]]:
    """Yield the records of a file, and count those that are damaged.

    Raises:
        DataError: It is not JSON.
        ConfigurationError: It holds bare numbers, or two series of one name.
    """
    text = read_all(path, _MAX_BYTES).decode("utf-8-sig", errors="replace")
    try:
        data = json.loads(text)
    except RecursionError:
        raise DataError(f"{path}: nested too deeply") from None
    except ValueError:
        data = _lines(path, unread)
        if len(data) < _FEWEST:
            data = documents(text, unread)
        if len(data) < _FEWEST:
            raise DataError(f"{path}: not JSON, nor a record a line") from None
    series = list(_series(path, data, unread))
    if series:
        yield from series
        return
    if isinstance(data, dict):
        lists = {name: value for name, value in data.items() if isinstance(value, list)}
        if lists and len({len(value) for value in lists.values()}) == 1 and not _has_records(lists):
            _refuse_settings(path, data, lists)
            times = times_of(data, lists)
            lists = lists if times is None else {TIME_NAME: times, **lists}
            data = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        else:
            data = max((value for value in lists.values() if _has_records({"": value})), key=len, default=[])
    if isinstance(data, list) and data and all(isinstance(entry, (int, float)) for entry in data[:100]):
        raise ConfigurationError(
            f"{path}: a list of bare numbers: no header, no time, no unit. Write it as a CSV with one sample a row, then import "
            "that with --rate and --column 1=UNIT"
        )
    yield from (entry for entry in data if isinstance(entry, dict))


def _refuse_settings(path: Path, data: dict[str, Any], lists: dict[str, list[Any]]) -> None:
    """Refuse one object of names and values with a list among them that no name calls a reading.

    Raises:
        DataError: It is one.
    """
    named = [heading(name) for name in lists]
    if len(data) > len(lists) and not any(
        h.is_time or h.is_electric or h.quantity is not None for h in named
    ):
        listed = ", ".join(list(data)[:4])
        raise DataError(
            f"{path}: JSON with one value for each name ({listed} …), as of settings or of a result: no list of records in it; name the log"
        )


def _series(path: Path, data: Any, unread: Unread) -> Iterator[dict[str, Any]]:
    """Yield the records of what a database of series answers.

    InfluxDB's answer holds `results`, each with `series` of `columns` and `values`.
    """
    yield from _labelled_rows(data)
    yield from _targets(path, data, unread)
    yield from metrics(path, data)
    results = data.get("results") if isinstance(data, dict) else None
    for result in results if isinstance(results, list) else []:
        found = result.get("series") if isinstance(result, dict) else None
        for one in found if isinstance(found, list) else []:
            columns, values = (
                (one.get("columns"), one.get("values")) if isinstance(one, dict) else (None, None)
            )
            if not isinstance(columns, list) or not isinstance(values, list):
                continue
            tags = one.get("tags")
            own = {str(name): value for name, value in tags.items()} if isinstance(tags, dict) else {}
            yield from (
                own | dict(zip(map(str, columns), row, strict=True))
                for row in values
                if isinstance(row, list) and len(row) == len(columns)
            )


def _labelled_rows(data: Any) -> list[dict[str, Any]]:
    """Return the records of netdata's answer: `labels` and rows of `data`, in the order of their times (it writes newest first)."""
    labels, rows = (data.get("labels"), data.get("data")) if isinstance(data, dict) else (None, None)
    if not isinstance(labels, list) or not isinstance(rows, list) or "time" not in labels:
        return []
    whole = [row for row in rows if isinstance(row, list) and len(row) == len(labels)]
    times = [row[labels.index("time")] for row in whole]
    turned = (
        len(times) > 1
        and all(isinstance(t, (int, float)) for t in times)
        and times == sorted(times, reverse=True)
    )
    return [dict(zip(map(str, labels), row, strict=True)) for row in (reversed(whole) if turned else whole)]


def _targets(path: Path, data: Any, unread: Unread) -> list[dict[str, Any]]:
    """Return the records of what Grafana's and Graphite's interfaces answer: `target` and `datapoints` of [value, time].

    Raises:
        ConfigurationError: Two series have the same name.
    """
    series = data if isinstance(data, list) else []
    found: dict[float, dict[str, Any]] = {}
    for one in series:
        points = one.get("datapoints") if isinstance(one, dict) else None
        for point in points if isinstance(points, list) else []:
            if not isinstance(point, list) or len(point) != 2 or not isinstance(point[1], (int, float)):
                unread.add(1)
            else:
                name, record = str(one.get("target", "value")), found.setdefault(point[1], {"time": point[1]})
                if record.setdefault(name, point[0]) != point[0]:
                    raise ConfigurationError(
                        f"{path}: two series are both called {name[:40]!r}, and have different values at the same time; give each an alias in the "
                        "query, and export again"
                    )
    return [found[stamp] for stamp in sorted(found)]


def documents(text: str, unread: Unread) -> list[dict[str, Any]]:
    """Return the objects of a text in which they follow each other, whatever stands between them; damaged and cut ones are counted."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    opening, place, line, seen = "\n{", 0, 1, 0
    unread.clear()
    while (start := text.find("{", place)) >= 0:
        try:
            entry, place = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            line, seen = line + text.count("\n", seen, start), start
            if _OPENING.match(text, start) is not None:
                unread.add(line)
            again = [at for mark in ("\n{", opening) if (at := text.find(mark, start + 1)) >= 0]
            if not again:
                break
            place = min(again)
            continue
        named = _OPENING.match(text, start)
        opening = opening if named is None or found else named[0]
        found.append(entry)
    return found


_OPENING = re.compile(r'\{\s*"[^"]{1,80}"')
"""How a record begins: behind a damaged one, the next that begins like the first."""


def _lines(path: Path, unread: Unread) -> list[dict[str, Any]]:
    """Return the records of a file that has one a line, and count the lines that begin like one and are none."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(read_lines(path), 1):
        if (entry := _line(line)) is not None:
            found.append(entry)
        elif _OPENING.match(line.lstrip()) is not None or _PAIR_BEFORE.match(line) is not None:
            unread.add(number)
    return found


_BEHIND_TEXT = re.compile(r"([^{]{0,200}(?:[=:]|\s))\s*'?(\{\s*\".*\})'?\s*\Z")
"""A record behind what a logger wrote before it: `14:00:00.000 MQT: tele/plug/SENSOR = {"Time": …}`, or in quotes."""

_LOGGED = re.compile(r"(?:\A|[\[\s])(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)")
_TOPIC = re.compile(r"topic '([^']{1,120})'")
_TOPIC_AT_END = re.compile(r"(?:\A|\s)([A-Za-z][\w.:+-]{0,60}(?:/[\w.:+-]{1,60}){1,8})\s*[=:]?\s*\Z")
"""As `mosquitto_sub -F '%I %t %p'` and Tasmota's log write it: `2024-03-12T14:05:10+0100 zigbee2mqtt/plug1 {…}`."""


def _has_records_behind_text(lines: list[str]) -> bool:
    found = sum(
        any(form.fullmatch(line) is not None for form in (_BEHIND_TEXT, _AS_PYTHON, _AS_LOGFMT))
        for line in lines
    )
    return len(lines) > 1 and found * 2 > len(lines)


_AS_PYTHON = re.compile(r"([^{]{0,200}(?:[=:,]|\s)|)\s*(\{\s*'[^{}\[\]]{1,4000}\})\s*\Z")
_PYTHON_PAIR = re.compile(
    r"'([^']{1,80})'\s*:\s*(?:'([^']{0,200})'|([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(?:True|False|None|nan))\s*[,}]"
)
"""A flat record as Python prints a dictionary: `{'power_mw': 9834, 'alias': 'lamp'}`."""


_PAIR_BEFORE = re.compile(r"[^{]*(?:'[^'{}]{1,80}'|\"[^\"{}]{1,80}\")\s*:\s*[^\s{\[][^{]*\{")
"""A name and its value before the record that they belong into: the line is damaged."""

_AS_LOGFMT = re.compile(
    r"\s*(?:ts|t|time|timestamp)=(?:\S+|\"[^\"]*\")(?:\s+[\w.-]{1,80}=(?:\"[^\"]{0,400}\"|[^\s\"]{0,400})){1,60}\s*"
)
_LOGFMT_PAIR = re.compile(r"([\w.-]{1,80})=(?:\"([^\"]{0,400})\"|(\S{0,400}))")
"""A line of fields as services log them: `ts=2025-09-14T10:00:00Z level=info power_w=12.0`."""


def _line(line: str) -> Any:
    if _AS_LOGFMT.fullmatch(line) is not None:
        return {m[1]: m[2] or m[3] or "" for m in _LOGFMT_PAIR.finditer(line)}
    if _PAIR_BEFORE.match(line) is not None:
        return None
    if (printed := _AS_PYTHON.fullmatch(line.rstrip())) is not None:
        return _with_text({m[1]: m[2] or m[3] or "" for m in _PYTHON_PAIR.finditer(printed[2])}, printed[1])
    match = _BEHIND_TEXT.match(line) if not line.lstrip().startswith("{") else None
    line = line if match is None else match[2]
    try:
        record = json.loads(line) if line.strip().startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return record if match is None or not isinstance(record, dict) else _with_text(record, match[1])


def _with_text(record: dict[str, Any], before: str) -> dict[str, Any] | None:
    """Return a record with the time and the topic that stand before it; of a device without a power, nothing."""
    published = _TOPIC_AT_END.search(before)
    if any(heading(name).is_time for name in record):
        return record if published is None else {_PUBLISHED: published[1]} | record
    logged, topic = _LOGGED.search(before), _TOPIC.search(before)
    if topic is not None and "power" not in record:
        return None
    if published is not None:
        record, before = {_PUBLISHED: published[1]} | record, before[: published.start()]
    own = {"logged": logged[1].replace(",", ".")} if logged is not None else {}
    if not own and is_stamp(stamp := before.strip().rstrip(":,;=>-").strip()):
        own = {"time": stamp}
    return own | ({"topic": topic[1]} if topic is not None else {}) | record


_PUBLISHED = "published as"


def of_topics(records: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return records with the topic that each was published as, where several topics carry readings; else without it."""
    fields: dict[str, set[str]] = {}
    for record in records:
        if _PUBLISHED in record:
            fields.setdefault(record[_PUBLISHED], set()).update(record)
    topics = {topic for topic, names in fields.items() if any(map(_is_electric, names))}
    if not fields:
        return records
    if len(topics) > 1:
        return [
            {("topic" if name == _PUBLISHED else name): value for name, value in record.items()}
            for record in records
            if record.get(_PUBLISHED) in topics
        ]
    return [{name: value for name, value in record.items() if name != _PUBLISHED} for record in records]


def _is_electric(name: str) -> bool:
    named = heading(name)
    return named.is_electric or named.quantity in ELECTRIC


def _has_records(lists: dict[str, list[Any]]) -> bool:
    return any(isinstance(entry, dict) for value in lists.values() for entry in value[:3])


def _flat(record: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in record.items():
        label = f"{before}{name}"[:80]
        if (
            isinstance(value, dict)
            and value.keys() == {"value", "unit"}
            and not isinstance(value["value"], dict)
        ):
            found[f"{label} [{value['unit']}]"] = "" if value["value"] is None else str(value["value"])[:200]
        elif isinstance(value, dict) and depth < _MAX_DEPTH:
            found.update(_flat(value, f"{label}.", depth + 1))
        elif isinstance(value, list) and 0 < len(value) <= _MOST_IN_LIST and depth < _MAX_DEPTH:
            for number, entry in enumerate(value):
                if isinstance(entry, dict):
                    found.update(_flat(entry, f"{label}.{number}.", depth + 1))
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            found[label] = str(value)[:200]
        elif value is None:
            found[label] = ""
    return found
