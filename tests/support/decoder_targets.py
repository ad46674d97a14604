"""What takes bytes of a recording or a TOML file apart, one target for each kind of bytes; the first byte chooses.

Only `DataError` and `ValueError` (of JSON and channels) may come out, and soon.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from powermeter import toml
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import DataError
from powermeter.recording import column_bytes, event_batches, json_validation, stretch_summary
from powermeter.recording.rows import parse_json

SLOW_S = 2.0


def column(data: bytes) -> None:
    """A column, of a length that the file says too."""
    if len(data) > 2:
        column_bytes.decode(data[2:], int.from_bytes(data[:2], "little") * 3)


def chunk(data: bytes) -> None:
    for part in column_bytes.split(data, most=16):
        column_bytes.decode(part, 9)


def events(data: bytes) -> None:
    if data:
        found = event_batches.table([event_batches.decode(data[1:], data[0], 7)])
        list(found.rows())


def summaries(data: bytes) -> None:
    stretch_summary.are_plausible(stretch_summary.unpack_entries(data, 2), 0, 100, 9)


def tables(data: bytes) -> None:
    toml.parse(data.decode("utf-8", "replace"), "x.toml")


def channel(data: bytes) -> None:
    value = parse_json(data.decode("utf-8", "replace"))
    try:
        found = json_validation.channel(value)
    except (KeyError, TypeError, AttributeError):
        return
    json.dumps(found.to_dict()).encode()


def facts(data: bytes) -> None:
    value = parse_json(data.decode("utf-8", "replace"))
    for name in json_validation.FACTS:
        json_validation.fits(name, value, json_validation.FACTS)
    for name in json_validation.META:
        json_validation.fits(name, value, json_validation.META)


TARGETS = (column, chunk, events, summaries, tables, channel, facts)


def one(data: bytes) -> None:
    if not data:
        return
    started = time.thread_time()
    try:
        TARGETS[data[0] % len(TARGETS)](data[1:])
    except (DataError, ValueError):
        pass
    assert time.thread_time() - started < SLOW_S, "it takes too long"


def seeds(folder: Path) -> None:
    """Write one sound example of each target."""
    random = np.random.default_rng(1)
    encoded = [column_bytes.encode(random.integers(-5, 5, 9) * 1000), column_bytes.encode(np.arange(9))]
    spec = Channel("v", Quantity.VOLTAGE, 1e-3, Rail("R", nominal_v=5.0), low_code=0).to_dict()
    rows = [(1, i, None, "infer", i * 10, i * 10 + 5, 1, '{"a": 1}', None) for i in range(1, 5)]
    entries, _ = stretch_summary.summarise(np.arange(9), [np.arange(9)] * 2, np.zeros(9, np.uint8), [])
    examples = (
        (3).to_bytes(2, "little") + encoded[0],
        column_bytes.join(encoded),
        bytes([4]) + event_batches.encode(rows),
        entries.tobytes(),
        b'[[calibration]]\nchannel = "v"\ncoefficients = [0.0, 1.0]\na.b = {c = 1}\nd = 2026-01-01\n',
        json.dumps(spec).encode(),
        b'{"offset_ns": 5.0, "drift": 0.0, "source": 1, "rows": {"chunk": 1}, "last_ns": {"1": 5}}',
    )
    for position, example in enumerate(examples):
        (folder / f"seed{position}").write_bytes(bytes([position]) + example)
