"""A column that grows piece by piece, in place where the system can move pages instead of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Growing:
    """A column that grows piece by piece, in place where the system can move pages instead of bytes."""

    def __init__(self, kind: Any) -> None:
        self._cells: NDArray[Any] = np.empty(1 << 15, kind)
        self._used = 0

    def add(self, cells: NDArray[Any]) -> None:
        """Take the next piece."""
        until = self._used + cells.size
        if until > self._cells.size:
            self._cells.resize(max(until, self._cells.size * 5 // 4), refcheck=False)
        self._cells[self._used : until] = cells
        self._used = until

    def whole(self) -> NDArray[Any]:
        """Return all of it; nothing can be added any more."""
        self._cells.resize(self._used, refcheck=False)
        return self._cells
