"""AVHzY / Shizuku CT-2 and CT-3 USB meters that answer `Get Meter Data` on their serial port: what it promises."""

from __future__ import annotations

import pytest
from meter_frames import refused

from powermeter.drivers import avhzy


def test_avhzy_answer() -> None:
    import struct

    good = struct.pack("<5f", 5.0, 0.4, 2.0, 2.7, 2.6)
    assert avhzy.decode(good).power_w == pytest.approx(2.0)
    assert refused(avhzy.decode, good[:19])
    assert refused(avhzy.decode, struct.pack("<5f", 5.0, 0.4, 1.9, 0, 0))  # power is not V × A
    assert refused(avhzy.decode, struct.pack("<5f", float("nan"), 0.4, 2.0, 0, 0))
    truth = avhzy.decode(good)
    for at in range(12):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            if not refused(avhzy.decode, bytes(bad)):
                reading = avhzy.decode(bytes(bad))
                assert (reading.voltage_v, reading.current_a) == pytest.approx(
                    (truth.voltage_v, truth.current_a), rel=0.025
                )
