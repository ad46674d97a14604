"""Numbers with units at the edges of the program: `5m`, `0.1ohm`, `4Ah` in, `3.2 mJ` out.

Inside, everything is a float in SI base units (V, A, W, J, C, s, ohm, Hz); this file is the only
place that knows prefixes.
"""

from __future__ import annotations

import math
import re

from powermeter.errors import ConfigurationError

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_YEAR = 365.25 * 86400
"""The one year of this package (Julian, 8766 h); a month is a twelfth of it.  Hours given are hours taken."""
NS = 1_000_000_000

_PREFIXES = {
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}

# Unit as written → (SI unit, factor).  Prefixes are allowed before each.
_UNITS = {
    "V": ("V", 1.0),
    "A": ("A", 1.0),
    "W": ("W", 1.0),
    "J": ("J", 1.0),
    "C": ("C", 1.0),
    "ohm": ("ohm", 1.0),
    "Ω": ("ohm", 1.0),
    "R": ("ohm", 1.0),
    "Hz": ("Hz", 1.0),
    "S/s": ("Hz", 1.0),
    "SPS": ("Hz", 1.0),
    "Ah": ("C", SECONDS_PER_HOUR),
    "Wh": ("J", SECONDS_PER_HOUR),
    "s": ("s", 1.0),
    "B": ("B", 1.0),
    "bit": ("bit", 1.0),
    "F": ("F", 1.0),
    "g": ("g", 1.0),
    "degC": ("degC", 1.0),
    "°C": ("degC", 1.0),
}

# Units of time and ratio take no prefix.
_PLAIN_UNITS = {
    "min": ("s", 60.0),
    "m": ("s", 60.0),
    "h": ("s", 3600.0),
    "d": ("s", 86400.0),
    "y": ("s", SECONDS_PER_YEAR),
    "%": ("1", 0.01),
    "ppm": ("1", 1e-6),
    "": ("", 1.0),
}

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*\Z")
_SPAN = re.compile(r"(?:\s*(?:\d+(?:\.\d*)?|\.\d+)\s*(?:ns|us|µs|ms|s|min|m|h|d|y))+\s*\Z")
_SPAN_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|min|m|h|d|y)")


def unit_factor(text: str) -> tuple[str, float] | None:
    """Return the SI unit and the factor of a unit as written (`mAh` → `("C", 3.6)`), or None."""
    if text in _UNITS:
        return _UNITS[text]
    if len(text) > 1 and text[0] in _PREFIXES and text[1:] in _UNITS:
        si, factor = _UNITS[text[1:]]
        return si, factor * _PREFIXES[text[0]]
    return _PLAIN_UNITS.get(text)


def parse_quantity(text: str, unit: str, *, bare: bool = True) -> float:
    """Return the SI value of a number with a unit.

    Args:
        text: For example `0.1ohm`, `100 mA`, `4Ah`, `99%`.
        unit: The SI unit wanted: V, A, W, J, C, s, ohm, Hz, B, or `1` for a ratio.
        bare: Whether a number without a unit is taken to be in `unit`.

    Raises:
        ConfigurationError: The text is not a number, not finite, or its unit measures something else.
    """
    if unit == "s":
        return parse_duration(text)
    match = _NUMBER.match(text)
    if match is None:
        raise ConfigurationError(f"{text!r} is not a number with a unit in {unit}")
    number, suffix = float(match[1]), match[2]
    if not math.isfinite(number):
        raise ConfigurationError(f"{text!r} is not a finite number")
    if not suffix:
        if bare or unit in ("", "1"):
            return number
        raise ConfigurationError(f"{text!r} has no unit; write for example {text}{unit}")
    if suffix == "m" and unit == "ohm":
        return number * 1e-3  # resistors are marked 5m
    found = unit_factor(suffix)
    if without := _without_comma(text):
        raise ConfigurationError(f"{text!r}: write {without}")
    if found is None or found[0] != unit:
        raise ConfigurationError(f"{text!r}: {suffix!r} is not a unit of {_NAMES.get(unit, unit)}")
    return number * found[1]


_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+(?![\d.,])")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")


def _without_comma(text: str) -> str:
    """Return how to write a number in which a comma stands: where it may part thousands, both; empty where there is none."""
    decimal = text.replace(",", ".") if _DECIMAL_COMMA.match(text) else ""
    if not _THOUSANDS.match(text):
        return decimal and f"a decimal point, {decimal}"
    whole = text.replace(",", "")
    return f"{whole}, or {decimal} where the comma is a decimal one" if decimal else whole


_NAMES = {
    "V": "voltage (V, mV)",
    "A": "current (A, mA, uA)",
    "W": "power (W, mW)",
    "J": "energy (J, mJ, Wh)",
    "C": "charge (C, Ah, mAh)",
    "ohm": "resistance (ohm, mohm)",
    "Hz": "frequency (Hz, kHz)",
    "1": "a ratio (a number, %, ppm)",
    "B": "size (B, kB, MB)",
}


def parse_share(text: str) -> float:
    """Return a ratio from `5%`, `500ppm` or a bare number below 1: who types 2 means 2 %, not twice as much.

    Raises:
        ConfigurationError: The text is not a ratio, or a bare number from 1 on.
    """
    share = parse_quantity(text, "1")
    match = _NUMBER.match(text)
    if match is not None and not match[2] and abs(share) >= 1:
        raise ConfigurationError(f"{text!r} has no unit; write {text.strip()}%, or a number below 1")
    return share


