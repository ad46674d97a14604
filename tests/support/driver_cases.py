"""How every registered driver is opened without its instrument: the one table of cases."""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from register_bus import IDS, READY, RegisterBus
from vendor_fakes import H100, FakeClient, FakeDriver, FakeJtop, FakeNvml, FakePower

from powermeter.channel import Channel, Quantity
from powermeter.recording import Writer
from powermeter.testing.__main__ import METERS, port_for
from powermeter.testing.contract import Case, Setting, nothing, serving
from powermeter.testing.i2c_chips import MODELS as SIMULATED
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
    module = ModuleType("bleak")
    module.BleakClient, module.BleakError = Sending, RuntimeError  # type: ignore[attr-defined]
    with modules(bleak=module):
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


def plug(answers: Mapping[str, Any]) -> Setting:
    """Return a setting with a plug that answers over HTTP."""

    @contextmanager
    def running(folder: Path) -> Iterator[Mapping[str, Any]]:
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                answer = answers.get(self.path.partition("?")[0])
                body = json.dumps(answer or {}).encode()
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        server.timeout = 0.05
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                server.handle_request()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield {"folder": folder, "place": f"127.0.0.1:{server.server_port}"}
        finally:
            ended.set()
            thread.join(2.0)
            server.server_close()

    return running


SHELLY = {
    "/shelly": {
        "name": None,
        "id": "shellyplusplugs-1",
        "model": "SNPL",
        "gen": 2,
        "app": "PlusPlugS",
        "auth_en": False,
    },
    "/rpc/Switch.GetStatus": {
        "id": 0,
        "output": True,
        "apower": 12.3,
        "voltage": 231.0,
        "current": 0.06,
        "aenergy": {"total": 5.1},
    },
    "/rpc/Shelly.GetStatus": {
        "switch:0": {"id": 0, "apower": 12.3, "voltage": 231.0, "current": 0.06, "aenergy": {"total": 5.1}},
    },
}
TASMOTA = {
    "/cm": {
        "StatusSNS": {
            "Time": "2026-11-20T10:00:00",
            "ENERGY": {"Total": 11.6, "Power": 3, "Voltage": 231, "Current": 0.131},
        }
    },
}


def without(made: Mapping[str, Any]) -> None:
    """Make the file of one value disappear."""
    Path(made["file"]).unlink()


def no_reading(made: Mapping[str, Any]) -> None:
    """Have the card not answer for its energy."""
    made["fake"].cards[0]["instant"] = None


def no_counter(made: Mapping[str, Any]) -> None:
    """Have the sensor not know its counter."""
    made["power"].meter_wh = FakePower.METER_INVALID


@dataclass(frozen=True)
class MeterCase:
    """A simulated meter: its kind, its URL's scheme and options, and the rail that feeds the load."""

    kind: str
    scheme: str
    options: str = ""
    rail: str = "input"
    volts: float = 5.0
    tcp: bool = False

    def where(self, folder: Path) -> str:
        """Return where the meter is to be served."""
        return "127.0.0.1:0" if self.tcp else str(folder / self.kind)

    @property
    def case(self) -> Case:
        """The same as a case of the contract suite."""
        query = f"?{self.options}" if self.options else ""
        nowhere = "127.0.0.1:9" if self.tcp else NO_PORT
        setting = meter(self.kind, volts=self.volts, where="127.0.0.1:0" if self.tcp else "")
        return Case(
            self.scheme, f"{self.scheme}://{{port}}{query}", setting, f"{self.scheme}://{nowhere}{query}"
        )


METER_CASES: tuple[MeterCase, ...] = (
    MeterCase("um24c", "um24c"),
    MeterCase("um25c", "um25c"),
    MeterCase("um34c", "um34c"),
    MeterCase("tc66", "tc66"),
    MeterCase("km003c", "km003c"),
    MeterCase("avhzy", "avhzy", "rate=20Hz"),
    MeterCase("atorch", "atorch"),
    MeterCase("j7c", "atorch"),
    MeterCase("smartpower3", "smartpower3", rail="out0"),
    MeterCase("lines", "lines", "columns=t_us,mV,mA&check=xor&gain=1%"),
    MeterCase("scpi", "scpi", tcp=True),
    MeterCase("korad", "korad"),
    MeterCase("fnirsi", "fnirsi"),
    MeterCase("witrn", "witrn"),
    MeterCase("ppk2", "ppk2", "mode=source&voltage=3.3V", volts=3.3),
)
"""Meters that are simulated down to their port."""


def virtual_chip(scheme: str) -> Case:
    """Return the case of a chip of the INA family, on the simulated bus where there is such a chip."""
    inside = scheme in ("ina260", "ina700", "ina740", "ina745", "ina780")
    query = "" if inside else "?shunt=10mohm"
    bus, setting = ("virtual", nothing) if scheme in SIMULATED else ("1", registers(scheme))
    return Case(scheme, f"{scheme}://{bus}/0x40{query}", setting, f"{scheme}://77/0x40{query}")


