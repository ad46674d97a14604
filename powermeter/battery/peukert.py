"""Peukert's law: the faster a battery is emptied, the less of its stated capacity comes out."""

from __future__ import annotations

from powermeter.units import SECONDS_PER_HOUR


def capacity_at(capacity: float, rate: float, exponent: float, rated_hours: float) -> float:
    """Return the capacity at this rate, C (C / (I H))^(k - 1); below the rated one it is the stated capacity."""
    rated = capacity / (rated_hours * SECONDS_PER_HOUR)
    if exponent == 1 or rate <= rated:
        return capacity
    return capacity * float((rated / rate) ** (exponent - 1))
