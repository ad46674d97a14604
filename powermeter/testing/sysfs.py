"""Fake `/sys` and `/proc` trees, built from what real boards show, for drivers that take a `root`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FakeRail:
    """One rail of a fake board: its label, mV, mA, and the shunt that the kernel's driver would report."""

    name: str
    millivolt: int
    milliampere: int
    shunt_uohm: int | None = 5000


class FakeTree:
    """Files under a folder that stands for `/`.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def write(self, path: str, value: object) -> Path:
        """Write one attribute with the newline the kernel adds, and return its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n", encoding="utf-8")
        return file

    def device_tree(self, model: str, compatible: str = "") -> None:
        """Return what machine it is, with the NUL bytes of a device tree."""
        for name, text in (("model", model), ("compatible", compatible)):
            file = self.root / "proc/device-tree" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.replace(" ", "\0" if name == "compatible" else " ").encode() + b"\0")

    def iio_chip(self, place: str, rails: Sequence[FakeRail], device: str = "iio:device0") -> Path:
        """Add an INA3221 as L4T R32 and before show it; `place` is bus and address (`6-0040`)."""
        base = f"sys/bus/i2c/drivers/ina3221x/{place}/{device}"
        for index, rail in enumerate(rails):
            self.write(f"{base}/rail_name_{index}", rail.name)
            self.write(f"{base}/in_voltage{index}_input", rail.millivolt)
            self.write(f"{base}/in_current{index}_input", rail.milliampere)
            self.write(f"{base}/in_power{index}_input", rail.millivolt * rail.milliampere // 1000)
            self.write(f"{base}/crit_current_limit_{index}", "32760 ma")
        return self.root / base

    def hwmon_chip(self, place: str, rails: Sequence[FakeRail], device: str = "hwmon3") -> Path:
        """Add an INA3221 as R34 and later show it, with its sum of shunt voltages in place 7."""
        base = f"sys/bus/i2c/drivers/ina3221/{place}/hwmon/{device}"
        self.write(f"{base}/name", "ina3221")
        for index, rail in enumerate(rails, 1):
            self.write(f"{base}/in{index}_label", rail.name)
            self.write(f"{base}/in{index}_enable", 1)
            self.write(f"{base}/in{index}_input", rail.millivolt)
            self.write(f"{base}/curr{index}_input", rail.milliampere)
            self.write(f"{base}/in{index + 3}_input", rail.milliampere * 5)
            if rail.shunt_uohm is not None:
                self.write(f"{base}/shunt{index}_resistor", rail.shunt_uohm)
        self.write(f"{base}/in7_label", "sum of shunt voltages")
        self.write(f"{base}/in7_input", sum(rail.milliampere * 5 for rail in rails))
        self.write(f"{base}/curr4_input", sum(rail.milliampere for rail in rails))
        return self.root / base

    def input_sensor(self, place: str, millivolt: int, milliampere: int, microwatt: int) -> Path:
        """Add Thor's INA238 at the board's input; it has no labels."""
        base = f"sys/bus/i2c/drivers/ina238/{place}/hwmon/hwmon4"
        self.write(f"{base}/name", "ina238")
        self.write(f"{base}/in1_input", millivolt)
        self.write(f"{base}/curr1_input", milliampere)
        self.write(f"{base}/power1_input", microwatt)
        return self.root / base

    def rapl_zone(self, zone: str, name: str, microjoule: int, largest: int = 262_143_328_850) -> Path:
        """Add an energy counter; `zone` is `intel-rapl:0`, `intel-rapl:0:1` or `intel-rapl-mmio:0`."""
        base = f"sys/class/powercap/{zone}"
        self.write(f"{base}/name", name)
        self.write(f"{base}/energy_uj", microjoule)
        self.write(f"{base}/max_energy_range_uj", largest)
        return self.root / base

    def battery(self, name: str, values: Mapping[str, object]) -> Path:
        """Add a power supply of type Battery with these attributes (`type` among them replaces it)."""
        base = f"sys/class/power_supply/{name}"
        for key, value in {"type": "Battery", **values}.items():
            self.write(f"{base}/{key}", value)
        return self.root / base
