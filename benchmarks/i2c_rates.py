"""How fast each chip is sampled on a simulated bus with real transfer times, against chip and bus limits.

    python benchmarks/i2c_rates.py

Beside our drivers, `pi-ina219` and `adafruit-circuitpython-ina219` read voltage and current of the same
simulated INA219, as their documentation shows it.  They are looked for in `.lab/peers`; to fetch them:

    pip install --no-deps --target .lab/peers pi-ina219 adafruit-circuitpython-ina219 \\
        adafruit-circuitpython-busdevice adafruit-circuitpython-register

Only the wire and the chip take time here (a `StepClock`): what the interpreter and the kernel add is a
matter of the board.  `fresh` counts rows that hold a conversion not seen before; the chip limit is its
conversion rate, the bus limit is what voltage and current alone take on the wire, without any flag.
Exit status 1 where one of ours stays more than 5 % below the lower limit.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from powermeter import registry
from powermeter.testing.i2c_bus import SimulatedBus
from powermeter.testing.i2c_chips import MODELS

PEERS = Path(__file__).resolve().parents[1] / ".lab/peers"
ADDRESS = 0x40
WORD, TRIPLE = 48, 57
"""Bits on the wire to read two and three bytes of a register."""

# Name, URL, bits for voltage and current, round of conversions in s.
CASES = (
    ("INA219  9 bit", "ina219://1/0x40?shunt=0.1ohm&bits=9&averages=1", 2 * WORD, 168e-6),
    ("INA219 12 bit", "ina219://1/0x40?shunt=0.1ohm&bits=12&averages=1", 2 * WORD, 1.064e-3),
    ("INA219 16 averages", "ina219://1/0x40?shunt=0.1ohm&averages=16", 2 * WORD, 17.02e-3),
    ("INA226 140 µs", "ina226://1/0x40?shunt=0.1ohm&averages=1&conversion=140us", 2 * WORD, 280e-6),
    ("INA226 1.1 ms", "ina226://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", 2 * WORD, 2.2e-3),
    ("INA226 16 × 1.1 ms", "ina226://1/0x40?shunt=0.1ohm&averages=16&conversion=1.1ms", 2 * WORD, 35.2e-3),
    ("INA228 50 µs", "ina228://1/0x40?shunt=0.1ohm&averages=1&conversion=50us", 2 * TRIPLE, 100e-6),
    ("INA228 1052 µs", "ina228://1/0x40?shunt=0.1ohm&averages=1&conversion=1.052ms", 2 * TRIPLE, 2.104e-3),
    ("INA238 1052 µs", "ina238://1/0x40?shunt=0.1ohm&averages=1&conversion=1.052ms", 2 * WORD, 2.104e-3),
    ("INA3221 140 µs", "ina3221://1/0x40?shunt=0.1ohm&averages=1&conversion=140us", 6 * WORD, 840e-6),
    ("INA3221 1.1 ms", "ina3221://1/0x40?shunt=0.1ohm&averages=1&conversion=1.1ms", 6 * WORD, 6.6e-3),
)


def load(t: float) -> tuple[float, float]:
    """Return a load that never stands still."""
    return 5.0, 0.2 + 0.1 * (t * 997.0 % 1.0)


def count(bus: SimulatedBus, row: Callable[[], Any], seconds: float) -> tuple[float, float]:
    """Return rows and fresh rows per second of calling `row` without a pause."""
    chip, clock = bus.chip(ADDRESS), bus.clock
    start, rows, fresh, seen = clock.now_ns(), 0, 0, chip.rounds
    while clock.now_ns() - start < seconds * 1e9:
        if row() is None:
            continue
        rows += 1
        fresh += chip.rounds > seen
        seen = chip.rounds
    spent = (clock.now_ns() - start) / 1e9
    return rows / spent, fresh / spent


def ours(url: str, bus_hz: float, seconds: float) -> tuple[float, float]:
    """Return our rates."""
    closed = registry.source(url)
    bus = SimulatedBus(bus_hz).add(ADDRESS, MODELS[closed.address.scheme](load, 0.1))
    source = type(closed)(closed.address, lambda name, placements: bus)
    source.open()
    return count(bus, source.sample, seconds)


class GPIODevice:
    """What pi-ina219 uses of Adafruit_GPIO.I2C, on a simulated bus."""

    def __init__(self, bus: SimulatedBus) -> None:
        self.bus = bus

    def writeList(self, register: int, data: list[int]) -> None:
        """Write bytes."""
        self.bus.write_i2c_block_data(ADDRESS, register, data)

    def readU16BE(self, register: int) -> int:
        """Read a word."""
        high, low = self.bus.read_i2c_block_data(ADDRESS, register, 2)
        return high << 8 | low

    def readS16BE(self, register: int) -> int:
        """Read a signed word."""
        value = self.readU16BE(register)
        return value - (value >> 15 << 16)


class BusioI2C:
    """What Adafruit's CircuitPython libraries use of busio.I2C, on a simulated bus."""

    def __init__(self, bus: SimulatedBus) -> None:
        self.bus = bus

    def try_lock(self) -> bool:
        """Always."""
        return True

    def unlock(self) -> None:
        """Nothing."""

    def writeto(self, address: int, data: bytes, *, start: int = 0, end: int | None = None) -> None:
        """Write bytes; none only asks whether somebody is there."""
        payload = bytes(data[start:end])
        if payload:
            self.bus.write_i2c_block_data(address, payload[0], list(payload[1:]))

    def writeto_then_readfrom(
        self,
        address: int,
        out: bytes,
        into: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
    ) -> None:
        """Write the pointer, read with a repeated start."""
        wanted = len(into[in_start:in_end])
        into[in_start : in_start + wanted] = bytes(
            self.bus.read_i2c_block_data(address, out[out_start], wanted)
        )


