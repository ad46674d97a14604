"""Imports recordings of Nordic's Power Profiler: its `.ppk2` files and its CSV export.

A `.ppk2` file is a ZIP of `session.raw` (six bytes a sample: microampere as float32, then two bits for
each logic input) and `metadata.json` (samples per second, start).  Only the current is measured; the
supply voltage is not in the file, so energy needs `--voltage`.  A logic input that rises and falls
becomes events on the current's own clock.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from array import array
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, plural
from powermeter.events import Event
from powermeter.importers.accuracies import PPK2_HIGH, PPK2_LOW
from powermeter.importers.columns import rows
from powermeter.importers.decimal_grid import float_or_nan, integer_codes
from powermeter.importers.files import MAX_BYTES, Peek, open_zip
from powermeter.importers.hole_limits import pauses
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.importers.stamps import axis, number_ns, regular
from powermeter.result.notes import Note
from powermeter.units import NS, format_short

PINS = 8
MAX_EVENTS = 200_000

_MICROAMPERE = 1e-6
_FRAME = np.dtype([("current", "<f4"), ("logic", ">u2")])
_MAX_RATE_HZ = 100_000
_MAX_JSON = 1 << 20
_RANGE_4_A = 50e-3
_MOST_UA = 1.2e6  # the PPK2 measures up to 1 A


class PPK2File(Importer):
    name = "ppk2"
    title = "a Power Profiler (PPK2) recording"
    counts_lines = True
    takes = frozenset({"voltage", "rate"})

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        if peek.head.startswith(b"PK\x03\x04"):
            return peek.path.suffix.lower() == ".ppk2" or b"session.raw" in peek.head
        return bool(peek.lines) and peek.lines[0].startswith(("Timestamp(ms),Current(uA)", "Current(uA)"))

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        if Peek.at(path).head.startswith(b"PK\x03\x04"):
            times, current, logic, clock, warnings = _read_session(path)
        else:
            times, current, logic, clock, warnings = _read_csv(path, choices)
        if not np.isfinite(current).any():
            raise DataError(f"{path}: no samples: none of its currents is a number")
        current = _within_range(path, current, warnings)
        if choices.voltage_v is None:
            warnings.append(
                Note.info(
                    "voltage-needed",
                    "no voltage in the file: energy needs the supply's, for example --voltage 3.3V",
                )
            )
        lost = int(np.isnan(current).sum())
        if lost:
            warnings.append(
                Note.warning(
                    "samples-lost",
                    f"{plural(lost, 'sample was', 'samples were')} lost by the recording program and {'is a missing value' if lost == 1 else 'are missing values'}",
                )
            )
        events = _events(times, logic)
        if len(events) >= MAX_EVENTS:
            warnings.append(
                Note.warning(
                    "events-left-out",
                    f"the logic inputs change too often: only the first {MAX_EVENTS} pulses became events",
                )
            )
        measured = _rows(times, current, logic, choices)
        measured.gaps.extend(pauses(times))
        if measured.gaps:
            lost_s = sum(gap.end_ns - gap.start_ns for gap in measured.gaps) / NS
            warnings.append(
                Note.warning(
                    "holes",
                    f"{plural(len(measured.gaps), 'hole')} without samples, together {format_short(lost_s, 4)} s: gaps, not measured",
                )
            )
        return Log(
            cls.name,
            clock,
            [measured],
            events[:MAX_EVENTS],
            warnings=warnings,
            external=True,
        )


def _within_range(path: Path, current: NDArray[Any], warnings: list[Note]) -> NDArray[Any]:
    """Return the currents with what the instrument cannot measure as missing values, counted.

    Raises:
        DataError: That is more than one in a hundred.
    """
    beyond = np.abs(current) > _MOST_UA
    count = int(beyond.sum())
    if not count:
        return current
    if count * 100 > len(current):
        raise DataError(
            f"{path}: {count} of {len(current)} currents are above {_MOST_UA / 1e6:g} A, which this instrument cannot "
            "measure; it is damaged"
        )
    places = ", ".join(str(row + 1) for row in np.flatnonzero(beyond)[:5].tolist())
    warnings.append(
        Note.warning(
            "implausible-values",
            f"{count} implausible samples (spikes above {_MOST_UA / 1e6:g} A, beyond the instrument's range) were left out "
            f"(samples {places})",
        )
    )
    return np.where(beyond, np.nan, current)


_Session = tuple[NDArray[np.int64], NDArray[Any], NDArray[np.uint8], str, list[Note]]


def _read_session(path: Path) -> _Session:
    try:
        with open_zip(path) as archive:
            text = _member(path, archive, "metadata.json", _MAX_JSON)
            raw = _member(path, archive, "session.raw", MAX_BYTES)
    except DataError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise DataError(f"{path}: the archive is damaged: {error}") from None
    try:
        document = json.loads(text)
    except ValueError:
        raise DataError(f"{path}: its metadata.json is not JSON") from None
    inner = document.get("metadata") if isinstance(document, dict) else None
    rate = inner.get("samplesPerSecond") if isinstance(inner, dict) else None
    if not isinstance(rate, (int, float)) or not 0 < rate <= _MAX_RATE_HZ:
        raise DataError(f"{path}: no usable samplesPerSecond in its metadata.json")
    count = len(raw) // _FRAME.itemsize
    if not count:
        raise DataError(f"{path}: no samples: session.raw is empty")
    frames = np.frombuffer(raw, _FRAME, count)
    begun = inner.get("startSystemTime") if isinstance(inner, dict) else None
    known = isinstance(begun, (int, float)) and 0 < begun < 4e12
    start = round(begun * 1e6) if known and begun is not None else 0
    times = start + np.rint((np.arange(count) + 1) * (NS / rate)).astype(np.int64)
    warnings = (
        [Note.warning("rows-left-out", "the last sample is cut and was left out")]
        if len(raw) % _FRAME.itemsize
        else []
    )
    return times, frames["current"], _pins(frames["logic"]), UTC if known else RELATIVE, warnings


def _member(path: Path, archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return one file of an archive, never more than its limit, whatever the archive states of its size."""
    if name not in archive.namelist():
        raise DataError(f"{path}: no {name} in it; this is not a recording of the Power Profiler")
    with archive.open(name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"{path}: its {name} is larger than {limit >> 20} MiB; export a part of it as CSV")
    return data


