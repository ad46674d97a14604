"""A hwmon device as the kernel lays it out."""

from __future__ import annotations

from pathlib import Path

# What Linux 6.1 printed for these registers in an emulated machine.
INA219 = {
    "name": "ina219",
    "in0_input": 25,
    "in1_input": 5100,
    "curr1_input": 2500,
    "power1_input": 12740000,
    "shunt_resistor": 10000,
}


def device(root: Path, number: int, files: dict[str, object], place: str = "1-0040") -> Path:
    """Make one device as the kernel does, its parent on an I²C bus."""
    parent = root / "devices" / place
    folder = parent / f"hwmon/hwmon{number}"
    folder.mkdir(parents=True)
    for name, value in files.items():
        (folder / name).write_text(f"{value}\n")
    (folder / "device").symlink_to(parent)
    (root / f"hwmon{number}").symlink_to(folder)
    return folder
