"""Software Carbon Intensity, ISO/IEC 21031:2024: SCI = ((E × I) + M) per R, with what it must disclose.

Location-based, no certificates, no offsets; a score is never compared across different R or boundaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from powermeter.errors import ConfigurationError
from powermeter.footprint.account_lines import AccountLine, total
from powermeter.footprint.text import amount
from powermeter.result import Result

from .footprint_of_energy import Footprint


@dataclass(frozen=True)
class Score:
    """A score with its disclosure.

    Attributes:
        score: g CO2e per R.
        operational: E × I per R.
        embodied: M per R.
        unit_name: What R is, and why.
        count: How many R were measured.
        boundary: What is inside, in words.
        method: How energy was found.
        sources: Of E, I and M.
        digits: Significant digits that the carbon deserves.
    """

    score: Result
    operational: Result
    embodied: Result | None
    unit_name: str
    count: float
    boundary: str
    method: str
    sources: tuple[str, ...]
    digits: int = 2

    def disclosure(self) -> str:
        """Return the text ISO/IEC 21031 asks for."""
        score, low, high, use = (
            amount(grams, "g", self.digits)
            for grams in (self.score.value, self.score.low, self.score.high, self.operational.value)
        )
        shown = "–" if self.embodied is None else amount(self.embodied.value, "g", self.digits)
        lines = [
            f"SCI: {score} per {self.unit_name} ({low} to {high}, 95 %)",
            f"functional unit R: {self.unit_name}, {self.count:,.12g} measured",
            f"E × I: {use} per {self.unit_name}; M: {shown} per {self.unit_name}",
            f"software boundary: {self.boundary}",
            f"method: {self.method}",
            "I: location-based, annual or finer; no market instruments, no offsets",
            *(f"source: {text}" for text in self.sources),
            "A score is comparable only for the same R and the same boundary.",
        ]
        if self.embodied is None:
            lines.insert(4, "WARNING: M is missing, so this is not a complete SCI score; name a device")
        return "\n".join(lines)


def sci(
    use: AccountLine,
    making: Sequence[AccountLine],
    count: float,
    unit_name: str,
    *,
    boundary: str,
    method: str,
    sources: Sequence[str] = (),
) -> Score:
    """Return the score of a measured run.

    Args:
        use: Operational carbon in g of the run (E × I).
        making: Embodied carbon in g allocated to the run (M), by time and resource share.
        count: Functional units in the run.
        unit_name: `inference`, `user hour`, …

    Raises:
        ConfigurationError: The count is not above zero, or the unit has no name.
    """
    if not count > 0:
        raise ConfigurationError(f"SCI needs at least one functional unit, not {count:g}")
    if not unit_name.strip():
        raise ConfigurationError("SCI needs the functional unit's name, for example inference")
    embodied = total(list(making)) if making else None
    return Score(
        total([use, *making]).scaled(1 / count),
        use.result().scaled(1 / count),
        None if embodied is None else embodied.scaled(1 / count),
        unit_name,
        count,
        boundary,
        method,
        tuple(sources),
    )


def sci_of(whole: Footprint, count: float, unit_name: str, method: str) -> Score:
    """Return the score of a footprint whose carbon account holds use and making."""
    use, *making = whole.accounts["carbon"].lines
    sources = [item.describe() for item in whole.accounts["carbon"].factors if not item.exact]
    score = sci(use, making, count, unit_name, boundary=whole.boundary, method=method, sources=sources)
    return replace(score, digits=whole.digits("carbon"))
