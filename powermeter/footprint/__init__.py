"""What electricity and hardware mean for the climate, for water and for minerals.

`footprint(energy, place)` is the way in; every number it uses is a row of `data/`.
"""

from __future__ import annotations

from powermeter.footprint.text import amount, interval, to_text

from .factors import Factor, given
from .footprint_of_energy import Account, DataCentre, Footprint, Rates, footprint
from .grid_of_place import intensity_of
from .place import Place, parse_place

__all__ = [
    "Account",
    "DataCentre",
    "Factor",
    "Footprint",
    "Place",
    "Rates",
    "amount",
    "footprint",
    "given",
    "intensity_of",
    "interval",
    "parse_place",
    "to_text",
]
