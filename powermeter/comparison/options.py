"""How the sides of a comparison are weighed, as asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from powermeter.comparison.sides import UNITS
from powermeter.errors import ConfigurationError

Compared: TypeAlias = Literal["energy", "power", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """How the sides of a comparison are weighed.

    Attributes:
        paired: Whether the n-th repeat of A belongs to the n-th of B.  None uses the order in time; False
            only the means.
        block: Attribute of the events that names the input they belong to: equal ones are compared.
        of: `energy`, `power` or `time`; None is the energy per item, or the power where no label is
            compared.
        margin: A difference up to this share of A does not count (0.05): sides that are shown to differ by less
            are the same.
        warmup: Whether first events that do not belong to the steady state are left out.
        same_instrument: Whether one instrument measured everything; None finds out.
        items: How many items each recording of A, and of B, stands for: of the label that is compared, of the only
            one, or else of the whole run, which then is what is compared.  None takes the recorded counts.
        per: What one item is: a label whose events are counted, or with `items` a name.
    """

    paired: bool | None = None
    block: str | None = None
    of: Compared | None = None
    margin: float = 0.0
    warmup: bool = True
    same_instrument: bool | None = None
    items: tuple[float | None, float | None] = (None, None)
    per: str | None = None

    def __post_init__(self) -> None:
        if self.of is not None and self.of not in UNITS:
            raise ConfigurationError(f"{self.of!r} cannot be compared; quantities are: {', '.join(UNITS)}")
        if not 0 <= self.margin < 10:
            raise ConfigurationError(
                f"a margin of {self.margin:g} is not usable; write for example 5% (0.05 in Python)"
            )
        if self.block and self.paired is not None:
            raise ConfigurationError("use either pairs or blocks, not both")
