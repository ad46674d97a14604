"""The order of frames by their numbers or steady ticks: what was lost, what came twice or late, where they began anew.

No number is believed against the clock: no more frames are lost than the meter can have sent in the time that passed.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

from .frame_rate import FrameRate

_ALIKE = 0.25
"""Share by which steps of one interval may differ."""
_SPARE = 0.1
"""Share by which frames that were sent in a hole may differ from what their mean rate allows."""
_ANEW = 3
"""So many frames behind the newest one, each the next of the one before: the meter was restarted.  Fewer were overtaken."""


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
        self._rate = FrameRate()

    def step(self, number: int, codes: list[int], at_ns: int, *, is_timed: bool = False) -> Step:
        """Return what the next frame that came shows.

        Args:
            number: Its sequence number or running tick.
            codes: What it holds: a frame that came twice holds the same.
            at_ns: When it was taken, as far as known; its arrival where its tick is not believed.
            is_timed: Whether it is believed, so that time shows how many numbers were passed.
        """
        step = self._numbering.step(number, codes, self._rate.sent(at_ns) if is_timed else None)
        if not step.is_next:
            return step
        allowed = self._rate.allowed(at_ns)
        missing = step.missing if allowed is None else min(step.missing, allowed)
        self._rate.note(1 + missing, at_ns)
        return Step(missing, is_jump=step.is_jump or missing < step.missing)


class SequenceNumbers:
    """Numbers that go up by one from frame to frame and wrap."""

    def __init__(self, wrap: int) -> None:
        self.wrap = wrap
        self._newest: int | None = None
        self._codes: list[int] = []
        self._behind, self._run = 0, 0

    def step(self, number: int, codes: list[int], sent: float | None = None) -> Step:
        """Return what a number shows by itself, or with how many frames were sent since the newest one."""
        ahead = 1 if self._newest is None else (number - self._newest) % self.wrap
        if sent is not None and self._newest is not None:
            went_on = ahead + round((sent - ahead) / self.wrap) * self.wrap
            if went_on > self.wrap // 2 and abs(sent - went_on) <= min(_SPARE * sent, self.wrap / 4):
                self._newest, self._codes, self._run = number, codes, 0
                return Step(went_on - 1)
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

    def step(self, tick: int, codes: list[int], sent: float | None = None) -> Step:
        """Return what a tick shows by itself; it needs no count of frames beside it."""
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
