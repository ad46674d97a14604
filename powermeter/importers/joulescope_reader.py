"""Copies the signals of a JLS file into plain files; run as a process of its own.

`pyjls` is a C library that ends the process on some damaged files.  Run this way, only this process
ends: `python -m powermeter.importers.joulescope_reader FILE.jls FOLDER` leaves `signals.json` and one
file of little-endian float32 per signal in FOLDER.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

MAX_SAMPLES = 200_000_000
"""The most samples of one signal that are copied."""

_BLOCK = 1 << 20
_FLOAT32 = 0x2004  # data type word: float, 32 bits
_WANTED = {("current", "A"), ("voltage", "V"), ("power", "W")}


def copy(path: Path, folder: Path) -> None:
    """Copy what can be imported, and say what else there is."""
    from pyjls import Reader

    signals: list[dict[str, Any]] = []
    left: list[str] = []
    with Reader(str(path)) as reader:
        for signal in reader.signals.values():
            name, units = str(signal.name).lower()[:40], str(signal.units)[:10]
            if signal.signal_id == 0 or signal.signal_type != 0:
                continue
            known = (name, units) in _WANTED and signal.data_type & 0xFFFF == _FLOAT32
            if not known or any(entry["name"] == name for entry in signals):
                left.append(name)
                continue
            length = min(int(signal.length), MAX_SAMPLES + 1)
            with (folder / f"{name}.f32").open("wb") as out:
                for start in range(0, length, _BLOCK):
                    part = reader.fsr(signal.signal_id, start, min(_BLOCK, length - start))
                    out.write(np.asarray(part, "<f4").tobytes())
            signals.append(
                {
                    "name": name,
                    "length": length,
                    "rate": float(signal.sample_rate),
                    "first": _first_tick(reader, signal),
                    "source": _source(reader, signal),
                }
            )
    (folder / "signals.json").write_text(json.dumps({"signals": signals, "left": left}))


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
