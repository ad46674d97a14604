"""What stands in for an instrument while a driver is opened without it: a file, a program, a library, a simulated meter."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from vendor_fakes import H100, FakeClient, FakeDriver, FakeJtop, FakeNvml, FakePower, bleak_of

from powermeter.channel import Channel, Quantity
from powermeter.recording import Writer
from powermeter.testing.__main__ import METERS, port_for
from powermeter.testing.contract import Setting, serving
from powermeter.testing.load import Load
from powermeter.testing.sysfs import FakeRail, FakeTree
from powermeter.testing.terminal import Simulation

NO_PORT = "/dev/ttyNobody7"


def meter(kind: str, *, volts: float = 5.0, where: str = "") -> Setting:
    """Return a setting with one of the shipped simulated meters."""

    @contextmanager
    def running(folder: Path) -> Iterator[Mapping[str, Any]]:
        one = METERS[kind](Load("constant", 2.0, 2.0), volts=volts)
        with serving(Simulation(one, port_for(one, where or str(folder / kind)))) as simulation:
            yield {"folder": folder, "port": simulation.port.where, "simulation": simulation}

    return running


@contextmanager
def modules(**installed: ModuleType | None) -> Iterator[None]:
    """Have stand-ins for libraries while it lasts."""
    names = {name.replace("__", "."): module for name, module in installed.items()}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update({name: module for name, module in names.items() if module is not None})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@contextmanager
def amd(folder: Path) -> Iterator[Mapping[str, Any]]:
    tree = FakeTree(folder)
    tree.write("sys/class/hwmon/hwmon2/name", "amdgpu")
    tree.write("sys/class/hwmon/hwmon2/power1_input", 23_000_000)
    yield {"folder": folder, "file": folder / "sys/class/hwmon/hwmon2/power1_input"}


@contextmanager
def batteries(folder: Path) -> Iterator[Mapping[str, Any]]:
    tree = FakeTree(folder)
    for name in ("BAT0", "BAT1"):
        tree.battery(name, {"status": "Discharging", "voltage_now": 11_850_000, "power_now": 7_000_000})
    yield {"folder": folder, "file": folder / "sys/class/power_supply/BAT1/power_now"}


@contextmanager
def estimated(folder: Path) -> Iterator[Mapping[str, Any]]:
    yield {"folder": folder}


@contextmanager
def sensor(folder: Path) -> Iterator[Mapping[str, Any]]:
    """An INA219 behind the kernel's driver, at a root that the class is given by its module."""
    from powermeter.drivers import hwmon

    parent = folder / "devices/1-0040"
    device = parent / "hwmon/hwmon0"
    device.mkdir(parents=True, exist_ok=True)
    for name, value in {
        "name": "ina219",
        "in1_input": 5100,
        "curr1_input": 2500,
        "shunt_resistor": 10000,
    }.items():
        (device / name).write_text(f"{value}\n")
    for link, target in ((device / "device", parent), (folder / "hwmon0", device)):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    before, hwmon.Hwmon.__init__.__defaults__ = hwmon.Hwmon.__init__.__defaults__, (folder,)
    try:
        yield {"folder": folder, "file": device / "curr1_input"}
    finally:
        hwmon.Hwmon.__init__.__defaults__ = before


@contextmanager
def converter(folder: Path) -> Iterator[Mapping[str, Any]]:
    """An INA219 as an IIO device."""
    from powermeter.drivers import iio

    device = folder / "iio:device0"
    (device / "scan_elements").mkdir(parents=True, exist_ok=True)
    values = {
        "name": "ina219",
        "in_voltage0_raw": 1000,
        "in_voltage0_scale": 0.01,
        "in_voltage1_raw": 1250,
        "in_voltage1_scale": 4.0,
        "in_current3_raw": 250,
        "in_current3_scale": 1.0,
        "in_shunt_resistor": 0.1,
        "in_sampling_frequency": 939,
    }
    for name, value in values.items():
        (device / name).write_text(f"{value}\n")
    before, iio.IIO.__init__.__defaults__ = iio.IIO.__init__.__defaults__, (folder, folder / "dev")
    try:
        yield {"folder": folder, "file": device / "in_voltage0_raw"}
    finally:
        iio.IIO.__init__.__defaults__ = before


