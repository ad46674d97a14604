"""Where events lie in a row of letters, one a reading, `.` beside events."""

from __future__ import annotations

from itertools import groupby

import numpy as np


def events_in(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the letters' runs between dots begin, and how long they are."""
    first, count, at = [], [], 0
    for dots, run in groupby(text, key=lambda letter: letter == "."):
        size = len(list(run))
        if not dots:
            first.append(at)
            count.append(size)
        at += size
    return np.array(first, np.int64), np.array(count, np.int64)
