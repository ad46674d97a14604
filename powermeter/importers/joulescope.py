"""Imports Joulescope recordings (JLS version 2) through the instrument maker's own reader, `pyjls`.

Signals are float32 at one rate; a sample is the mean over its interval.  Codes reproduce the very
floats.  `pyjls` runs in a process of its own (see `joulescope_reader`), which a damaged file may end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.channel import Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import DataError, NotInstalledError, plural
from powermeter.importers import joulescope_reader
from powermeter.importers.accuracies import JOULESCOPE
from powermeter.importers.decimal_grid import integer_codes
from powermeter.importers.files import MAX_BYTES, Peek
from powermeter.importers.log import RELATIVE, UTC, Choices, Importer, Log, LogRows
from powermeter.result.notes import Note
from powermeter.units import NS

MAGIC = b"jlsfmt\r\n \n \x1a  \xb2\x1c"

_TIMEOUT_S = 600
_MAX_RATE_HZ = 10e6
_EPOCH_NS = round(datetime(2018, 1, 1, tzinfo=timezone.utc).timestamp()) * NS  # JLS counts 2^-30 s from here
_RAIL = Rail("supply", None, Boundary.BOARD, "what the Joulescope feeds")
_QUANTITIES = {"current": Quantity.CURRENT, "voltage": Quantity.VOLTAGE, "power": Quantity.POWER}


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
        if find_spec("pyjls") is None:
            raise NotInstalledError("reading JLS needs pyjls; run: pip install 'powermeter[joulescope]'")
        with tempfile.TemporaryDirectory(prefix="powermeter-jls-") as folder:
            _run(path, Path(folder))
            return log_of(path, Path(folder))


def _run(path: Path, folder: Path) -> None:
    command = [sys.executable, "-m", joulescope_reader.__name__, str(path.resolve()), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise DataError(f"{path}: pyjls did not finish within {_TIMEOUT_S} s; the file is damaged") from None
    if done.returncode < 0:
        raise DataError(f"{path}: the file is damaged: pyjls crashed on it (signal {-done.returncode})")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DataError(f"{path}: pyjls cannot read it: {last[:200]}")


def log_of(path: Path, folder: Path) -> Log:
    found = json.loads((folder / "signals.json").read_text())
    signals, left = found["signals"], found["left"]
    if not signals:
        raise DataError(f"{path}: no current, voltage or power signal in it")
    rates = sorted({signal["rate"] for signal in signals})
    length = min(signal["length"] for signal in signals)
    if len(rates) > 1 or not 0 < rates[0] <= _MAX_RATE_HZ:
        raise DataError(f"{path}: its signals have different or impossible sample rates ({rates})")
    if not 0 < length <= joulescope_reader.MAX_SAMPLES:
        raise DataError(
            f"{path}: {plural(length, 'sample')}; between 1 and {joulescope_reader.MAX_SAMPLES} can be imported"
        )
    warnings = [Note.info("series-left-out", f"signals left out: {', '.join(left)}")] if left else []
    if any(signal["length"] != length for signal in signals):
        warnings.append(
            Note.warning(
                "signals-cut",
                f"its signals differ in length; the first {plural(length, 'sample')} of each were taken",
            )
        )
    period = NS / rates[0]
    start, clock = _start(signals[0]["first"])
    times = start + np.rint(np.arange(length) * period).astype(np.int64)
    timed = clock == UTC and bool(signals[0].get("timed"))
    if timed:
        times = _times(path, folder, signals[0]["name"], length)
    channels, codes = [], []
    for signal in signals:
        code, scale = integer_codes(_values(path, folder, signal["name"], length))
        channels.append(_ours(path, signal, scale) if signal.get("ours") else _channel(signal, scale, period))
        codes.append(code)
    rows = LogRows("Joulescope", tuple(channels), times, codes, info=dict[str, Any](signals[0]["source"]))
    return Log(JoulescopeFile.name, clock, [rows], warnings=warnings, external=True)


def _channel(signal: dict[str, Any], scale: float, period: float) -> Channel:
    """Return the channel of what a Joulescope measured."""
    name, quantity = f"supply.{signal['name']}", _QUANTITIES[signal["quantity"]]
    return Channel(name, quantity, scale, _RAIL, Kind.MEAN, accuracy=JOULESCOPE, window_ns=round(period))


def _ours(path: Path, signal: dict[str, Any], scale: float) -> Channel:
    """Return the channel that an export of ours notes; an older version noted less."""
    known = {"name": signal["name"], "quantity": signal["quantity"], "scale": scale, "offset": 0.0}
    try:
        found = Channel.from_dict({"kind": "mean", "grade": "assumed", **signal["noted"], **known})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: its note on the signal {signal['name']} is damaged: {error}") from None
    if found.kind is Kind.COUNTER:
        raise DataError(f"{path}: its note calls the signal {signal['name']} a counter; it is damaged")
    return replace(found, rail=found.rail or _RAIL, low_code=None, high_code=None)


def _values(path: Path, folder: Path, name: str, length: int) -> NDArray[np.float32]:
    values = np.fromfile(folder / f"{name}.f32", np.dtype("<f4"), length)
    if len(values) < length:
        raise DataError(
            f"{path}: only {len(values)} of {plural(length, 'sample')} of {name} can be read; it is damaged"
        )
    return values


def _times(path: Path, folder: Path, name: str, length: int) -> NDArray[np.int64]:
    """Return the times that an export of ours keeps for its samples, in ns since 1970."""
    ticks = np.fromfile(folder / f"{name}.i64", np.dtype("<i8"), length)
    if len(ticks) < length or not 0 < ticks[0] <= ticks[-1] < 1 << 61 or (np.diff(ticks) <= 0).any():
        raise DataError(f"{path}: the times of its samples do not rise; it is damaged")
    seconds, rest = np.divmod(ticks, 1 << 30)
    return np.asarray(_EPOCH_NS + seconds * NS + np.rint(rest * (NS / 2**30)).astype(np.int64), np.int64)


def _start(ticks: int | None) -> tuple[int, str]:
    """Return the first sample's time in ns since 1970, or 0 where the file has none."""
    if ticks is None or not 0 < ticks < 1 << 61:
        return 0, RELATIVE
    return _EPOCH_NS + (ticks * NS >> 30), UTC
