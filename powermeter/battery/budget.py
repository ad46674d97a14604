"""What one battery charge means for a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from powermeter.result import Result

if TYPE_CHECKING:
    from powermeter.battery.battery import Battery


@dataclass(frozen=True)
class Budget:
    """What one battery charge means for a run.

    Attributes:
        battery: Whose charge.
        share_used, remaining: Shares of one charge.
        hours: At the run's mean power, in h.
        count: Items per charge.
        items: What an item is called.
        delivered: Share of the capacity that `hours` counts, by Peukert's law; the other figures count all of it.
        overload: Why the cells cannot deliver the load, so that shares, hours and count are None; empty where they can.
    """

    battery: Battery
    share_used: Result | None
    remaining: Result | None
    hours: Result | None
    count: Result | None
    items: str = "inferences"
    delivered: float = 1.0
    overload: str = ""

    def lines(self) -> list[str]:
        """Return a line each, the convention first."""
        text = [f"battery: {self.battery.title or self.battery.spec} ({self.battery.convention_text})"]
        if self.share_used is not None:
            over = f": {self.share_used.value:,.3g} charges" if self.share_used.value > 1 else ""
            text.append(f"used: {percent(self.share_used)}{over}")
        if self.share_used is not None and self.share_used.low > 1:
            text.append("remaining: none")
        elif self.remaining is not None:
            text.append(f"remaining: {percent(self.remaining)}")
        if self.hours is not None:
            text.append(f"hours at this power: {self.hours}")
        elif self.overload:
            text.append(f"use and hours at this power: – ({self.overload})")
        if self.count is not None:
            text.append(f"{self.items} per charge: {self.count}")
        if self.delivered < 1:
            load = f"this load leaves {self.delivered:.0%} of the capacity (Peukert exponent {self.battery.peukert:g})"
            text.append(
                f"hours are without a pause: {load}; use and items count all of it, as a light load does"
            )
        return text


def percent(share: Result) -> str:
    """Return a share with its interval in percent."""
    return str(share.to("%"))
