"""WITRN USB meters (U2p, U3, U3L, A2, A2L, C4, K2) over HID: what it promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from powermeter.drivers import witrn
from powermeter.errors import DataError


def refused(decode: Callable[[bytes], object], frame: bytes) -> bool:
    try:
        decode(frame)
    except DataError:
        return True
    return False


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


def test_witrn_report() -> None:
    reading = witrn.decode(witrn_report(), check=True)
    assert (reading.voltage_v, reading.current_a) == pytest.approx((5.1, 0.5))
    assert (reading.charge_ah, reading.energy_wh, reading.recording_s, reading.running_s) == (
        0.25,
        1.25,
        60,
        3600,
    )
    assert not witrn.decode(witrn_report(check=False)).check_ok
    good = witrn_report()
    for length in range(64):
        assert refused(witrn.decode, good[:length])
    for at in range(64):
        for mask in (1, 0x10, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(lambda frame: witrn.decode(frame, check=True), bytes(bad)), f"byte {at}"
    assert refused(witrn.decode, witrn_report(volts=float("nan"), check=False))
    assert refused(witrn.decode, witrn_report(amps=float("inf"), check=False))
