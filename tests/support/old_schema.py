"""Writes a recording of schema 1 from the words of docs/file-format.md, as programs did until November 2026."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import MISSING, Channel, Kind, Quantity, Rail
from powermeter.source import REPEAT

RAIL = Rail("VIN", nominal_v=5.0)
CHANNELS = (
    Channel("vin.voltage", Quantity.VOLTAGE, 1e-3, RAIL),
    Channel("vin.current", Quantity.CURRENT, 1e-5, RAIL),
    Channel("vin.energy", Quantity.ENERGY, 1e-6, RAIL, kind=Kind.COUNTER, wrap=2**32),
)
TABLES = {
    "meta": "key TEXT, value TEXT",
    "source": "url TEXT, name TEXT, driver TEXT, info TEXT, channels INTEGER",
    "channel": "source INTEGER, position INTEGER, name TEXT, spec TEXT",
    "chunk": "source INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, count INTEGER, read_ns INTEGER, "
    "data_crc INTEGER, summary BLOB",
    "level": "source INTEGER, level INTEGER, sequence INTEGER, start_ns INTEGER, end_ns INTEGER, count INTEGER, "
    "summary BLOB",
    "event": "process INTEGER, thread INTEGER, uid INTEGER, parent INTEGER, name TEXT, start_ns INTEGER, "
    "end_ns INTEGER, count INTEGER, attributes TEXT, peak_memory INTEGER",
    "gap": "source INTEGER, start_ns INTEGER, end_ns INTEGER, reason TEXT, detail TEXT, lost INTEGER",
    "clock": "monotonic_ns INTEGER, utc_ns INTEGER",
    "tick": "source INTEGER, tick INTEGER, arrival_ns INTEGER",
    "fact": "name TEXT, value TEXT",
}


def column(values: Sequence[int]) -> bytes:
    """Return a column in mode 1, eight bytes wide, with a bitmap where values are missing."""
    missing = [value == MISSING for value in values]
    present = [value for value in values if value != MISSING] or [0]
    low = min(present)
    residuals = [0 if gone else value - low for value, gone in zip(values, missing, strict=True)]
    raw = struct.pack(f"<{len(values)}Q", *residuals)
    shuffled = b"".join(raw[byte::8] for byte in range(8))
    bits = b""
    if any(missing):
        packed = zlib.compress(np.packbits(missing).tobytes())
        bits = struct.pack("<I", len(packed)) + packed
    return struct.pack("<BBqqq", 1 | (0x10 if bits else 0), 8, low, 0, 1) + bits + zlib.compress(shuffled)


def entry(values: Sequence[float]) -> bytes:
    """Return a summary entry."""
    if not len(values):
        return struct.pack("<Iddd", 0, *[float("nan")] * 3)
    return struct.pack("<Iddd", len(values), min(values), max(values), sum(values) / len(values))


def write(path: Path, chunks: int = 130, each: int = 20) -> tuple[Any, Any, Any]:
    """Write a recording; returns its times, codes (n, 3) and flags."""
    random = np.random.default_rng(5)
    n = chunks * each
    times = 10**12 + np.cumsum(random.integers(900_000, 1_100_000, n))
    codes = np.stack(
        [random.integers(4990, 5010, n), random.integers(0, 90_000, n), np.cumsum(random.integers(0, 9, n))],
        axis=1,
    )
    codes[n // 2, 1] = MISSING
    flags = np.where(random.random(n) < 0.1, REPEAT, 0)
    db = sqlite3.connect(path)
    db.execute("PRAGMA application_id = 1347245138")
    db.execute("PRAGMA user_version = 1")
    for table, columns in TABLES.items():
        db.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns}, checksum INTEGER NOT NULL)"
        )
    db.execute("CREATE TABLE block (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    last = dict.fromkeys(TABLES, 0)

    def add(table: str, *row: Any) -> int:
        last[table] += 1
        cells = [
            "" if v is None else v.hex() if isinstance(v, bytes) else str(v)
            for v in (table, last[table], *row)
        ]
        checksum = zlib.crc32("\x1f".join(cells).encode())
        marks = ", ".join("?" * (len(row) + 2))
        db.execute(f"INSERT INTO {table} VALUES ({marks})", (last[table], *row, checksum))
        return last[table]

    add("meta", "clock", '"monotonic"')
    add("source", "virtual://", "meter", "virtual", "{}", 3)
    for position, channel in enumerate(CHANNELS):
        add("channel", 1, position, channel.name, json.dumps(channel.to_dict()))
    waiting = []
    for sequence in range(chunks):
        part = slice(sequence * each, sequence * each + each)
        listed = [column.tolist() for column in codes[part].T]
        parts = [column(times[part].tolist()), column(flags[part].tolist()), *map(column, listed)]
        data = b"".join(struct.pack("<I", len(one)) + one for one in parts)
        values = [[v for v in one if v != MISSING] for one in listed]
        watts = [v * a for v, a in zip(*listed[:2], strict=True) if a != MISSING]
        ends = (int(times[part][0]), int(times[part][-1]))
        summary = b"".join(map(entry, [*values, watts]))
        identifier = add("chunk", 1, sequence, *ends, each, 1500, zlib.crc32(data), summary)
        db.execute("INSERT INTO block VALUES (?, ?)", (identifier, data))
        waiting.append((*ends, [*values, watts]))
        if len(waiting) == 60:
            joined = [[value for one in waiting for value in one[2][i]] for i in range(4)]
            add(
                "level",
                1,
                1,
                sequence // 60,
                waiting[0][0],
                waiting[-1][1],
                60 * each,
                b"".join(map(entry, joined)),
            )
            waiting.clear()
    first = int(times[0])
    for uid in range(1, 11):
        start = first + uid * 10**7
        add("event", 42, 1, uid, None, "infer", start, None, 1, '{"model": "tiny"}', None)
        add("event", 42, 1, uid, None, "infer", start, start + 5 * 10**6, 8, '{"model": "tiny"}', 9999)
    add("event", 42, 1, 11, 10, "cut short", first + 2 * 10**9, None, 1, None, None)
    add("gap", 1, first + 10, first + 20, "no answer", "a cable", 3)
    add("clock", first, 1_700_000_000 * 10**9)
    add("tick", 1, 0, first)
    add("fact", "recorder", '{"pid": 1, "sources": {}}')
    rows = {table: count for table, count in last.items() if table != "fact"}
    add("fact", "closed", json.dumps({"rows": rows, "last_ns": {"1": int(times[-1])}}))
    db.commit()
    db.close()
    return times, codes, flags
