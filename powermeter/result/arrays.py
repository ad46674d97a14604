"""Results beside arrays of numpy: what is done with both is done with each element, and makes an array of results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def one_by_one(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """Return what a function of numpy makes of each element of its inputs, as results and Python's own numbers."""
    import numpy as np  # here: a result by itself needs none

    def as_objects(value: Any) -> Any:
        made = np.empty(np.shape(value), object)
        made[...] = value.item() if isinstance(value, np.generic) else value
        return made

    return ufunc(*map(as_objects, inputs))
