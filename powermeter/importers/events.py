"""Reads a file of events that belongs to a log: `time, name[, ...]`, one per line.

`NAME_init`/`NAME_start`/`NAME_begin` and the next `NAME_end`/`NAME_stop`/`NAME_done` become one
interval called NAME; every other line becomes an instant; a header of `time` and `name` changes nothing of that.  With a header that
names a second time (`end`, `stop`), a `duration` or a `count`, each line is an event of its own.
"""

from __future__ import annotations

import csv
import re
from itertools import islice
from pathlib import Path

from powermeter.errors import DataError, plural
from powermeter.events import Event
from powermeter.importers.files import Peek, read_lines
from powermeter.importers.log import RELATIVE, Choices, Log
from powermeter.importers.stamps import TICKS, number_ns, wall
from powermeter.result.notes import Note

MAX_EVENTS = 1_000_000

_OPENS = re.compile(r"(.+?)[_ .-]?(init|start|begin|enter)\Z", re.IGNORECASE)
_CLOSES = re.compile(r"(.+?)[_ .-]?(end|stop|done|finish|exit)\Z", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z][\w .:/-]{0,199}\Z")

_START = {"time", "timestamp", "start", "begin", "t", "t_start", "start_time"}
_END = {"end", "stop", "t_end", "end_time"}
_NAME = {"name", "event", "label", "phase"}
_COUNT = {"count", "n", "inferences"}


def recognises(peek: Peek) -> bool:
    """Return whether a file holds events without a header: a wall-clock stamp, then a label."""
    lines = peek.lines[:20]
    rows = [line.split(",") for line in lines]
    return bool(rows) and all(
        len(row) >= 2 and wall(row[0]) is not None and _LABEL.match(row[1].strip()) for row in rows
    )


def read(path: Path, log: Log, choices: Choices) -> list[Event]:
    """Return the events of a file that overlap the log; the others are counted in its warnings.

    Raises:
        DataError: It is not a file of events, or none lies in the log.
    """
    rows = []
    for number, fields in enumerate(csv.reader(islice(read_lines(path), MAX_EVENTS)), 1):
        if fields and any(field.strip() for field in fields):
            rows.append((number, [field.strip() for field in fields]))
    if not rows:
        raise DataError(f"{path}: no events")
    header = [field.lower() for field in rows[0][1]]
    if set(header) & _NAME and set(header) & _START:
        events = (_with_header if _is_table(header) else _moments)(path, header, rows[1:], choices)
    else:
        events = _paired(path, rows, choices)
    first = min(rows.ends_ns[0] for rows in log.sources)
    last = max(rows.ends_ns[1] for rows in log.sources)
    inside = [e for e in events if e.start_ns <= last and (e.end_ns is None or e.end_ns >= first)]
    outside = len(events) - len(inside)
    if not inside:
        hint = "; the log's times are relative, these are not" if log.clock == RELATIVE else ""
        raise DataError(f"{path}: none of its events lies within the log{hint}")
    if outside:
        log.warnings.append(
            Note.warning(
                "events-left-out",
                f"{plural(outside, 'event')} of {path.name} left out: outside the log",
            )
        )
    return inside


def _stamp(text: str, choices: Choices) -> int | None:
    stamp = wall(text)
    if stamp is not None:
        return choices.utc_ns(stamp.ns) if stamp.zone_ns is None else stamp.ns - stamp.zone_ns
    return number_ns(text, TICKS["s"])


def _column(header: list[str], names: set[str]) -> int:
    return next(i for i, field in enumerate(header) if field in names)


def _is_table(header: list[str]) -> bool:
    """Return whether each line of a file with this header is a whole event, not the begin or the end of one."""
    return any(field in _END or field in _COUNT or field.startswith("duration") for field in header)


def _moments(
    path: Path, header: list[str], rows: list[tuple[int, list[str]]], choices: Choices
) -> list[Event]:
    """Return the events of lines that hold a time and a name under a header, paired as those without one."""
    first = [_column(header, _START), _column(header, _NAME)]
    order = [*first, *(i for i in range(len(header)) if i not in first)]
    filled = [(number, [*fields, *[""] * (len(header) - len(fields))]) for number, fields in rows]
    return _paired(path, [(number, [fields[i] for i in order]) for number, fields in filled], choices)


def _with_header(
    path: Path, header: list[str], rows: list[tuple[int, list[str]]], choices: Choices
) -> list[Event]:
    name_at, start_at = _column(header, _NAME), _column(header, _START)
    end_at = next((i for i, field in enumerate(header) if field in _END), None)
    length_at = next((i for i, field in enumerate(header) if field.startswith("duration")), None)
    count_at = next((i for i, field in enumerate(header) if field in _COUNT), None)
    events = []
    for number, fields in rows:
        fields = [*fields, *[""] * (len(header) - len(fields))]
        start = _stamp(fields[start_at], choices)
        end = start
        if end_at is not None:
            end = _stamp(fields[end_at], choices)
        elif length_at is not None and start is not None:
            length = number_ns(fields[length_at], TICKS["s"])
            end = None if length is None else start + length
        if start is None or end is None or end < start:
            raise DataError(f"{path}, line {number}: no usable time in {','.join(fields)[:80]!r}")
        count = int(fields[count_at]) if count_at is not None and fields[count_at].isdecimal() else 1
        events.append(Event(fields[name_at] or "event", start, end, count=max(count, 1)))
    return events


def _paired(path: Path, rows: list[tuple[int, list[str]]], choices: Choices) -> list[Event]:
    events: list[Event] = []
    opened: dict[str, tuple[int, str]] = {}
    for number, fields in rows:
        start = _stamp(fields[0], choices) if len(fields) >= 2 else None
        if start is None or not fields[1]:
            raise DataError(f"{path}, line {number}: expected `time, name`, found {','.join(fields)[:80]!r}")
        label = fields[1][:200]
        extra = dict(enumerate(fields[2:], 3))
        closing, opening = _CLOSES.match(label), _OPENS.match(label)
        if closing is not None and closing[1] in opened:
            began, _ = opened.pop(closing[1])
            events.append(
                Event(closing[1], began, start, attributes={f"field_{k}": v for k, v in extra.items()})
            )
        elif opening is not None:
            if opening[1] in opened:
                events.append(_mark(*opened[opening[1]]))
            opened[opening[1]] = (start, label)
        else:
            events.append(_mark(start, label))
    events.extend(_mark(*entry) for entry in opened.values())
    return sorted(events, key=lambda event: event.start_ns)


def _mark(stamp: int, label: str) -> Event:
    return Event(label, stamp, stamp)
