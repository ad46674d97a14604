"""Imports Monsoon PowerTool's recordings `.pt5` and `.pt4`: a header, a status packet, then samples of fixed length.

The samples hold currents in µA (16 bits and a coarse range in `.pt4`, 32 bits in `.pt5`) and one voltage.  Monsoon's
published reader of `.pt4` states offsets and scales; `.pt5` keeps them.  The header's own sums check what was read: a
voltage whose mean is not the header's is left out, and a current whose mean is not is refused.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import MISSING, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, plural
from powermeter.importers.accuracies import MONSOON
from powermeter.importers.files import Peek, read_all
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.result import Grade
from powermeter.result.notes import Note
from powermeter.units import NS, format_short

_STATUS, _SAMPLES = 272, 1024
_DATE, _MASK, _SUMS, _RATE = 28, 158, 176, _STATUS + 28
_STATUS_PACKET = 0x10
_CHANNELS = (("main", 0x1000), ("usb", 0x2000), ("aux", 0x4000))
_COARSE = 250
_MISSING = -32767  # 0x8001
_VOLT = (125e-6, 62.5e-6)
_MARKERS = 3
_AGREES = 0.02
_TICKS_1970 = 621_355_968_000_000_000  # .NET's 100 ns since the year 1


class MonsoonFile(Importer):
    name = "monsoon-pt"
    title = "a Monsoon PowerTool recording (.pt5, .pt4)"
    takes = frozenset({"voltage", "zone"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return (
            peek.path.suffix.lower() in (".pt5", ".pt4")
            and len(peek.head) > _SAMPLES
            and peek.head[_STATUS + 1] == _STATUS_PACKET
        )

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        wide = path.suffix.lower() == ".pt5"
        head = read_all(path)
        if len(head) < _SAMPLES or head[_STATUS + 1] != _STATUS_PACKET:
            raise DataError(f"{path}: no Monsoon recording: its status packet is absent")
        data = memoryview(head)[_SAMPLES:]
        mask, count, lost = struct.unpack_from("<HQQ", head, _MASK)
        rate = 1000.0 * head[_RATE]
        present = [name for name, bit in _CHANNELS if mask & bit]
        if not rate or not present:
            raise DataError(f"{path}: its header names no sampling rate or no channel; it is damaged")
        kind = np.dtype([*((name, "<i4" if wide else "<i2") for name in present), ("volt", "<u2")])
        frames = np.frombuffer(data, kind, len(data) // kind.itemsize)
        if not len(frames):
            raise DataError(f"{path}: no samples")
        warnings = []
        if count and count != len(frames):
            warnings.append(
                Note.warning(
                    "samples-lost", f"its header names {plural(count, 'sample')}, {len(frames)} are in it"
                )
            )
        sums = struct.unpack_from("<9f", head, _SUMS)
        known = max(1, count - lost) if count else 0
        start, is_utc = _start(head, choices)
        times = start + np.rint(np.arange(len(frames)) * (NS / rate)).astype(np.int64)
        channels: list[Channel] = []
        codes: list[NDArray[np.int64]] = []
        for place, name in enumerate(present):
            column = _current(frames[name], wide)
            missing = int((column == MISSING).sum())
            if missing:
                warnings.append(
                    Note.warning(
                        "samples-lost",
                        f"{name}: {plural(missing, 'sample was', 'samples were')} lost by the recording program and {'is a missing value' if missing == 1 else 'are missing values'}",
                    )
                )
            if name == "main" and known:
                _check_current(path, column, sums[1] / known)
            rail = Rail(
                name, None, Boundary.BOARD, f"what the Monsoon's {name} channel feeds", choices.voltage_v
            )
            channels.append(
                Channel(
                    f"{name}.current",
                    Quantity.CURRENT,
                    1e-6,
                    rail,
                    Kind.MEAN,
                    grade=Grade.MEASURED,
                    accuracy=MONSOON,
                )
            )
            codes.append(column)
            if place == 0 and name == "main":
                volts = _voltage(frames["volt"], sums[0] / known if known else None)
                if volts is not None:
                    raw, scale = volts
                    channels.append(
                        Channel(
                            "main.voltage",
                            Quantity.VOLTAGE,
                            scale,
                            rail,
                            Kind.MEAN,
                            grade=Grade.MEASURED,
                            accuracy=MONSOON,
                        )
                    )
                    codes.append(raw)
        if (
            not any(channel.quantity is Quantity.VOLTAGE for channel in channels)
            and choices.voltage_v is None
        ):
            warnings.append(
                Note.warning(
                    "voltage-left-out",
                    "its voltage does not agree with the header's mean and was left out: the charge is known, an energy needs "
                    "--voltage, for example --voltage 4.2V",
                )
            )
        rows = LogRows("Monsoon", tuple(channels), times, codes)
        log = Log(cls.name, UTC if is_utc else RELATIVE, [rows], warnings=warnings, external=True)
        log.facts["whole"] = {
            "rail": present[0],
            "why": "Monsoon's main output" if present[0] == "main" else "the only channel",
            "sum": False,
        }
        return log


def _start(head: bytes, choices: Choices) -> tuple[int, bool]:
    """Return when the capture began, and whether that is known in UTC."""
    raw = struct.unpack_from("<Q", head, _DATE)[0]
    ticks, kind = raw & (2**62 - 1), raw >> 62
    ns = (ticks - _TICKS_1970) * 100
    if not 0 < ns < 2**62:
        return 0, False
    if kind == 0 and choices.zone is not None:
        return choices.utc_ns(ns), True
    return ns, kind in (1, 2)


def _current(raw: NDArray[np.int32] | NDArray[np.int16], wide: bool) -> NDArray[np.int64]:
    """Return currents in µA."""
    lost = raw == _MISSING
    column = raw.astype(np.int64)
    if not wide:
        coarse = (column & 1) != 0
        column = np.where(coarse, (column & ~1) * _COARSE, column)
    return np.where(lost, MISSING, column)


def _check_current(path: Path, column: NDArray[np.int64], mean_ma: float) -> None:
    kept = column[column != MISSING]
    mean = float(kept.mean()) * 1e-3 if len(kept) else 0.0
    if np.isfinite(mean_ma) and abs(mean - mean_ma) > max(_AGREES * abs(mean_ma), 0.01):
        raise DataError(
            f"{path}: its currents have a mean of {format_short(mean, 4)} mA, its header states {format_short(mean_ma, 4)} mA: this version of the format is "
            "not known; export CSV from PowerTool and import that"
        )


def _voltage(raw: NDArray[np.uint16], mean_v: float | None) -> tuple[NDArray[np.int64], float] | None:
    """Return voltages and their scale, where their mean is the header's."""
    lost = raw == 0xFFFF
    column = np.where(lost, 0, raw & ~np.uint16(_MARKERS)).astype(np.int64)
    kept = column[~lost]
    if not len(kept) or mean_v is None or not mean_v > 0:
        return None
    for scale in _VOLT:
        if abs(float(kept.mean()) * scale - mean_v) <= _AGREES * mean_v:
            return np.where(lost, MISSING, column), scale
    return None
