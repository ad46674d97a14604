"""Comparing nested plain values, as JSON holds them."""

from __future__ import annotations

from typing import Any

import pytest


def alike(left: Any, right: Any, where: str = "") -> None:
    """Compare plain values, numbers to 1e-9."""
    if isinstance(left, dict):
        assert set(left) == set(right), where
        for name in left:
            alike(left[name], right[name], f"{where}.{name}")
    elif isinstance(left, (list, tuple)):
        assert len(left) == len(right), where
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            alike(a, b, f"{where}[{i}]")
    elif isinstance(left, float) and isinstance(right, float):
        assert left == pytest.approx(right, rel=1e-9, abs=1e-12), where
    else:
        assert left == right, where