def registers(scheme: str) -> Setting:
    """Return a setting with a bus whose registers stand still, as one just converted."""

    @contextmanager
    def running(folder: Path) -> Iterator[Mapping[str, Any]]:
        from powermeter.drivers.ina import source

        class AlwaysReady(RegisterBus):
            """A chip whose ready flag stays up whatever is written beside it."""

            def write_word_data(self, i2c_addr: int, register: int, value: int) -> None:
                super().write_word_data(i2c_addr, register, value)
                self.registers[register] |= READY[scheme].get(register, 0)

        def opener(name: str, placements: Any) -> Any:
            if name != "1":
                return before(name, placements)
            return AlwaysReady({**IDS.get(scheme, {}), **READY[scheme]})

        before, source.open_bus_of = source.open_bus_of, opener
        try:
            yield {"folder": folder}
        finally:
            source.open_bus_of = before

    return running


@contextmanager
def two_chips(folder: Path) -> Iterator[Mapping[str, Any]]:
    path = folder / "rails.toml"
    path.write_text(
        "".join(
            f'[[chip]]\nmodel = "ina226"\nbus = "virtual"\naddress = {address}\n'
            f'[[chip.rail]]\nname = "{name}"\nshunt = "10mohm"\n'
            for address, name in ((0x40, "board"), (0x41, "usb"))
        )
    )
    yield {"folder": folder, "file": path}


CASES: tuple[Case, ...] = (
    Case("amd", "amd://?root={folder}", amd, "amd://?root={folder}/nowhere", without),
    Case("estimate", "estimate://?tdp=15W", estimated),
    Case("fnirsi-ble", "fnirsi-ble://00:11:22:33:44:55", over_the_air),
    Case("hwmon", "hwmon://ina219-i2c-1-40?shunt=0.1ohm", sensor, "hwmon://ina226"),
    Case("iio", "iio://iio:device0?mode=poll&shunt=0.1ohm", converter, "iio://iio:device9", without),
    Case("ina", "ina://{file}", two_chips),
    *(
        virtual_chip(f"ina{n}")
        for n in (219, 220, 226, 228, 230, 231, 234, 236, 237, 238, 260, 3221, 700, 740, 745, 780)
    ),
    Case("jetson", "jetson://?root={folder}", jetson, "jetson://?root={folder}/nowhere", without),
    Case("joulescope", "joulescope://?rate=10kHz", joulescope),
    Case("jtop", "jtop://?root={folder}", jtop),
    MeterCase("km003c", "km003c-stream").case,
    Case("manual", "manual://{file}?unit=W&step=0.1W", listed, "manual://{folder}/nowhere.txt"),
    Case("nvml", "nvml://", nvml, lose=no_reading),
    Case("pmic", "pmic://?program={program}", firmware, "pmic://?program={folder}/nowhere", without),
    Case(
        "power_supply", "power_supply://?root={folder}", batteries, "power_supply://?root={folder}/x", without
    ),
    Case(
        "powermetrics", "powermetrics://?program={program}", apple, "powermetrics://?program={folder}/nowhere"
    ),
    Case("rapl", "rapl://?root={folder}", counters, "rapl://?root={folder}/nowhere", without),
    Case("replay", "replay://{file}", recorded, "replay://{folder}/nowhere.power"),
    Case("shelly", "shelly://{place}", plug(SHELLY), "shelly://127.0.0.1:9"),
    Case(
        "ssh",
        "ssh://board?source=virtual://%3Frate%3D100Hz",
        board,
        "ssh://board?source=hwmon://nothing%3Froot%3D%2Fnowhere",
    ),
    Case("tasmota", "tasmota://{place}", plug(TASMOTA), "tasmota://127.0.0.1:9"),
    Case(
        "tegrastats",
        "tegrastats://?program={program}&interval=100ms&root={folder}",
        nano,
        "tegrastats://?program={folder}/nowhere&root={folder}",
    ),
    Case("throttled", "throttled://?program={program}", firmware, "throttled://?program={folder}/nowhere"),
    Case("virtual", "virtual://?rate=100Hz", nothing, "virtual://?fault=absent"),
    *(one.case for one in METER_CASES if one.kind != "j7c"),
    Case("yocto", "yocto://YWATTMK1-1", yocto, lose=no_counter),
)
"""One for each scheme of `powermeter.registry.DRIVERS`."""

NEEDS = {"tc66": "cryptography"}
"""Drivers whose simulated meter needs a library that is an extra."""


def missing_library(case: Case) -> str:
    """Return the library that a case needs and that is not here, or nothing."""
    name = NEEDS.get(case.scheme, "")
    return name if name and find_spec(name) is None else ""
