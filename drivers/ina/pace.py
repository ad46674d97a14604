"""Who sets the pace of a row: the clock of the recorder, the chip, or the bus; found out by timing rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from powermeter.errors import OpenError, ReadError
from powermeter.units import NS

from .chip import Chip
from .ina228 import INA228Chip
from .layout import PlacedChip

COUNT_NS = NS // 10
"""How often energy and charge counters are read where the bus has no time to spare."""

WARM_UP_READS = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How a source keeps time.

    Attributes:
        period_ns: From row to row.
        row_s: How long a row's transfers take here.
        by_chip: Whether a row waits for the chip, not for a deadline.
        ask: Whether the chips are asked for a finished round.
        spacing_ns: Where they are not: the least distance of two rows, so that none is read twice; 0
            where the bus is slower than the chips anyway.
        counter_ns: How often counters are read.
    """

    period_ns: int
    row_s: float
    by_chip: bool
    ask: bool
    spacing_ns: int
    counter_ns: int

    def apply(self, chips: Sequence[Chip], placements: Sequence[PlacedChip]) -> None:
        """Let the chips be read that way; asking only where the user does not forbid it."""
        for chip, place in zip(chips, placements, strict=True):
            chip.wait_for_ready = self.ask and place.poll
            if isinstance(chip, INA228Chip):
                chip.counter_period_ns = self.counter_ns


def find_pace(chips: list[Chip], placements: Sequence[PlacedChip]) -> Pace:
    """Time rows on this bus, settle who sets the pace, and let the chips be read that way.

    Where all that chip and bus allow was asked for, chips in the list are replaced by others with a
    setting that suits the bus.

    Raises:
        OpenError: A chip stopped answering.
    """
    try:
        pace = _find(chips, placements)
    except ReadError as error:
        raise OpenError(str(error), error.reason) from error
    pace.apply(chips, placements)
    return pace


def _find(chips: list[Chip], placements: Sequence[PlacedChip]) -> Pace:
    polling = all(place.poll for place in placements)
    row_s = _time_row(chips, placements, ask=polling, counter_ns=0)
    quick_s = _time_row(chips, placements, ask=False, counter_ns=COUNT_NS)
    asked = placements[0].request.period_s
    if asked == 0.0:
        _suit_the_bus(chips, quick_s)
    slowest = max(chip.round_max_s for chip in chips)
    if asked >= max(slowest, 1.1 * quick_s) * 0.999:
        # Every deadline finds a new round; asking makes sure, where the bus has the time for it.
        roomy = asked >= 1.1 * row_s
        return Pace(round(asked * NS), row_s, False, roomy, 0, 0 if roomy else COUNT_NS)
    if slowest <= quick_s:
        # A round is over before the bus has carried its values: whatever is read is new.
        return Pace(round(quick_s * NS), row_s, True, False, 0, COUNT_NS)
    if not polling:
        spacing = round(slowest * NS)
        return Pace(spacing, row_s, True, False, spacing, COUNT_NS)
    if min(chip.round_min_s for chip in chips) >= 2 * row_s - quick_s:
        typical = max(chip.setting.round_s for chip in chips)
        return Pace(round(typical * NS), row_s, True, True, 0, COUNT_NS)
    # Asking would cost rounds; the chip's own clock, once measured, shows when one is over.
    spacing = round(max(chip.measure_round() for chip in chips) * 1.005 * NS)
    return Pace(spacing, row_s, True, False, spacing, COUNT_NS)


def _suit_the_bus(chips: list[Chip], period_s: float) -> None:
    """Choose settings whose round fits in the time the bus needs for a row."""
    for position, chip in enumerate(chips):
        if not chip.request.pinned:
            chips[position] = again = type(chip)(
                chip.model, chip.link, replace(chip.request, period_s=period_s)
            )
            again.open()


def _time_row(
    chips: Sequence[Chip], placements: Sequence[PlacedChip], *, ask: bool, counter_ns: int
) -> float:
    """Return the median seconds of reading a row that is ready."""
    clock = chips[0].link.clock
    Pace(0, 0.0, False, ask, 0, counter_ns).apply(chips, placements)
    took = []
    for _ in range(WARM_UP_READS):
        before = clock.now_ns()
        for chip in chips:
            if chip.poll() is None:
                chip.wait_for_ready = False
                chip.poll()
                chip.wait_for_ready = ask
        took.append(clock.now_ns() - before)
    return sorted(took)[len(took) // 2] / NS