def parse_duration(text: str, *, bare: bool = True) -> float:
    """Return seconds from `250ms`, `90s`, `5m`, `1h30m` or a bare number of seconds.

    Args:
        text: The duration as written.
        bare: Whether a number without a unit is taken to be in seconds.

    Raises:
        ConfigurationError: The text is not a duration, or a negative one.
    """
    match = _NUMBER.match(text)
    if match is not None and not match[2]:
        seconds = float(match[1])
        if not bare and seconds:
            raise ConfigurationError(
                f"{text!r} has no unit; write for example {text.strip()}h or {text.strip()}y"
            )
    elif _SPAN.match(text):
        seconds = 0.0
        for number, suffix in _SPAN_PART.findall(text):
            found = unit_factor(suffix)
            assert found is not None
            seconds += float(number) * found[1]
    else:
        raise ConfigurationError(f"{text!r} is not a duration; write for example 250ms, 90s, 5m, 1h30m, 7d")
    if not math.isfinite(seconds) or seconds < 0:
        raise ConfigurationError(f"{text!r} is not a usable duration")
    return seconds


SHORTEST_S, LONGEST_S = 1e-9, SECONDS_PER_YEAR
"""Intervals of sampling: times are whole nanoseconds, and a year is more than any recording lasts."""


def parse_period(text: str) -> float:
    """Return a sampling period in seconds from a period (`10ms`) or a rate (`100Hz`, `1kHz`).

    Raises:
        ConfigurationError: Neither, or no interval between a nanosecond and a year.
    """
    match = _NUMBER.match(text)
    found = unit_factor(match[2]) if match is not None else None
    if found is not None and found[0] == "Hz":
        rate = parse_quantity(text, "Hz")
        seconds = 1.0 / rate if rate > 0 else 0.0
    else:
        seconds = parse_duration(text)
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ConfigurationError(
            f"{text!r} is not a usable rate or interval; write for example 100Hz or 10ms"
        )
    return seconds


def parse_rate(text: str) -> float:
    """Return a sampling period in seconds from a rate or an interval that wears its unit.

    Raises:
        ConfigurationError: As `parse_period`; also for a bare number, which would be seconds where
            whoever writes `rate=100` means hertz.
    """
    match = _NUMBER.match(text)
    if match is not None and not match[2]:
        raise ConfigurationError(f"{text!r} has no unit; write for example rate={text.strip()}Hz")
    return parse_period(text)


def coulomb_to_mah(charge_c: float) -> float:
    """Return milliampere-hours."""
    return charge_c / 3.6


_SCALABLE = frozenset(
    {"V", "A", "W", "J", "C", "s", "Hz", "Wh", "Ah", "ohm", "g", "B", "g CO2e", "g Sb eq", "L"}
)
_STEPS = tuple(
    sorted(((step, prefix) for prefix, step in _PREFIXES.items() if prefix not in ("u", "μ")), reverse=True)
)


def prefix_of(magnitude: float, unit: str) -> tuple[float, str]:
    """Return the step and the prefix that suit a magnitude in a unit; 1 and nothing for units without."""
    if unit not in _SCALABLE or not magnitude or not math.isfinite(magnitude):
        return 1.0, ""
    if unit == "s" and magnitude >= 1:
        return 1.0, ""
    return next((s for s in _STEPS if magnitude >= s[0] * 0.99995), _STEPS[-1])


def format_quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return a number for people: `None` is a dash, 0.0032 J is `3.2 mJ`.

    Args:
        value: In `unit`; None where it is not known.
        unit: An SI unit, which gets a prefix, or any other text, which does not.
        digits: Significant digits at most.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "s" and abs(value) >= 100:
        return format_duration(value)
    step, prefix = prefix_of(abs(value), unit)
    return f"{format_number(value / step, digits)} {prefix}{unit}".rstrip()


def format_number(value: float, digits: int = 4) -> str:
    """Return a number with that many significant digits and never an exponent below a million."""
    if value == 0:
        return "0"
    magnitude = _magnitude(value)
    if magnitude >= 15 or magnitude < -9:
        return f"{value:.{digits - 1}e}"
    rounded = round(value, digits - 1 - magnitude)
    decimals = max(0, digits - 1 - _magnitude(rounded))  # 0.99999 has become 1.000
    return f"{rounded:,.{decimals}f}"


def format_short(value: float, digits: int = 3, *, plus: bool = False) -> str:
    """Return a number for a sentence: `2`, `0.25`, `1,230`; no zeros behind the last digit, and no exponent below 10¹⁵.

    Args:
        digits: Significant digits at most.
        plus: Whether what is not negative gets a sign.
    """
    text = format_number(value, digits) if math.isfinite(value) else f"{value:g}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return f"+{text}" if plus and value >= 0 else text


def format_percent(share: float, digits: int = 2) -> str:
    """Return a ratio in percent: 0.07 is `7.0 %`, with a blank as every unit has, and a dash where it is not finite."""
    return f"{format_number(100 * share, digits)} %" if math.isfinite(share) else "–"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def format_count(count: float | None) -> str:
    """Return a number of items as text: `1,024`, `2.5`, a dash where it is not known."""
    if count is None:
        return "–"
    return f"{count:,}" if isinstance(count, int) else f"{count:,.4g}"


def format_duration(seconds: float) -> str:
    """Return `2 h 05 min`, `3 min 20 s`, `12.5 s`, `40 d` as fits the size."""
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 100:
        return format_quantity(seconds, "s")
    if round(seconds) < 2 * 3600:
        return f"{round(seconds) // 60} min {round(seconds) % 60:02d} s"
    if seconds < 3 * 86400:
        minutes = round(seconds / 60)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    if seconds < 3 * SECONDS_PER_YEAR:
        return f"{seconds / 86400:,.1f} d"
    return f"{seconds / SECONDS_PER_YEAR:,.1f} y"
