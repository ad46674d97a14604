"""Whether an energy keeps a test's budget: broken beyond doubt it fails the test, where the interval holds the budget it is warned of.

The `power` fixture that measures is in `plugin.py`, assertions on comparisons in `gate.py`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from powermeter.result import Result


class PowerWarning(UserWarning):
    """What a test measured allows no verdict."""


def joules(energy: str | float) -> float:
    """Return an energy in J, of `5mJ` or J."""
    from powermeter.units import parse_quantity

    return parse_quantity(energy, "J") if isinstance(energy, str) else float(energy)


def check_budget(label: str, energy: Result | None, limit: str | float, *, strict: bool = False) -> None:
    """Fail the test where more is used than a limit, beyond doubt; skip it where the energy is not known.

    Args:
        label: The test's own.
        energy: Of one call, J.
        limit: `5mJ`, or J.
        strict: Whether to fail unless it is shown to be less, too.
    """
    from powermeter.units import format_quantity

    most = joules(limit)
    text = format_quantity(most, "J", 3)
    if energy is None:
        pytest.skip(f"{label}: too few repeats to know what it uses")
    if energy.low > most:
        pytest.fail(f"{label} uses {energy} per call, more than the {text} allowed", pytrace=False)
    if energy.high <= most:
        return
    message = f"{label} uses {energy} per call; that may or may not be within {text}: measure for longer"
    if strict:
        pytest.fail(message, pytrace=False)
    warnings.warn(message, PowerWarning, stacklevel=3)