def pi_ina219(bus: SimulatedBus) -> Callable[[], Any]:
    """Return a row function of pi-ina219 at 12 bit, as its documentation reads it."""
    module = types.ModuleType("Adafruit_GPIO.I2C")
    module.get_i2c_device = lambda address, busnum=None: GPIODevice(bus)  # type: ignore[attr-defined]
    package = types.ModuleType("Adafruit_GPIO")
    package.I2C = module  # type: ignore[attr-defined]
    sys.modules.update({"Adafruit_GPIO": package, "Adafruit_GPIO.I2C": module})
    sys.modules.pop("ina219", None)  # it keeps the bus it was imported with
    from ina219 import INA219

    meter = INA219(0.1)
    meter.configure(INA219.RANGE_32V, INA219.GAIN_8_320MV, INA219.ADC_12BIT, INA219.ADC_12BIT)
    return lambda: (meter.voltage(), meter.current())


def adafruit(bus: SimulatedBus) -> Callable[[], Any]:
    """Return a row function of adafruit-circuitpython-ina219 at its default, 12 bit."""
    micropython = types.ModuleType("micropython")
    micropython.const = lambda value: value  # type: ignore[attr-defined]
    busio = types.ModuleType("busio")
    busio.I2C = BusioI2C  # type: ignore[attr-defined]
    typing = types.ModuleType("circuitpython_typing")
    typing.ReadableBuffer = typing.WriteableBuffer = bytes  # type: ignore[attr-defined]
    device_driver = types.ModuleType("circuitpython_typing.device_drivers")
    device_driver.I2CDeviceDriver = object  # type: ignore[attr-defined]
    sys.modules.update(
        {
            "micropython": micropython,
            "busio": busio,
            "circuitpython_typing": typing,
            "circuitpython_typing.device_drivers": device_driver,
        }
    )
    from adafruit_ina219 import INA219

    meter = INA219(BusioI2C(bus))
    return lambda: (meter.bus_voltage, meter.current)


def peers(bus_hz: float, seconds: float) -> list[tuple[str, float, float]]:
    """Return (name, rows/s, fresh/s) of the two libraries, or nothing where they are not there."""
    if not (PEERS / "ina219.py").exists():
        return []
    if str(PEERS) not in sys.path:
        sys.path.insert(0, str(PEERS))
    found = []
    for name, make in (("pi-ina219", pi_ina219), ("adafruit-circuitpython-ina219", adafruit)):
        bus = SimulatedBus(bus_hz).add(ADDRESS, MODELS["ina219"](load, 0.1))
        found.append((name, *count(bus, make(bus), seconds)))
    return found


def main() -> int:
    """Print the table."""
    low = 0
    print(f"{'':<34}{'rows/s':>9}{'fresh/s':>9}{'chip':>9}{'bus':>9}{'of limit':>10}")
    for bus_hz in (100_000, 400_000):
        print(f"-- {bus_hz // 1000} kHz")
        for name, url, bits, round_s in CASES:
            rows, fresh = ours(url, bus_hz, max(0.3, 60 * round_s))
            chip, bus = 1 / round_s, bus_hz / bits
            share = fresh / min(chip, bus)
            low += share < 0.95
            print(f"{name:<34}{rows:>9.1f}{fresh:>9.1f}{chip:>9.1f}{bus:>9.1f}{share:>10.1%}")
            if name == "INA219 12 bit":
                for peer, rows, fresh in peers(bus_hz, 0.3):
                    share = fresh / min(chip, bus)
                    print(f"  {peer:<32}{rows:>9.1f}{fresh:>9.1f}{chip:>9.1f}{bus:>9.1f}{share:>10.1%}")
    if not (PEERS / "ina219.py").exists():
        print("pi-ina219 and adafruit-circuitpython-ina219 are not in .lab/peers; see the top of this file")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
