"""Asks about a table of stretches whose lengths and energies changed places, where only the exchange has a power that there is."""

from __future__ import annotations

from powermeter.errors import ConfigurationError
from powermeter.units import format_short

_LEAST_W, _MOST_W = 0.1, 30_000.0
"""Mean power of the largest domain of a running machine: a processor that sleeps draws more than the one, and no machine draws the other."""

_USUAL_W = (1.0, 3000.0)


def refuse_exchanged(joules: float, seconds: float, ratio: float, names: tuple[str, str], where: str) -> None:
    """Refuse lengths and energies that contradict each other, and would not if their columns changed places.

    Args:
        joules, seconds: Of all rows, the energy of the largest domain.
        ratio: Joules to one unit of the energies, over seconds to one of the lengths.
        names: The headers of the lengths and of that energy.
        where: The file.

    Raises:
        ConfigurationError: They do.
    """
    if joules <= 0 or seconds <= 0 or _LEAST_W <= joules / seconds <= _MOST_W:
        return
    watts = seconds / joules * ratio**2
    if _USUAL_W[0] <= watts <= _USUAL_W[1]:
        raise ConfigurationError(
            f"{where}: by its header {format_short(joules, 3)} J were used in {format_short(seconds, 3)} s, {format_short(joules / seconds, 2)} W; if "
            f"{names[0]!r} and {names[1]!r} changed places it were {format_short(watts, 2)} W. Put the names right where they did; --as per-row "
            "reads it by its header"
        )
