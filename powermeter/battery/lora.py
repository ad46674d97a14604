"""LoRa time on air, and LoRaWAN classes A, B and C as mean currents.

Time on air after Semtech AN1200.13 (2013):

    T_sym      = 2^SF / BW
    T_preamble = (n_preamble + 4.25) T_sym
    n_payload  = 8 + max(ceil((8 PL - 4 SF + 28 + 16 CRC - 20 H) / (4 (SF - 2 DE))) (CR + 4), 0)
    T_air      = T_preamble + n_payload T_sym

The states of a class A cycle are those of Casals et al. 2017 unless measured ones are given: one module
of 2016; newer ones draw up to ten times less while they wait.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from powermeter.errors import ConfigurationError

LORAWAN_OVERHEAD_B = 13
"""Bytes LoRaWAN adds to the application's: header 1, address 4, control 1, counter 2, port 1, integrity 4."""

RX1_DELAY_MS = 1000.0
BEACON_PERIOD_S = 128.0
BEACON_LISTEN_S = 0.16
RX1_MS_BY_SF = {12: 262.14, 11: 131.07, 10: 98.30, 9: 49.15, 8: 24.58, 7: 12.29}
"""Receive window 1 while nothing comes, by spreading factor of the uplink (Casals et al. 2017, DR0 to DR5)."""


def time_on_air_s(
    phy_payload_b: int,
    spreading_factor: int,
    *,
    bandwidth_hz: float = 125_000,
    coding_rate: int = 1,
    preamble: int = 8,
    explicit_header: bool = True,
    crc: bool = True,
    low_rate: bool | None = None,
) -> float:
    """Return the time on air of a LoRa frame in seconds.

    Args:
        phy_payload_b: Whole PHY payload, 0 to 255; LoRaWAN adds 13 bytes to the application's.
        spreading_factor: 6 to 12.
        bandwidth_hz: 7.8 kHz to 500 kHz.
        coding_rate: 1 to 4 for 4/5 to 4/8.
        preamble: Programmed symbols.
        explicit_header: H = 0 where there is one.
        crc: Whether a payload CRC is sent (uplinks do).
        low_rate: Low-data-rate optimisation; None switches it on where a symbol is longer than 16 ms.

    Raises:
        ConfigurationError: An argument is out of range.
    """
    if not 6 <= spreading_factor <= 12:
        raise ConfigurationError(f"LoRa spreading factor {spreading_factor}: it is 6 to 12")
    if spreading_factor == 6 and explicit_header:
        raise ConfigurationError("LoRa spreading factor 6 has no explicit header")
    if not 0 <= phy_payload_b <= 255:
        raise ConfigurationError(f"LoRa payload of {phy_payload_b} bytes: it must be 0 to 255")
    if not 1 <= coding_rate <= 4:
        raise ConfigurationError(f"LoRa coding rate {coding_rate}: it is 1 to 4, for 4/5 to 4/8")
    if not 7_800 <= bandwidth_hz <= 1_625_000 or preamble < 0:
        raise ConfigurationError(f"LoRa bandwidth {bandwidth_hz:g} Hz or preamble {preamble}: out of range")
    symbol_s = (1 << spreading_factor) / bandwidth_hz
    slow = symbol_s > 0.016 if low_rate is None else low_rate
    bits = 8 * phy_payload_b - 4 * spreading_factor + 28 + 16 * crc - 20 * (not explicit_header)
    symbols = 8 + max(math.ceil(bits / (4 * (spreading_factor - 2 * slow))) * (coding_rate + 4), 0)
    return (preamble + 4.25) * symbol_s + symbols * symbol_s


@dataclass(frozen=True, slots=True)
class RadioStep:
    """One state of a cycle: mA for ms."""

    name: str
    current_ma: float
    duration_ms: float


@lru_cache(maxsize=1)
def cited_states() -> Mapping[str, tuple[float, float | None]]:
    """Return (mA, ms) of each cited state; ms is None where the formula yields it."""
    text = files("powermeter.footprint").joinpath("data/lorawan_states.csv").read_text(encoding="utf-8")
    return {
        row["state"]: (float(row["current_ma"]), float(row["duration_ms"]) if row["duration_ms"] else None)
        for row in csv.DictReader(io.StringIO(text))
    }


