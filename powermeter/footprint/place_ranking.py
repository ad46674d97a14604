"""The same energy in every known place: best, worst, here; one basis at a time.

Life-cycle values of countries, combustion values of US states and CO2-only values of Chinese provinces
are never ranked together.
"""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import ConfigurationError, PowermeterError

from .grid_of_place import grid
from .place import Place, all_places


@dataclass(frozen=True)
class Standing:
    """Where a place stands among those of one basis, by carbon.

    Attributes:
        basis: What they all count.
        ranked: (place, g/kWh), best first.
        here: Rank of the asked place, from 0; None where none was asked.
    """

    basis: str
    ranked: tuple[tuple[Place, float], ...]
    here: int | None

    @property
    def best(self) -> Place:
        """The place with the least carbon."""
        return self.ranked[0][0]

    @property
    def worst(self) -> Place:
        """The place with the most carbon."""
        return self.ranked[-1][0]


def standing(here: Place | None = None, within: str | None = None) -> Standing:
    """Rank all places whose factor has the same basis as here's.

    Args:
        here: The place asked for; None ranks countries by life cycle.
        within: Country whose regions are ranked; None ranks all of that basis.
    """
    basis = "lifecycle" if here is None else grid(here).carbon.basis
    found = []
    for place in all_places():
        if within is not None and (place.country != within or place.region is None):
            continue
        try:
            factor = grid(place).carbon
        except PowermeterError:
            continue
        if factor.basis == basis and factor.geography == place.code:
            found.append((place, factor.central))
    if not found:
        raise ConfigurationError(f"no place with {basis} values{f' in {within}' if within else ''}")
    ranked = tuple(sorted(found, key=lambda item: item[1]))
    position = next(
        (i for i, (place, _) in enumerate(ranked) if here is not None and place.code == here.code), None
    )
    return Standing(basis, ranked, position)
