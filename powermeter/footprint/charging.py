"""From the meter back to the power station: charging or adapter efficiency, grid losses.

E_plug = E_device / eta        E_generated = E_plug / (1 - losses)
"""

from __future__ import annotations

from powermeter.errors import ConfigurationError
from powermeter.errors.suggestions import nearest
from powermeter.units import parse_quantity

from .factors import Factor, default, given

PRESETS = {
    "wired": "battery charged by cable",
    "wireless": "battery charged over a coil",
    "adapter": "board or microcontroller on a mains adapter",
    "none": "metered at the plug",
}


def parse_chain(text: str | float | None) -> Factor | None:
    """Return the efficiency between plug and meter.

    Args:
        text: A preset (`wired`, `wireless`, `adapter`), a ratio (`0.85`, `85%`), a ratio with its range
            (`0.8..0.85..0.9`), or None / `none` where the meter sits at the plug.

    Raises:
        ConfigurationError: None of these, or not above 0 and at most 1.
    """
    if text is None or text == "none":
        return None
    if isinstance(text, str) and text in PRESETS:
        return default(f"chain.{text}")
    try:
        values = [parse_quantity(part, "1") for part in str(text).split("..")]
    except ConfigurationError as error:
        raise ConfigurationError(f"no charging chain {text!r}; {nearest(str(text), PRESETS)}") from error
    if len(values) not in (1, 3):
        raise ConfigurationError(f"chain {text!r}: write a ratio, or low..central..high")
    if not all(0 < value <= 1 for value in values):
        raise ConfigurationError(f"chain {text!r}: an efficiency is above 0 and at most 1")
    low, central, high = values if len(values) == 3 else (None, values[0], None)
    return given("chain.efficiency", central, "1", low=low, high=high, basis="device in over wall in")
