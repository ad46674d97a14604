"""A Jetson's power rails straight from sysfs, without tegrastats or any service.

Two generations of files exist: the `ina3221x` driver of L4T R32 and before (IIO layout, rails 0 to 2)
and the `ina3221` driver of R34 and later (hwmon layout, rails 1 to 3); Thor adds an `ina238` at the
board's input.  Voltage and current are recorded; power is their product.  Files only: no program is
run, nothing is written, so neither the update interval nor the alarms change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason
from powermeter.platforms.assumptions import SHUNTS
from powermeter.platforms.jetson_rails import VOLTAGE_ACCURACY, BoardRails, current_accuracy, layout
from powermeter.platforms.tegrastats import is_connected
from powermeter.platforms.throttling import COUNT
from powermeter.result import Grade
from powermeter.source import Found, Option, Row

from .system.jetson_facts import facts, is_jetson, model
from .system.kernel_files import KernelFiles
from .system.sysfs import check_readable, read_code, read_number, read_text

_DRIVERS = "sys/bus/i2c/drivers"
_REMEDY = "let this user read it until the next start: sudo chmod a+r {files}"

# INA238 datasheet SLYS025B: VBUS gain 0.1 %, offset 5 mV, step 3.125 mV; power 0.7 % of full scale.
_INA238_VOLTAGE = Accuracy(gain=0.001, offset=0.005, step=0.003125, source="INA238 datasheet SLYS025B")
_INA238_POWER = Accuracy(gain=0.017, step=0.005, source=f"INA238 datasheet SLYS025B; {SHUNTS}")
_INA238_CURRENT = Accuracy(gain=0.011, step=0.001, source=f"INA238 datasheet SLYS025B; {SHUNTS}")


@dataclass(frozen=True, slots=True)
class JetsonRail:
    """The files of one rail.

    Attributes:
        name: As the device tree labels it.
        voltage, current: mV and mA.
        power: µW; only where the chip multiplies itself (INA238).
        shunt_ohm: Where the driver reports it.
    """

    name: str
    voltage: Path
    current: Path
    power: Path | None = None
    shunt_ohm: float | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them, in the order of the channels."""
        return (self.voltage, self.current) + ((self.power,) if self.power else ())


def find_rails(root: str | Path = "/") -> list[JetsonRail]:
    """Return the rails that the kernel shows, in the order of its drivers; unconnected inputs are left out.

    A second rail of the same name (on carriers of other makers) becomes `NAME#2` and is never added.
    """
    root = Path(root)
    found: list[JetsonRail] = []
    for rail in (*_iio_rails(root), *_hwmon_rails(root), *_input_sensor(root)):
        if is_connected(rail.name):
            fellows = sum(other.name.partition("#")[0] == rail.name for other in found)
            found.append(replace(rail, name=f"{rail.name}#{fellows + 1}") if fellows else rail)
    return found


def _chips(root: Path, driver: str) -> list[Path]:
    return sorted((root / _DRIVERS / driver).glob("[0-9]*-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"))


def _iio_rails(root: Path) -> Iterator[JetsonRail]:
    for chip in _chips(root, "ina3221x"):
        for device in sorted([*chip.glob("iio:device*"), *chip.glob("iio_device*")]):
            for index in range(3):
                name = read_text(device / f"rail_name_{index}")
                if name:
                    voltage, current = (
                        device / f"in_voltage{index}_input",
                        device / f"in_current{index}_input",
                    )
                    yield JetsonRail(name, voltage, current)


def _hwmon_rails(root: Path) -> Iterator[JetsonRail]:
    for chip in _chips(root, "ina3221"):
        for device in sorted(chip.glob("hwmon/hwmon*")):
            for index in (1, 2, 3):  # in4 to in6 are shunt voltages, in7 is their sum: no rails
                name = read_text(device / f"in{index}_label")
                if not name or read_number(device / f"in{index}_enable") == 0:
                    continue
                shunt = read_number(device / f"shunt{index}_resistor")
                voltage, current = device / f"in{index}_input", device / f"curr{index}_input"
                yield JetsonRail(name, voltage, current, shunt_ohm=shunt * 1e-6 if shunt else None)


def _input_sensor(root: Path) -> Iterator[JetsonRail]:
    if not is_jetson(root):
        return
    for chip in _chips(root, "ina238"):
        for device in sorted(chip.glob("hwmon/hwmon*")):
            yield JetsonRail("VIN", device / "in1_input", device / "curr1_input", device / "power1_input")
            return


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ConfigurationError("name at least one rail, for example rails=VDD_IN")
    return names


