"""From sums over a fleet to one number with its interval: what is shared stays shared, devices are independent.

Two intervals, always kept apart, as for one recording:

*These devices.*  The pooled mean is R = Σ E / Σ N over recordings, E being the energy of N items.  Parts of one name are one error
and add up linearly, U = Σ u; different ones in quadrature.  So a sensor's gain stays in the mean of all its recordings and shrinks only
with the number of sensors.

*Such devices.*  Devices differ from each other by more than their sensors show.  With n ≥ 2 devices the variance of R is that of a
ratio estimator, n / (n − 1) × Σ (E − R N)² / (Σ N)² (Cochran, Sampling Techniques, 1977, 6.4) with n − 1 degrees of freedom; it holds each
device's own errors already, so only what several of them share is added.  One device with several recordings is treated alike, each
recording being a unit.  The interval is never narrower than that of these devices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from powermeter.analysis.uncertainty import coverage, effective_freedom
from powermeter.result import Grade, Result

GRADES = tuple(Grade)
"""In the order of their rank: the worst of a pool is its largest."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What an engine adds up for one group.

    Attributes:
        energy_j, items: Σ E and Σ N.
        devices, recordings, events: How many there are.
        unknown: Rows of a recording of which no energy per item is known.
        rank: Of the worst grade.
        squares: Σ U² over shared errors, J².
        limit: The largest |U| of a stated limit, J.
        fourths: Σ U⁴ / ν of what was estimated from few data, J⁴.
        between_devices, between_recordings: Σ (E − R N)² over devices and over recordings, J².
        common_squares, common_limit: As `squares` and `limit`, of errors that several units (devices; recordings of one device) share.
        below, above: Σ of squares by which intervals reach beyond their parts, J²; inf where one is open.
    """

    energy_j: float
    items: float
    devices: int
    recordings: int
    events: int
    unknown: int
    rank: int
    squares: float
    limit: float
    fourths: float
    between_devices: float
    between_recordings: float
    common_squares: float
    common_limit: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """Energy per item of one group of a fleet.

    Attributes:
        group: Column → value.
        these: Of these devices, J: what measuring and the spread within their recordings leave open.
        such: Of such devices, J: with the spread between devices (between recordings of one device); None for one recording.
        sums: What it comes from.
    """

    group: Mapping[str, Any]
    these: Result
    such: Result | None
    sums: Sums

    @property
    def quoted(self) -> Result:
        """The number to quote: of such devices where there are several."""
        return self.such or self.these

    @property
    def units(self) -> int:
        """What the spread is between: devices, or recordings of the one device."""
        return self.sums.devices if self.sums.devices > 1 else self.sums.recordings

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            **self.group,
            "items": self.sums.items,
            "events": self.sums.events,
            "devices": self.sums.devices,
            "recordings": self.sums.recordings,
            "unknown": self.sums.unknown,
            "energy_per_item": self.quoted.to_dict(),
            "these_devices": self.these.to_dict(),
            "such_devices": None if self.such is None else self.such.to_dict(),
        }


def pooled(group: Mapping[str, Any], sums: Sums) -> Pooled:
    """Return the numbers of a group."""
    mean, grade = sums.energy_j / sums.items, GRADES[sums.rank]
    own = math.sqrt(sums.squares) / sums.items
    freedom = sums.squares**2 / sums.fourths if sums.fourths > 0 else math.inf
    k = coverage(sums.squares, sums.limit, freedom) if sums.squares > 0 else 0.0
    these = _interval(mean, k * own, sums, grade, {"measuring:fleet": own})
    n = sums.devices if sums.devices > 1 else sums.recordings
    if n < 2:
        return Pooled(group, these, None, sums)
    between = sums.between_devices if sums.devices > 1 else sums.between_recordings
    spread = n / (n - 1) * between
    variance = spread + sums.common_squares
    wide = coverage(variance, sums.common_limit, effective_freedom(variance, [(math.sqrt(spread), n - 1.0)]))
    half = max(float(wide) * math.sqrt(variance) / sums.items, k * own)
    unit = "devices" if sums.devices > 1 else "recordings"
    parts = {
        f"repeats:{unit}": math.sqrt(spread) / sums.items,
        "gain:common": math.sqrt(sums.common_squares) / sums.items,
    }
    return Pooled(group, these, _interval(mean, half, sums, grade, parts), sums)


def _interval(mean: float, half: float, sums: Sums, grade: Grade, parts: Mapping[str, float]) -> Result:
    low = math.hypot(half, math.sqrt(sums.below) / sums.items)
    high = math.hypot(half, math.sqrt(sums.above) / sums.items)
    return Result(mean, "J", mean - low, mean + high, grade, {name: u for name, u in parts.items() if u})
