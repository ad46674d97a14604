"""Copies the signals of a JLS file into plain files; run as a process of its own.

`pyjls` is a C library that ends the process on some damaged files.  Run this way, only this process
ends: `python -m powermeter.importers.joulescope_reader FILE.jls FOLDER` leaves `signals.json` and one
file of little-endian float32 per signal in FOLDER; of what `powermeter export` wrote also `NAME.i64`, the
time of each sample in JLS ticks, since its readings may be unevenly spaced.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

MAX_SAMPLES = 200_000_000
"""The most samples of one signal that are copied."""

OURS = "powermeter"
"""The vendor that an export of ours names."""

_BLOCK = 1 << 20
_FLOAT32 = 0x2004  # data type word: float, 32 bits
_QUANTITIES = {"A": "current", "V": "voltage", "W": "power"}
_PLAIN = re.compile(r"[^\w.-]")  # what may not be in the name of a file


def copy(path: Path, folder: Path) -> None:
    """Copy what can be imported, and report what else there is."""
    from pyjls import Reader

    signals: list[dict[str, Any]] = []
    left: list[str] = []
    noted: dict[str, dict[str, Any]] = {}
    with Reader(str(path)) as reader:
        reader.user_data(lambda _, data: noted.update(_noted(data)))
        for signal in reader.signals.values():
            name = _PLAIN.sub("_", str(signal.name).lower()[:40])
            if signal.signal_id == 0 or signal.signal_type != 0:
                continue
            source = _source(reader, signal)
            quantity = _QUANTITIES.get(str(signal.units)[:10])
            ours = source["vendor"] == OURS
            known = quantity is not None and (ours or name == quantity)
            beside = (
                ours and bool(signals) and signals[0]["number"] != signal.source_id
            )  # has times of its own
            if (
                beside
                or not known
                or signal.data_type & 0xFFFF != _FLOAT32
                or any(s["name"] == name for s in signals)
            ):
                left.append(name)
                continue
            length = min(int(signal.length), MAX_SAMPLES + 1)
            with (folder / f"{name}.f32").open("wb") as out:
                for start in range(0, length, _BLOCK):
                    part = reader.fsr(signal.signal_id, start, min(_BLOCK, length - start))
                    out.write(np.asarray(part, "<f4").tobytes())
            timed = ours and _copy_times(reader, signal, folder / f"{name}.i64", length)
            signals.append(
                {
                    "name": name,
                    "quantity": quantity,
                    "length": length,
                    "rate": float(signal.sample_rate),
                    "first": _first_tick(reader, signal),
                    "source": source,
                    "number": int(signal.source_id),
                    "ours": ours,
                    "timed": timed,
                    "noted": noted.get(str(signal.signal_id)) or {},
                }
            )
    (folder / "signals.json").write_text(json.dumps({"signals": signals, "left": left}))


def _copy_times(reader: Any, signal: Any, path: Path, length: int) -> bool:
    """Write the time of each sample in JLS ticks; return False where the file has no clock track."""
    if _first_tick(reader, signal) is None or reader.time_map_length(signal.signal_id) < 2:
        return False
    with path.open("wb") as out:
        for start in range(0, length, _BLOCK):
            numbers = np.arange(start, min(start + _BLOCK, length))
            found = reader.sample_id_to_timestamp(signal.signal_id, numbers)
            out.write(np.asarray(found, "<i8").tobytes())
    return True


def _noted(data: Any) -> dict[str, dict[str, Any]]:
    """Return signal → its channel, as `powermeter export` notes it; empty for what others wrote."""
    found = data.get("powermeter_channels") if isinstance(data, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(signal)[:10]: facts for signal, facts in found.items() if isinstance(facts, dict)}


def _first_tick(reader: Any, signal: Any) -> int | None:
    """Return the time of the first sample in JLS ticks, or None where the file has none."""
    try:
        return int(reader.sample_id_to_timestamp(signal.signal_id, 0))
    except (RuntimeError, ValueError):
        return None


def _source(reader: Any, signal: Any) -> dict[str, str]:
    source = reader.sources.get(signal.source_id)
    fields = ("name", "vendor", "model", "version", "serial_number")
    return {field: str(getattr(source, field, ""))[:80] for field in fields}


if __name__ == "__main__":
    copy(Path(sys.argv[1]), Path(sys.argv[2]))
