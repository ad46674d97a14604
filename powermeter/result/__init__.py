"""A number with its interval and grade, how it looks in print, and the notes that stand beside it."""

from __future__ import annotations

from powermeter.result.grade import Grade, worst
from powermeter.result.result import COVERAGE_95, ROUNDING, Result, combine, plain, product, ratio

__all__ = ["COVERAGE_95", "ROUNDING", "Grade", "Result", "combine", "plain", "product", "ratio", "worst"]