@contextmanager
def jetson(folder: Path) -> Iterator[Mapping[str, Any]]:
    tree = FakeTree(folder)
    tree.device_tree("NVIDIA Jetson", "nvidia,p0000 nvidia,tegra234")
    rails = [
        FakeRail("VDD_IN", 5032, 960),
        FakeRail("VDD_CPU_GPU_CV", 5032, 96),
        FakeRail("VDD_SOC", 5032, 280),
    ]
    base = tree.hwmon_chip("1-0040", rails)
    yield {"folder": folder, "file": base / "curr1_input"}


@contextmanager
def jtop(folder: Path) -> Iterator[Mapping[str, Any]]:
    entry = {"volt": 5032, "curr": 96, "power": 483, "warn": 32760, "crit": 32760, "online": True}
    power = {"rail": {"VDD_IN": entry}, "tot": {"power": 483, "name": "VDD_IN"}}
    fake = FakeJtop()
    original = fake.jtop

    class Sending(original):  # type: ignore[misc, valid-type]
        """Sends at once and again every 50 ms, as the service does."""

        def start(self) -> None:
            self.ended = threading.Event()
            self.send(power)
            self.thread = threading.Thread(target=self.go_on, daemon=True)
            self.thread.start()

        def go_on(self) -> None:
            while not self.ended.wait(0.05):
                self.send(power)

        def close(self) -> None:
            self.ended.set()
            self.thread.join()
            super().close()

    fake.jtop = Sending
    with modules(jtop=fake):
        yield {"folder": folder}


@contextmanager
def nvml(folder: Path) -> Iterator[Mapping[str, Any]]:
    fake = FakeNvml(dict(H100))
    with modules(pynvml=fake):
        yield {"folder": folder, "fake": fake}


@contextmanager
def joulescope(folder: Path) -> Iterator[Mapping[str, Any]]:
    class Sending(FakeDriver):
        """Sends 10 ms of both signals every 10 ms once they are switched on."""

        def publish(self, topic: str, value: Any) -> None:
            super().publish(topic, value)
            if topic.endswith("v/ctrl") and value == "on":
                self.ended = threading.Event()
                self.thread = threading.Thread(target=self.go_on, daemon=True)
                self.thread.start()

        def go_on(self) -> None:
            at = 0
            while not self.ended.wait(0.01):
                for signal, value in (("s/i", 0.5), ("s/v", 5.0)):
                    self.send(signal, at, np.full(100, value, np.float32))
                at += 100

        def unsubscribe(self, topic: str, handler: Any) -> None:
            self.ended.set()
            self.thread.join()
            super().unsubscribe(topic, handler)

    module = ModuleType("pyjoulescope_driver")
    module.Driver = Sending  # type: ignore[attr-defined]
    with modules(pyjoulescope_driver=module):
        yield {"folder": folder}


@contextmanager
def yocto(folder: Path) -> Iterator[Mapping[str, Any]]:
    power = FakePower()
    api, classes = ModuleType("yoctopuce.yocto_api"), ModuleType("yoctopuce.yocto_power")
    api.YAPI = SimpleNamespace(  # type: ignore[attr-defined]
        RegisterHub=lambda hub, message: 0, SUCCESS=0, FreeAPI=lambda: None
    )
    api.YRefParam = lambda: SimpleNamespace(value="")  # type: ignore[attr-defined]
    classes.YPower = SimpleNamespace(  # type: ignore[attr-defined]
        FindPower=lambda name: power, FirstPower=lambda: power
    )
    with modules(yoctopuce=ModuleType("yoctopuce"), yoctopuce__yocto_api=api, yoctopuce__yocto_power=classes):
        yield {"folder": folder, "power": power}


@contextmanager
def over_the_air(folder: Path) -> Iterator[Mapping[str, Any]]:
    """A FNIRSI over Bluetooth LE that sends a segment every 50 ms once it is started."""
    from powermeter.drivers import fnirsi_ble

    body = bytes([4, 12]) + b"".join(value.to_bytes(4, "little") for value in (50_000, 4_000, 20_000))
    segment = b"\xaa" + body + bytes([fnirsi_ble.check_of(b"\xaa" + body)])

    class Sending(FakeClient):
        """Sends while it is connected."""

        async def write_gatt_char(self, name: str, data: bytes, response: bool) -> None:
            import asyncio

            if bytes(data) == fnirsi_ble.START:
                self.task = asyncio.ensure_future(self.go_on())

        async def go_on(self) -> None:
            import asyncio

            while True:
                self.handler(None, bytearray(segment))
                await asyncio.sleep(0.05)

        async def disconnect(self) -> None:
            self.task.cancel()

    Sending.offered = {0xFFE4, 0xFFE9}
    with modules(**{name.replace(".", "__"): module for name, module in bleak_of(Sending).items()}):
        yield {"folder": folder}


