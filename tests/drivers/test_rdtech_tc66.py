"""RuiDeng TC66 and TC66C USB-C meters, over their own USB serial port or Bluetooth LE (`tc66://ble:ADDRESS`): what it promises."""

from __future__ import annotations

import pytest
from meter_frames import TC66_ENCRYPTED, TC66_PLAIN, refused

from powermeter.drivers import rdtech_tc66
from powermeter.drivers.meters.checksums import crc16_modbus
from powermeter.errors import ConfigurationError
from powermeter.source import Address


def test_tc66_capture() -> None:
    """jedie/tc66c2mqtt: tests/fixtures.py and test_tc66.py."""
    pytest.importorskip("cryptography", reason="a TC66 encrypts its answers: pip install 'powermeter[tc66]'")
    assert rdtech_tc66.decrypt(TC66_ENCRYPTED) == TC66_PLAIN
    reading = rdtech_tc66.decode(TC66_ENCRYPTED)
    assert (reading.product, reading.firmware, reading.serial) == ("TC66", "1.18", 48724)
    assert (reading.voltage_code, reading.current_code, reading.power_code) == (51609, 1990, 1026)
    assert (reading.groups, reading.temperature_c) == (((0, 5), (0, 0)), 27)
    for length in range(192):
        assert refused(rdtech_tc66.decode, TC66_ENCRYPTED[:length])
    for at in range(192):
        bad = bytearray(TC66_ENCRYPTED)
        bad[at] ^= 0x20
        assert refused(rdtech_tc66.decode, bytes(bad)), f"byte {at}"


def test_tc66_checks_and_negative_temperature() -> None:
    for stored, start in ((30654, 0), (33130, 64), (1320, 128)):
        assert crc16_modbus(TC66_PLAIN[start : start + 60]) == stored
    for at in range(192):
        for mask in (1, 0x80):
            bad = bytearray(TC66_PLAIN)
            bad[at] ^= mask
            assert refused(rdtech_tc66.decode_plain, bytes(bad)), f"byte {at}"
    cold = bytearray(TC66_PLAIN)
    cold[88] = 1
    cold[124:126] = crc16_modbus(bytes(cold[64:124])).to_bytes(2, "little")
    assert rdtech_tc66.decode_plain(bytes(cold)).temperature_c == -27


@pytest.mark.parametrize("group", ["-1", "2", "first"])
def test_a_group_that_a_tc66_does_not_have_is_refused(group: str) -> None:
    """It has two; −1 read the second one, as Python counts from the end."""
    with pytest.raises(ConfigurationError, match="option 'group': write 0 or 1"):
        rdtech_tc66.TC66(Address.parse(f"tc66:///dev/nobody?group={group}"))
