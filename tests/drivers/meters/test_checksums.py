"""Check values of the CRC RevEng catalogue."""

from __future__ import annotations

import binascii

from powermeter.drivers.meters.checksums import crc16_modbus


def test_the_crcs_that_the_guide_names_have_the_check_values_of_the_catalogue() -> None:
    text = b"123456789"
    assert crc16_modbus(text) == 0x4B37
    assert binascii.crc_hqx(text, 0xFFFF) == 0x29B1 and binascii.crc32(text) == 0xCBF43926