@dataclass(frozen=True)
class LoraNode:
    """A LoRaWAN node that sends a payload at an interval.

    Attributes:
        payload_b: Application bytes a message; `phy_payload_b` is 13 more.
        spreading_factor: 7 to 12.
        interval_s: Between messages.
        device_class: A, B or C.
        acknowledged: Whether messages are confirmed.
        ping_slots: Class B: slots a beacon period, 1 to 128, a power of two.
        ping_slot_s: Class B: listening a slot.
        currents_ma: State → mA that replaces the cited one (`sleep`, `transmit`, `rx1`, `rx2`, …).
        airtime_s: Time on air that replaces the formula's.
    """

    payload_b: int
    spreading_factor: int
    interval_s: float
    device_class: str = "A"
    acknowledged: bool = False
    ping_slots: int = 1
    ping_slot_s: float = 0.03
    currents_ma: Mapping[str, float] | None = None
    airtime_s: float | None = None

    def __post_init__(self) -> None:
        if self.device_class not in ("A", "B", "C"):
            raise ConfigurationError(f"LoRaWAN class {self.device_class!r}: it is A, B or C")
        if self.spreading_factor not in RX1_MS_BY_SF:
            raise ConfigurationError(f"LoRaWAN spreading factor {self.spreading_factor}: it is 7 to 12")
        if not 0 <= self.payload_b <= 242:
            raise ConfigurationError(f"LoRaWAN payload of {self.payload_b} bytes: it is 0 to 242")
        if self.ping_slots not in (1, 2, 4, 8, 16, 32, 64, 128):
            raise ConfigurationError(f"LoRaWAN ping slots {self.ping_slots}: a power of two, 1 to 128")
        unknown = sorted(set(self.currents_ma or {}) - set(cited_states()))
        if unknown:
            raise ConfigurationError(
                f"no LoRaWAN state {unknown[0]!r}; known are {', '.join(cited_states())}"
            )
        busy = sum(step.duration_ms for step in self.cycle()) / 1000
        if busy > self.interval_s:
            raise ConfigurationError(
                f"a message every {self.interval_s:g} s cannot be kept: one takes {busy:.2f} s (schedule over 100 %)"
            )

    def _current(self, state: str) -> float:
        return (self.currents_ma or {}).get(state, cited_states()[state][0])

    @property
    def sleep_ma(self) -> float:
        """Current while it does nothing."""
        return self._current("sleep")

    @property
    def receive_ma(self) -> float:
        """Current while it listens."""
        return self._current("rx1")

    def cycle(self) -> list[RadioStep]:
        """Return the states of one message in order."""
        air_s = self.airtime_s
        if air_s is None:
            air_s = time_on_air_s(self.payload_b + LORAWAN_OVERHEAD_B, self.spreading_factor)
        rx1_ms = RX1_MS_BY_SF[self.spreading_factor]
        off = "radio_off_when_ack" if self.acknowledged else "radio_off"
        lengths = {"transmit": 1000 * air_s, "rx1": rx1_ms, "wait_rx2": RX1_DELAY_MS - rx1_ms}
        names = (
            "wake_up",
            "radio_preparation",
            "transmit",
            "wait_rx1",
            "rx1",
            "wait_rx2",
            "rx2",
            off,
            "post_processing",
            "turn_off",
        )
        steps = []
        for name in names:
            cited = cited_states()[name][1]
            steps.append(
                RadioStep(name, self._current(name), lengths.get(name, cited if cited is not None else 0.0))
            )
        return steps

    def mean_current_ma(self) -> float:
        """Return [Σ I_k t_k + I_idle (T - Σ t_k)] / T, and what class B or C listens on top."""
        period_ms = 1000 * self.interval_s
        steps = self.cycle()
        busy_ms = sum(step.duration_ms for step in steps)
        idle_ma = self.receive_ma if self.device_class == "C" else self.sleep_ma
        charge = sum(step.current_ma * step.duration_ms for step in steps)
        mean = (charge + idle_ma * (period_ms - busy_ms)) / period_ms
        if self.device_class == "B":
            listening_s = BEACON_LISTEN_S + self.ping_slots * self.ping_slot_s
            mean += listening_s / BEACON_PERIOD_S * (self.receive_ma - self.sleep_ma)
        return mean