def _pins(pairs: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the logic inputs as bits of a byte: two bits each, 10 is high, 01 low, 11 both within the sample."""
    byte = np.zeros(len(pairs), np.uint8)
    for pin in range(PINS):
        byte |= (((pairs >> (2 * pin + 1)) & 1) << pin).astype(np.uint8)
    return byte


def _read_csv(path: Path, choices: Choices) -> _Session:
    found = rows(path, ",")
    names = [name.strip() for name in next(found, (0, []))[1]]
    if "Current(uA)" not in names:
        raise DataError(f"{path}: exported without Current(uA); export it again with it")
    stamp_at = names.index("Timestamp(ms)") if "Timestamp(ms)" in names else -1
    current_at = names.index("Current(uA)")
    if stamp_at < 0 and choices.period_s is None:
        raise ConfigurationError(
            f"{path}: exported without Timestamp(ms); state how often it was sampled with --rate, for example --rate 100kHz"
        )
    word_at = names.index("D0-D7") if "D0-D7" in names else None
    bit_at = [names.index(f"D{pin}") for pin in range(PINS) if f"D{pin}" in names]
    stamps: list[int | None] = []
    current: array[float] = array("d")
    logic: array[int] = array("B")
    short = 0
    for _, fields in islice(found, MAX_BYTES):
        if len(fields) <= max(stamp_at, current_at):
            short += 1
            continue
        stamps.append(number_ns(fields[stamp_at], 1_000_000) if stamp_at >= 0 else None)
        current.append(float_or_nan(fields[current_at]))
        if word_at is not None:
            states = fields[word_at][:PINS] if len(fields) > word_at else ""
        else:
            states = "".join(fields[i][:1] if len(fields) > i else "-" for i in bit_at)
        logic.append(sum(1 << pin for pin, state in enumerate(states) if state in ("1", "X")))
    if not stamps:
        raise DataError(f"{path}: no samples: the header has no rows under it")
    if short * 10 > len(stamps):
        raise DataError(
            f"{path}: {short} of {plural(short + len(stamps), 'row')} are cut; this is not the format it looks like"
        )
    measured = (
        axis(stamps, str(path), holes=False)
        if stamp_at >= 0
        else regular(len(stamps), choices.period_s or 1.0)
    )
    warnings = measured.warnings + (
        [Note.warning("rows-left-out", f"{short} cut rows were left out")] if short else []
    )
    return (
        measured.times_ns,
        np.frombuffer(current, np.float64)[measured.kept],
        np.frombuffer(logic, np.uint8)[measured.kept],
        RELATIVE,
        warnings,
    )


def _rows(
    times: NDArray[np.int64], current: NDArray[Any], logic: NDArray[np.uint8], choices: Choices
) -> LogRows:
    rail = Rail(
        "supply", None, Boundary.BOARD, "what the Power Profiler feeds or measures", choices.voltage_v
    )
    codes, scale = integer_codes(current)
    typical = float(np.nanmedian(np.abs(current))) * _MICROAMPERE
    channels = [
        Channel(
            "supply.current",
            Quantity.CURRENT,
            float(f"{scale * _MICROAMPERE:.17g}"),
            rail,
            Kind.MEAN,
            accuracy=PPK2_HIGH if typical > _RANGE_4_A else PPK2_LOW,
        )
    ]
    columns = [codes]
    if len(np.unique(logic)) > 1:
        channels.append(Channel("logic", Quantity.MARKER, 1.0))
        columns.append(logic.astype(np.int64))
    return LogRows("PPK2", tuple(channels), times, columns)


def _events(times: NDArray[np.int64], logic: NDArray[np.uint8]) -> list[Event]:
    """Return an event for each stretch that a logic input is high; a pin that never changes makes none."""
    events: list[Event] = []
    if len(times) < 2:
        return events
    for pin in range(PINS):
        high = (logic >> pin) & 1
        edges = np.flatnonzero(np.diff(high)) + 1
        if not len(edges):
            continue
        bounds = (
            np.concatenate(([0], edges, [len(high) - 1]))
            if high[0]
            else np.concatenate((edges, [len(high) - 1]))
        )
        for begin, end in zip(bounds[::2], bounds[1::2], strict=False):
            events.append(Event(f"D{pin}", int(times[begin]), int(times[end])))
            if len(events) >= MAX_EVENTS:
                return events
    return sorted(events, key=lambda event: event.start_ns)
