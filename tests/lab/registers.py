"""The same registers read by our driver and by the kernel's: every reading must agree to the last digit.

The kernel's integers are predicted from *our* volts and amperes with the kernel's own rounding
(drivers/hwmon/ina2xx.c, ina3221.c, ina238.c of 6.1) and must be equal, so that a shift of one code
shows.  The shunt the kernel computes with is set so that one code is at least one of its digits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from smbus2 import SMBus
from stub import Player

from powermeter import registry
from powermeter.drivers.ina.source import INASource
from powermeter.source import Address, PolledSource

SETTINGS = 220


def to_zero(value: float) -> int:
    """Round as C's integer division does."""
    return math.trunc(round(value, 6))


def to_nearest(value: float) -> int:
    """Round as DIV_ROUND_CLOSEST does: halves away from zero."""
    return int(math.copysign(math.floor(abs(round(value, 6)) + 0.5), value))


@dataclass(frozen=True)
class Case:
    """One chip to compare on.

    Attributes:
        chip: The kernel's name of it.
        address: Where the kernel's driver sits.
        ohm: The shunt both sides are told.
        shunt: The codes a shunt result can have.
        bus: The codes a bus result can have.
        registers: Channel, shunt code and bus code → what the chip would then hold; the chip's own
            current and power as its datasheet computes them from the kernel's calibration.
        predict: Channel, volts, amperes → file → the integer the kernel must print.
        watt_step: Volts → the largest distance from our watts to the kernel's, in W.
        channels: How many it has.
    """

    chip: str
    address: int
    ohm: float
    shunt: range
    bus: range
    registers: Callable[[int, int, int], dict[int, int]]
    predict: Callable[[int, float, float], dict[str, int]]
    watt_step: Callable[[float], float] | None
    channels: int = 1


