"""Checks of how our sources behave beside the kernel's drivers: finding, yielding, correcting, recovering."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import recordings
import registers
import stub
from stub import Player

from powermeter import registry
from powermeter.channel import Quantity
from powermeter.drivers.ina import scan
from powermeter.errors import OpenError, Reason
from powermeter.recording.reader import Recording
from powermeter.source import PolledSource, StreamingSource

ALL = range(256)

RESTARTS = 0x45
"""The address of the INA219 that restarts while a profile is played."""
RESTARTED = "ina219://{bus}/0x45?shunt=0.1ohm&rails=restarts&rate=25Hz"
POWER_UP = {120: [[RESTARTS, 0, 0x399F], [RESTARTS, 5, 0]]}
"""Step → its registers as after power-up."""


def discovery(bus: int, player: Player) -> str:
    """Every chip is named, bound or free, and the free ones' registers are left alone."""
    scan.TIME_LIMIT_S = (
        60.0  # what bounds a scan of slow buses is not what is tested, and an emulated machine is slow
    )
    before = {address: player.read(address, ALL) for address in stub.FREE}
    found = [*registry.driver_class("ina").discover(), *registry.driver_class("hwmon").discover()]
    urls = [one.url or "" for one in found]
    # An INA238 may be an INA237 and is taken for the one with the wider limits.
    shown = {**stub.FREE, 0x4A: "ina237"}
    wanted = [f"{chip}://{bus}/0x{address:02x}" for address, chip in shown.items()]
    wanted += [f"hwmon://{chip}-i2c-{bus}-{address:02x}" for address, chip in stub.BOUND.items()]
    missing = [url for url in wanted if not any(url in one for one in urls)]
    assert not missing, f"not found: {missing}; found {urls}"
    after = {address: player.read(address, ALL) for address in stub.FREE}
    assert after == before, "scanning changed a register"
    return f"{len(wanted)} found"


def held(bus: int) -> str:
    """Opening a chip that a kernel driver holds says which source gives it instead."""
    source = registry.source(f"ina219://{bus}/0x40?shunt=0.1ohm")
    try:
        source.open()
    except OpenError as error:
        assert error.reason is Reason.BUSY, error.reason
        assert f"--source hwmon://ina219-i2c-{bus}-40" in str(error), str(error)
        registry.source(f"hwmon://ina219-i2c-{bus}-40").open()
        return str(error)
    raise AssertionError("the chip was taken from the kernel's driver")


def corrected(bus: int, player: Player, devices: Mapping[int, Path]) -> str:
    """With the kernel at its default 10 mΩ and 0.1 Ω on the board, amperes come out right, both signs."""
    hwmon = next(devices[0x40].glob("hwmon/hwmon*"))
    (hwmon / "shunt_resistor").write_text("10000")
    source = registry.source(f"hwmon://ina219-i2c-{bus}-40?shunt=0.1ohm")
    assert isinstance(source, PolledSource)
    source.open()
    by_quantity = {channel.quantity: i for i, channel in enumerate(source.channels)}
    current = by_quantity[Quantity.CURRENT]
    chance = random.Random(5)
    for shunt in (-32000, -1, 0, 1, 32000, *(chance.randrange(-32000, 32000) for _ in range(50))):
        player.write(0x40, registers.ina219(0, shunt, 1250))
        row = source.sample()
        assert row is not None
        amps = row.codes[current] * source.channels[current].scale
        assert abs(amps - shunt * 10e-6 / 0.1) < 1e-9, f"{amps} A for {shunt} codes"
    source.close()
    # A register beyond 26843 overflows the kernel's 32 bits; the sign of in0 tells.
    source = registry.source(f"hwmon://ina238-i2c-{bus}-44?shunt=10mohm")
    assert isinstance(source, PolledSource)
    source.open()
    wrapped = 0
    for current_code, shunt in ((26843, 30000), (26844, 30000), (32767, 32767), (-26900, -30000)):
        player.write(0x44, {4: shunt, 7: current_code})
        row = source.sample()
        assert row is not None
        wrapped += (
            int((next(devices[0x44].glob("hwmon/hwmon*")) / "curr1_input").read_text()) * current_code < 0
        )
        assert row.codes[1] == 2 * current_code, f"{row.codes[1]} mA for {current_code} codes"
    source.close()
    return f"55 currents exact; {wrapped} overflowed currents of ina238 put right"


def restarted(output: Path, player: Player) -> str:
    """A chip that lost its configuration during a recording leaves a gap and is set up again."""
    configuration = player.read(RESTARTS, [0, 5])
    assert configuration[0] != 0x399F and configuration[5] == 0x1000, f"left at {configuration}"
    with Recording.open(output) as recording:
        identifier = next(source.id for source in recording.sources if f"0x{RESTARTS:02x}" in source.url)
        gaps = [gap for gap in recording.gaps(identifier) if gap.reason == Reason.LOST_SETUP.value]
        assert gaps, f"no gap; there are {recording.gaps(identifier)}"
        last = recording.samples(identifier).times_ns[-1]
        assert last > gaps[0].end_ns, "nothing was recorded after the restart"
    return f"gap of {(gaps[0].end_ns - gaps[0].start_ns) / 1e6:.0f} ms: {gaps[0].detail}"


def iio(chip: str, address: int, player: Player) -> str:
    """Raw codes through IIO equal what was written, and its scales equal ours."""
    case = next(case for case in registers.CASES if case.chip == chip)
    source = registry.source(f"iio://{chip}?shunt=0.1ohm&mode=poll&interval=1ms")
    assert isinstance(source, StreamingSource)
    source.open()
    try:
        for shunt, bus_code in registers.settings(case):
            player.write(address, case.registers(0, shunt, bus_code))
            block = source.read_block(0.5)
            while block is None:
                block = source.read_block(0.5)
            codes = tuple(int(code) for code in block.codes[-1])
            assert codes == (bus_code, shunt), f"wrote {(bus_code, shunt)}, IIO gives {codes}"
        volts, amps = source.channels
        lsb = {"ina219": (4e-3, 10e-6), "ina226": (1.25e-3, 2.5e-6)}[chip]
        assert abs(volts.scale / lsb[0] - 1) < 1e-6 and abs(amps.scale * 0.1 / lsb[1] - 1) < 1e-6
    finally:
        source.close()
    return f"{registers.SETTINGS} settings equal"


def buffered(player: Player) -> str:
    """A profile through the kernel's own buffer and time stamps integrates to the truth."""
    profile = recordings.Profile.make(6.0)
    output, times = recordings.record(
        "buffer",
        ["iio://ina219?shunt=0.1ohm&mode=buffer&conversion=8.51ms&rails=iio"],
        profile,
        player,
        [0x40],
    )
    with Recording.open(output) as recording:
        facts = recording.sources[0].info
        assert facts["stamps"] == "kernel", facts
    return recordings.judge(output, "iio", profile, times, 0.02)
