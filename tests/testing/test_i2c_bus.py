"""A simulated I²C bus with the methods of `smbus2.SMBus`, its transfer times and its faults: what it promises."""

from __future__ import annotations

import errno

import pytest

from powermeter.testing.i2c_bus import SimulatedBus


def test_an_empty_address_does_not_acknowledge():
    with pytest.raises(OSError) as caught:
        SimulatedBus().read_word_data(0x41, 0)
    assert caught.value.errno == errno.EREMOTEIO
