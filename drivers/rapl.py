"""The energy counters of x86 processors through Linux's powercap tree.

Zones overlap: `core` and `uncore` are inside their package, `psys` covers the platform with its
packages, and `intel-rapl-mmio` shows a package's counter a second time.  The rails' parents state it;
the mmio copies are left out.  Each counter wraps at its own `max_energy_range_uj`.  The counters
cover the processor, on some machines its memory, and on some laptops the platform: no disk, fan,
screen or power-supply loss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.platforms.assumptions import RAPL_COMPARED, RAPL_GAIN
from powermeter.source import Found, Option, Row

from .system.kernel_files import KernelFiles
from .system.processor import rating
from .system.sysfs import check_readable, read_bytes, read_number, read_text, reason_of

_TREE = "sys/class/powercap"
_ZONE = re.compile(r"(intel-rapl|amd-rapl):(\d+)(?::(\d+))?")
_GROUP = "CPU"

_RULE = (
    'SUBSYSTEM=="powercap", ACTION=="add", '
    'RUN+="/bin/chgrp rapl /sys%p/energy_uj", RUN+="/bin/chmod g+r /sys%p/energy_uj"'
)

GRANT = (
    "give a group read access once: sudo groupadd -f rapl; sudo usermod -aG rapl $USER; "
    f"echo '{_RULE}' | sudo tee /etc/udev/rules.d/70-rapl.rules; then restart"
)
"""How a user gets to read the counters without running anything of ours as root."""

_COVERS = {
    "package": "the processor package: cores, caches, integrated graphics",
    "core": "the processor's cores",
    "uncore": "the integrated graphics",
    "dram": "the memory on this processor's channels",
    "psys": "the platform as its maker wired it: usually everything but the screen",
}


_NOT_COVERED = "disk, fan, screen, power-supply loss"


@dataclass(frozen=True, slots=True)
class RaplZone:
    """One counter: its folder, its name within the machine, its kind, its package and its range in µJ."""

    path: Path
    name: str
    kind: str
    package: str | None
    range_uj: int


def find_zones(root: str | Path = "/") -> list[RaplZone]:
    """Return the counters of the tree, mmio copies left out, in the kernel's order."""
    tree = Path(root) / _TREE
    entries: dict[str, Path] = {}
    for path in [
        *tree.glob("*-rapl:*"),
        *tree.glob("*-rapl/*-rapl:*"),
        *tree.glob("*-rapl/*-rapl:*/*-rapl:*:*"),
    ]:
        if _ZONE.fullmatch(path.name):
            entries.setdefault(path.name, path)
    names = {key: read_text(path / "name") for key, path in entries.items()}
    zones = []
    taken: set[str] = set()
    for key in sorted(entries, key=lambda text: [int(number) for number in re.findall(r"\d+", text)]):
        match = _ZONE.fullmatch(key)
        assert match is not None
        name = names[key]
        kind = name.partition("-")[0]
        if kind not in _COVERS:
            continue
        package = names.get(f"{match[1]}:{match[2]}") if match[3] is not None else None
        shown = f"{package}.{name}" if package else name
        if shown in taken:
            continue  # a second copy of the same counter
        taken.add(shown)
        zones.append(
            RaplZone(
                entries[key], shown, kind, package, read_number(entries[key] / "max_energy_range_uj") or 0
            )
        )
    return zones


def rails_of(zones: Sequence[RaplZone]) -> list[Rail]:
    """Return the rails with their parents: parts hang on their package, packages and memory on the platform.

    Without a platform counter the packages and memories hang on `CPU`, which nothing measures, so that
    they may be added up; where there is only one, it stands alone.
    """
    platform = next((zone.name for zone in zones if zone.kind == "psys"), None)
    tops = [zone for zone in zones if zone.kind in ("package", "dram")]
    group = platform or (_GROUP if len(tops) > 1 else None)
    rails = []
    for zone in zones:
        if zone.kind == "psys":
            rails.append(Rail(zone.name, None, Boundary.PART, _COVERS["psys"]))
        elif zone.kind in ("package", "dram"):
            lacks = _NOT_COVERED if group == _GROUP else ""
            rails.append(Rail(zone.name, group, Boundary.PART, _COVERS[zone.kind], sum_lacks=lacks))
        else:
            rails.append(Rail(zone.name, zone.package, Boundary.PART, _COVERS[zone.kind]))
    return rails


