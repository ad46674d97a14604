"""What takes apart input of strangers that is not a recording, in groups: frames of meters, URLs, configurations, calibrations, logs.

The first byte chooses the target within a group.  Only our own errors may come out, and soon; what is put together again must be
what it was.
"""

from __future__ import annotations

import os
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from powermeter import importers, registry, units
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.stages import parse_stage
from powermeter.calibration import store
from powermeter.cli import configuration
from powermeter.drivers import (
    avhzy,
    fnirsi,
    fnirsi_ble,
    pmic,
    rdtech_tc66,
    scpi,
    smartpower3,
    witrn,
)
from powermeter.drivers.links.http import parse_host
from powermeter.drivers.links.link import parse_baud
from powermeter.drivers.meters import atorch_report, km003c_frames, line_columns, um_frame
from powermeter.drivers.meters.checksums import crc16_modbus
from powermeter.drivers.meters.logic_edges import parse_inputs
from powermeter.drivers.meters.ppk2_stream import parse_metadata
from powermeter.drivers.system import iio_record
from powermeter.drivers.system.firmware import unpack
from powermeter.errors import PowermeterError
from powermeter.footprint.charging import parse_chain
from powermeter.footprint.lifetime_options import parse_wanted
from powermeter.footprint.place import parse_place
from powermeter.platforms import powermetrics, tegrastats
from powermeter.signals.correction import Correction
from powermeter.source import Address

SLOW_S = 20.0
Target = Callable[[bytes], object]


def text(data: bytes) -> str:
    """Return bytes as text, whatever they are."""
    return data.decode("utf-8", "replace")


def tagged(data: bytes) -> bytes:
    """Return three blocks of a TC66 with their tags and checks."""
    data = data.ljust(168, b"\0")
    blocks = [tag + data[56 * i : 56 * i + 56] for i, tag in enumerate(rdtech_tc66.TAGS)]
    return b"".join(b + crc16_modbus(b).to_bytes(4, "little") for b in blocks)


def address(data: bytes) -> None:
    """A URL is taken apart and put together again."""
    found = Address.parse(text(data))
    assert Address.parse(str(found)) == found


def driver(data: bytes) -> None:
    """A driver takes its URL; nothing is opened."""
    found = Address.parse(text(data))
    if found.scheme in registry.DRIVERS:
        registry.driver_class(found.scheme)(found)


def configured(data: bytes) -> None:
    """A powermeter.toml, a pyproject.toml and each verb's defaults of it."""
    with tempfile.TemporaryDirectory(dir=WHERE) as folder:
        path = Path(folder) / ("powermeter.toml" if data[:1] < b"\x80" else "pyproject.toml")
        path.write_bytes(data[1:])
        with mock.patch.dict(os.environ, {configuration.ENVIRONMENT: str(path)}):
            found = configuration.find()
        for verb in found.verbs:
            found.defaults(verb, registry.load(registry.VERBS[verb]))


def calibrated(data: bytes) -> None:
    """A calibration file; written again it is the same."""
    with tempfile.TemporaryDirectory(dir=WHERE) as folder:
        path = Path(folder) / "calibration.toml"
        path.write_bytes(data)
        found = store.read(path)
        path.write_text(store.to_toml(found))
        assert store.to_toml(store.read(path)) == store.to_toml(found)


def log(name: str) -> Target:
    """Return a target that reads a log of a name."""

    def read(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=WHERE) as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            found = importers.open_log(path)
            for rows in found.sources:
                for _ in rows.blocks():
                    pass

    return read


WHERE = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True)
class Group:
    """Targets that are fuzzed together, each with a sound example."""

    targets: tuple[tuple[Target, bytes], ...]

    def one(self, data: bytes) -> None:
        """Run one input.

        Raises:
            AssertionError: It takes too long, or is not what it was.
        """
        if not data:
            return
        started = time.thread_time()
        try:
            self.targets[data[0] % len(self.targets)][0](data[1:])
        except PowermeterError:
            pass
        assert time.thread_time() - started < SLOW_S, "it takes too long"

    def seeds(self, folder: Path) -> None:
        """Write one sound example of each target."""
        for position, (_, example) in enumerate(self.targets):
            (folder / f"seed{position}").write_bytes(bytes([position]) + example)


