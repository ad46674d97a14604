"""Turns what logs write for a time into integer nanoseconds, exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from powermeter.importers.dates_in_words import in_numbers
from powermeter.importers.time_axis import Axis, axis, regular
from powermeter.units import NS

DAY_NS = 86_400 * NS

LARGEST_NS = 2**62
"""The largest stamp taken for one: the year 2116 in nanoseconds; differences of two still fit 63 bits."""

_NUMBER = re.compile(r"([+-]?)(\d{1,19})(?:[.,](\d{0,20}))?(?:[eE]([+-]?\d{1,2}))?", re.ASCII)
_POINT_FIRST = re.compile(r"([+-]?)[.,](\d{1,20})", re.ASCII)
_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<sec>\d{1,2})(?:(?P<sep>[.,:])(?P<frac>\d{1,12}))?)?[\s\u00a0\u202f]*(?P<half>[AaPp]\.?[ \u00a0\u202f]?[Mm]\.?)?"
_HOURS = {
    "WET": 0,
    "WEST": 1,
    "BST": 1,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "KST": 9,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "AWST": 8,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
}
"""Abbreviations that `date` prints for one offset only; CST and IST are several countries' own (tz database)."""
_ZONE = rf"(?:\s*(?P<zone>Z|z|UTC|GMT|(?:{'|'.join(_HOURS)})(?![A-Za-z])|[+-]\d{{2}}(?::?\d{{2}})?))?"
_LOCAL = r"(?: [A-Z]{3,4})?"  # CST, IST: their offset is not known
_DIGITS = re.compile(
    r"(?P<a>\d{1,4})(?P<d>[-/.])(?P<b>\d{1,2})(?P=d)(?P<c>\d{1,4})(?:(?:(?!T,)[ T_]|, ?)+"
    + _CLOCK
    + _ZONE
    + _LOCAL
    + r"|[ T_-](?P<h2>\d{2})(?P<s>[-.h])(?P<m2>\d{2})[-.m](?P<s2>\d{2})s?)?",
    re.ASCII,
)
_FOURTEEN = re.compile(
    r"(?P<y>(?:19|20)\d{2})(?P<mo>\d{2})(?P<da>\d{2})(?P<h2>\d{2})(?P<m2>[0-5]\d)(?:(?P<s2>[0-5]\d)(?:\.?(?P<f2>\d{3}|\d{6}))?)?(?P<zone>Z)?",
    re.ASCII,
)
"""Twelve, fourteen, seventeen or twenty digits: to the minute, the second, the millisecond or the microsecond."""
_IN_PARTS = re.compile(
    r"(?P<y>\d{4}) (?P<mo>\d{1,2}) (?P<da>\d{1,2})(?: (?P<h>\d{1,2})(?P<half>)(?:[ :](?P<m>\d{1,2})(?:[ :](?P<sec>\d{1,2})(?:(?P<sep>\.)(?P<frac>\d{0,9}))?)?)?)?",
    re.ASCII,
)
"""Year, month, day and perhaps hour with blanks between them, as they are put together of columns of their own."""
_CHINESE = str.maketrans({"年": "-", "月": "-", "日": " ", "时": ":", "時": ":", "分": ":", "秒": " "})
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<mo>\d{2})(?P<da>\d{2})[ T_-]+(?:"
    + _CLOCK
    + r"|(?P<h2>\d{2})(?P<m2>\d{2})(?P<s2>\d{2}))"
    + _ZONE,
    re.ASCII,
)
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?P<da>\d{1,2})[-/ ](?P<mo>[A-Za-z]{3})[a-z]*[-/ ,]+(?P<y>\d{4}|\d{2}(?!:))(?:[ T,:]+"
    + _CLOCK
    + _ZONE
    + _LOCAL
    + r")?",
    re.ASCII,
)
_CTIME = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?P<mo>[A-Za-z]{3})[a-z]* +(?P<da>\d{1,2}),? (?:(?P<y>\d{4})[, ]+)?"
    + _CLOCK
    + _ZONE
    + r"(?: [A-Z]{3,4})?(?: (?P<y2>\d{4}))?",
    re.ASCII,
)
_YEAR_NAMED = re.compile(
    r"(?P<y>\d{4})[-/ ](?P<mo>[A-Za-z]{3})[a-z]*[-/ ](?P<da>\d{1,2})(?:[ T,:]+" + _CLOCK + _ZONE + r")?",
    re.ASCII,
)
_NAMED_DAY = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?P<mo>[A-Za-z]{3})[a-z]* +(?P<da>\d{1,2}),? (?P<y>\d{4})", re.ASCII
)
_TIME_OF_DAY = re.compile(_CLOCK + r"\Z", re.ASCII)
_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}

