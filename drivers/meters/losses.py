"""What is missing between the samples of a stream, and why: refused frames, lost ones, those without a reading."""

from __future__ import annotations

from dataclasses import dataclass

from powermeter.errors import Reason, plural
from powermeter.source import Gap

from .frame_order import FrameOrder, Step


@dataclass(slots=True)
class Unused:
    """Frames in front of a sample that made none: how many were refused, and why; how many held no reading."""

    refused: int = 0
    complaint: str = ""
    empty: int = 0

    def add(self, more: Unused) -> None:
        """Count more of them."""
        self.refused, self.empty = self.refused + more.refused, self.empty + more.empty
        self.complaint = more.complaint or self.complaint


class Losses:
    """Counts what a stream lost, over all its connections, and makes gaps of it.

    Attributes:
        lost: Samples that never came, by their sequence numbers or steady ticks.
        out_of_turn: Frames that came twice, or after later ones.
    """

    def __init__(self) -> None:
        self.lost = self.out_of_turn = 0
        self.connect(None)

    def connect(self, order: FrameOrder | None) -> None:
        """Begin anew with a new connection; `order` judges its frames, None where they show no order."""
        self._order = order
        self._unused = Unused()
        self._step = Step()

    def note(
        self, number: int | None, codes: list[int], at_ns: int, unused: Unused, *, is_timed: bool = False
    ) -> bool:
        """Note a sample that came; return whether it is newer than all before it.

        Args:
            number: Its number or steady tick.
            codes: What it holds.
            at_ns: When it was taken, as far as known.
            unused: The frames in front of it that made no sample.
            is_timed: Whether its own tick shows when it was taken, not its arrival.
        """
        self._unused.add(unused)
        if self._order is not None and number is not None:
            self._step = self._order.step(number, codes, at_ns, is_timed=is_timed)
        self.out_of_turn += not self._step.is_next
        return self._step.is_next

    def dropped(self, start_ns: int, end_ns: int, samples: int) -> Gap:
        """Count samples that a meter's own numbering or clock shows as lost, and return their gap."""
        self.lost += samples
        return Gap(start_ns, end_ns, "dropped", f"{plural(samples, 'sample')} lost", samples)

    def gap_before(self, last_ns: int, at_ns: int) -> Gap | None:
        """Return what is missing between the last sample and the one that `note` judged; None where nothing is."""
        unused, step = self._unused, self._step
        self._unused, self._step = Unused(), Step()
        lost = max(step.missing - unused.empty, 0)
        self.lost += lost
        if not last_ns or not (step.missing or step.is_jump or unused.refused):
            return None
        if unused.refused:
            reason, why = (
                Reason.BAD_DATA.value,
                f"{plural(unused.refused, 'frame')} refused: {unused.complaint}",
            )
        elif step.is_jump:
            reason, why = (
                Reason.LOST_SETUP.value,
                "its numbers began anew, or jumped further than time allows",
            )
        elif lost:
            reason, why = "dropped", f"{plural(lost, 'sample')} lost"
        else:
            reason, why = "dropped", f"{plural(unused.empty, 'frame')} held no reading"
        return Gap(last_ns, at_ns, reason, why, max(lost, unused.refused))
