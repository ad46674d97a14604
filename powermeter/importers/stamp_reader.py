"""Reads the stamps of a table block by block, by a plan of where they stand and how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING
from powermeter.importers.calendar_columns import OTHER_ORDER, goes_on_otherwise
from powermeter.importers.days_without_year import days_between, with_colons
from powermeter.importers.elapsed_times import elapsed_ns
from powermeter.importers.stamps import (
    DAY_NS,
    LARGEST_NS,
    TICKS,
    day_and_clock,
    ends_of,
    minutes_ns,
    number_ns,
    time_of_day_ns,
    wall,
    zone_ns,
)
from powermeter.units import NS

_STRICT = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
_PLAIN_LINES = re.compile(r"(?:\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:\n|\Z))+", re.ASCII)

_HOUR_NS = 3600 * NS
_LONGEST_STEP_NS = 366 * DAY_NS

Stamps = tuple[NDArray[np.int64], "NDArray[np.bool_] | None"]


@dataclass(frozen=True, slots=True)
class Added:
    """What is added to each row's time.

    Attributes:
        column: The column of numbers, or of the times at which intervals end.
        tick_ns: Nanoseconds per unit of the numbers.
        since: The column of the times at which intervals begin, or None for numbers; `column` itself where each cell holds both.
        order: Of year, month and day in these times.
        more_ns: What is missing at the end of each interval where `10:14` is the last minute of a quarter of an hour.
        usual_ns: How long an interval usually is, by its two times: one that seems an hour shorter ends in the hour that comes twice.
    """

    column: int
    tick_ns: int = NS
    since: int | None = None
    order: str | None = None
    more_ns: int = 0
    usual_ns: int | None = None

    def of(self, texts: Sequence[str], starts: Sequence[str] | None) -> NDArray[np.int64]:
        """Return nanoseconds to add; MISSING where nothing can be read."""
        if self.since == self.column:
            read = [range_ns(text) for text in texts]
        elif starts is None:
            read = [number_ns(text.strip(), self.tick_ns) for text in texts]
        else:
            read = [self._between(a.strip(), b.strip()) for a, b in zip(starts, texts, strict=True)]
        return np.array([MISSING if ns is None else ns + self.more_ns for ns in read], np.int64)

    def _between(self, start: str, end: str) -> int | None:
        """Return the nanoseconds from one time to another, clocks past midnight included, or None.

        From 02:45 to 02:00, in rows of a quarter of an hour, they are those of the calendar: the zone puts its second 02:00 an hour later.
        """
        first, last = time_of_day_ns(start), time_of_day_ns(end)
        of_day = first is not None and last is not None
        if not of_day:
            first, last = self._moment(start), self._moment(end)
        if first is None or last is None:
            return None
        length = last - first
        if length >= 0 or (self.usual_ns is not None and length == self.usual_ns - _HOUR_NS):
            return length
        if not of_day and (wall(start, self.order) is None) != (wall(end, self.order) is None):
            return length  # one on the wall, one in Unix time: an offset from UTC lies between them
        return length % DAY_NS if of_day else None

    def _moment(self, text: str) -> int | None:
        stamp = wall(text, self.order)
        return number_ns(text, self.tick_ns) if stamp is None else stamp.ns - (stamp.zone_ns or 0)


def range_ns(text: str) -> int | None:
    """Return how long a stretch is, written as `6/13/2026 10:55:00 AM - 11:00:00 AM` or with a date at both ends; None where it is none."""
    both = ends_of(text)
    if both is not None:
        lengths = [
            last.ns - first.ns
            for order in ("dmy", "mdy")
            if (first := wall(both[0], order)) is not None and (last := wall(both[1], order)) is not None
        ]
        return min((ns for ns in lengths if ns > 0), default=None)
    first_text, dash, last_text = text.strip().partition(" - ")
    start, end = time_of_day_ns(first_text.partition(" ")[2]), time_of_day_ns(last_text)
    return None if not dash or start is None or end is None else (end - start) % DAY_NS


@dataclass(frozen=True, slots=True)
class TimePlan:
    """Where the times stand and how they are written.

    Attributes:
        indexes: Their columns; two where date and time of day stand apart, none for a fixed period.
        style: `wall`, `day` (time of day), `hhmmss` (one without colons), `elapsed` (D.hh:mm:ss, 1m02s), `minutes` (mm:ss), `epoch`, `relative`, `steps` (each
            row's own interval) or `period`.
        tick_ns: Nanoseconds per unit of a numeric time.
        order: Of year, month and day.
        period_s: The fixed period.
        why: How it was found, for `--explain`.
        added: What is added to each time, or None.
        length_ns: How long the interval usually is that a row ends, by its own start and end; None where it states none.
        clock_cells: How many of the columns, the last ones, hold the hour, the minute and the second.
        days_of_year: Whether the first two hold the year and the number of the day in it.
    """

    indexes: tuple[int, ...] = ()
    style: str = "relative"
    tick_ns: int = NS
    order: str | None = None
    period_s: float | None = None
    why: str = ""
    added: Added | None = None
    length_ns: int | None = None
    clock_cells: int = 0
    days_of_year: bool = False

    @property
    def columns(self) -> tuple[int, ...]:
        """All columns that a time is made of."""
        if self.added is None:
            return self.indexes
        since = () if self.added.since is None else (self.added.since,)
        return tuple(dict.fromkeys((*self.indexes, self.added.column, *since)))

    @property
    def is_utc(self) -> bool:
        """Whether the stamps are of the calendar."""
        return self.style in ("wall", "epoch")


class Reader:
    """Reads stamps of one plan.

    Attributes:
        zoned, naive: Stamps that named a zone, and that did not.
        goes_on: Two stamps in a row between which months lie, and hours at most if day and month changed places; or None.
    """

    def __init__(self, plan: TimePlan, decimal_comma: bool = False, unit: str | None = None) -> None:
        self.plan = plan
        self.zoned = self.naive = 0
        self._comma = decimal_comma
        self._days = 0
        self.goes_on: tuple[str, str] | None = None
        self._before = ""
        self._last_of_day: int | None = None
        self._date: tuple[int, int] | None = None
        self._sum_ns = 0

    def read(self, texts: Sequence[str]) -> Stamps:
        """Return (nanoseconds, whether each named its zone or None) of stamps; `MISSING` where there is none."""
        plan = self.plan
        if plan.clock_cells or plan.days_of_year:
            texts = [in_one(text, plan.clock_cells, of_year=plan.days_of_year) for text in texts]
        if plan.style == "wall":
            return self._walls(texts)
        if plan.style == "day":
            return self._of_day(texts), None
        if plan.style == "hhmmss":
            return self._of_day([with_colons(text) for text in texts]), None
        if plan.style == "minutes":
            return self._minutes(texts), None
        if plan.style == "elapsed":
            return _array([elapsed_ns(text) for text in texts]), None
        if plan.style == "steps":
            return self._added_up(self._numbers(texts)), None
        return self._numbers(texts), None

    def _added_up(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the end of each interval; MISSING where it or the sum cannot be read."""
        known = (steps != MISSING) & (abs(steps) < _LONGEST_STEP_NS)
        ends = self._sum_ns + np.cumsum(np.where(known, steps, 0))
        self._sum_ns = int(ends[-1]) if len(ends) else self._sum_ns
        return np.where(known & (ends < LARGEST_NS), ends, MISSING)

    def _walls(self, texts: Sequence[str]) -> Stamps:
        fast = fast_walls(texts)
        if fast is not None:
            stamps, zoned = fast
            self.zoned += zoned
            self.naive += len(texts) - zoned
            return stamps, (np.ones(len(texts), bool) if zoned else None)
        ns: list[int | None] = []
        aware = np.zeros(len(texts), bool)
        order = self.plan.order
        for i, text in enumerate(texts):
            stamp = wall(text, order)
            if stamp is None:
                ns.append(None)
                continue
            if stamp.zone_ns is None:
                self.naive += 1
                ns.append(stamp.ns)
            else:
                self.zoned += 1
                aware[i] = True
                ns.append(stamp.ns - stamp.zone_ns)
            if order in OTHER_ORDER and self.goes_on is None:
                self.goes_on = goes_on_otherwise(self._before, text, order)
                self._before = text
        return _array(ns), aware if aware.any() else None

    def _of_day(self, texts: Sequence[str]) -> NDArray[np.int64]:
        found: list[int | None] = []
        for text in texts:
            day, stamp = day_and_clock(text) or (None, None)
            if stamp is not None:
                if day is not None:
                    self._days += 0 if self._date is None else days_between(self._date, day)
                    self._date = day
                elif self._last_of_day is not None and stamp - self._last_of_day < -DAY_NS // 2:
                    self._days += 1
                self._last_of_day = stamp
                stamp += self._days * DAY_NS
            found.append(stamp)
        return _array(found)

    def _minutes(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return times of `mm:ss`, whose minutes may begin again after 59."""
        found: list[int | None] = []
        for text in texts:
            stamp = minutes_ns(text)
            if stamp is not None:
                if self._last_of_day is not None and stamp - self._last_of_day < -_HOUR_NS // 2:
                    self._days += 1
                self._last_of_day = stamp
                stamp += self._days * _HOUR_NS
            found.append(stamp)
        return _array(found)

    def _numbers(self, texts: Sequence[str]) -> NDArray[np.int64]:
        tick = self.plan.tick_ns
        if self._comma:
            texts = [text.replace(".", "").replace(",", ".") if "," in text else text for text in texts]
        fast = _fast_numbers(texts, tick)
        if fast is not None:
            return fast
        found = []
        for text in texts:
            stamp = number_ns(text, tick)
            if stamp is None and text and text.strip()[-1:].isalpha():
                match = re.fullmatch(r"(.*?)\s*([a-zµ]{1,3})", text.strip())
                unit = TICKS.get(match[2]) if match is not None else None
                stamp = number_ns(match[1], unit) if match is not None and unit is not None else None
            found.append(stamp)
        return _array(found)


def in_one(text: str, clock_cells: int, *, of_year: bool = False) -> str:
    """Return one stamp of cells put together: `2024-03-14 14 5` and `2024 74 14 5` are `2024-03-14 14:05:00`; what is none as it stands.

    Only the last cell may have a fraction: `2024 74.25` is six o'clock, and `14.5` beside a column of minutes is none.
    """
    before, *clock = text.rsplit(" ", clock_cells) if clock_cells else (text,)
    try:
        cells = [Decimal(cell) for cell in clock]
        if of_year:
            year, _, number = before.partition(" ")
            day = Decimal(number)
            at = date(int(year), 1, 1) + timedelta(int(day) - 1)
            if at.year != int(year) or (cells and day % 1):
                return text
            before, cells = str(at), cells or [day % 1 * 24]
        if any(cell % 1 for cell in cells[:-1]) or not all(
            0 <= cell < most for cell, most in zip(cells, _CLOCK_ENDS, strict=False)
        ):
            return text
        seconds = round(sum((c * s for c, s in zip(cells, _CLOCK_S, strict=False)), Decimal(0)), 9)
    except (ArithmeticError, ValueError):
        return text
    if ":" in before:  # a spreadsheet's date, with its midnight
        before = before.replace("T", " ").partition(" ")[0]
    minutes, second = divmod(seconds, 60)
    whole, _, fraction = f"{second:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{before} {int(minutes) // 60:02}:{int(minutes) % 60:02}:{whole.zfill(2)}{'.' * bool(fraction)}{fraction}"


_CLOCK_S = (3600, 60, 1)
_CLOCK_ENDS = (25, 60, 61)


def _array(stamps: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([MISSING if s is None or abs(s) >= LARGEST_NS else s for s in stamps], np.int64)


def fast_walls(texts: Sequence[str]) -> tuple[NDArray[np.int64], int] | None:
    """Return stamps `YYYY-MM-DD hh:mm:ss.f` of one zone by numpy's own parser, and how many were zoned."""
    if len(texts) < 8:
        return None
    match = _STRICT.match(texts[0])
    if match is None:
        return None
    zone = match["zone"] or ""
    cut = len(zone)
    if zone and not all(text.endswith(zone) for text in texts):
        return None
    if not "1970" <= min(texts)[:4] <= max(texts)[:4] <= "2115" or (
        min(texts)[4:5] + min(texts)[7:8]
    ) not in ("--", "//"):
        return None
    bare = [text[:-cut] for text in texts] if cut else list(texts)
    joined = "\n".join(bare)
    if _PLAIN_LINES.fullmatch(joined) is None:  # numpy reads more than these, some of it as zones
        return None
    try:
        stamps = np.array(joined.replace("/", "-").split("\n"), "M8[ns]").astype(np.int64)
    except ValueError:
        return None
    if cut:
        stamps -= zone_ns(zone) or 0
    return stamps, len(texts) if cut else 0


def _fast_numbers(texts: Sequence[str], tick: int) -> NDArray[np.int64] | None:
    """Return exact nanoseconds of plain decimal numbers that all have as many decimals."""
    if len(texts) < 8:
        return None
    first = texts[0]
    point = first.find(".")
    decimals = len(first) - point - 1 if point >= 0 else 0
    joined = "\n".join(texts)
    if (
        not all(texts)
        or not joined.replace("\n", "").replace(".", "").isascii()
        or len(max(texts, key=len)) > 19
    ):
        return None
    if point >= 0:
        if {text[-decimals - 1 : -decimals] if decimals else text[-1:] for text in texts} != {"."}:
            return None
        joined = joined.replace(".", "")
    if not joined.replace("\n", "").isdigit():
        return None
    wide = list(map(int, joined.split("\n")))
    power = 10**decimals
    if tick % power == 0 and max(wide) < LARGEST_NS // max(tick // power, 1):
        exact: NDArray[np.int64] = np.array(wide, np.int64) * (tick // power)
        return exact
    if max(wide) * tick // power >= LARGEST_NS:
        return None
    return np.array([(value * tick + power // 2) // power for value in wide], np.int64)