@contextmanager
def firmware(folder: Path) -> Iterator[Mapping[str, Any]]:
    rails = {"VDD_CORE": (1.5, 0.8), "3V3_SYS": (0.1, 3.3)}
    lines = [f"     {name}_A current({n})={amps:.8f}A" for n, (name, (amps, _)) in enumerate(rails.items())]
    lines += [
        f"     {name}_V volt({n + 8})={volts:.8f}V" for n, (name, (_, volts)) in enumerate(rails.items())
    ]
    lines.append("     EXT5V_V volt(24)=5.08530000V")
    (folder / "adc").write_text("\n".join(lines) + "\n")
    body = f'case "$1" in pmic_read_adc) cat {folder}/adc;; *) echo throttled=0x50005;; esac'
    yield {"folder": folder, "program": program(folder, "vcgencmd", body), "file": folder / "adc"}


@contextmanager
def apple(folder: Path) -> Iterator[Mapping[str, Any]]:
    block = (
        "*** Sampled system activity (Fri Nov 20 10:00:00 2026 +0100) (104.51ms elapsed) ***\n\n"
        "**** Processor usage ****\n\nCPU Power: 900 mW\nGPU Power: 20 mW\nANE Power: 0 mW\n"
        "Combined Power (CPU + GPU + ANE): 920 mW\n"
    )
    (folder / "block").write_text(block)
    body = f"while true; do cat {folder}/block; sleep 0.05; done"
    yield {"folder": folder, "program": program(folder, "powermetrics", body)}


@contextmanager
def nano(folder: Path) -> Iterator[Mapping[str, Any]]:
    line = (
        "04-27-2026 14:59:41 RAM 775/7620MB CPU [10%@729,30%@729,off] GR3D_FREQ 63%@[621] cpu@48.468C "
        "VDD_IN 4778mW/4778mW VDD_CPU_GPU_CV 515mW/501mW VDD_SOC 1428mW/1428mW"
    )
    body = f"while true; do echo '{line}'; sleep 0.1; done"
    yield {"folder": folder, "program": program(folder, "tegrastats", body)}


@contextmanager
def board(folder: Path) -> Iterator[Mapping[str, Any]]:
    """A stand-in for ssh, whose board is this machine."""
    first = folder / "bin"
    first.mkdir(exist_ok=True)
    (first / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (first / "python3").chmod(0o755)
    ssh = f"{sys.executable} {Path(__file__).with_name('fake_ssh.py')}"
    with mock.patch.dict(os.environ, {"POWERMETER_SSH": ssh, "FAKE_SSH_PYTHON": str(first)}):
        yield {"folder": folder}


@contextmanager
def counters(folder: Path) -> Iterator[Mapping[str, Any]]:
    tree = FakeTree(folder)
    tree.rapl_zone("intel-rapl:0", "package-0", 1_000_000)
    tree.rapl_zone("intel-rapl:0:0", "core", 600_000)
    yield {"folder": folder, "file": folder / "sys/class/powercap/intel-rapl:0:0/energy_uj"}


@contextmanager
def recorded(folder: Path) -> Iterator[Mapping[str, Any]]:
    path = folder / "old.power"
    with Writer.create(path, force=True) as writer:
        source = writer.add_source("x://", "x", "x", [Channel("power", Quantity.POWER, 1e-3)])
        times = np.arange(2000, dtype=np.int64) * 10_000_000
        writer.append(source, times, np.arange(2000, dtype=np.int64))
    yield {"folder": folder, "file": path}


@contextmanager
def listed(folder: Path) -> Iterator[Mapping[str, Any]]:
    path = folder / "readings.txt"
    path.write_text("+0s 6.3\n+0.001s 6.4\n")
    yield {"folder": folder, "file": path}
