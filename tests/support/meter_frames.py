"""Frames of USB meters that several tests decode, and whether a frame is refused."""

from __future__ import annotations

from collections.abc import Callable

from powermeter.drivers import fnirsi
from powermeter.errors import DataError


def refused(decode: Callable[[bytes], object], frame: bytes) -> bool:
    try:
        decode(frame)
    except DataError:
        return True
    return False


# RuiDeng UM (pyummeter: tests/test_ummeter.py): a real block edited by hand, so its end mark is wrong.
UM_VECTOR = bytes.fromhex(
    "09c901fe0148000006880014004400080000000b000000380000000000000000"
    + "00" * 64
    + "0001000200070000001000000100000a000000f00000000200040001869f0002688c"
)


def um_block(model: int, changes: dict[int, bytes] | None = None) -> bytes:
    """A block with the values of a real UM25C session (rdserialtool: README) and a correct end."""
    block = bytearray(130)
    volts, amps = (506, 114) if model != 0x09C9 else (5062, 1146)
    for at, width, value in (
        (0, 2, model),
        (2, 2, volts),
        (4, 2, amps),
        (6, 4, 580),
        (10, 2, 25),
        (12, 2, 78),
        (16, 4, 1),
        (20, 4, 9),
        (96, 2, 1),
        (100, 2, 7),
        (110, 2, 13),
        (118, 2, 2),
        (120, 2, 4),
        (122, 4, 441),
        (126, 2, 1),
    ):
        block[at : at + width] = value.to_bytes(width, "big")
    for at, value in (changes or {}).items():
        block[at : at + len(value)] = value
    block[128:] = b"\xff\xf1"
    if model == 0x0D4C:
        xor = 0
        for at in (
            1,
            3,
            7,
            9,
            15,
            17,
            19,
            23,
            31,
            39,
            41,
            45,
            49,
            53,
            55,
            57,
            59,
            63,
            67,
            69,
            73,
            79,
            83,
            89,
            97,
            99,
            109,
            111,
            113,
            119,
            121,
            127,
        ):
            xor ^= block[at]
        block[129] = xor
    return bytes(block)


TC66_ENCRYPTED = bytes.fromhex(
    "006630928cdbb01e307647693bac80b012a60ec3c8645b9af0ead3c57ae5a062"
    "8f330593ff8f836a2a36d60f8709fc4fc5ec277ef1b0dbb4815a9497d8646eb2"
    "06f404f8061c1177e994f37dfc6f4dab07385ea4d05c1e32616e88527b57d310"
    "6babf8c170d31db582db234384fa559313e92b412f6af4e16e09168c608fba0a"
    "4231f411e56f5c203c590b4a68fd5b092aca6ec4a4554d5542e8674b097e259c"
    "2aca6ec4a4554d5542e8674b097e259ce09c4004c92da948c3165eebdb8b9ec2"
)


TC66_PLAIN = bytes.fromhex(
    "7061633154433636312e313854be000062854a4a3632350c3536373241508520"
    "ce4c3e6d83c40bc4b36b31592800000099c90000c607000002040000be770000"
    "70616332210a000000000000050000000000000000000000000000001b000000"
    "190100001801000000000000000000000000000000000000000000006a810000"
    "7061633300000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000028050000"
)


def fnirsi_report() -> bytes:
    """Values of the logger's README, in the published layout: 0 V, 0.00011 A, D+ 1.184, D- 1.031, 30.5 °C."""
    sample = b"".join(
        (
            (0).to_bytes(4, "little"),
            (11).to_bytes(4, "little"),
            (1184).to_bytes(2, "little"),
            (1031).to_bytes(2, "little"),
            b"\x01",
            (305).to_bytes(2, "little"),
        )
    )
    report = b"\xaa\x04" + sample * 4 + b"\x00"
    return report + bytes([fnirsi.check_of(report[1:])])


def witrn_report(volts: float = 5.1, amps: float = 0.5, check: bool = True) -> bytes:
    """A report in the published layout; no capture is public."""
    import struct

    report = bytearray(64)
    report[:2], report[8] = b"\xff\x55", 0x1A
    struct.pack_into("<2f2I6f", report, 14, 0.25, 1.25, 60, 3600, 2.7, 2.6, 31.5, 25.0, volts, amps)
    if check:
        report[62] = sum(report[8:62]) & 0xFF
        report[63] = (sum(report[:8]) + report[62]) & 0xFF
    return bytes(report)


SMARTPOWER3 = (
    b"0000815169,15296,0036,00550,0,00000,0000,00000,0,00,00000,0000,00000,0,00,14,12",
    b"0343732187,15321,0072,01103,0,00000,0000,00000,0,00,00000,0000,00000,0,00,1c,12",
    b"0343732207,15328,0055,00843,0,00000,0000,00000,0,00,00000,0000,00000,0,00,11,19",
)