TICKS = {"s": NS, "ms": 1_000_000, "us": 1000, "µs": 1000, "ns": 1, "min": 60 * NS, "h": 3600 * NS}
"""Unit of a numeric time → nanoseconds."""


def number_ns(text: str, tick_ns: int) -> int | None:
    """Return nanoseconds of a number in units of `tick_ns`, exactly; None where it is not a number."""
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        match = _POINT_FIRST.fullmatch(text)
        if match is None:
            return None
        sign, whole, fraction, exponent = match[1], "0", match[2], 0
    else:
        sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    shift = exponent - len(fraction)
    scaled = int(whole + fraction) * tick_ns
    power = int(10 ** abs(shift))
    value = scaled * power if shift >= 0 else (scaled + power // 2) // power
    if value > LARGEST_NS:
        return None
    return -value if sign == "-" else value


def _clock_ns(match: re.Match[str]) -> int | None:
    """Return nanoseconds since midnight of the clock in a match; 12-hour clocks by their AM or PM."""
    hour, minute, second = int(match["h"]), int(match["m"] or 0), int(match["sec"] or 0)
    half = "".join(letter for letter in (match["half"] or "").lower() if letter in "apm")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    at_midnight = hour == 24 and not minute and not second and not int(match["frac"] or 0)
    if (hour > 23 and not at_midnight) or minute > 59 or second > 60:
        return None
    digits = match["frac"] or ""
    if match["sep"] == ":" and len(digits) < 3:
        digits = digits.rjust(3, "0")  # milliseconds written as a number, not as a fraction
    return (hour * 3600 + minute * 60 + second) * NS + int(digits[:9].ljust(9, "0") or 0)


@lru_cache(maxsize=4096)
def _days(year: int, month: int, day: int) -> int | None:
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def zone_ns(text: str | None) -> int | None:
    """Return nanoseconds east of UTC of `Z`, `UTC`, `CEST`, `+01:00` or `+0100`; None for none."""
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return 0
    if text in _HOURS:
        return _HOURS[text] * 3600 * NS
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return (-seconds if text[0] == "-" else seconds) * NS


@dataclass(frozen=True, slots=True)
class Wall:
    """A wall-clock stamp: nanoseconds since 1970 as if in UTC, and its zone where it names one."""

    ns: int
    zone_ns: int | None = None


def wall(text: str, order: str | None = None) -> Wall | None:
    """Return a stamp with a date (`2025-03-28 01:56:05.498433`, `26.07.2022 7:05`, `5/13/2026 1:00 PM`), or None.

    Args:
        text: The stamp.
        order: `ymd`, `dmy` or `mdy` for numbers; None takes a leading year, day first behind dots, and
            month first otherwise.
    """
    text = _bare(text)
    match = _DIGITS.fullmatch(text)
    if match is not None:
        parts = _ordered(match, order)
    else:
        match = _COMPACT.fullmatch(text) or _FOURTEEN.fullmatch(text) or _IN_PARTS.fullmatch(text)
        if match is not None:
            parts = int(match["y"]), int(match["mo"]), int(match["da"])
        else:
            match = _named(text) or (_named(in_numbers(text)) if _SPOKEN.match(text) else None)
            if match is None:
                return None
            if match.re is _DIGITS:
                return wall(match[0], order)
            groups = match.groupdict()
            year = groups["y"] or groups.get("y2")
            month = _MONTHS.get(match["mo"].lower())
            if year is None or month is None:
                return None
            parts = int(year), month, int(match["da"])
    if parts is None:
        return None
    groups = match.groupdict()
    if groups.get("h2") is not None:
        hour, minute, second = int(match["h2"]), int(match["m2"]), int(match["s2"] or 0)
        fraction = int((groups.get("f2") or "0").ljust(9, "0"))
        clock: int | None = (hour * 3600 + minute * 60 + second) * NS + fraction
        clock = clock if hour < 24 and minute < 60 and second <= 60 else None
    else:
        clock = 0 if groups.get("h") is None else _clock_ns(match)
    days = _days(*parts)
    if days is None or clock is None or not 0 <= days < LARGEST_NS // DAY_NS:
        return None
    return Wall(days * DAY_NS + clock, zone_ns(groups.get("zone")))


def _named(text: str) -> re.Match[str] | None:
    """Return the match of a stamp whose month is a name, or of one in numbers that words stood in."""
    for pattern in (_NAMED, _CTIME, _NAMED_DAY, _YEAR_NAMED, _DIGITS):
        match = pattern.fullmatch(text)
        if match is not None and (pattern is _DIGITS or match["mo"].lower() in _MONTHS):
            return match
    return None


_SPOKEN = re.compile(r"(?=.{0,50}[^\W\d_]).{0,50}(?:\d{4}|\d[:h]\d\d)")
"""A stamp with words in it has a year or a clock near its beginning, which few other cells have."""


def is_stamp(line: str) -> bool:
    """Return whether a line is a time and nothing else: of a calendar, of the day, or in Unix seconds."""
    text = line.strip()
    return 0 < len(text) < _LONGEST and (
        wall(text) is not None or time_of_day_ns(text) is not None or _UNIX.fullmatch(text) is not None
    )


_UNIX = re.compile(r"\d{10}(?:\.\d{1,9})?")
_LONGEST = 80
_SHORTEST_RANGE = 24


_RANGE = re.compile(r"(?<=\d) - \d{1,2}:\d{2}(?::\d{2})?\Z|(?<=[APM]) - \d{1,2}:\d{2}(?::\d{2})? [AP]M\Z")


_ENDS = re.compile(r"(\d[\d./-]{5,9}[ T]\d\S{3,16})(?: [-–] |/)(\d[\d./-]{5,9}[ T]\d\S{3,16})")
"""`12.03.2024 00:00 - 12.03.2024 00:15`, as ENTSO-E's platform writes a quarter of an hour, or ISO 8601's stroke between both."""


def ends_of(text: str) -> tuple[str, str] | None:
    """Return the two stamps of a stretch that has a date at both of its ends; None for any other text."""
    match = _ENDS.fullmatch(text.strip()) if len(text) > _SHORTEST_RANGE else None
    return None if match is None else (match[1], match[2])


_PADDED = re.compile(r"\d{4}- *\d{1,2}- *\d{1,2} +\d{1,2}: *\d")
"""A stamp whose numbers stand behind blanks, milliseconds too: `2024- 11- 2  19: 17: 6. 623`."""


_UNDERSCORED = re.compile(r"\A(\d{4})_(\d\d)_(\d\d)[_ T-](?=\d\d:)")
"""`2025_03_20_09:46`."""


def _bare(text: str) -> str:
    """Return a stamp without brackets around it or the end of its interval, and with marks for the Chinese ones."""
    text = text.strip()
    if text[:1] == "[" and text[-1:] == "]":
        text = text[1:-1].strip()
    both = ends_of(text)
    if both is not None:
        text = both[0]
    elif text.count(" - ") == 1:
        text = _RANGE.sub("", text)
    if _PADDED.match(text) is not None:
        text = re.sub(r"\. +(\d{1,3})\Z", r":\1", re.sub(r"([-:]) +", r"\1", text))
    if "_" in text:
        text = _UNDERSCORED.sub(r"\1-\2-\3 ", text)
    if "年" in text:
        text = text.translate(_CHINESE).strip().rstrip(":").replace("  ", " ")
    return text


def numeric_date(text: str) -> tuple[str, str, str] | None:
    """Return the first and the second number and the separator of a date in numbers; None for any other text."""
    match = _DIGITS.fullmatch(_bare(text))
    return None if match is None else (match["a"], match["b"], match["d"])


def _ordered(match: re.Match[str], order: str | None) -> tuple[int, int, int] | None:
    first, second, third = match["a"], match["b"], match["c"]
    if len(first) == 4:
        return (int(first), int(second), int(third)) if len(third) <= 2 else None
    if (
        len(first) > 2
        or len(third) not in (2, 4)
        or ((match["h"] or match["h2"]) is None and len(third) != 4 and not _is_short_date(match))
    ):
        return None
    if order == "ymd":
        return int(first), int(second), int(third)
    if order == "dmy" or (order is None and match["d"] == "."):
        return int(third), int(second), int(first)
    return int(third), int(first), int(second)


def _is_short_date(match: re.Match[str]) -> bool:
    """Return whether a date is written `14.03.25`, as no number of a version is; behind strokes any number may be the year."""
    return match["d"] == "." and all(len(match[name]) == 2 for name in "abc")


def time_of_day_ns(text: str) -> int | None:
    """Return nanoseconds since midnight of `01:22:35`, `9:5:0`, `1:00:00 PM` or `14:55:35:726`, or None."""
    text = _RANGE.sub("", text.strip())
    if text.endswith(("秒", "分")):
        text = text.translate(_CHINESE).strip().rstrip(":")
    match = _TIME_OF_DAY.fullmatch(text)
    if match is None and _CLOCK_WITH_WORDS.fullmatch(text) is not None:
        match = _TIME_OF_DAY.fullmatch(in_numbers(text))
    return None if match is None else _clock_ns(match)


_YEARLESS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})(?:\.|,)? +(?=\d)", re.ASCII)