class Rapl(KernelFiles):
    """Processor energy by its own counters, one counter channel for each zone."""

    scheme = "rapl"
    title = "counters"
    summary = "processor energy counters (Intel and AMD) through powercap"
    example = "rapl://?rate=10Hz"
    OPTIONS: ClassVar = {"root": Option(str, "/", "where sys and proc are, for tests")}
    default_period_s: ClassVar[float] = 0.1

    def open(self) -> None:
        """Find the counters and read each once."""
        root = Path(self.options["root"])
        zones = find_zones(root)
        if not zones:
            raise OpenError(f"rapl://: {_absent(root)}", Reason.ABSENT)
        for zone in zones:
            check_readable(zone.path / "energy_uj", GRANT)
        # A second counter of the same package (mmio) is another reading of the same energy.
        channels = [
            Channel(
                f"{zone.name}.energy",
                Quantity.ENERGY,
                1e-6,
                rail,
                Kind.COUNTER,
                accuracy=Accuracy(gain=RAPL_GAIN, step=61e-6, source=RAPL_COMPARED),
                wrap=zone.range_uj or None,
                refresh_ns=1_000_000,
            )
            for zone, rail in zip(zones, rails_of(zones), strict=True)
        ]
        self.keep(channels, [zone.path / "energy_uj" for zone in zones])
        self._ranges = tuple(zone.range_uj for zone in zones)

    def sample(self) -> Row:
        """Read every counter once; one that cannot be read makes the whole row a gap, never a wrap."""
        row = self.read_files()
        for file, value, largest in zip(self.files, row, self._ranges, strict=True):
            if value < 0 or (largest and value > largest):
                raise ReadError(f"{file}: {value} µJ is outside the counter's range", Reason.BAD_DATA)
        return Row(row)

    def info(self) -> dict[str, Any]:
        """Return the processor and each counter's range in µJ."""
        if not self.channels:
            return {}
        found = rating(self.options["root"])
        ranges = {channel.name: channel.wrap for channel in self.channels}
        return {"processor": found.processor, "counter_range_uj": ranges}

    @classmethod
    def discover(cls) -> list[Found]:
        """Return this machine's counters, readable or not."""
        return look()


def _absent(root: Path) -> str:
    if (root / "sys/class/powercap").exists():
        return "no RAPL counters here; on Intel and AMD try: sudo modprobe intel_rapl_msr"
    return "no powercap tree here: virtual machines, containers and other processors have none"


def look(root: str | Path = "/") -> list[Found]:
    """Return what `powermeter devices` prints of the counters under `root`; nothing where there are none."""
    zones = find_zones(root)
    if not zones:
        return []
    problem = remedy = ""
    try:
        for zone in zones:
            read_bytes(zone.path / "energy_uj")
    except OSError as error:
        reason = reason_of(error)
        problem = "only root may read the counters" if reason is Reason.PERMISSION else str(error)
        remedy = GRANT if reason is Reason.PERMISSION else ""
    kinds = {zone.kind for zone in zones}
    covers = "; ".join(text for kind, text in _COVERS.items() if kind in kinds)
    return [
        Found(
            "rapl://",
            f"processor energy counters (RAPL): {', '.join(zone.name for zone in zones)}",
            Boundary.PART,
            rails=tuple(zone.name for zone in zones),
            rate_hz=100.0,
            resolution_w=61e-6 * 100,
            covers=f"{covers}; not in it: {_NOT_COVERED}",
            problem=problem,
            remedy=remedy,
        )
    ]
