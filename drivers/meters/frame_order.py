"""The order of frames by their numbers or steady ticks: what was lost, what came twice or late, where they began anew.

No number is believed against the clock: no more frames are lost than the meter can have sent in the time that passed.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from powermeter.units import NS

_ALIKE = 0.25
"""Share by which steps of one interval may differ."""
_ANEW = 3
"""So many frames behind the newest one, each the next of the one before: the meter was restarted.  Fewer were overtaken."""
_SECONDS = 10
"""Over which the pace of a meter is taken."""
_KNOWN = 3
"""So many frames show a pace."""
_SPARE_FRAMES, _SPARE_SHARE = 2, 0.1
"""What may have been lost beyond what its mean pace allows: a pace is not kept to the frame."""


class Step(NamedTuple):
    """What a frame's number or tick shows.

    Attributes:
        missing: Samples that were lost before it.
        is_next: Whether it is newer than all before it; False for one that came twice or was overtaken.
        is_jump: Whether the numbers began anew, or left out more than was sent in the time that passed.
    """

    missing: int = 0
    is_next: bool = True
    is_jump: bool = False


class FrameOrder:
    """Judges frames by their sequence numbers, or by the ticks of a meter that sends at one interval."""

    def __init__(self, wrap: int | None) -> None:
        """Start before the first frame.

        Args:
            wrap: The number of sequence numbers; None for steady ticks, which run on.
        """
        self._numbering = SteadyTicks() if wrap is None else SequenceNumbers(wrap)
        self._pace = Pace()

    def step(self, number: int, codes: list[int], at_ns: int) -> Step:
        """Return what the next frame that came shows.

        Args:
            number: Its sequence number or running tick.
            codes: What it holds: a frame that came twice holds the same.
            at_ns: When it was taken, as far as known; its arrival where its tick is not believed.
        """
        step = self._numbering.step(number, codes)
        if not step.is_next:
            return step
        allowed = self._pace.allowed(at_ns)
        missing = step.missing if allowed is None else min(step.missing, allowed)
        self._pace.note(1 + missing, at_ns)
        return Step(missing, is_jump=step.is_jump or missing < step.missing)


class SequenceNumbers:
    """Numbers that go up by one from frame to frame and wrap."""

    def __init__(self, wrap: int) -> None:
        self.wrap = wrap
        self._newest: int | None = None
        self._codes: list[int] = []
        self._behind, self._run = 0, 0

    def step(self, number: int, codes: list[int]) -> Step:
        """Return what a number shows by itself."""
        ahead = 1 if self._newest is None else (number - self._newest) % self.wrap
        if ahead == 0 and codes == self._codes:
            return Step(is_next=False)
        passed_over = self._passed_over(number) if ahead > self.wrap // 2 else 0
        if passed_over is None:
            return Step(is_next=False)
        self._newest, self._codes, self._run = number, codes, 0
        return Step(passed_over, is_jump=True) if passed_over else Step(max(ahead - 1, 0))

    def _passed_over(self, number: int) -> int | None:
        """Return how many frames were passed over until it was clear that the numbers began anew; None while it is not."""
        self._run = self._run + 1 if self._run and (number - self._behind) % self.wrap == 1 else 1
        self._behind = number
        return self._run - 1 if self._run >= _ANEW else None


class SteadyTicks:
    """Ticks of a meter that sends at one interval: a longer step shows what was lost.

    The interval is the step that came three times in a row: it may be set on the instrument while it sends.
    """

    def __init__(self) -> None:
        self._newest: int | None = None
        self._codes: list[int] = []
        self._behind: int | None = None
        self._steps: deque[int] = deque(maxlen=3)
        self._interval = 0.0

    def step(self, tick: int, codes: list[int]) -> Step:
        """Return what a tick shows by itself."""
        newest = self._newest
        if newest is not None and tick <= newest and not self._began_anew(tick):
            return Step(is_next=tick == newest and codes != self._codes)
        anew = newest is not None and tick <= newest
        self._newest, self._codes, self._behind = tick, codes, None
        return Step(1, is_jump=True) if anew else Step(0 if newest is None else self._missing(tick - newest))

    def _began_anew(self, tick: int) -> bool:
        before, self._behind = self._behind, tick
        return before is not None and tick > before and self._newest is not None and tick < self._newest

    def _missing(self, step: int) -> int:
        self._steps.append(step)
        usual = median(self._steps)
        if len(self._steps) == 3 and all(abs(one - usual) <= _ALIKE * usual for one in self._steps):
            self._interval = float(usual)
        return max(round(step / self._interval) - 1, 0) if self._interval else 0


class Pace:
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
        """Return how many can have been lost before a frame of that time; None where no pace is known yet."""
        interval = self._interval()
        if interval is None:
            return None
        newest, ends = self._points[-1]
        sent = (at_ns - min(at - count * interval for count, at in self._points)) / interval
        spare = _SPARE_FRAMES + _SPARE_SHARE * max(at_ns - ends, 0) / interval
        return max(math.ceil(sent + spare) - newest - 1, 0)

    def _interval(self) -> float | None:
        """Return the shortest mean interval of any second: a pause lengthens it, nothing shortens it for long."""
        points = list(self._points)
        if not points or points[-1][0] - points[0][0] < _KNOWN:
            return None
        seconds = list(pairwise(points[:-1])) or [(points[0], points[-1])]
        found = [(to - since) / (last - first) for (first, since), (last, to) in seconds if to > since]
        return min(found, default=None)