CALIBRATION = store.to_toml([Correction("v", (0.0, 1.01), ((1e-6, 0.0), (0.0, 1e-6)), 0.0, 5.0)]).encode()
GROUPS = {
    "frames": Group(
        (
            (avhzy.decode, struct.pack("<5f", 5.0, 1.0, 5.0, 0.6, 0.6)),
            (lambda data: rdtech_tc66.decode_plain(tagged(data)), bytes(180)),
            (km003c_frames.decode, bytes.fromhex("410004020100000b") + bytes(44)),
            (km003c_frames.decode_queue, bytes.fromhex("4100040202000013") + bytes(60)),
            (witrn.decode, bytes.fromhex("ff55") + bytes(62)),
            (lambda data: um_frame.decode(data, check=False), bytes.fromhex("0963") + bytes(128)),
            (
                smartpower3.decode,
                b"0000001000,05000,1000,5000,0,05000,1000,5000,0,0,05000,1000,5000,0,0,ab,cd\r\n",
            ),
            (atorch_report.decode, bytes.fromhex("ff550103") + bytes(32)),
            (fnirsi.decode, bytes.fromhex("aa04") + bytes(62)),
            (
                lambda data: fnirsi_ble.decode(data + bytes([fnirsi_ble.check_of(data)])),
                bytes.fromhex("aa040ccb170300824e000069370600"),
            ),
            (lambda data: parse_metadata(text(data)), b"Calibrated: 0\nR0: 1003.3\nR1: 101.6\nHW: 9173\nEND"),
            (
                lambda data: unpack(data.ljust(4124, b"\0")),
                (16).to_bytes(4, "little") + b"volt=5.0V\x00" + bytes(8),
            ),
            (lambda data: pmic.parse_adc(text(data)), b"     3V7_WL_SW_A current(0)=0.08880190A\n"),
            (lambda data: pmic.parse_throttled(text(data)), b"throttled=0x50000"),
            (lambda data: iio_record.parse_type(text(data), 0), b"le:s16/16>>0"),
            (lambda data: line_columns.parse_columns(text(data), keyed=False), b"t_ms,mV,mA"),
            (lambda data: line_columns.parse_number(text(data)), b"-1.5e-3 mA"),
            (lambda data: scpi.parse_number(text(data)), b"+1.23456E+00"),
            (
                lambda data: tegrastats.parse_line(text(data)),
                b"06-25-2025 09:43:11 RAM 1/2MB CPU [1%@102,off] GPU@37.5C VDD_IN 5000mW/5000mW",
            ),
            (lambda data: powermetrics.parse_power(text(data)), b"CPU Power: 1020 mW"),
            (
                lambda data: powermetrics.parse_block(text(data)),
                b"*** Sampled system activity (1000.5ms elapsed) ***",
            ),
        )
    ),
    "urls": Group(
        (
            (address, b"ina219://1/0x40?shunt=0.1ohm&rail=VIN"),
            (driver, b"ina226://1/0x40?shunt=0.1ohm&rate=1kHz"),
            (driver, b"virtual://?shape=sine&high=5W&fault=stall@2s"),
            (driver, b"scpi://192.168.1.7:5025?measure=voltage,current"),
            (driver, b"lines:///dev/ttyACM0?columns=t_ms,V&baud=115200"),
            (lambda data: units.parse_quantity(text(data), "V"), b"3.3mV"),
            (lambda data: units.parse_duration(text(data)), b"1h30m"),
            (lambda data: units.parse_period(text(data)), b"10ms"),
            (lambda data: units.parse_rate(text(data)), b"1kHz"),
            (lambda data: parse_host(text(data), "shelly"), b"[fe80::1]:80"),
            (lambda data: parse_baud(text(data)), b"115200"),
            (lambda data: parse_inputs(text(data)), b"D0:infer,D3:radio"),
            (lambda data: parse_battery(text(data)), b"4Ah@3.85V"),
            (lambda data: parse_stage(text(data), parse_battery("4Ah")), b"sleep:9ms@1mA"),
            (lambda data: parse_place(text(data)), b"USA-CA"),
            (lambda data: parse_chain(text(data)), b"0.8"),
            (lambda data: parse_wanted(text(data)), b"2,5y"),
        )
    ),
    "configuration": Group(
        (
            (configured, b' place = "FRA"\n[record]\nduration = "5s"\n[sources]\nboard = "virtual://"\n'),
            (configured, b'\x80[tool.powermeter]\nbattery = "4Ah"\n[tool.powermeter.show]\nby = ["a"]\n'),
        )
    ),
    "calibration": Group(((calibrated, CALIBRATION), (calibrated, CALIBRATION * 2))),
    "logs": Group(
        (
            (log("a.csv"), b"Timestamp (s),Power (mW)\n0.0,1000\n0.1,1007\n0.2,1014\n"),
            (log("a.csv"), b"time;volts;amps\n1,0;5,0;0,1\n1,1;5,0;0,2\n1,2;5,0;0,3\n"),
            (
                log("a.csv"),
                b"timestamp, index, power.draw [W]\n2026/07/15 01:00:00.000, 0, 10.00 W\n2026/07/15 01:00:01.000, 0, 11.00 W\n",
            ),
            (log("a.log"), b"06-25-2025 09:43:11 RAM 1/2MB CPU [1%@102] VDD_IN 5000mW/5000mW\n" * 3),
            (log("a.json"), b'[{"time": 1.0, "power_w": 2.0}, {"time": 2.0, "power_w": 2.5}]'),
            (log("a.jsonl"), b'{"time": 1.0, "power_w": 2.0}\n{"time": 2.0, "power_w": 2.5}\n'),
            (
                log("a.txt"),
                b"Time,07-26-2022 07:05:21.790,Watts,2.100000,Volts,249.9,Amps,-1.0,PF,0.4,Mark,x\n" * 3,
            ),
            (
                log("a.plist"),
                b'<?xml version="1.0"?><plist version="1.0"><dict><key>a</key><real>1</real></dict></plist>',
            ),
        )
    ),
}
