"""How many frames can have been sent is worked out by hand."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.frame_rate import FrameRate

MS = 1_000_000


def noted(*times_ms: int) -> FrameRate:
    rate = FrameRate()
    for at_ms in times_ms:
        rate.note(1, at_ms * MS)
    return rate


def test_no_rate_is_known_before_three_frames_of_different_times() -> None:
    rate = FrameRate()
    for at_ns in (0, 0, 0, 0):
        assert rate.allowed(at_ns) is None
        rate.note(1, at_ns)
    assert rate.allowed(10 * MS) is None
    rate.note(1, 10 * MS)
    assert rate.allowed(20 * MS) is not None


@pytest.mark.parametrize(("pause_ms", "allowed"), [(10, 3), (1000, 111), (10_000, 1101)])
def test_a_pause_allows_as_many_as_fit_into_it_and_a_tenth_and_two_more(pause_ms: int, allowed: int) -> None:
    """100 frames a second for 5 s: what ends the pause is not lost itself; a part of a frame is a whole one."""
    rate = noted(*range(0, 5001, 10))
    assert rate.allowed((5000 + pause_ms) * MS) == allowed


def test_frames_that_may_still_be_on_their_way_are_allowed_after_an_earlier_pause_too() -> None:
    """3 s at 100 frames a second, 5 s without one, 3 s again, and 1 s: 500 + 101, two and a tenth of the last second."""
    rate = noted(*range(0, 3000, 10), *range(8000, 11_000, 10))
    assert rate.allowed(12_000 * MS) == 613


def test_no_more_are_allowed_than_were_sent_while_frames_come_late() -> None:
    """The newest is under way for 400 ms: the next one's time allows none but the two that may always be missing."""
    rate = noted(*range(0, 5000, 10), 5400)
    assert rate.allowed(5010 * MS) == 2
