"""WITRN USB meters (U2p, U3, U3L, A2, A2L, C4, K2) over HID: what it promises."""

from __future__ import annotations

import pytest
from meter_frames import refused, witrn_report

from powermeter.drivers import witrn


def test_witrn_report() -> None:
    reading = witrn.decode(witrn_report(), check=True)
    assert (reading.voltage_v, reading.current_a) == pytest.approx((5.1, 0.5))
    assert (reading.charge_ah, reading.energy_wh) == (0.25, 1.25)
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
