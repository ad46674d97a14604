"""A battery's capacity as it is typed: `4Ah`, `4Ah@3.85V`, `15.4Wh`."""

from __future__ import annotations

import re

from powermeter.errors import ConfigurationError
from powermeter.units import parse_quantity


def capacity_unit(spec: str) -> str:
    """Return `C` or `J`: what the capacity is counted by."""
    return "J" if spec.partition("@")[0].strip().endswith(("Wh", "J")) else "C"


def parse_capacity(spec: str) -> tuple[float, float | None]:
    """Return a capacity in C or J and its voltage in V, None where none is typed.

    Raises:
        ConfigurationError: It is not a capacity.
    """
    capacity, at, voltage = spec.partition("@")
    try:
        amount = parse_quantity(capacity, capacity_unit(spec), bare=False)
        return amount, parse_quantity(voltage, "V", bare=False) if at else None
    except ConfigurationError as error:
        whole = f"{spec!r}: " if at else ""
        raise ConfigurationError(f"battery {whole}{error}; write 4Ah, 4Ah@3.85V or 15.4Wh") from error


def printed_capacity(spec: str) -> str:
    """Return a typed capacity as it is printed, units parted from numbers: `4 Ah`, `4 Ah at 3.85 V`."""
    typed = (part.strip() for part in spec.split("@"))
    return " at ".join(re.sub(r"(?<=[\d.])\s*(?=[^\W\d_]+$)", " ", part) for part in typed)
