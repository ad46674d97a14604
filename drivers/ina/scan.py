"""Finding power monitors on the I²C buses of this machine without writing to any of them.

At each address from 40h to 4Fh, in this order, stopping at the first refusal: does anything answer a
bare read; does it have a register 00h (a humidity sensor at 40h has none, and takes FEh for a reset);
who made it (FEh, 3Eh); and, for chips without identification, what 00h and 05h hold.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from powermeter.channel import Boundary
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.source import Found

from ..links.i2c import GROUP, Bus, RegisterLink, bus_path, holder, open_bus
from ..links.permission import permission_remedy
from .datasheet import TI
from .layout import CHIPS
from .settings import ChipRequest

ADDRESSES = range(0x40, 0x50)
TIME_LIMIT_S = 1.5

# Die identification without its revision → model, certainty.
DIES_AT_FF = {0x2260: ("ina226", "sure"), 0x2270: ("ina260", "sure"), 0x3220: ("ina3221", "sure")}
DIES_AT_3F = {
    0x2280: ("ina228", "sure"),
    0x2380: ("ina237", "likely"),  # some INA237 show INA238's number: the wider limits are the safe choice
    0x2370: ("ina237", "sure"),
    0xA080: ("ina236", "sure"),
    0xA480: ("ina234", "likely"),
}

# What 00h holds after power-up → model, certainty, for chips without identification.
RESET_CONFIGURATIONS = {0x399F: ("ina219", "likely"), 0x4127: ("ina230", "likely")}

NAMES = {
    "ina219": "INA219 or INA220",
    "ina230": "INA230 or INA231",
    "ina237": "INA237 or INA238",
}

NOTES = {
    0x41: "Waveshare's 3S module has its INA219 here, with 10mohm, in the battery's path",
    0x42: "Waveshare's UPS HAT has its INA219 here, with 0.1ohm, in the battery's path",
    0x43: "Waveshare's UPS HAT (C) and (D) have their INA219 here, with 10mohm, in the battery's path",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """What was found at an address.

    Attributes:
        model: In lower case; None where something answers that is not a known power monitor.
        certainty: `sure`, `likely` or `guess`.
        clue: Which registers it was recognised by.
    """

    model: str | None
    certainty: str
    clue: str


def identify(link: RegisterLink) -> Identity:
    """Return what a chip is, by reading only.

    Raises:
        OpenError: A kernel driver holds it, or register 00h does not answer.
        ReadError: It stopped answering.
    """
    configuration = link.claim(0x00)
    if link.read(0xFE) == TI:
        die = link.read(0xFF)
        found = DIES_AT_FF.get(die & 0xFFF0)
        if found:
            return Identity(*found, f"FEh 5449h, FFh {die:04X}h")
    if link.read(0x3E) == TI:
        die = link.read(0x3F)
        model, certainty = DIES_AT_3F.get(die & 0xFFF0, ("ina237", "guess"))
        return Identity(model, certainty, f"3Eh 5449h, 3Fh {die:04X}h")
    found = RESET_CONFIGURATIONS.get(configuration)
    if found:
        return Identity(*found, f"00h {configuration:04X}h as after power-up")
    # Set up before, by us or by the kernel: with these calibrations current equals shunt voltage.
    calibration = link.read(0x05)
    if calibration == 0x1000 and configuration & 0xC000 == 0:
        return Identity("ina219", "likely", f"00h {configuration:04X}h, 05h 1000h")
    if calibration == 0x0800 and configuration & 0xF000 == 0x4000:
        return Identity("ina230", "likely", f"00h {configuration:04X}h, 05h 0800h")
    return Identity(None, "guess", f"00h {configuration:04X}h, 05h {calibration:04X}h")


def scan(
    names: Iterable[str] | None = None,
    opener: Callable[[str], Bus] = open_bus,
    sysfs: Path = Path("/sys"),
) -> list[Found]:
    """Return what is on the buses of this machine, within `TIME_LIMIT_S`."""
    found: list[Found] = []
    deadline = time.monotonic() + TIME_LIMIT_S
    for name in names if names is not None else buses():
        if time.monotonic() > deadline:
            break
        try:
            bus = opener(name)
        except OpenError as error:
            if error.reason is Reason.PERMISSION:
                path = bus_path(name)
                found.append(
                    Found(
                        None,
                        f"I²C bus {name}, whatever is on it",
                        certainty="guess",
                        problem="permission denied",
                        remedy=permission_remedy(path, GROUP),
                    )
                )
            continue
        try:
            found += _scan_bus(bus, name, sysfs, deadline)
        finally:
            bus.close()
    return found


def buses() -> list[str]:
    """Return the numbers of the buses that i2c-dev shows, lowest first."""
    numbers = (path.name.removeprefix("i2c-") for path in Path("/dev").glob("i2c-*"))
    return sorted((n for n in numbers if n.isdecimal()), key=int)


def _scan_bus(bus: Bus, name: str, sysfs: Path, deadline: float) -> list[Found]:
    found = []
    for address in ADDRESSES:
        if time.monotonic() > deadline:
            break
        link = RegisterLink(bus, name, address)
        try:
            bus.read_byte(address)
            identity = identify(link)
            row_s = _time_pair(link)
        except OpenError as error:
            if error.reason is Reason.BUSY:
                found += _held(name, address, sysfs)
            continue
        except OSError as error:
            if error.errno == errno.EBUSY:
                found += _held(name, address, sysfs)
            continue
        except ReadError:
            continue
        found.append(describe(identity, link, row_s))
    return found


def _time_pair(link: RegisterLink) -> float:
    before = link.clock.now_ns()
    link.read(0x00)
    link.read(0x00)
    return max(1e-6, (link.clock.now_ns() - before) / 1e9)


def _held(name: str, address: int, sysfs: Path) -> list[Found]:
    """Return who holds a chip, where no hwmon or IIO source will list it anyway."""
    held = holder(bus_path(name), address, sysfs)
    if held is not None and held[1]:
        return []
    driver = held[0] if held is not None else "another program"
    return [
        Found(
            None,
            f"a chip on I²C bus {name} at 0x{address:02x}",
            certainty="guess",
            problem=f"held by {driver}",
            remedy="unbind that driver to read the chip directly",
        )
    ]


def describe(identity: Identity, link: RegisterLink, row_s: float) -> Found:
    """Return the line for `powermeter devices` about one chip; `row_s` is what reading a pair takes."""
    bus, address = link.bus_name, link.address
    place = f"on I²C bus {bus} at 0x{address:02x}"
    if identity.model is None:
        return Found(
            None,
            f"an unknown chip {place} ({identity.clue})",
            certainty="guess",
            problem="it does not state what it is",
            remedy=f"if it is a power monitor, name it: ina219://{bus}/0x{address:02x}?shunt=0.1ohm",
        )
    kind, model = CHIPS[identity.model]
    count = len(model.shunts)
    chip = kind(model, link, ChipRequest(channels=tuple(range(count))))
    fastest = min(setting.round_s for setting in chip.settings())
    shunt = "" if model.internal else "?shunt=0.1ohm"
    current_step = model.shunts[0].lsb / (1.0 if model.internal else 0.1)
    title = f"{NAMES.get(identity.model, model.name)} {place} ({identity.clue})"
    note = NOTES.get(address, "") if identity.model == "ina219" else ""
    problem = remedy = ""
    if not model.internal:
        # No chip knows its shunt: it is never recorded from by itself, only when someone states it.
        problem = "the chip does not know its shunt; 0.1 ohm is only an example"
        remedy = (
            "type this source with the value marked on the shunt resistor (R100 is 0.1ohm, R010 is 10mohm)"
        )
    return Found(
        f"{identity.model}://{bus}/0x{address:02x}{shunt}",
        title,
        boundary=Boundary.BOARD,
        rails=tuple(
            f"{identity.model}_{address:02x}" + (f"_{i + 1}" if count > 1 else "") for i in range(count)
        ),
        rate_hz=min(1 / fastest, 1 / (row_s * count)),
        resolution_w=current_step * 5.0,
        covers="what flows through its shunt" + (f"; {note}" if note else ""),
        certainty=identity.certainty,
        problem=problem,
        remedy=remedy,
    )
