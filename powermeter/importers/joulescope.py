"""Imports Joulescope recordings (JLS version 2) through the instrument maker's own reader, `pyjls`.

Signals are float32 at one rate; a sample is the mean over its interval.  Codes give back the very
floats.  `pyjls` is a C library: files whose checksums fail are refused before it sees their samples.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, NotInstalledError
from powermeter.importers.files import MAX_BYTES, Peek
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, Rows
from powermeter.importers.numbers import integer_codes
from powermeter.units import NS

MAGIC = b"jlsfmt\r\n \n \x1a  \xb2\x1c"
MAX_SAMPLES = 200_000_000

_BLOCK = 1 << 20
_FLOAT32 = 0x2004  # data type word: float, 32 bits
_EPOCH_NS = round(datetime(2018, 1, 1, tzinfo=timezone.utc).timestamp()) * NS  # JLS counts 2^-30 s from here
_RAIL = Rail("supply", None, Boundary.BOARD, "what the Joulescope feeds")
_SIGNALS = {
    ("current", "A"): ("supply.current", Quantity.CURRENT),
    ("voltage", "V"): ("supply.voltage", Quantity.VOLTAGE),
    ("power", "W"): ("supply.power", Quantity.POWER),
}


class JoulescopeFile(Importer):
    name = "joulescope"
    title = "a Joulescope recording (JLS)"

    @classmethod
    def recognises(cls, peek: Peek) -> bool:
        return peek.head.startswith(MAGIC)

    @classmethod
    def read(cls, path: Path, choices: Choices) -> Log:
        with path.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise DataError(f"{path}: no JLS file of version 2; if it is packed, unpack it first")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: more than {MAX_BYTES >> 20} MiB; cut it and import the parts")
        try:
            from pyjls import Reader
        except ImportError as error:
            raise NotInstalledError(
                "reading JLS needs pyjls; run: pip install 'powermeter[joulescope]'"
            ) from error
        try:
            with Reader(str(path)) as reader:
                return _log(path, reader)
        except (RuntimeError, ValueError, OSError, KeyError, AttributeError, MemoryError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path}: pyjls cannot read it: {str(error)[:200]}") from None


def _log(path: Path, reader: Any) -> Log:
    chosen: list[tuple[Any, str, Quantity]] = []
    left: list[str] = []
    for signal in reader.signals.values():
        if signal.signal_id == 0 or signal.signal_type != 0:
            continue
        found = _SIGNALS.get((str(signal.name).lower(), str(signal.units)))
        if (
            found is None
            or signal.data_type & 0xFFFF != _FLOAT32
            or any(name == found[0] for _, name, _ in chosen)
        ):
            left.append(str(signal.name)[:40])
        else:
            chosen.append((signal, *found))
    if not chosen:
        raise DataError(f"{path}: no current, voltage or power signal in it")
    rates = {signal.sample_rate for signal, _, _ in chosen}
    length = min(signal.length for signal, _, _ in chosen)
    (rate, *others) = sorted(rates)
    if others or not 0 < rate <= 10_000_000:
        raise DataError(f"{path}: its signals have different or impossible sample rates ({sorted(rates)})")
    if not 0 < length <= MAX_SAMPLES:
        raise DataError(f"{path}: {length} samples; between 1 and {MAX_SAMPLES} can be imported")
    warnings = [f"signals left out: {', '.join(left)}"] if left else []
    if any(signal.length != length for signal, _, _ in chosen):
        warnings.append(f"its signals differ in length; the first {length} samples of each were taken")
    period = NS / rate
    start, clock = _start_ns(reader, chosen[0][0])
    times = start + np.rint(np.arange(length) * period).astype(np.int64)
    channels, codes = [], []
    for signal, name, quantity in chosen:
        code, scale = integer_codes(_values(reader, signal, length))
        channels.append(
            Channel(
                name, quantity, scale, _RAIL, Kind.MEAN,
                accuracy=Accuracy(source="not stated in the file"), window_ns=round(period),
            )
        )  # fmt: skip
        codes.append(code)
    source = reader.sources.get(chosen[0][0].source_id)
    info = {
        key: str(getattr(source, key, ""))[:80]
        for key in ("name", "vendor", "model", "version", "serial_number")
    }
    rows = Rows("Joulescope", tuple(channels), times, codes, info=info)
    return Log(JoulescopeFile.name, clock, [rows], warnings=warnings, external=True)


def _values(reader: Any, signal: Any, length: int) -> NDArray[np.float32]:
    parts = [
        np.asarray(reader.fsr(signal.signal_id, start, min(_BLOCK, length - start)), np.float32)
        for start in range(0, length, _BLOCK)
    ]
    return np.concatenate(parts)


def _start_ns(reader: Any, signal: Any) -> tuple[int, str]:
    """Give the UTC of the first sample in ns since 1970, or 0 where the file has none."""
    try:
        ticks = int(reader.sample_id_to_timestamp(signal.signal_id, 0))
    except (RuntimeError, ValueError):
        return 0, RELATIVE
    if not 0 < ticks < 1 << 62:
        return 0, RELATIVE
    return _EPOCH_NS + (ticks * NS >> 30), UTC
