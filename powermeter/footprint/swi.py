"""Software Water Intensity after the Green Software Foundation's draft (SWI guide, 2026): litres per functional unit.

    SWI = (W_O + W_M) / R
    W_O = Σ energy × WUE (on site) + Σ energy × EWIF (off site)
    W_M = litres of the hardware × time share × resource share

Consumption and withdrawal are two scores, stated beside each other and never added.  A stress-weighted
volume is litres times the scarcity factor of their basin: it is printed as weighted, not as litres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from powermeter.errors import ConfigurationError
from powermeter.result import Result

from .account_lines import AccountLine, Input, sum_of
from .factors import default, given
from .text import amount

KINDS = ("consumption", "withdrawal")
WITNESSES = (
    "after the Green Software Foundation's draft; most published water factors go back to one review "
    "(NREL 2011), so two tools that agree are not two witnesses"
)
STRESS_RANGE = (0.1, 100.0)
"""AWARE factors are clipped to it; 1 is the world mean."""


@dataclass(frozen=True)
class WaterIntensity:
    """Litres of one kind for a number of functional units.

    Attributes:
        operational: Name → litres in use (`on site`, `off site`, …).
        embodied: Litres of making that fall to these units; None where not known.
        units: How many functional units.
        unit: What one is called.
        kind: `consumption` or `withdrawal`.
    """

    operational: Mapping[str, Result]
    embodied: Result | None
    units: float
    unit: str
    kind: str = "consumption"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigurationError(f"water intensity: kind {self.kind!r}; it is consumption or withdrawal")
        if not 0 < self.units < 1e30:
            raise ConfigurationError(f"water intensity: {self.units:g} {self.unit} is not a number of units")
        if not self.operational:
            raise ConfigurationError("water intensity: no litres of use; state at least one volume")
        for name, volume in (*self.operational.items(), ("making", self.embodied)):
            if volume is None:
                continue
            if volume.unit != "L" or volume.value < 0:
                raise ConfigurationError(f"water intensity, {name}: wanted are litres that are not negative")

    @property
    def used(self) -> Result:
        """Operational litres."""
        return sum_of(list(self.operational.values()))

    @property
    def total(self) -> Result:
        """Operational and embodied litres."""
        return self.used if self.embodied is None else sum_of([self.used, self.embodied])

    @property
    def score(self) -> Result:
        """Litres per functional unit."""
        return self.total.scaled(1 / self.units)

    def weighted(self, factors: Mapping[str, float]) -> Result:
        """Return the operational litres, each times the scarcity factor of its basin, in `L world eq`.

        Raises:
            ConfigurationError: A volume has no factor, a factor has no volume, or it is out of range.
        """
        missing = sorted(set(self.operational) ^ set(factors))
        if missing:
            raise ConfigurationError(
                f"scarcity: {missing[0]!r} needs one litre figure and one factor; volumes are "
                f"{', '.join(self.operational)}"
            )
        each = [volume.scaled(check_stress(factors[name])) for name, volume in self.operational.items()]
        return sum_of(each).scaled(1.0, "L world eq")

    def lines(self) -> list[str]:
        """Return the score with its disclosure."""
        made = "–" if self.embodied is None else _litres(self.embodied)
        parts = ", ".join(f"{name} {amount(v.value, 'L', 3)}" for name, v in self.operational.items())
        text = [
            f"SWI ({self.kind}): {_litres(self.score)} per {self.unit} over {self.units:,.6g}",
            f"  operational {_litres(self.used)} ({parts}), embodied {made}",
            f"  {WITNESSES}",
        ]
        if self.embodied is None:
            text.append("  the litres of making are not in it: this is not a full score")
        return text


def check_stress(factor: float) -> float:
    """Return a scarcity factor.

    Raises:
        ConfigurationError: It is not within 0.1 to 100.
    """
    if not STRESS_RANGE[0] <= factor <= STRESS_RANGE[1]:
        raise ConfigurationError(f"scarcity factor {factor:g}: they lie between 0.1 and 100")
    return factor


def _litres(volume: Result) -> str:
    ends = "" if volume.high <= volume.low else f" ({amount(volume.low, 'L')} to {amount(volume.high, 'L')})"
    return f"{amount(volume.value, 'L', 3)}{ends}"


def allocated(litres: Result, time_share: float, resource_share: float) -> Result:
    """Return the embodied litres of a workload: total × time share × resource share.

    Raises:
        ConfigurationError: A share is not within 0 to 1.
    """
    for name, share in (("time", time_share), ("resource", resource_share)):
        if not 0 <= share <= 1:
            raise ConfigurationError(f"water of making: a {name} share of {share:g} is not within 0 to 1")
    return litres.scaled(time_share * resource_share)


BLOCKS = ("processing", "memory", "board")


def water_of_block(name: str, count: int = 1) -> AccountLine:
    """Return the fresh water that making a block of an IoT node took, in L (Pirson and Bol 2021).

    Raises:
        ConfigurationError: There is no such block.
    """
    if name not in BLOCKS:
        raise ConfigurationError(f"no water figure for {name!r}; known are {', '.join(BLOCKS)}")
    inputs: dict[str, Input] = {"count": given("count", count, "1"), "rate": default(f"water.{name}")}
    return AccountLine(f"making of the {name}", "L", inputs, lambda x: x["count"] * x["rate"], "count × rate")
