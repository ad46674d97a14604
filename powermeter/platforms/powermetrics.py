"""The grammar of what macOS `powermetrics` prints: one block a sample, powers as means over its time.

The live source and the importer both read through here.  Apple computes these powers from activity;
it does not sense them, so they are estimates.
"""

from __future__ import annotations

import re

from powermeter.channel import Accuracy, Boundary, Rail
from powermeter.platforms.assumptions import MODELLED, MODELS

MAX_LINE = 300

_BLOCK = re.compile(
    r"\*\*\* Sampled system activity \((.{10,60}?)\) \((\d{1,9}(?:\.\d{1,6})?)ms elapsed\) \*\*\*"
)
_POWER = re.compile(r"([A-Z][\w .+()/-]{1,60}?) Power(?: \([\w +]+\))?: (\d{1,7}(?:\.\d{1,4})?) ?(mW|W)\Z")
_INTEL = re.compile(r"Intel energy model derived package power \([\w+]+\): (\d{1,5}(?:\.\d{1,4})?) ?W\Z")

# Name as printed → (rail, parent, what it covers).
_RAILS = {
    "Package": ("package", None, "the system on chip with its memory; not display, storage, charger"),
    "Combined": ("package", None, "CPU, GPU and neural engine; not memory, display, storage, charger"),
    "CPU": ("cpu", "package", "all CPU clusters"),
    "GPU": ("gpu", "package", "the built-in GPU"),
    "ANE": ("ane", "package", "the neural engine"),
    "DRAM": ("dram", "package", "memory"),
    "E-Cluster": ("e-cluster", "cpu", "the efficiency cores"),
    "P-Cluster": ("p-cluster", "cpu", "the performance cores"),
}

ACCURACY = Accuracy(model=MODELLED, source=f"Apple, from activity: {MODELS}")


def parse_block(line: str) -> tuple[str, float] | None:
    """Return the date as printed and the elapsed time in ms where a line opens a block, else None."""
    match = _BLOCK.match(line) if len(line) <= MAX_LINE else None
    return None if match is None else (match[1], float(match[2]))


def parse_power(line: str) -> tuple[str, float] | None:
    """Return name and watt of a line that states one of the known powers, else None."""
    if len(line) > MAX_LINE:
        return None
    line = line.rstrip()
    match = _POWER.match(line)
    if match is not None:
        watt = float(match[2]) * (1e-3 if match[3] == "mW" else 1.0)
        return (match[1], watt) if match[1] in _RAILS else None
    intel = _INTEL.match(line)
    return ("Package", float(intel[1])) if intel is not None else None


def rail_of(name: str) -> Rail:
    """Return the rail of a power by its printed name.

    Raises:
        KeyError: No such power is known.
    """
    label, parent, covers = _RAILS[name]
    return Rail(label, parent, Boundary.PART, covers)
