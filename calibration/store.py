"""A calibration as a TOML file that people can read, keep and put into other recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from powermeter import toml
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import json_validation
from powermeter.signals.correction import Correction

_HEADER = """\
# powermeter calibration: corrected = c0 + c1 x (+ c2 x^2), x being what the channel's own scale yields, in SI.
# Put it into a recording with: powermeter calibrate --apply FILE RECORDING
"""


def to_toml(corrections: Sequence[Correction]) -> str:
    """Return the text of a calibration file; `read` is its inverse to the last bit."""
    blocks = [_HEADER]
    for correction in corrections:
        lines = ["[[calibration]]"]
        lines += [f"{name} = {_value(value)}" for name, value in correction.to_dict().items()]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _found(data: dict[str, Any], where: str) -> list[Correction]:
    """Return the calibrations in the tables of a calibration file.

    Raises:
        DataError: There are none, or one is none.
    """
    entries = data.get("calibration")
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        raise DataError(f"{where} holds no [[calibration]]")
    for entry in entries:
        if not json_validation.fits("calibration", entry, json_validation.FACTS):
            raise DataError(f"{where}: a [[calibration]] holds a field that is not of its kind")
    return [Correction.from_dict(entry) for entry in entries]


def read(path: Path) -> list[Correction]:
    """Read a calibration file.

    Raises:
        DataError: It is missing, too large or no such file.
    """
    try:
        return _found(toml.read(path), str(path))
    except ConfigurationError as error:
        raise DataError(str(error)) from None


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    text = str(value)
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
