"""AMD's own power and energy readings where the kernel shows them under hwmon.

Three kernel drivers count: `amdgpu` (graphics cards and processors with graphics), the HSMP driver
(EPYC sockets) and `amd_energy` (per-socket energy).  Processors without these are read by `rapl://`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import OpenError, Reason
from powermeter.platforms.assumptions import assumed
from powermeter.source import Found, Option, Row

from .system.kernel_files import KernelFiles
from .system.sysfs import check_readable, read_bytes, read_number, read_text, reason_of

_TREE = "sys/class/hwmon"
_GRANT = "let this user read it until the next start: sudo chmod a+r {file}"
_UNSTATED = Accuracy(gain=0.05, source=assumed("unstated"))


@dataclass(frozen=True, slots=True)
class AmdChip:
    """What a kernel driver's readings are.

    Attributes:
        prefix: Start of its rails' names; also of the parent that several of them share.
        boundary, covers: Of its rails.
        files: Reading → (channel, quantity, kind); the first that exists of each quantity is taken.
    """

    prefix: str
    boundary: Boundary
    covers: str
    files: tuple[tuple[str, str, Quantity, Kind], ...]


_GPU = AmdChip(
    "gpu",
    Boundary.DEVICE,
    "the graphics chip as its firmware reports it; on processors with graphics the processor's cores too",
    (
        ("power1_input", "power", Quantity.POWER, Kind.INSTANT),
        ("power1_average", "power", Quantity.POWER, Kind.MEAN),
    ),
)
_SOCKET = AmdChip(
    "socket",
    Boundary.PART,
    "one processor socket, averaged by its firmware; not in it: memory, disks, fans",
    (("power1_input", "power", Quantity.POWER, Kind.MEAN),),
)
CHIPS = {"amdgpu": _GPU, "amd_hsmp_hwmon": _SOCKET, "amd_hsmp": _SOCKET, "hsmp_hwmon": _SOCKET}
"""hwmon name → what it is.  `amd_energy` is apart: its files are numbered by label."""


@dataclass(frozen=True, slots=True)
class SensorFile:
    """One file to be read, with the channel it becomes."""

    path: Path
    rail: str
    chip: AmdChip
    channel: str
    quantity: Quantity
    kind: Kind


_ENERGY = AmdChip("socket", Boundary.PART, _SOCKET.covers.replace(", averaged by its firmware", ""), ())


def find_readings(root: str | Path = "/") -> list[SensorFile]:
    """Return the readings of all AMD chips, in the order of the kernel's devices."""
    found: list[SensorFile] = []
    counts: dict[str, int] = {}
    for device in sorted((Path(root) / _TREE).glob("hwmon*"), key=lambda path: (len(path.name), path.name)):
        name = read_text(device / "name")
        if name == "amd_energy":
            found += _energies(device)
        chip = CHIPS.get(name)
        if chip is None:
            continue
        rail = f"{chip.prefix}{counts.get(chip.prefix, 0)}"
        taken: set[Quantity] = set()
        for file, channel, quantity, kind in chip.files:
            if quantity not in taken and (device / file).exists():
                taken.add(quantity)
                found.append(SensorFile(device / file, rail, chip, channel, quantity, kind))
        if taken:
            counts[chip.prefix] = counts.get(chip.prefix, 0) + 1
    return found


def _energies(device: Path) -> list[SensorFile]:
    found = []
    for label in sorted(device.glob("energy*_label"), key=lambda path: (len(path.name), path.name)):
        name = read_text(label)  # Ecore000 … and Esocket0; a socket's counter holds its cores
        if name.startswith("Esocket"):
            path = device / label.name.replace("_label", "_input")
            rail = f"socket{name.removeprefix('Esocket')}"
            found.append(SensorFile(path, rail, _ENERGY, "energy", Quantity.ENERGY, Kind.COUNTER))
    return found


class Amd(KernelFiles):
    """AMD graphics cards and EPYC sockets by the kernel's own readings."""

    scheme = "amd"
    title = "readings"
    summary = "AMD graphics cards and EPYC sockets by the kernel's readings"
    example = "amd://?rate=10Hz"
    OPTIONS: ClassVar = {"root": Option(str, "/", "where sys is, for tests")}
    default_period_s: ClassVar[float] = 0.1

    def open(self) -> None:
        """Find the readings and read each once."""
        readings = find_readings(self.options["root"])
        if not readings:
            raise OpenError("amd://: no amdgpu, HSMP or amd_energy readings here; try rapl://", Reason.ABSENT)
        for reading in readings:
            check_readable(reading.path, _GRANT.format(file=reading.path))
        self.keep(_channels(readings), [reading.path for reading in readings])

    def sample(self) -> Row:
        """Read each file once."""
        return Row(self.read_files())

    def info(self) -> dict[str, Any]:
        """Return the power limits in W where the kernel shows them."""
        limits = {}
        for file, channel in zip(self.files, self.channels, strict=False):
            cap = read_number(file.parent / "power1_cap")
            if cap is not None:
                limits[channel.name] = cap * 1e-6
        return {"power_limits_w": limits} if limits else {}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return this machine's AMD readings."""
        return look()


def _channels(readings: Sequence[SensorFile]) -> list[Channel]:
    channels = []
    for reading in readings:
        fellows = {other.rail for other in readings if other.chip.prefix == reading.chip.prefix}
        parent = f"{reading.chip.prefix}s" if len(fellows) > 1 else None
        rail = Rail(reading.rail, parent, reading.chip.boundary, reading.chip.covers)
        name = f"{reading.rail}.{reading.channel}"
        channels.append(Channel(name, reading.quantity, 1e-6, rail, reading.kind, accuracy=_UNSTATED))
    return channels


def look(root: str | Path = "/") -> list[Found]:
    """Return what `powermeter devices` prints of the readings under `root`; one entry a boundary."""
    readings = find_readings(root)
    found = []
    for boundary in dict.fromkeys(reading.chip.boundary for reading in readings):
        group = [reading for reading in readings if reading.chip.boundary is boundary]
        problem = remedy = ""
        for reading in group:
            try:
                read_bytes(reading.path)
            except OSError as error:
                problem = f"{reading.path}: {error.strerror or error}"
                granted = reason_of(error) is Reason.PERMISSION
                remedy = _GRANT.format(file=reading.path) if granted else ""
        rails = tuple(dict.fromkeys(reading.rail for reading in group))
        found.append(
            Found(
                "amd://",
                f"AMD {', '.join(rails)}",
                boundary,
                rails=rails,
                rate_hz=10.0,
                resolution_w=1e-6,
                covers=group[0].chip.covers,
                problem=problem,
                remedy=remedy,
            )
        )
    return found
