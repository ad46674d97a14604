"""From a recording or an energy, and options, to a footprint with everything asked beside it.

found = find(Path("run.power"), Asked(label="infer"))
report = assess(found, FootprintOptions(place="FRA", device="board", sci="inference"))
print(report.text())
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from powermeter.errors import ConfigurationError
from powermeter.footprint.footprint_of_energy import DataCentre, Rates

from .account_lines import AccountLine
from .charging import parse_chain
from .footprint_of_energy import footprint
from .footprint_options import FootprintOptions, making_of, read_mix
from .generation_mix import carbon_of_mix, water_of_mix
from .intensity_asked_for import intensity_of_run
from .place import parse_place
from .report import FootprintReport

if TYPE_CHECKING:
    from powermeter.analysis.subject import Subject


def assess(found: Subject, wanted: FootprintOptions) -> FootprintReport:
    """Return the footprint of a subject with what is wanted beside it.

    Raises:
        ConfigurationError: Its energy is not known or is negative, or an option cannot be used.
        DataError: The intensity file cannot be used.
    """
    if found.energy is None:
        raise ConfigurationError(
            "a footprint needs energy: a recording that knows it, --energy, or --power with --duration"
        )
    making = making_of(wanted, found)
    text = wanted.place or found.metadata.get("place")
    place = parse_place(text) if isinstance(text, str) and text else None
    met = intensity_of_run(wanted, found, place)
    intensity, water = met.factor, wanted.ewif_factor
    if wanted.mix is not None:
        if intensity is not None:
            raise ConfigurationError("--mix and --intensity both state what a kWh emits; use one of them")
        shares = read_mix(wanted.mix)
        intensity, water = carbon_of_mix(shares), water or water_of_mix(shares, "own mix")
    of = partial(
        footprint,
        place=place,
        chain=parse_chain(wanted.chain),
        losses=wanted.losses,
        cooling=wanted.cooling,
        centre=DataCentre(pue=wanted.pue_factor, wue=wanted.wue_factor),
        rates=Rates(carbon=intensity, water=water),
    )
    each, one = found.per_item, None
    if found.items and each is not None and math.isfinite(each.half_width) and each.value >= 0:
        made = [(account, _shared(line, found.items)) for account, line in making.allocated]
        one = of(each, making=made)
    notes = (*found.notes, *met.notes, *making.notes)
    return FootprintReport(
        found, wanted, of(found.energy, making=making.allocated), one, making, met.series, notes
    )


def _shared(line: AccountLine, items: float) -> AccountLine:
    """Return the share of one item in a line of an account."""
    return replace(
        line, compute=lambda x: line.compute(x) / items, formula=f"({line.formula}) / items", _cache={}
    )
