"""The recorded day that intensities are met with."""

from day_of_hours import day

__all__ = ["day"]
