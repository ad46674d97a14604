"""How every registered driver is opened without its instrument: the one table of cases."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from driver_settings import (
    NO_PORT,
    amd,
    apple,
    batteries,
    board,
    converter,
    counters,
    estimated,
    firmware,
    jetson,
    joulescope,
    jtop,
    listed,
    meter,
    nano,
    nvml,
    over_the_air,
    recorded,
    sensor,
    yocto,
)
from register_bus import IDS, READY, RegisterBus
from vendor_fakes import FakePower

from powermeter.events import now_ns
from powermeter.testing.contract import Case, Setting, nothing
from powermeter.testing.i2c_bus import StepClock
from powermeter.testing.i2c_chips import MODELS as SIMULATED


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
            bus = AlwaysReady({**IDS.get(scheme, {}), **READY[scheme]})
            bus.clock = StepClock(now_ns())  # what is stamped a day ago is refused
            return bus

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
