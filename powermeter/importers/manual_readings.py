"""Readings taken by eye from a meter that has only a display, and how far such readings can carry.

A plug meter or a USB multimeter without a cable is measured by hand: somebody reads it at the start,
at the end and now and then.  This file knows what such a reading looks like when typed, keeps it in the
text file that its source follows, and computes how long a run must be before the display can resolve it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from powermeter.channel import OF_UNIT, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError
from powermeter.events import now_ns
from powermeter.result import COVERAGE_95
from powermeter.units import (
    format_duration,
    format_percent,
    format_quantity,
    parse_duration,
    parse_quantity,
    unit_factor,
)

TIMING_S = 0.5
"""Standard deviation of the moment at which a person reads a display and presses a key, in s; assumed."""

SCALE = 1e-6
"""SI units of one code of a reading."""

TARGET = 0.05
"""The relative half-width (95 %) that the advice aims at."""

QUANTITIES = {unit: OF_UNIT[unit] for unit in ("W", "J", "C", "A", "V")}

_LINE = re.compile(
    r"(?:(@\d{1,19}|\+\S{1,20}|\d{1,4}[-:/T0-9.+Z ]{3,30}?[0-9Z])\s+)?([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ]{0,4})"
)


@dataclass(frozen=True, slots=True)
class Display:
    """A meter's display.

    Attributes:
        unit: As printed on it: W, kWh, mAh.
        quantity: What that measures.
        factor: SI units per displayed unit.
        step: One step of its last digit, in SI.
    """

    unit: str
    quantity: Quantity
    factor: float
    step: float

    @classmethod
    def of(cls, unit: str, step: str) -> Display:
        """Return the display of a unit (`W`, `Wh`, `mAh`) and the step of its last digit (`0.1W`).

        Raises:
            ConfigurationError: The unit measures nothing that a power meter shows, or the step is none.
        """
        found = unit_factor(unit)
        if found is None or found[0] not in QUANTITIES:
            raise ConfigurationError(
                f"{unit!r} is not what a meter shows; write for example W, Wh, mAh, A or V"
            )
        size = parse_quantity(step, found[0], bare=False)
        if size <= 0:
            raise ConfigurationError(f"{step!r} is not a step of a display; write for example 0.1W")
        return cls(unit, QUANTITIES[found[0]], found[1], size)

    @property
    def is_counter(self) -> bool:
        """Whether it shows a running total."""
        return self.quantity in (Quantity.ENERGY, Quantity.CHARGE)


def rail_of(boundary: Boundary, step: str, nominal_v: float | None = None) -> Rail:
    """Return the rail of a display with steps of `step`."""
    return Rail("display", None, boundary, f"read by hand from a display in steps of {step}", nominal_v)


def channel_of(display: Display, rail: Rail, *, gain: float, noise: float = 0.0) -> Channel:
    """Return the channel of a display's readings, in codes of `SCALE`."""
    accuracy = Accuracy(
        gain=gain,
        step=display.step,
        noise=noise,
        source="by hand: the display's step, and its maker's accuracy as stated",
    )
    kind = Kind.COUNTER if display.is_counter else Kind.INSTANT
    return Channel("display", display.quantity, SCALE, rail, kind, accuracy=accuracy)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: its value in SI, and its time in monotonic ns where one was typed."""

    value: float
    at_ns: int | None


def parse_reading(text: str, display: Display, start_ns: int) -> Reading:
    """Return the reading in a typed line: `6.3`, `6.3 W`, `+30s 6.3`, `2026-11-21T14:05:10 6.3 W`.

    Times of day without a date are of today, times without a zone are local.

    Args:
        text: One line.
        display: Its unit is taken where the line has none.
        start_ns: Where `+30s` counts from, in monotonic ns.

    Raises:
        ConfigurationError: It is not a reading of this display.
    """
    match = _LINE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{text.strip()[:60]!r} is not a reading; type for example 6.3 {display.unit}"
        )
    unit = match[3] or display.unit
    value = parse_quantity(match[2] + unit, display.quantity.unit)
    return Reading(value, None if match[1] is None else _moment(match[1], start_ns))


def _moment(text: str, start_ns: int) -> int:
    if text.startswith("@"):
        return int(text[1:])
    if text.startswith("+"):
        return start_ns + round(parse_duration(text[1:]) * 1e9)
    try:
        if re.fullmatch(r"\d{1,2}:\d\d(?::\d\d)?", text):
            today = datetime.now().date().isoformat()
            text = f"{today}T{text:0>5}" if text.count(":") == 1 else f"{today}T{text:0>8}"
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a time; type for example 14:05:10 or +30s") from None
    seconds_ago = (datetime.now(timezone.utc) - moment.astimezone(timezone.utc)).total_seconds()
    return now_ns() - round(seconds_ago * 1e9)


def steps_needed(target: float = TARGET) -> int:
    """Return how many steps a running total must advance until its difference is known to ±`target` (95 %).

    Two readings, each uniform within one step: u = step × √(2/12).
    """
    return math.ceil(COVERAGE_95 * math.sqrt(2 / 12) / target)


def least_run_s(display: Display, rate: float, target: float = TARGET) -> float:
    """Return how long a run must be for ±`target` (95 %), in s; infinite where no length is enough.

    Args:
        display: The display.
        rate: What it measures, in SI: the power or current itself, or what a total gains a second.
        target: Relative half-width of the 95 % interval.
    """
    timing_s = COVERAGE_95 * TIMING_S * math.sqrt(2) / target
    if rate <= 0:
        return math.inf
    if display.is_counter:
        return math.hypot(timing_s, COVERAGE_95 * math.sqrt(2 / 12) * display.step / rate / target)
    resolved = COVERAGE_95 * display.step / math.sqrt(12) / rate
    return math.inf if resolved >= target else timing_s / math.sqrt(1 - (resolved / target) ** 2)


def advice(display: Display, rate: float | None = None) -> str:
    """Return one line on what this display can resolve; more where the rate (as in `least_run_s`) is known."""
    step = format_quantity(display.step / display.factor, display.unit)
    if rate is None or rate <= 0:
        if display.is_counter:
            return f"let the display advance by at least {steps_needed()} steps of {step}: then ± {format_percent(TARGET)}"
        return f"runs that differ by less than about {step} cannot be distinguished with this display"
    least = least_run_s(display, rate)
    shown = format_quantity(
        rate, {Quantity.ENERGY: "W", Quantity.CHARGE: "A"}.get(display.quantity, display.quantity.unit)
    )
    if math.isinf(least):
        share = COVERAGE_95 * display.step / math.sqrt(12) / rate
        return f"at {shown} a step of {step} alone is ± {format_percent(share)}; a longer run does not help, a finer meter does"
    return f"at {shown} this display needs a run of {format_duration(math.ceil(least))} for ± {format_percent(TARGET)}"


def append(path: Path, at_ns: int, shown: float) -> None:
    """Append a reading to a file that a `manual://` source follows.

    Args:
        path: The file.
        at_ns: Monotonic ns.
        shown: In the display's unit.
    """
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"@{at_ns} {shown!r}\n")
