"""Which files of a hwmon device are a rail, by the driver's name; facts of kernel 6.1 and later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from powermeter.channel import Quantity
from powermeter.errors import ConfigurationError, plural

from .sysfs import read_number, read_text

DEFAULT_SHUNT_OHM = 0.010
"""What the kernel's INA drivers compute with where no device tree states it."""

UNITS: Mapping[Quantity, float] = {
    Quantity.VOLTAGE: 1e-3,
    Quantity.CURRENT: 1e-3,
    Quantity.POWER: 1e-6,
    Quantity.ENERGY: 1e-6,
    Quantity.TEMPERATURE: 1e-3,
}
"""SI per count of the hwmon ABI: mV, mA, µW, µJ, m°C."""

# Driver name → (in, curr, shunt_resistor file) of each rail.  The other in* files of these drivers
# are shunt voltages: in0 of ina2xx in whole mV, in4 to in6 of ina3221 in µV, in7 their sum.
_ONE: Sequence[tuple[int, int, str]] = ((1, 1, "shunt_resistor"),)
INA_RAILS: Mapping[str, Sequence[tuple[int, int, str]]] = {
    **{f"ina{n}": _ONE for n in (219, 220, 226, 228, 230, 231, 234, 236, 237, 238, 260, 700, 780)},
    "ina3221": tuple((n, n, f"shunt{n}_resistor") for n in (1, 2, 3)),
}


@dataclass(frozen=True, slots=True)
class HwmonRail:
    """The files of one rail.

    Attributes:
        name: The label the driver assigns, or one made of the device's name.
        files: What is there to read, by quantity.
        driver_ohm: The shunt the driver computes with; None where there is none to speak of.
        written: Whether the driver shows that value, or it is its default.
    """

    name: str
    files: Mapping[Quantity, Path] = field(default_factory=dict)
    driver_ohm: float | None = None
    written: bool = False


def chip_name(device: Path) -> str:
    """Return a device's name as `sensors` prints it: `ina219-i2c-1-40`; others are `NAME`."""
    name = read_text(device / "name") or device.name
    parent = (device / "device").resolve().name
    bus, dash, address = parent.partition("-")
    if dash and bus.isdecimal() and len(address) == 4:
        return f"{name}-i2c-{bus}-{int(address, 16):02x}"
    return name


def find(location: str, root: Path) -> Path:
    """Return the device that a location names: `ina219-i2c-1-40`, a name, `hwmon3` or a path.

    Raises:
        ConfigurationError: None is, or several are.
    """
    devices = sorted(root.glob("hwmon*"), key=lambda path: (len(path.name), path.name))
    for device in devices:
        if location in (device.name, str(device), chip_name(device)):
            return device
    named = [device for device in devices if read_text(device / "name") == location]
    if len(named) == 1:
        return named[0]
    if named:
        names = ", ".join(
            f"hwmon://{n}" for n in sorted({chip_name(d) for d in named} | {d.name for d in named})
        )
        raise ConfigurationError(
            f"hwmon://{location} names {plural(len(named), 'device')}; choose one of {names}"
        )
    there = ", ".join(chip_name(device) for device in devices) or "none; is the driver loaded?"
    raise ConfigurationError(f"no hwmon device {location!r}; there are {there}")


def rails_of(device: Path) -> list[HwmonRail]:
    """Return the rails of a device; empty where it measures no power."""
    name = read_text(device / "name")
    if name in INA_RAILS:
        return _ina_rails(device, name)
    return _power_rails(device, name)


def _ina_rails(device: Path, name: str) -> list[HwmonRail]:
    found = []
    rails = INA_RAILS[name]
    for voltage, current, shunt_file in rails:
        files = {
            Quantity.VOLTAGE: device / f"in{voltage}_input",
            Quantity.CURRENT: device / f"curr{current}_input",
        }
        if not all(path.exists() for path in files.values()):
            continue
        if read_number(device / f"in{voltage}_enable") == 0:
            continue
        if (device / "energy1_input").exists():
            files[Quantity.ENERGY] = device / "energy1_input"
        label = read_text(device / f"in{voltage}_label")
        micro_ohm = read_number(device / shunt_file)
        internal = name in ("ina260", "ina700", "ina780")
        ohm = micro_ohm * 1e-6 if micro_ohm else None if internal else DEFAULT_SHUNT_OHM
        stem = chip_name(device).replace("-i2c-", "_").replace("-", "_")
        number = f"_{voltage}" if len(rails) > 1 else ""
        found.append(HwmonRail(label or stem + number, files, ohm, bool(micro_ohm)))
    return found


def _power_rails(device: Path, name: str) -> list[HwmonRail]:
    """Return a rail for each power or energy file; voltage and current join it by label."""
    found: dict[str, dict[Quantity, Path]] = {}
    for pattern, quantity in (
        ("power*_input", Quantity.POWER),
        ("power*_average", Quantity.POWER),
        ("energy*_input", Quantity.ENERGY),
    ):
        for path in sorted(device.glob(pattern)):
            stem = path.name.partition("_")[0]
            number = "".join(filter(str.isdecimal, stem))
            rail = read_text(device / f"{stem}_label") or f"{name}_{number}"
            found.setdefault(rail, {}).setdefault(quantity, path)
    for pattern, quantity in (("in*_label", Quantity.VOLTAGE), ("curr*_label", Quantity.CURRENT)):
        for path in sorted(device.glob(pattern)):
            label = read_text(path)
            value = path.with_name(path.name.replace("_label", "_input"))
            if label in found and value.exists():
                found[label].setdefault(quantity, value)
    return [HwmonRail(rail, files) for rail, files in found.items()]


def refresh_s(device: Path) -> float | None:
    """Return how often the driver has a new value, where it shows it; INA3221 leaves out its averages."""
    interval = read_number(device / "update_interval")
    if not interval:
        return None
    samples = read_number(device / "samples") if read_text(device / "name") == "ina3221" else None
    return interval * 1e-3 * (samples or 1)
