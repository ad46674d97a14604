"""How many frames a meter can have sent by a time, from when those of the last seconds came."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from powermeter.units import NS

_SECONDS = 10
"""Over which the rate of a meter is taken."""
_KNOWN = 3
"""So many frames show a rate."""
_SPARE_FRAMES, _SPARE_SHARE = 2, 0.1
"""What may have been lost beyond what its mean rate allows: a rate is not kept to the frame."""


class FrameRate:
    """How many frames a meter can have sent by now, from those of the last seconds.

    Delay only adds: of the frames that came, the one with the least delay for its number shows what is possible.
    """

    def __init__(self) -> None:
        self._count = 0
        self._points: deque[tuple[int, int]] = deque(maxlen=_SECONDS + 1)  # frames so far, when

    def note(self, frames: int, at_ns: int) -> None:
        """Note that so many more frames, lost ones included, were sent by a time."""
        self._count += frames
        if len(self._points) > 1 and self._points[-1][1] - self._points[-2][1] < NS:
            self._points.pop()
        self._points.append((self._count, at_ns))

    def allowed(self, at_ns: int) -> int | None:
        """Return how many can have been lost before a frame of that time; None where no rate is known yet."""
        interval = self._interval()
        if interval is None:
            return None
        newest, ends = self._points[-1]
        sent = (at_ns - min(at - count * interval for count, at in self._points)) / interval
        spare = _SPARE_FRAMES + _SPARE_SHARE * max(at_ns - ends, 0) / interval
        return max(math.ceil(sent + spare) - newest - 1, 0)

    def sent(self, at_ns: int) -> float | None:
        """Return how many were sent between the newest frame and one of that time; None where no rate is known yet."""
        interval = self._interval()
        return None if interval is None else (at_ns - self._points[-1][1]) / interval

    def _interval(self) -> float | None:
        """Return the shortest mean interval of any second: a pause lengthens it, nothing shortens it for long."""
        points = list(self._points)
        if not points or points[-1][0] - points[0][0] < _KNOWN:
            return None
        seconds = list(pairwise(points[:-1])) or [(points[0], points[-1])]
        found = [(to - since) / (last - first) for (first, since), (last, to) in seconds if to > since]
        return min(found, default=None)
