"""Inside the guest: the kernel's stub chips, the kernel drivers on them, and the second process that plays."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

MODULES = Path("/tmp/modules")
SYSFS = Path("/sys")
HERE = Path(__file__).resolve().parent

BOUND = {0x40: "ina219", 0x41: "ina226", 0x42: "ina3221", 0x44: "ina238"}
"""Addresses that kernel drivers get."""

FREE = {0x43: "ina3221", 0x45: "ina219", 0x48: "ina219", 0x49: "ina226", 0x4A: "ina238"}
"""Addresses that stay free for our drivers."""

# What a chip holds after power-up, as far as somebody looks at it.
RESET: dict[str, dict[int, int]] = {
    "ina219": {0x00: 0x399F},
    "ina226": {0x00: 0x4127, 0xFE: 0x5449, 0xFF: 0x2260},
    "ina3221": {0x00: 0x7127, 0x0F: 0x0002, 0xFE: 0x5449, 0xFF: 0x3220},
    "ina238": {0x01: 0xFB68, 0x02: 0x1000, 0x0B: 0x0001, 0x3E: 0x5449, 0x3F: 0x2381},
}


def load(*names: str, **parameters: str) -> None:
    """Load modules."""
    for name in names:
        file = next(
            path for path in MODULES.glob("*.ko") if path.stem.replace("-", "_") == name.replace("-", "_")
        )
        options = [f"{key}={value}" for key, value in parameters.items()]
        subprocess.run(["insmod", str(file), *options], check=True)


def unload(*names: str) -> None:
    """Unload modules."""
    for name in names:
        subprocess.run(["rmmod", name], check=True)


def start_stub() -> int:
    """Load the stub with every address and give its bus number."""
    load("i2c-stub", chip_addr=",".join(f"0x{address:02x}" for address in [*BOUND, *FREE]))
    for path in SYSFS.glob("class/i2c-dev/i2c-*/name"):
        if "stub" in path.read_text():
            return int(path.parent.name.removeprefix("i2c-"))
    raise RuntimeError("the stub's bus did not appear")


def bind(bus: int, name: str, address: int) -> Path:
    """Let the kernel put a driver on an address; gives the device's directory."""
    (SYSFS / f"bus/i2c/devices/i2c-{bus}/new_device").write_text(f"{name} 0x{address:02x}")
    return SYSFS / f"bus/i2c/devices/{bus}-{address:04x}"


def unbind(bus: int, address: int) -> None:
    """Take the driver off again."""
    (SYSFS / f"bus/i2c/devices/i2c-{bus}/delete_device").write_text(f"0x{address:02x}")


class Player:
    """A second process that writes registers when told to (`player.py`)."""

    def __init__(self, bus: int) -> None:
        self.bus = bus
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "player.py"), str(bus)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _ask(self, **order: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def write(self, address: int, registers: Mapping[int, int]) -> None:
        """Set registers of one chip."""
        self._ask(write=[[address, register, value] for register, value in registers.items()])

    def read(self, address: int, registers: Sequence[int]) -> dict[int, int]:
        """Return registers of one chip."""
        values = self._ask(read=[[address, register] for register in registers])
        return dict(zip(registers, values, strict=True))