def day_and_clock(text: str) -> tuple[tuple[int, int] | None, int] | None:
    """Return (the two numbers of a date without its year, or None; nanoseconds since midnight) of `11/03 23:50`, or None."""
    text = text.strip()
    match = _YEARLESS.match(text)
    clock = time_of_day_ns(text if match is None else text[match.end() :])
    if clock is None:
        return None
    return (None if match is None else (int(match[1]), int(match[3]))), clock


_CLOCK_WITH_WORDS = re.compile(r"(?:[上下午前後오전후]{2}\s*)?\d{1,2}[:h]\d{2}(?::\d{2})?(?:\s*Uhr)?")


TWO_NUMBERS = re.compile(r"(\d{1,5}):([0-5]\d)(?:[.,](\d{1,9}))?", re.ASCII)
"""`03:15` or `03:15.5`."""


def minutes_ns(text: str) -> int | None:
    """Return nanoseconds of `mm:ss` or `mm:ss.f`, or None; as many minutes as there are."""
    match = TWO_NUMBERS.fullmatch(text.strip())
    if match is None:
        return None
    return (int(match[1]) * 60 + int(match[2])) * NS + int((match[3] or "0").ljust(9, "0"))


def datetime_ns(stamp: datetime) -> int:
    """Return nanoseconds since 1970 of a date and time, taken as UTC."""
    return int((stamp - datetime(1970, 1, 1)) / timedelta(microseconds=1)) * 1000


def since_midnight(stamps: Sequence[int | None]) -> list[int | None]:
    """Unroll times of day that pass midnight: a step back of more than half a day is a new day."""
    days, last, unrolled = 0, None, []
    for stamp in stamps:
        if stamp is not None:
            if last is not None and stamp - last < -DAY_NS // 2:
                days += 1
            last = stamp
        unrolled.append(None if stamp is None else stamp + days * DAY_NS)
    return unrolled


__all__ = [
    "DAY_NS",
    "LARGEST_NS",
    "TICKS",
    "Axis",
    "Wall",
    "axis",
    "datetime_ns",
    "number_ns",
    "numeric_date",
    "regular",
    "since_midnight",
    "time_of_day_ns",
    "wall",
    "zone_ns",
]
