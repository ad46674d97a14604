"""States the units of columns that are called as the kernel's files of sensors: `in1_input`, `curr1_input`, `power1_average`.

Linux, "Naming and data format standards for sysfs files" (hwmon): voltages are in mV, currents in mA, powers in µW, energies in µJ.
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"(?P<before>(?:.{0,80}[/ .:])?)(?P<kind>in|curr|power|energy)(?P<number>\d{1,2})_(?:input|average)\Z"
)
_UNITS = {
    "in": ("voltage", "mV"),
    "curr": ("current", "mA"),
    "power": ("power", "uW"),
    "energy": ("energy", "uJ"),
}


def hwmon_unit(text: str) -> tuple[str, str] | None:
    """Return (a name with its quantity in words, the unit) of such a column, or None for any other."""
    match = _NAME.match(text)
    if match is None:
        return None
    quantity, unit = _UNITS[match["kind"]]
    return f"{match['before']}{quantity}{match['number']}", unit
