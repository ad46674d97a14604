"""Every public captured frame of a USB meter decodes to what its source states; damaged ones are refused.

The frames and their sources: `frames/*.txt`, and the literals below.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from meter_frames import SMARTPOWER3, TC66_PLAIN, fnirsi_report, refused, um_block, witrn_report

from powermeter.drivers import avhzy, fnirsi, rdtech_tc66, smartpower3, witrn
from powermeter.drivers.links.hid import cut_reports
from powermeter.drivers.meters import atorch_report, km003c_frames, um_frame
from powermeter.drivers.meters.framing import cut_lines

FRAMES = Path(__file__).parent / "frames"


def table(name: str) -> list[list[str]]:
    lines = (FRAMES / name).read_text().splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


ATORCH = table("atorch.txt")


CHECKED = [row for row in ATORCH if row[4] in "12"]


DECODERS: dict[str, Callable[[bytes], object]] = {
    "um": um_frame.decode,
    "tc66": rdtech_tc66.decode_plain,
    "fnirsi": fnirsi.decode,
    "atorch": atorch_report.decode,
    "km003c": km003c_frames.decode,
    "km003c queue": km003c_frames.decode_queue,
    "witrn": witrn.decode,
    "avhzy": avhzy.decode,
    "smartpower3": smartpower3.decode,
}


@pytest.mark.parametrize("name", DECODERS)
def test_random_bytes_are_refused_or_decoded_never_a_crash(name: str) -> None:
    dice = random.Random(11)
    seeds = [
        um_block(0x09C9),
        TC66_PLAIN,
        fnirsi_report(),
        bytes.fromhex(ATORCH[0][2]),
        SMARTPOWER3[0],
        bytes.fromhex(table("km003c.txt")[0][0]),
        witrn_report(),
    ]
    for _ in range(400):
        frame = bytearray(
            dice.choice(seeds) if dice.random() < 0.7 else dice.randbytes(dice.randrange(0, 220))
        )
        for _ in range(dice.randrange(0, 4)):
            if frame:
                frame[dice.randrange(len(frame))] = dice.randrange(256)
        refused(DECODERS[name], bytes(frame))  # anything but DataError would pass through


@pytest.mark.parametrize("cut", [atorch_report.cut, lambda buffer: cut_lines(buffer, 256), cut_reports])
def test_cutting_a_stream_of_rubbish_ends_and_keeps_little(
    cut: Callable[[bytearray], tuple[list[bytes], int]],
) -> None:
    dice = random.Random(3)
    buffer = bytearray()
    taken = 0
    total = 0
    for _ in range(300):
        piece = dice.randbytes(dice.randrange(0, 90)) + dice.choice(
            [b"", b"\xff\x55", b"\xff\x55\x01\x03", b"\n"]
        )
        total += len(piece)
        buffer += piece
        frames, skipped = cut(buffer)
        taken += sum(map(len, frames)) + skipped
        assert len(buffer) <= 300
    assert taken + len(buffer) <= total and taken > total * 0.9