def ina219(channel: int, shunt: int, bus: int) -> dict[int, int]:
    """Calibration 4096: current = shunt, power = current × bus / 5000; bit 1 says ready."""
    return {1: shunt, 2: bus << 3 | 2, 4: shunt, 3: abs(shunt) * bus // 5000}


def ina226(channel: int, shunt: int, bus: int) -> dict[int, int]:
    """Calibration 2048: current = shunt, power = current × bus / 20000; 06h says ready and holds our mark."""
    return {1: shunt, 2: bus, 4: shunt, 3: abs(shunt) * bus // 20000, 6: 0x0009}


def ina3221(channel: int, shunt: int, bus: int) -> dict[int, int]:
    """Codes in bits 15..3; 0Fh says ready."""
    return {1 + 2 * channel: shunt << 3, 2 + 2 * channel: bus << 3, 15: 0x7003}


def ina238(channel: int, shunt: int, bus: int) -> dict[int, int]:
    """Calibration 16384: current = shunt × 4096 / 16384; 0Bh says ready and latched.

    The stub takes the three bytes of power from the first bytes of three registers.
    """
    current = to_zero(shunt / 4)
    power = abs(current) * bus >> 6
    high, middle, low = power >> 16 << 8, (power >> 8 & 0xFF) << 8, (power & 0xFF) << 8
    return {4: shunt, 5: bus, 7: current, 8: high, 9: middle, 10: low, 11: 0x8003}


CASES = (
    Case(
        "ina219",
        0x40,
        0.010,
        range(-32768, 32768),
        range(8192),
        ina219,
        lambda n, v, a: {
            "in0_input": to_nearest(a * 0.010 * 1e3),
            "in1_input": to_nearest(v * 1e3),
            "curr1_input": to_nearest(a * 1e3),
        },
        lambda v: 0.020,
    ),
    Case(
        "ina226",
        0x41,
        0.0025,
        range(-32768, 32768),
        range(32768),
        ina226,
        lambda n, v, a: {
            "in0_input": to_nearest(a * 0.0025 * 1e3),
            "in1_input": to_nearest(v * 1e3),
            "curr1_input": to_nearest(a * 1e3),
        },
        lambda v: 0.025,
    ),
    Case(
        "ina3221",
        0x42,
        0.010,
        range(-4096, 4096),
        range(4096),
        ina3221,
        lambda n, v, a: {
            f"in{n + 1}_input": to_nearest(v * 1e3),
            f"curr{n + 1}_input": to_nearest(a * 1e3),
            f"in{n + 4}_input": to_nearest(a * 0.010 * 1e6),
        },
        None,
        3,
    ),
    Case(
        "ina238",
        0x44,
        0.010,
        range(-32768, 32768),
        range(32768),
        ina238,
        lambda n, v, a: {
            "in0_input": to_zero(a * 0.010 * 1e3),
            "in1_input": to_zero(v * 1e3),
            "curr1_input": 2 * to_zero(a * 1e3 / 2),
        },
        lambda v: 0.0004 + v * 0.002,
    ),
)


def settings(case: Case) -> Iterator[tuple[int, int]]:
    """Return (shunt code, bus code): the ends, the neighbourhood of 0, and a random rest."""
    chance = random.Random(case.chip)
    ends = (case.shunt[0], case.shunt[0] + 1, case.shunt[-1] - 1, case.shunt[-1])
    near = (*ends, *range(-12, 13))
    for i in range(SETTINGS):
        shunt = near[i] if i < len(near) else chance.choice(case.shunt)
        bus = case.bus[-1 - i] if i < 2 else case.bus[i - 2] if i < 10 else chance.choice(case.bus)
        yield shunt, bus


class Comparison:
    """Counts how often our reading and the kernel's agreed, and how often a shifted one would have."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.compared = 0
        self.wrong: list[str] = []
        self.noticed = {"voltage + 1": 0, "voltage − 1": 0, "current + 1": 0, "current − 1": 0}

    def add(
        self, channel: int, codes: tuple[int, int], scales: tuple[float, float], printed: Mapping[str, int]
    ) -> None:
        """Compare one row of one channel."""
        volts, amps = codes[0] * scales[0], codes[1] * scales[1]
        predicted = self.case.predict(channel, volts, amps)
        self.compared += len(predicted)
        for name, value in predicted.items():
            if printed[name] != value:
                self.wrong.append(f"{name}: kernel {printed[name]}, ours {value} (codes {codes})")
        if self.case.watt_step is not None:
            self.compared += 1
            kernel_w = printed["power1_input"] * 1e-6
            if abs(kernel_w - abs(volts * amps)) > self.case.watt_step(volts) + 1e-9:
                self.wrong.append(f"power1_input: kernel {kernel_w} W, ours {volts * amps} W (codes {codes})")
        for label, dv, di in (
            ("voltage + 1", 1, 0),
            ("voltage − 1", -1, 0),
            ("current + 1", 0, 1),
            ("current − 1", 0, -1),
        ):
            shifted = self.case.predict(channel, (codes[0] + dv) * scales[0], (codes[1] + di) * scales[1])
            self.noticed[label] += any(printed[name] != value for name, value in shifted.items())

    def verdict(self) -> str:
        """Return an empty text, or what is wrong."""
        if self.wrong:
            return f"{len(self.wrong)} of {self.compared} readings differ; {'; '.join(self.wrong[:3])}"
        blind = [label for label, count in self.noticed.items() if not count]
        return f"a shift of {blind} would not have been noticed" if blind else ""


def compare(case: Case, bus: int, player: Player, device: Path) -> Comparison:
    """Set registers from the second process, read them by our driver and by the kernel's."""
    hwmon = next(device.glob("hwmon/hwmon*"))
    if (hwmon / "shunt_resistor").exists():
        (hwmon / "shunt_resistor").write_text(str(round(case.ohm * 1e6)))
    url = f"{case.chip}://{bus}/0x{case.address:02x}?shunt={case.ohm}ohm&rate=50Hz"
    driver = registry.driver_class(case.chip)
    assert issubclass(driver, INASource)
    # The kernel holds the address; only this test may look over its shoulder.
    source = driver(Address.parse(url), lambda name, placements: SMBus(int(name), force=True))
    source.open()
    files = [*case.predict(0, 0.0, 0.0), *(["power1_input"] if case.watt_step else [])]
    comparison = Comparison(case)
    try:
        for i, (shunt, bus_code) in enumerate(settings(case)):
            channel = i % case.channels
            player.write(case.address, case.registers(channel, shunt, bus_code))
            row = one_row(source)
            codes = row[2 * channel], row[2 * channel + 1]
            if codes != (bus_code, shunt):
                comparison.wrong.append(f"wrote {(bus_code, shunt)}, our driver read {codes}")
            scales = source.channels[2 * channel].scale, source.channels[2 * channel + 1].scale
            names = case.predict(channel, 0.0, 0.0) if case.channels > 1 else files
            printed = {name: int((hwmon / name).read_text()) for name in names}
            comparison.add(channel, codes, scales, printed)
    finally:
        source.close()
    return comparison


def one_row(source: PolledSource) -> list[int]:
    """Return a row; the stub is always ready."""
    row = source.sample()
    assert row is not None
    return list(row.codes)
