"""`iio://iio:device0`: an INA2xx that the kernel's `ina2xx-adc` driver reads, with the kernel's time stamps.

Buffered capture needs leave to write a few settings (root); without it the values are read one by one
from sysfs and stamped here.  Voltage is `in_voltage1`, current is `in_voltage0` (the shunt) over the
shunt that is really there; the driver's own current and power files are left alone.
"""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason, plural
from powermeter.result.notes import Note, plain_notes
from powermeter.source import Address, Block, Found, Option, StreamingSource, now_ns
from powermeter.units import NS, parse_period

from .ina.layout import CHIPS
from .ina.options import OPTIONS as INA_OPTIONS
from .ina.options import SHUNT_OPTIONS, kelvin_off, shunt_limit
from .system.iio_record import Element, parse_type
from .system.sysfs import read_number, read_text, reason_of

ROOT = Path("/sys/bus/iio/devices")
DEVICES = Path("/dev")
SHUNT, BUS = "in_voltage0", "in_voltage1"
KNOWN = ("ina219", "ina220", "ina226", "ina230", "ina231")
BUFFER_LENGTH = 4096
SILENCE_PERIODS, SILENCE_S = 20, 0.5


class IIO(StreamingSource):
    """An INA2xx behind the kernel's IIO driver."""

    scheme = "iio"
    summary = "an INA219, 220, 226, 230 or 231 read by the kernel's ina2xx-adc, with its time stamps"
    example = "iio://iio:device0?shunt=0.1ohm"
    OPTIONS: ClassVar[dict[str, Option]] = {
        "interval": Option(parse_period, None, "how often to read where nothing is buffered: 10ms"),
        "mode": Option(str, "auto", "buffer, poll, or auto: buffered where it is allowed"),
        **SHUNT_OPTIONS,
        "conversion": INA_OPTIONS["conversion"],
        "averages": INA_OPTIONS["averages"],
    }

    def __init__(self, address: Address, root: Path = ROOT, devices: Path = DEVICES) -> None:
        super().__init__(address)
        if self.options["mode"] not in ("auto", "buffer", "poll"):
            raise ConfigurationError(f"{address}: option 'mode': choose buffer, poll or auto")
        self._root, self._devices = root, devices
        self._device: Path | None = None
        self._file: int | None = None
        self._elements: tuple[Element, Element, Element] | None = None
        self._record = 0
        self._rest = b""
        self._period_s = 0.01
        self._next_ns = self._heard_ns = 0
        self._warnings: list[Note] = []
        self._raw: list[Path] = []

    # Opening ----------------------------------------------------------------------------------

    def open(self) -> None:
        """Find the device, its scales and shunt, and start the buffer where that is allowed."""
        self.close()
        device = self._device = self._find()
        model = read_text(device / "name")
        if model not in KNOWN:
            raise OpenError(
                f"{device.name} is a {model or 'nameless device'}, not one of {', '.join(KNOWN)}",
                Reason.WRONG_DEVICE,
            )
        self.channels = tuple(self._channels(device, model))
        self._set(device)
        frequency = _number(device / "in_sampling_frequency") or _number(device / "sampling_frequency")
        self._period_s = 1.0 / frequency if frequency else 0.01
        mode = self.options["mode"]
        if mode != "poll":
            try:
                self._start_buffer(device)
            except OSError as error:
                self._stop_buffer()
                if mode == "buffer" or reason_of(error) is not Reason.PERMISSION:
                    raise OpenError(
                        f"{device.name}: the buffer cannot be started: {error.strerror}; "
                        "run as root, or use mode=poll",
                        reason_of(error),
                    ) from error
        if self._file is None:
            self._raw = [device / f"{BUS}_raw", device / f"{SHUNT}_raw"]
            self._period_s = self.options["interval"] or max(self._period_s, 0.01)
        self._next_ns = self._heard_ns = now_ns()

    def _find(self) -> Path:
        location = self.address.location
        devices = sorted(self._root.glob("iio:device*"), key=lambda path: (len(path.name), path.name))
        named = [
            device for device in devices if location in (device.name, str(device), read_text(device / "name"))
        ]
        if len(named) == 1:
            return named[0]
        there = ", ".join(f"{device.name} ({read_text(device / 'name')})" for device in devices) or "none"
        if named:
            raise ConfigurationError(
                f"{self.address} names {plural(len(named), 'device')}; choose one of {there}"
            )
        raise OpenError(f"no IIO device {location!r}; there are {there}", Reason.ABSENT)

    def _set(self, device: Path) -> None:
        """Write conversion time and averages where they were asked for."""
        wanted = [(f"{name}_integration_time", self.options["conversion"]) for name in (SHUNT, BUS)]
        wanted.append(("in_oversampling_ratio", self.options["averages"]))
        for name, value in wanted:
            if value is None:
                continue
            try:
                _write(device / name, f"{value:g}" if isinstance(value, int) else f"{value:.6f}")
            except OSError as error:
                raise OpenError(
                    f"{device / name} cannot be set to {value}: {error.strerror}; leave the option out, or run as root",
                    reason_of(error),
                ) from error

    def _channels(self, device: Path, model: str) -> list[Channel]:
        options = self.options
        scales = [_number(device / f"{name}_scale") for name in (BUS, SHUNT)]
        if None in scales:
            raise OpenError(f"{device.name}: no scale in {BUS}_scale or {SHUNT}_scale", Reason.BAD_DATA)
        driver_ohm = _number(device / "in_shunt_resistor")
        self._warnings = []
        shunt_ohm = options["shunt"][0] if options["shunt"] else driver_ohm
        if not shunt_ohm:
            raise ConfigurationError(f"{self.address} needs shunt=; read the marking of the shunt resistor")
        if not options["shunt"]:
            text = f"the kernel's shunt of {shunt_ohm:g} ohm is used; if the resistor is marked otherwise, set shunt="
            self._warnings.append(Note.warning("kernel-shunt", text))
        data = CHIPS[model][1]
        span_k, tolerance = kelvin_off(options), shunt_limit(options)
        typical = options["accuracy"] == "typical"
        name = (options["rails"] or [f"{model}_{device.name.removeprefix('iio:')}"])[0]
        rail = Rail(name, None, options["boundary"][0], "what flows through the shunt")
        volts, amps = (scale * 1e-3 for scale in scales if scale is not None)
        coarse = 8 if model in ("ina219", "ina220") else 1
        limits, bus_limits = (next(iter(d.values())) for d in (data.shunt_limits, data.bus_limits))
        return [
            Channel(
                f"{name.lower()}.voltage",
                Quantity.VOLTAGE,
                volts,
                rail,
                Kind.INSTANT,
                accuracy=bus_limits.accuracy(typical=typical, span_k=span_k, unit_per_input=1.0, step=volts),
            ),
            Channel(
                f"{name.lower()}.current",
                Quantity.CURRENT,
                amps / shunt_ohm,
                rail,
                Kind.INSTANT,
                accuracy=limits.accuracy(
                    typical=typical,
                    span_k=span_k,
                    unit_per_input=1 / shunt_ohm,
                    step=coarse * amps / shunt_ohm,
                    tolerance=tolerance,
                ),
            ),
        ]

    def _start_buffer(self, device: Path) -> None:
        scan = device / "scan_elements"
        _write(device / "buffer/enable", "0")
        for path in scan.glob("*_en"):
            _write(path, "1" if path.name in (f"{SHUNT}_en", f"{BUS}_en", "in_timestamp_en") else "0")
        _write(device / "current_timestamp_clock", "monotonic")
        _write(device / "buffer/length", str(BUFFER_LENGTH))
        offset = 0
        shunt, offset = parse_type(read_text(scan / f"{SHUNT}_type"), offset, signed=True)
        bus, offset = parse_type(read_text(scan / f"{BUS}_type"), offset)
        stamp, offset = parse_type(read_text(scan / "in_timestamp_type"), offset)
        self._elements, self._record, self._rest = (bus, shunt, stamp), offset, b""
        _write(device / "buffer/enable", "1")
        self._file = os.open(self._devices / device.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def _stop_buffer(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._elements is not None and self._device is not None:
            self._elements = None
            try:
                _write(self._device / "buffer/enable", "0")
            except OSError:
                return

    def close(self) -> None:
        """Stop the buffer."""
        self._stop_buffer()

    def info(self) -> dict[str, Any]:
        """Return the device, how it is read, and what to be warned of."""
        assert self._device is not None
        return {
            "model": read_text(self._device / "name"),
            "device": self._device.name,
            "mode": "poll" if self._file is None else "buffer",
            "stamps": "host" if self._file is None else "kernel",
            "rate_hz": 1 / self._period_s,
            "shunt_ohm_of_driver": _number(self._device / "in_shunt_resistor"),
            "warnings": list(map(str, self._warnings)),
            "remarks": plain_notes(self._warnings),
        }

    # Reading ----------------------------------------------------------------------------------

    def read_block(self, timeout_s: float) -> Block | None:
        """Return the records that have arrived, or one polled row."""
        rows = self._polled(timeout_s) if self._file is None else self._buffered(timeout_s)
        if not rows:
            silent_s = (now_ns() - self._heard_ns) / NS
            if silent_s > max(SILENCE_S, SILENCE_PERIODS * self._period_s):
                raise ReadError(f"{self.name}: the kernel has given nothing for {silent_s:.1f} s")
            return None
        import numpy as np

        self._heard_ns = now_ns()
        times = np.array([row[0] for row in rows], np.int64)
        codes = np.array([row[1:] for row in rows], np.int64)
        return Block(np.maximum.accumulate(times), codes)

    def _buffered(self, timeout_s: float) -> list[tuple[int, int, int]]:
        assert self._file is not None and self._elements is not None
        if not select.select([self._file], [], [], timeout_s)[0]:
            return []
        try:
            data = self._rest + os.read(self._file, self._record * BUFFER_LENGTH)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ReadError(f"{self.name}: {error.strerror}", reason_of(error)) from error
        whole = len(data) // self._record * self._record
        self._rest = data[whole:]
        bus, shunt, stamp = self._elements
        return [
            (stamp.decode(record), bus.decode(record), shunt.decode(record))
            for record in (data[i : i + self._record] for i in range(0, whole, self._record))
        ]

    def _polled(self, timeout_s: float) -> list[tuple[int, int, int]]:
        wait_s = (self._next_ns - now_ns()) / NS
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return []
        if wait_s > 0:
            time.sleep(wait_s)
        self._next_ns = max(self._next_ns + round(self._period_s * NS), now_ns())
        before = now_ns()
        codes: list[int] = []
        for path in self._raw:
            code = read_number(path)
            if code is None:
                raise ReadError(f"{path} cannot be read; did the chip stop answering?")
            codes.append(code)
        return [((before + now_ns()) // 2, codes[0], codes[1])]

    @classmethod
    def discover(cls) -> list[Found]:
        """List the devices this source can read."""
        found: list[Found] = []
        for device in sorted(ROOT.glob("iio:device*")):
            model = read_text(device / "name")
            if model not in KNOWN:
                continue
            ohm = _number(device / "in_shunt_resistor") or 0.01
            frequency = _number(device / "in_sampling_frequency")
            found.append(
                Found(
                    f"iio://{device.name}",
                    f"{model} through the kernel's ina2xx-adc ({device.name})",
                    rails=(f"{model}_{device.name.removeprefix('iio:')}",),
                    rate_hz=frequency,
                    resolution_w=CHIPS[model][1].shunts[0].lsb / ohm * 5.0,
                    covers="what flows through its shunt",
                    certainty="likely",
                    remedy=f"the kernel computes with {ohm:g} ohm; add ?shunt= if the resistor differs",
                )
            )
        return found


def _number(path: Path) -> float | None:
    try:
        return float(read_text(path))
    except ValueError:
        return None


def _write(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
