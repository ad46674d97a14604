"""What the bits of get_throttled mean, in the words of the Raspberry Pi documentation."""

from __future__ import annotations

from powermeter.channel import Quantity
from powermeter.platforms import throttling


def test_flag_words():
    assert throttling.flag_names(0x50005) == [
        "under-voltage",
        "throttled",
        "under-voltage has occurred",
        "was throttled",
    ]
    assert throttling.flag_names(0) == []


def test_the_flags_are_a_channel_that_measures_nothing():
    channel = throttling.flag_channel()
    assert channel.name == throttling.BITS and channel.quantity is Quantity.MARKER and channel.rail is None


def test_bits_that_stay_are_the_same_conditions_sixteen_higher():
    now = [bit for bit in throttling.FLAGS if bit < throttling.STICKY]
    assert [bit + throttling.STICKY for bit in now] == [b for b in throttling.FLAGS if b >= throttling.STICKY]
