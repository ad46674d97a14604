"""Frames cut off the front of a stream."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.framing import cut_frames


@pytest.mark.parametrize(
    ("data", "frames", "skipped", "left"),
    [
        (b"..HxyzHuvw", [b"Hxyz", b"Huvw"], 2, b""),
        (b"HxyzHuv", [b"Hxyz"], 0, b"Huv"),
        (b"HxHuvw", [b"Huvw"], 2, b""),
        (b"....", [], 4, b""),
        (b"", [], 0, b""),
    ],
)
def test_frames_are_cut_from_a_stream_that_starts_anywhere(data, frames, skipped, left):
    buffer = bytearray(data)
    assert cut_frames(buffer, b"H", 4, lambda one: one.rfind(b"H") == 0) == (frames, skipped)
    assert bytes(buffer) == left


def test_half_a_head_at_the_end_is_kept():
    buffer = bytearray(b"..\xa5")
    assert cut_frames(buffer, b"\xa5\x5a", 10, lambda one: True) == ([], 2) and buffer == b"\xa5"
