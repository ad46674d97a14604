"""What JSON in a recording may look like: texts and numbers where they belong, whoever wrote the file.

What is of another kind is left out with a warning, so that nothing behind the reader has to ask again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from powermeter.channel import Channel, Rail
from powermeter.recording import schema

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return _integer(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63


def _time(value: Any) -> bool:
    return _integer(value) and abs(value) < schema.TIME_LIMIT


def _moment(value: Any) -> bool:
    return _number(value) and abs(value) < schema.TIME_LIMIT


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _either(*checks: Check) -> Check:
    return lambda value: any(check(value) for check in checks)


def _of(table: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """Return a check for an object: known fields are right, required ones there, others free."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value for name in required)
            and all(name not in value or known(value[name]) for name, known in table.items())
        )

    return check


_COUNTS: Mapping[str, Check] = {
    "samples": _integer,
    "missed": _integer,
    "repeats": _integer,
    "errors": _integer,
    "reopened": _integer,
    "last_error": _or_none(_text),
    "failure": _or_none(_text),
    "counts": _mapping,
    "written": _integer,
    "digest": _text,
}


def _every(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


META: Mapping[str, Check] = {
    "clock": _text,
    "host": _mapping,
    "board": _either(_text, _mapping),
    "command": _either(_text, _list_of(_text)),
    "powermeter": _text,
    "place": _text,
    "battery": _text,
    "ended": _text,
    "command_status": _integer,
    "attributes": _mapping,
    "imported": _mapping,
    "import_warnings": _list_of(_text),
    "import_codes": _list_of(_list_of(_text)),
    "clock_aligned": _flag,
    "joined": _list_of(_mapping),
    "title": _text,
    "marks": _text,
}
"""Metadata that programs read, and what they must be; others are free."""

FACTS: Mapping[str, Check] = {
    "recorder": _of(
        {
            "pid": _integer,
            "boot_id": _or_none(_text),
            "started": _or_none(_integer),
            "at_ns": _time,
            "cpu_s": _number,
            "peak_memory": _or_none(_integer),
            "disk_error": _or_none(_text),
            "sources": _every(_of(_COUNTS)),
        }
    ),
    "closed": _of({"rows": _every(_integer), "last_ns": _every(_time), "chains": _every(_text)}),
    "salvaged": _of({"from": _text, "problems": _list_of(_text)}),
    "calibration": _of(
        {
            "channel": _text,
            "source": _integer,
            "coefficients": _list_of(_number),
            "covariance": _list_of(_list_of(_number)),
            "low": _number,
            "high": _number,
            "reference_gain": _number,
            "reference_offset": _number,
            "temperature_slope": _number,
            "temperature_c": _or_none(_number),
            "temperature_channel": _or_none(_text),
            "date": _text,
            "instrument": _text,
            "shunt_ohm": _or_none(_number),
            "note": _text,
        }
    ),
    "signature": _of(
        {"rows": _every(_integer), "chains": _every(_text), "method": _text, "key": _text, "value": _text},
        required=("rows", "chains", "method", "key", "value"),
    ),
    "alignment": _of(
        {
            "source": _either(_or_none(_integer), _text),
            "offset_ns": _moment,
            "drift": lambda v: _number(v) and abs(v) < 0.5,
            "origin_ns": _time,
            "offset_u_ns": _number,
            "drift_u": _number,
            "residual_ns": _number,
            "confidence": _number,
            "method": _text,
            "places": _integer,
        },
        required=("offset_ns",),
    ),
}
"""Facts that programs read."""


LEAST, MOST = 1e-30, 1e30
"""Between these is every scale, below the second every offset and limit: their squares are still numbers."""


def fits(name: str, value: Any, known: Mapping[str, Check]) -> bool:
    """Return whether a value is what its name demands; a name that is not known is free."""
    return name not in known or known[name](value)


def channel(spec: Any) -> Channel:
    """Return the channel that a specification describes.

    Raises:
        KeyError, TypeError, ValueError: It describes none, or one whose numbers mean nothing.
    """
    if not isinstance(spec, dict):
        raise TypeError("no object")
    found = Channel.from_dict(spec)
    accuracy = found.accuracy
    numbers = (
        found.scale,
        found.offset,
        accuracy.gain,
        accuracy.offset,
        accuracy.step,
        accuracy.noise,
        accuracy.model,
        accuracy.clock,
    )
    wholes = (found.wrap, found.window_ns, found.refresh_ns, found.low_code, found.high_code)
    if not all(map(_number, numbers)) or min(numbers[2:]) < 0:
        raise ValueError("a number that is none")
    if not LEAST < abs(found.scale) < MOST or max(map(abs, numbers)) > MOST:
        raise ValueError("a size that nothing has")
    if not all(whole is None or _integer(whole) for whole in wholes):
        raise ValueError("a number that is not whole")
    if any(whole is not None and whole <= 0 for whole in wholes[:2]) or (found.refresh_ns or 0) < 0:
        raise ValueError("a duration or range that is none")
    texts = (found.name, accuracy.source)
    if not all(map(_text, texts)) or not _flag(accuracy.typical):
        raise TypeError("a text that is none")
    if found.rail is not None:
        _check(found.rail)
    return replace(found, scale=float(found.scale), offset=float(found.offset))


def _check(rail: Rail) -> None:
    if not _text(rail.name) or not _or_none(_text)(rail.parent) or not _text(rail.covers):
        raise TypeError("a rail's text that is none")
    if not _text(rail.sum_lacks) or not (rail.nominal_v is None or _number(rail.nominal_v)):
        raise TypeError("a rail's field that is none")
