"""Checksums of frames that Python's `binascii` lacks: it has CRC-16/CCITT (`crc_hqx`) and CRC-32 (`crc32`)."""

from __future__ import annotations


def crc16_modbus(data: bytes) -> int:
    """Return CRC-16/MODBUS: polynomial 8005h, reflected, start FFFFh; most meters send its low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
