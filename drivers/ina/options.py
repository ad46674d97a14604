"""What may follow the `?` of an INA source, and how each text becomes a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from powermeter.channel import Boundary
from powermeter.errors import ConfigurationError
from powermeter.source import Option
from powermeter.units import parse_duration, parse_period, parse_quantity

FASTEST = "max"


def _rate(text: str) -> float:
    return 0.0 if text.strip().lower() == FASTEST else parse_period(text)


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def shunts(text: str) -> list[float]:
    """Return shunt values in ohm.

    Raises:
        ConfigurationError: One is not a resistance, or not a plausible one.
    """
    values = [parse_quantity(part, "ohm") for part in _list(text)]
    for value in values:
        if not 1e-5 <= value <= 100:
            raise ConfigurationError(
                f"a shunt of {value} ohm is not plausible; write for example 0.1ohm or 5mohm"
            )
    return values


def _range(text: str) -> tuple[float, str]:
    for unit in ("A", "V"):
        try:
            value = parse_quantity(text, unit, bare=unit == "A")
        except ConfigurationError:
            continue
        if value > 0:
            return value, unit
    raise ConfigurationError(f"{text!r} is neither a current (2A) nor a shunt voltage (160mV)")


def _one_of(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ConfigurationError(f"{text!r} is not one of {', '.join(names)}")
        return text

    return parse


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ConfigurationError(f"{text!r} is not a whole number from 1 to 1024")
    return int(text)


def _yes(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _boundaries(text: str) -> list[Boundary]:
    return [Boundary(part) for part in _list(text)]


def ratio(text: str) -> float:
    """Return a ratio from `1%`, `75ppm` or a number."""
    return parse_quantity(text, "1")


def _celsius(text: str) -> float:
    return parse_quantity(text, "degC")


def _volts(text: str) -> float:
    return parse_quantity(text, "V")


OPTIONS: Mapping[str, Option] = {
    "rate": Option(
        _rate, None, "how often to sample: 100Hz, 1kHz, or max for the fastest that chip and bus allow"
    ),
    "shunt": Option(shunts, None, "the shunt's value as marked on it, one or one per rail: 0.1ohm, 5mohm"),
    "tolerance": Option(ratio, 0.01, "the shunt's tolerance: 1%"),
    "tempco": Option(ratio, 75e-6, "the shunt's temperature coefficient per kelvin: 75ppm"),
    "temperature": Option(_celsius, 40.0, "the chip's and the shunt's temperature to reckon with: 40degC"),
    "accuracy": Option(_one_of("maximum", "typical"), "maximum", "which of the datasheet's limits to use"),
    "grade": Option(str, None, "the chip's grade or revision: a or b (INA219), 2012 or 2021 (INA230)"),
    "range": Option(_range, None, "the largest current or shunt voltage to expect: 2A, 160mV"),
    "bus_range": Option(_volts, None, "the largest bus voltage to expect: 16V"),
    "averages": Option(_count, None, "conversions averaged in each value"),
    "conversion": Option(parse_duration, None, "time of one conversion: 1.1ms"),
    "bits": Option(_count, None, "ADC resolution of an INA219: 9 to 12"),
    "ready": Option(_one_of("poll", "clock"), "poll", "ask the chip for a new value, or trust the clock"),
    "rails": Option(
        _list, None, "names of the rails, in the order of the chips' channels; empty leaves one out"
    ),
    "parents": Option(_list, None, "the rail that feeds each rail, in the same order; empty for none"),
    "boundary": Option(_boundaries, [Boundary.BOARD], "what it covers: board, battery, module, device, part"),
    "counters": Option(_yes, True, "read energy and charge counters where the chip has them"),
    "die": Option(_yes, False, "read the chip's own temperature where it has it"),
    "load": Option(str, None, "for the bus `virtual`: what the simulated chips see, as `volts,amps`"),
}

SHUNT_OPTIONS: Mapping[str, Option] = {
    name: OPTIONS[name]
    for name in ("shunt", "tolerance", "tempco", "temperature", "accuracy", "rails", "boundary")
}
"""What also a source that reads such a chip through the kernel needs to know."""


def kelvin_off(options: Mapping[str, Any]) -> float:
    """Return how far the temperature to reckon with is from the 25 °C of datasheets."""
    return abs(float(options["temperature"]) - 25.0)


def shunt_limit(options: Mapping[str, Any], tolerance: float | None = None) -> float:
    """Return the relative limit of a shunt's value: its tolerance and its drift, in quadrature."""
    own = options["tolerance"] if tolerance is None else tolerance
    return math.hypot(own, options["tempco"] * kelvin_off(options))
