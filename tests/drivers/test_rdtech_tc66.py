"""RuiDeng TC66 and TC66C USB-C meters, over their own USB serial port or Bluetooth LE (`tc66://ble:ADDRESS`): what it promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from powermeter.drivers import rdtech_tc66
from powermeter.errors import DataError


def refused(decode: Callable[[bytes], object], frame: bytes) -> bool:
    try:
        decode(frame)
    except DataError:
        return True
    return False


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


def test_tc66_capture() -> None:
    """jedie/tc66c2mqtt: tests/fixtures.py and test_tc66.py."""
    pytest.importorskip("cryptography", reason="a TC66 encrypts its answers: pip install 'powermeter[tc66]'")
    assert rdtech_tc66.decrypt(TC66_ENCRYPTED) == TC66_PLAIN
    reading = rdtech_tc66.decode(TC66_ENCRYPTED)
    assert (reading.product, reading.firmware, reading.serial, reading.power_ups) == (
        "TC66",
        "1.18",
        48724,
        40,
    )
    assert (reading.voltage_code, reading.current_code, reading.power_code) == (51609, 1990, 1026)
    assert (reading.resistance_ohm, reading.groups) == (259.3, ((0, 5), (0, 0)))
    assert (reading.temperature_c, reading.dp_v, reading.dm_v) == (27, 2.81, 2.80)
    for length in range(192):
        assert refused(rdtech_tc66.decode, TC66_ENCRYPTED[:length])
    for at in range(192):
        bad = bytearray(TC66_ENCRYPTED)
        bad[at] ^= 0x20
        assert refused(rdtech_tc66.decode, bytes(bad)), f"byte {at}"


def test_tc66_checks_and_negative_temperature() -> None:
    for stored, start in ((30654, 0), (33130, 64), (1320, 128)):
        assert rdtech_tc66.crc16_modbus(TC66_PLAIN[start : start + 60]) == stored
    for at in range(192):
        for mask in (1, 0x80):
            bad = bytearray(TC66_PLAIN)
            bad[at] ^= mask
            assert refused(rdtech_tc66.decode_plain, bytes(bad)), f"byte {at}"
    cold = bytearray(TC66_PLAIN)
    cold[88] = 1
    cold[124:126] = rdtech_tc66.crc16_modbus(bytes(cold[64:124])).to_bytes(2, "little")
    assert rdtech_tc66.decode_plain(bytes(cold)).temperature_c == -27
