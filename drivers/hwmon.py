"""`hwmon://ina219-i2c-1-40`: a power sensor that a kernel driver reads, through its sysfs files.

The kernel's INA drivers compute with a shunt of 10 mΩ unless the device tree reports otherwise; with a
0.1 Ω breakout all their currents are ten times too high.  `shunt=` names what is really there, and the
current is scaled by what the driver used.  Their power files are left alone: they lose the sign of
the current and, in 6.1, overflow 32 bits.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from powermeter.channel import MISSING, Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, OpenError, ReadError, Reason, plural
from powermeter.platforms.assumptions import assumed
from powermeter.result.notes import Note, plain_notes
from powermeter.source import Address, Found, Option, PolledSource, Row
from powermeter.units import NS, format_quantity

from .ina.layout import CHIPS
from .ina.options import OPTIONS as INA_OPTIONS
from .ina.options import SHUNT_OPTIONS, kelvin_off, shunt_limit
from .system.hwmon_coverage import Coverage, coverage, stands_for_a_power_supply
from .system.hwmon_rails import (
    DEFAULT_SHUNT_OHM,
    INA_RAILS,
    UNITS,
    HwmonRail,
    chip_name,
    find,
    rails_of,
    refresh_s,
)
from .system.sysfs import check_readable, read_text, reason_of

ROOT = Path("/sys/class/hwmon")
UNSTATED = Accuracy(gain=0.05, source=assumed("unstated"))

ORDER = (Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER, Quantity.ENERGY)


class Hwmon(PolledSource):
    """A power sensor behind a kernel driver."""

    scheme = "hwmon"
    summary = "any power sensor that Linux shows under /sys/class/hwmon"
    example = "hwmon://ina219-i2c-1-40?shunt=0.1ohm"
    OPTIONS: ClassVar[dict[str, Option]] = {**SHUNT_OPTIONS, "parents": INA_OPTIONS["parents"]}

    def __init__(self, address: Address, root: Path = ROOT) -> None:
        super().__init__(address)
        self._root = root
        self._device: Path | None = None
        self._rails: list[HwmonRail] = []
        self._files: list[tuple[int, str]] = []
        self._warnings: list[Note] = []
        self._folded: list[tuple[int, int, int]] = []
        self._refresh_s: float | None = None

    @property
    def period_ns(self) -> int:
        """What was asked for, or the driver's own refresh interval."""
        if self.options["rate"] or self.options["interval"] or not self._refresh_s:
            return super().period_ns
        return max(1_000_000, round(self._refresh_s * NS))

    def open(self) -> None:
        """Find the device and its rails, and keep their files open."""
        self.close()
        device = self._device = find(self.address.location, self._root)
        if stands_for_a_power_supply(device):
            raise OpenError(
                f"hwmon://{self.address.location} is a second view of a battery or a USB port; "
                "read a battery by power_supply://",
                Reason.WRONG_DEVICE,
            )
        self._rails = self._chosen(rails_of(device))
        self._refresh_s = refresh_s(device)
        if self._refresh_s and self.period_ns < self._refresh_s * NS * 0.9:
            self.stale_when_equal = True  # type: ignore[misc]  # a driver that repeats itself
        self._warnings = []
        self.channels = tuple(
            channel
            for position, rail in enumerate(self._rails)
            for channel in self._channels(device, position, rail)
        )
        paths = [rail.files[quantity] for rail in self._rails for quantity in ORDER if quantity in rail.files]
        for path in paths:
            check_readable(path, "let this user read it: sudo chmod a+r " + str(path))
        try:
            self._files = [(os.open(path, os.O_RDONLY | os.O_CLOEXEC), str(path)) for path in paths]
        except OSError as error:
            self.close()
            raise OpenError(f"{device}: {error.strerror}", reason_of(error)) from error
        self._note_folding(device)

    def _chosen(self, rails: list[HwmonRail]) -> list[HwmonRail]:
        if not rails:
            raise OpenError(f"hwmon://{self.address.location} measures no power", Reason.WRONG_DEVICE)
        names = self.options["rails"]
        if names is None:
            return rails
        if len(names) > len(rails):
            raise ConfigurationError(
                f"{self.address}: rails lists {len(names)} names for {plural(len(rails), 'rail')}"
            )
        return [
            replace(rail, name=name)
            for rail, name in zip(rails, names, strict=False)
            if name not in ("", "-")
        ]

    def _channels(self, device: Path, position: int, rail: HwmonRail) -> list[Channel]:
        kernel_name = (self._device or device) / "name"
        model = kernel_name.read_text().strip()
        factor, shunt_ohm = self._correction(position, rail)
        line = self._line(model, position, rail)
        refresh = round(self._refresh_s * NS) if self._refresh_s else None
        found = []
        for quantity in ORDER:
            if quantity not in rail.files:
                continue
            scale = UNITS[quantity] * (1.0 if quantity is Quantity.VOLTAGE else factor)
            averaged = rail.files[quantity].name.endswith("_average")
            kind = Kind.COUNTER if quantity is Quantity.ENERGY else Kind.MEAN if averaged else Kind.INSTANT
            found.append(
                Channel(
                    f"{rail.name.lower()}.{quantity.value}",
                    quantity,
                    scale,
                    line,
                    kind,
                    accuracy=self._accuracy(model, quantity, scale, shunt_ohm),
                    refresh_ns=refresh,
                )
            )
        return found

    def _line(self, model: str, position: int, rail: HwmonRail) -> Rail:
        """Return the rail of some files: what the user states, else what its driver is known to cover."""
        known = coverage(model, rail.name)
        covers, boundary, parent = known.covers, known.boundary, known.parent
        if rail.driver_ohm is not None or model in INA_RAILS:
            covers, boundary, parent = "what flows through the shunt", Boundary.BOARD, ""
        if "boundary" in self.address.options:
            boundaries = self.options["boundary"]
            boundary = boundaries[min(position, len(boundaries) - 1)]
        if self.options["parents"]:
            parents = self.options["parents"]
            parent = parents[min(position, len(parents) - 1)]
        there = {other.name for other in self._rails}
        return Rail(rail.name, parent if parent in there else None, boundary, covers)

    def _correction(self, position: int, rail: HwmonRail) -> tuple[float, float | None]:
        """Return what a current is to be multiplied by, and the real shunt."""
        shunts = self.options["shunt"]
        if rail.driver_ohm is None:
            if shunts is not None:
                raise ConfigurationError(
                    f"{self.address}: this sensor has no shunt to correct; leave out shunt="
                )
            return 1.0, None
        if shunts is None:
            shown = "" if rail.written else ", its default, which it does not show"
            text = (
                f"{rail.name}: the kernel computes with {format_quantity(rail.driver_ohm, 'ohm')}{shown}; if the "
                "shunt resistor is marked otherwise, set shunt= (R100 is 0.1ohm)"
            )
            self._warnings.append(Note.warning("kernel-shunt", text))
            return 1.0, rail.driver_ohm
        real = shunts[min(position, len(shunts) - 1)]
        return rail.driver_ohm / real, real

    def _accuracy(self, model: str, quantity: Quantity, scale: float, shunt_ohm: float | None) -> Accuracy:
        options = self.options
        if model not in CHIPS:
            return replace(UNSTATED, step=scale)
        data = CHIPS[model][1]
        span_k = kelvin_off(options)
        tolerance = 0.0 if shunt_ohm is None else shunt_limit(options)
        per_input = 1.0 / shunt_ohm if shunt_ohm else 1.0
        known = next(iter(data.shunt_limits.values()))
        typical = options["accuracy"] == "typical"
        if quantity is Quantity.VOLTAGE:
            step = max(scale, data.buses[0].lsb)
            limits = next(iter(data.bus_limits.values()))
            return limits.accuracy(typical=typical, span_k=span_k, unit_per_input=1.0, step=step)
        # ina2xx sets an INA219 to its widest range, whose own step is eight register steps.
        coarse = 8 if model in ("ina219", "ina220") else 1
        step = max(scale, data.shunts[0].lsb * coarse * per_input) if quantity is Quantity.CURRENT else scale
        offset = per_input if quantity is Quantity.CURRENT else 0.0
        return known.accuracy(
            typical=typical, span_k=span_k, unit_per_input=offset, step=step, tolerance=tolerance
        )

    def _note_folding(self, device: Path) -> None:
        """Remember where ina238 lets a current overflow 32 bits: register × 80000 in kernel 6.1."""
        self._folded = []
        if (device / "name").read_text().strip() not in ("ina238", "ina237"):
            return
        path = device / "in0_input"
        if not path.exists():
            return
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._files.append((file, str(path)))
        ohm = self._rails[0].driver_ohm or DEFAULT_SHUNT_OHM
        span = round(2**32 / (4e6 * ohm))
        index = next(i for i, channel in enumerate(self.channels) if channel.quantity is Quantity.CURRENT)
        self._folded.append((index, len(self._files) - 1, span))

    def close(self) -> None:
        """Close the files."""
        files, self._files = self._files, []
        for file, _ in files:
            os.close(file)

    def info(self) -> dict[str, Any]:
        """Return the device, the shunts, and what to be warned of."""
        assert self._device is not None
        return {
            "model": (self._device / "name").read_text().strip(),
            "device": chip_name(self._device),
            "shunt_ohm_of_driver": [rail.driver_ohm for rail in self._rails],
            "refresh_s": self._refresh_s,
            "rate_hz": NS / self.period_ns,
            "warnings": list(map(str, self._warnings)),
            "remarks": plain_notes(self._warnings),
        }

    def sample(self) -> Row | None:
        """Read every file once."""
        row = [self._read(file, path) for file, path in self._files[: len(self.channels)]]
        for index, file, span in self._folded:
            code = row[index]
            if code != MISSING and abs(code) > 0.38 * span:
                shunt_mv = self._read(*self._files[file])
                if shunt_mv * code < 0:
                    row[index] = code + (span if shunt_mv > 0 else -span)
        return Row(row)

    def _read(self, file: int, path: str) -> int:
        try:
            return int(os.pread(file, 64, 0))
        except OSError as error:
            if error.errno == 61:  # ENODATA: this channel is switched off
                return MISSING
            reason = Reason.ABSENT if error.errno in (2, 19) else reason_of(error)
            raise ReadError(f"{path}: {error.strerror}", reason) from error
        except ValueError:
            raise ReadError(f"{path}: not a whole number", Reason.BAD_DATA) from None

    @classmethod
    def discover(cls) -> list[Found]:
        """List the devices that measure power; the Jetson's own rails are the `jetson` source's."""
        from .system.jetson_facts import is_jetson

        found = []
        for device in sorted(ROOT.glob("hwmon*")):
            rails = rails_of(device)
            name = chip_name(device)
            if not rails or (name.startswith("ina3221") and is_jetson()) or stands_for_a_power_supply(device):
                continue
            driver = read_text(device / "name")
            widest = min((coverage(driver, rail.name) for rail in rails), key=_width)
            ina = driver in INA_RAILS
            guessed = [rail for rail in rails if rail.driver_ohm is not None and not rail.written]
            refresh = refresh_s(device)
            ohm = rails[0].driver_ohm
            step = CHIPS[name.partition("-")[0]][1].shunts[0].lsb / ohm * 5.0 if ina and ohm else None
            found.append(
                Found(
                    f"hwmon://{name}",
                    f"{name} through the kernel's driver",
                    boundary=Boundary.BOARD if ina else widest.boundary,
                    rails=tuple(rail.name for rail in rails),
                    rate_hz=1 / refresh if refresh else None,
                    resolution_w=step,
                    covers="what flows through its shunt" if ina else widest.covers,
                    certainty="likely" if guessed else "sure",
                    remedy=""
                    if ohm is None
                    else f"the kernel computes with {format_quantity(ohm, 'ohm')}; add ?shunt= if the resistor differs",
                )
            )
        return found


def _width(known: Coverage) -> tuple[int, bool]:
    return tuple(Boundary).index(known.boundary), bool(known.parent)