class Jetson(KernelFiles):
    """The rails of a Jetson by voltage and current, with over-current throttling."""

    scheme = "jetson"
    title = "rails"
    summary = "Jetson rails from sysfs: fast, no service, no root on most releases"
    example = "jetson://?rate=20Hz"
    OPTIONS: ClassVar = {
        "rails": Option(_names, None, "only these, to sample them faster: VDD_IN,VDD_SOC"),
        "root": Option(str, "/", "where sys, proc and etc are, for tests"),
    }
    default_period_s: ClassVar[float] = 0.05

    _throttle: tuple[Path, ...] = ()

    def open(self) -> None:
        """Find the rails and read each file once."""
        root = Path(self.options["root"])
        rails = find_rails(root)
        if not rails:
            raise OpenError(_nothing(root), Reason.ABSENT)
        if self.options["rails"]:
            known = [rail.name for rail in rails]
            unknown = [name for name in self.options["rails"] if name not in known]
            if unknown:
                raise OpenError(f"{self.address}: no rail {', '.join(unknown)}; there are {', '.join(known)}")
            rails = [rail for rail in rails if rail.name in self.options["rails"]]
        for rail in rails:
            for file in rail.files:
                check_readable(file, _REMEDY.format(files=f"{file.parent}/*_input"))
        found = self._layout = layout([rail.name for rail in rails], model(root))
        channels: list[Channel] = []
        for files, place in zip(rails, found.rails, strict=True):
            channels += _channels(files, place, found)
        self._throttle = tuple(sorted(root.glob("sys/class/hwmon/hwmon*/oc[0-9]*_event_cnt")))
        if self._throttle:
            channels.append(Channel(COUNT, Quantity.MARKER, 1.0, kind=Kind.COUNTER))
        self.keep(channels, [file for rail in rails for file in rail.files])

    def sample(self) -> Row:
        """Read all rails once, one after the other."""
        row = self.read_files()
        if self._throttle:
            row.append(sum(read_number(file) or 0 for file in self._throttle))
        return Row(row)

    def info(self) -> dict[str, Any]:
        """Return the board, its release, power mode, clocks and temperatures, and what no rail covers."""
        if not self.channels:
            return {}
        return {
            **facts(self.options["root"]),
            "board": self._layout.board,
            "not_covered": self._layout.uncovered,
            "no_total_because": self._layout.refusal or None,
        }

    @classmethod
    def discover(cls) -> list[Found]:
        """Return this Jetson's rails, if it is one."""
        return look()


def _channels(files: JetsonRail, rail: Rail, found: BoardRails) -> list[Channel]:
    name = rail.name.lower()
    voltage, current = VOLTAGE_ACCURACY, current_accuracy(found.shunt_ohm, found.shunt_source)
    if files.power is not None:
        voltage, current = _INA238_VOLTAGE, _INA238_CURRENT
    elif files.shunt_ohm:
        current = current_accuracy(files.shunt_ohm, "read from the kernel's driver")
    channels = [
        Channel(f"{name}.voltage", Quantity.VOLTAGE, 1e-3, rail, accuracy=voltage),
        Channel(f"{name}.current", Quantity.CURRENT, 1e-3, rail, accuracy=current),
    ]
    if files.power is not None:
        channels.append(Channel(f"{name}.power", Quantity.POWER, 1e-6, rail, accuracy=_INA238_POWER))
    return channels


def _nothing(root: Path) -> str:
    if not is_jetson(root):
        return "jetson://: this is not a Jetson"
    return (
        f"jetson://: {model(root) or 'this Jetson'} shows no power rails in sysfs (the Nano 2 GB has no power monitor; "
        "on others the ina3221 driver may not be loaded); use a USB power meter"
    )


def look(root: str | Path = "/") -> list[Found]:
    """Return what `powermeter devices` prints of the rails under `root`."""
    rails = find_rails(root)
    if not rails:
        if not is_jetson(root):
            return []
        remedy = "a USB power meter or an INA219 in the supply line"
        return [
            Found(None, model(root) or "Jetson", Boundary.MODULE, problem=_nothing(Path(root)), remedy=remedy)
        ]
    names = tuple(rail.name for rail in rails)
    found = layout(names, model(root))
    problem = remedy = ""
    try:
        for rail in rails:
            for file in rail.files:
                read_code(file)
    except ReadError as error:
        problem = str(error)
        if error.reason is Reason.PERMISSION:
            problem, remedy = f"{file}: only root may read it", _REMEDY.format(files=f"{file.parent}/*_input")
    total = next((rail for rail in found.rails if rail.name == found.total), None)
    if total is not None:
        boundary, covers, grade = total.boundary, total.covers, Grade.MEASURED
    elif found.summed:
        boundary, grade = Boundary.MODULE, Grade.DERIVED
        covers = f"sum of {' + '.join(found.summed)}; not in it: {found.uncovered}"
    else:
        boundary, covers, grade = Boundary.PART, f"some rails only; {found.refusal}", Grade.MEASURED
    nominal = total.nominal_v if total is not None else 5.0
    step = current_accuracy(found.shunt_ohm, found.shunt_source).step * (nominal or 5.0)
    return [
        Found(
            "jetson://",
            f"{model(root) or found.board or 'Jetson'}: {', '.join(names)}",
            boundary,
            grade,
            names,
            rate_hz=75.0 / len(names),
            resolution_w=step,
            covers=covers,
            problem=problem,
            remedy=remedy,
        )
    ]
