"""Check values of the CRC RevEng catalogue."""

from __future__ import annotations

import binascii

from powermeter.drivers.meters.checksums import crc8, crc16_modbus


def test_the_crcs_that_the_guide_names_have_the_check_values_of_the_catalogue() -> None:
    text = b"123456789"
    assert crc16_modbus(text) == 0x4B37
    assert crc8(text, 0x07) == 0xF4 and crc8(text, 0x31, reflected=True) == 0xA1  # SMBUS, MAXIM-DOW
    assert (
        crc8(text, 0x2F, 0xFF) ^ 0xFF == 0xDF and crc8(text, 0x1D, 0xFF) ^ 0xFF == 0x4B
    )  # AUTOSAR, SAE-J1850
    assert binascii.crc_hqx(text, 0xFFFF) == 0x29B1 and binascii.crc32(text) == 0xCBF43926
