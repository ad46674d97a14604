"""Which results are printed by one end, `at most 92 mJ`, and which by their value and both, `42 mJ (0 to 92)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powermeter.result.formatting import prints_bound, repeats_differ

if TYPE_CHECKING:
    from powermeter.result.result import Result


def is_printed_as_bound(result: Result) -> bool:
    """Return whether one end of a result's interval is printed in place of its value."""
    central = repeats_differ(result.parts)
    return prints_bound(
        result.value, result.low, result.high, result.unit, signed=result.signed, central=central
    )
