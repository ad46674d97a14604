"""What becomes a gap between two samples, and how it is counted."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.frame_order import FrameOrder
from powermeter.drivers.meters.losses import Losses, Unused
from powermeter.source import Gap


def gap(number: int, unused: Unused) -> tuple[Gap | None, int]:
    """Return the gap before a frame behind one numbered 4, 10 ms later, and how many are counted as lost."""
    losses = Losses()
    losses.connect(FrameOrder(256))
    for at in range(5):
        assert losses.note(at, [at], at * 10, Unused())
        assert losses.gap_before(at * 10, at * 10) is None
    assert losses.note(number, [99], 50, unused)
    return losses.gap_before(40, 50), losses.lost


@pytest.mark.parametrize(
    ("number", "unused", "wanted", "lost"),
    [
        (5, Unused(), None, 0),
        (7, Unused(), Gap(40, 50, "dropped", "2 samples lost", 2), 2),
        (
            6,
            Unused(1, "its CRC is wrong"),
            Gap(40, 50, "bad data", "1 frame refused: its CRC is wrong", 1),
            1,
        ),
        (7, Unused(empty=2), Gap(40, 50, "dropped", "2 frames held no reading", 0), 0),
        (7, Unused(empty=1), Gap(40, 50, "dropped", "1 sample lost", 1), 1),
        (5, Unused(empty=3), None, 0),
        (
            100,
            Unused(),
            Gap(40, 50, "lost setup", "its numbers began anew, or jumped further than time allows", 3),
            3,  # three at most were sent since
        ),
    ],
)
def test_frames_without_a_reading_are_not_lost(
    number: int, unused: Unused, wanted: Gap | None, lost: int
) -> None:
    assert gap(number, unused) == (wanted, lost)


def test_what_stood_before_a_frame_out_of_turn_is_kept_for_the_next() -> None:
    losses = Losses()
    losses.connect(FrameOrder(256))
    losses.note(0, [1], 0, Unused())
    losses.gap_before(0, 1)
    assert not losses.note(0, [1], 1, Unused(2, "broken"))
    assert losses.note(1, [2], 2, Unused())
    assert losses.gap_before(1, 2) == Gap(1, 2, "bad data", "2 frames refused: broken", 2)
    assert losses.out_of_turn == 1


def test_frames_without_any_order_are_all_next() -> None:
    losses = Losses()
    assert losses.note(None, [1], 0, Unused()) and losses.gap_before(0, 1) is None


def test_what_a_meter_shows_as_lost_is_counted_and_a_gap() -> None:
    losses = Losses()
    assert losses.dropped(10, 50, 3) == Gap(10, 50, "dropped", "3 samples lost", 3)
    assert losses.dropped(90, 110, 1) == Gap(90, 110, "dropped", "1 sample lost", 1) and losses.lost == 4
