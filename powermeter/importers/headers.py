"""Reads units and quantities off the headers of tables: `Power (mW)`, `gpu-0[mW]`, `power_in_mw`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError
from powermeter.units import unit_factor

TIME = "time"
"""Stands where a quantity would, for a column of times."""

_OF_UNIT = {
    "V": Quantity.VOLTAGE,
    "A": Quantity.CURRENT,
    "W": Quantity.POWER,
    "J": Quantity.ENERGY,
    "C": Quantity.CHARGE,
    "degC": Quantity.TEMPERATURE,
    "Hz": Quantity.FREQUENCY,
    "1": Quantity.LOAD,
}

_WORDS = {
    "watt": "W",
    "watts": "W",
    "milliwatt": "mW",
    "milliwatts": "mW",
    "volt": "V",
    "volts": "V",
    "millivolts": "mV",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
    "milliamps": "mA",
    "joule": "J",
    "joules": "J",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "msec": "ms",
    "milliseconds": "ms",
    "microseconds": "us",
    "usec": "us",
    "nanoseconds": "ns",
    "percent": "%",
    "pct": "%",
    "celsius": "degC",
    "degc": "degC",
    "deg c": "degC",
    "°c": "degC",
    "hr": "h",
    "hours": "h",
    "minutes": "min",
}

# Units that headers write in lower case after an underscore or a blank: `power_in_mw`.
_LOWER = {
    unit.lower(): unit
    for unit in (
        "W",
        "mW",
        "uW",
        "kW",
        "V",
        "mV",
        "uV",
        "A",
        "mA",
        "uA",
        "J",
        "mJ",
        "uJ",
        "kJ",
        "Wh",
        "mWh",
        "kWh",
        "Ah",
        "mAh",
        "s",
        "ms",
        "us",
        "ns",
    )
}

_BRACKETED = re.compile(r"\s*(.*?)\s*[(\[]\s*([^()\[\]]{1,14}?)\s*[)\]]\s*\Z")
_SUFFIXED = re.compile(r"\s*(.+?)[_ ]([A-Za-zµμ%°]{1,4})\s*\Z")

_TIME_NAME = re.compile(
    r"(unix|epoch|wall[- ]?clock|system|relative|elapsed|local|sample|rel|abs)?[ _-]*"
    r"(time|timestamp|time[ _]?stamp|datetime|date|date[ _]time|epoch|t)\b|t\Z",
    re.IGNORECASE,
)

# What a name without a unit says it measures; such a column is asked about, never guessed.
_ELECTRIC = re.compile(
    r"(power|pwr|watt|energy|joule|current|curr|voltage|volt|amp|charge|vbus|ibus|vin|iin)", re.IGNORECASE
)
_QUANTITY_WORD = re.compile(
    r"[ _.-]*\b(in|bus|shunt|draw|input|total|avg|inst)?[ _.-]*(power|current|voltage|energy|charge|draw|usage)\b"
    r"([ _.-]*\d*)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"accum|cumul|zerod|total|counter|energy|charge", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """What one header says.

    Attributes:
        text: As in the file.
        name: Without the unit.
        unit: As written, or None.
        quantity: A `Quantity`, `TIME`, or None where the unit is none that is recorded.
        factor: SI units per unit as written.
    """

    text: str
    name: str
    unit: str | None = None
    quantity: Quantity | str | None = None
    factor: float = 1.0

    @property
    def is_time(self) -> bool:
        """Whether it names a column of times, whatever its unit."""
        return self.quantity == TIME or (self.quantity is None and _TIME_NAME.match(self.name) is not None)

    @property
    def is_electric(self) -> bool:
        """Whether its name, without a unit, says that it measures electricity."""
        return self.quantity is None and self.unit is None and _ELECTRIC.search(self.name) is not None

    @property
    def is_counter(self) -> bool:
        """Whether an energy or a charge under this name is a running total."""
        return self.quantity in (Quantity.ENERGY, Quantity.CHARGE) and bool(_COUNTED.search(self.name))

    @property
    def rail(self) -> str:
        """The rail's name: what is left without unit and quantity; `input` where nothing is."""
        left = _QUANTITY_WORD.sub(r"\3", self.name).strip(" _.-")
        left = re.sub(r"(?i)^(accumulated|cumulative|zerod)\b", "", left).strip(" _.-")
        return left or "input"


def of_unit(unit: str, name: str = "") -> tuple[Quantity | str, float] | None:
    """Return quantity (or `TIME`) and SI factor of a unit as a header writes it, or None.

    A bare `C` is degrees Celsius, as headers mean it, unless the name speaks of charge.
    """
    unit = unit.strip().replace("μ", "µ")
    unit = _WORDS.get(unit.lower(), unit)
    if unit == "C" and not re.search("charge|coulomb", name, re.IGNORECASE):
        unit = "degC"
    found = unit_factor(unit)
    if found is None or not unit:
        return None
    si, factor = found
    if si == "s":
        return TIME, factor
    return (_OF_UNIT[si], factor) if si in _OF_UNIT else None


def heading(text: str) -> Heading:
    """Return what one header says."""
    text = text.strip()
    match = _BRACKETED.match(text)
    if match is not None:
        found = of_unit(match[2], match[1])
        if found is not None:
            return Heading(text, match[1] or text, match[2], *found)
        return Heading(text, match[1] or text, match[2])
    match = _SUFFIXED.match(text)
    if match is not None:
        unit = _LOWER.get(match[2].lower()) or _WORDS.get(match[2].lower())
        found = of_unit(unit, match[1]) if unit else None
        if found is not None:
            return Heading(text, match[1], unit, *found)
    return Heading(text, text)


def with_unit(named: Heading, unit: str, option: str) -> Heading:
    """Return the same heading with a unit the user typed.

    Raises:
        ConfigurationError: No such unit.
    """
    found = of_unit(unit, named.name)
    if found is None:
        raise ConfigurationError(
            f"{option}: {unit!r} is no unit of power, voltage, current, energy, charge or time; "
            "write for example W, mW, mA, V, mJ, mAh, s, ms"
        )
    return Heading(named.text, named.name, unit, *found)
