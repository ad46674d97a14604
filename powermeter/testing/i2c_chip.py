"""Register-accurate models of TI's power monitors, driven by a load as a function of time.

Written from the datasheets, apart from the drivers: conversion timing, averaging, quantisation,
saturation, the ready flag with each chip's own way of clearing it, overflow flags, the chips' own
current and power arithmetic, accumulators with their wraps, reset and power-up.  What is not modelled:
alerts and their pin, die temperature other than 25 °C, settling inside a conversion.

A result is the mean of up to `POINTS` quantised conversions spread over the time its input was
connected; with averaging the two inputs take turns.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

Load = Callable[[float], tuple[float, float]]
"""Seconds on the bus's clock → (volts at the load, amperes)."""

POINTS = 16
NS = 1_000_000_000


def clip(value: int, low: int, high: int) -> int:
    """Return a value kept within limits, as a saturating converter does."""
    return min(max(value, low), high)


class SimulatedChip(ABC):
    """A chip of 16-bit registers that converts by itself.

    Args:
        load: What flows, one function for all channels or one each.
        shunt_ohm: The shunt of each channel; ignored where it is inside.
        clock_error: Relative error of its conversion clock.
        noise_v: Standard deviation of one shunt conversion, in volt.
        seed: Of the noise.
    """

    RESET: ClassVar[dict[int, int]]
    ID: ClassVar[dict[int, int]]
    CONFIG: ClassVar[tuple[int, ...]] = (0,)

    def __init__(
        self,
        load: Load | Sequence[Load],
        shunt_ohm: float | Sequence[float] = 0.1,
        *,
        clock_error: float = 0.0,
        noise_v: float = 0.0,
        seed: int = 1,
    ) -> None:
        self.loads = list(load) if isinstance(load, Sequence) else [load]
        self.shunts = list(shunt_ohm) if isinstance(shunt_ohm, Sequence) else [shunt_ohm]
        self.clock_error = clock_error
        self.noise_v = noise_v
        self._random = random.Random(seed)
        self.registers: dict[int, int] = {}
        self.ready = False
        self.frozen = False
        self.rounds = 0
        self._pointer = 0
        self._began_ns = 0
        self._done = 0

    # To be stated by each chip ------------------------------------------------------------------

    @abstractmethod
    def round_ns(self) -> float:
        """Return how long a round takes as set up now; 0 where it is not converting."""

    @abstractmethod
    def convert(self, start_ns: float, length_ns: float) -> None:
        """Do the round that began at `start_ns`: set the result registers."""

    def on_read(self, register: int) -> None:  # noqa: B027
        """Do what reading a register changes."""

    def on_write(self, register: int, value: int) -> int:
        """Return what is kept of a written value; may change other registers."""
        return value

    # Registers --------------------------------------------------------------------------------

    def size(self, register: int) -> int:
        """Return a register's length in bytes."""
        return 2

    def power_up(self, now_ns: int) -> None:
        """Start from the reset values."""
        self.registers = {**self.RESET, **self.ID}
        self.restart(now_ns)
        self.ready = False

    def restart(self, now_ns: int) -> None:
        """Begin a new round."""
        self._began_ns = now_ns
        self._done = 0

    def read(self, now_ns: int, register: int | None, length: int) -> bytes:
        """Return a register's bytes, most significant first, as the bus would."""
        self.advance(now_ns)
        if register is not None:
            self._pointer = register
        register = self._pointer
        size = self.size(register)
        value = self.view(register)
        self.on_read(register)
        data = (value & (1 << 8 * size) - 1).to_bytes(size, "big")
        return (data + b"\xff" * length)[:length]

    def view(self, register: int) -> int:
        """Return a register's value with its live bits."""
        return self.registers.get(register, 0)

    def write(self, now_ns: int, register: int, data: bytes) -> None:
        """Take a register's bytes; fewer than two only set the pointer."""
        self.advance(now_ns)
        self._pointer = register
        if len(data) < 2:
            return
        value = int.from_bytes(data[:2], "big")
        if register == 0 and value & 0x8000:
            self.power_up(now_ns)
            return
        if register in self.ID:
            return
        self.registers[register] = self.on_write(register, value)
        if register in self.CONFIG:
            self.restart(now_ns)

    # Time -------------------------------------------------------------------------------------

    def advance(self, now_ns: int) -> None:
        """Finish the rounds that ended by now."""
        length = self.round_ns() * (1 + self.clock_error)
        if not length or self.frozen:
            return
        done = int((now_ns - self._began_ns) / length)
        if done <= self._done:
            return
        self.catch_up(self._done, done, length)
        self.rounds += done - self._done
        self._done = done
        self.ready = True

    def catch_up(self, first: int, last: int, length: float) -> None:
        """Do the rounds from `first` up to, not including, `last`; only the newest leaves a trace."""
        self.convert(self._began_ns + (last - 1) * length, length)

    def mean(
        self,
        channel: int,
        what: int,
        spans: Sequence[tuple[float, float]],
        scale: float,
        step: int,
        low: int,
        high: int,
    ) -> int:
        """Return the code of a result: conversions at points of `spans`, quantised, clipped, averaged.

        Args:
            what: 0 for volts at the load, 1 for the shunt voltage.
            spans: (start, length) in ns of each conversion looked at.
            scale: Volt per code.
            step: The converter's own step in codes.
        """
        load = self.loads[min(channel, len(self.loads) - 1)]
        factor = self.shunts[min(channel, len(self.shunts) - 1)] if what else 1.0
        total = 0
        for start, length in spans:
            value = load((start + length / 2) / NS)[what] * factor
            if what and self.noise_v:
                value += self._random.gauss(0.0, self.noise_v)
            total += clip(round(value / scale / step) * step, low, high)
        return round(total / len(spans))


def spread(start_ns: float, length_ns: float, conversions: int) -> list[tuple[float, float]]:
    """Return up to `POINTS` conversions, evenly taken from `conversions` in a row."""
    count = min(conversions, POINTS)
    each = length_ns / count
    return [(start_ns + i * each, each) for i in range(count)]
