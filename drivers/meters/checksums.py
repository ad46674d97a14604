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


def crc8(data: bytes, polynomial: int, start: int = 0, *, reflected: bool = False) -> int:
    """Return a CRC-8; `polynomial` as data sheets and catalogues state it, unreflected: 07h, and 31h with `reflected` for CRC-8/MAXIM."""
    polynomial = int(f"{polynomial:08b}"[::-1], 2) if reflected else polynomial
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            if reflected:
                crc = crc >> 1 ^ polynomial if crc & 1 else crc >> 1
            else:
                crc = (crc << 1 ^ polynomial if crc & 0x80 else crc << 1) & 0xFF
    return crc
