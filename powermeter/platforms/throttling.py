"""How boards report that they hold themselves back: the Raspberry Pi's flag bits, the Jetson's event counters.

`powermeter.analysis.throttling` finds the stretches in a recording.
"""

from __future__ import annotations

from powermeter.channel import Channel, Quantity

BITS = "throttled.bits"
"""The channel of the Raspberry Pi's flag bits."""
COUNT = "throttle.events"
"""The channel of a Jetson's over-current events."""
STICKY = 16
"""From this bit on a flag stays set until the next start."""

FLAGS = {
    0: "under-voltage",
    1: "clock capped",
    2: "throttled",
    3: "soft temperature limit",
    16: "under-voltage has occurred",
    17: "clock was capped",
    18: "was throttled",
    19: "soft temperature limit has been reached",
}
"""Bit of get_throttled → meaning; bits 16 and up stay set until the next start."""


def flag_names(bits: int) -> list[str]:
    """Return what the Raspberry Pi's flag bits mean, in words."""
    return [words for bit, words in FLAGS.items() if bits >> bit & 1]


def flag_channel() -> Channel:
    """Return the channel of the Raspberry Pi's flag bits."""
    return Channel(BITS, Quantity.MARKER, 1.0)
