"""A reader written from docs/file-format.md alone must find what we wrote.

`read` uses nothing of this package: sqlite3, zlib, json, hashlib and struct.  When it has to change, so has the document.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import Channel, Quantity, Rail
from powermeter.recording import Writer

MISSING = -(2**63)
ENTRY = (
    "count",
    "first_ns",
    "last_ns",
    "longest_ns",
    "low",
    "high",
    "mean",
    "spread",
    "change",
    "first",
    "last",
    "left",
    "right",
)


def text_of(table: str, row: tuple[Any, ...]) -> bytes:
    cells = ["" if v is None else v.hex() if isinstance(v, bytes) else str(v) for v in (table, *row)]
    return "\x1f".join(cells).encode()


def rows(db: sqlite3.Connection, table: str, names: str) -> list[tuple[Any, ...]]:
    found = db.execute(f"SELECT id, {names}, checksum, chain FROM {table} ORDER BY id").fetchall()
    assert [row[0] for row in found] == list(range(1, len(found) + 1)), f"{table} has lost rows"
    chain = b""
    for row in found:
        text = text_of(table, row[:-2])
        chain = hashlib.sha256(chain + text).digest()
        assert (zlib.crc32(text), chain) == row[-2:], f"{table} {row[0]} is damaged"
    return [row[:-2] for row in found]


def signed(number: int) -> int:
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number


def inflate(data: bytes, size: int) -> bytes:
    raw = zlib.decompressobj().decompress(data, size + 1)
    assert len(raw) == size
    return raw


def parts_of(data: bytes) -> list[bytes]:
    parts = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        parts.append(data[4 : 4 + length])
        data = data[4 + length :]
    return parts


def residual_bytes(data: bytes, n: int, width: int, planes: bool) -> bytes:
    if not planes:
        return inflate(data, n * width)
    found = b""
    for _ in range(width):
        method, length = struct.unpack_from("<BI", data)
        plane, data = data[5 : 5 + length], data[5 + length :]
        found += {0: lambda p: p * n, 1: lambda p: p, 2: lambda p: inflate(p, n)}[method](plane)
    assert not data and len(found) == n * width
    return found


def column(data: bytes, count: int) -> list[int]:
    mode, width, base, low, step = struct.unpack_from("<BBqqq", data)
    rest, gone = data[26:], b"\0" * ((count + 7) // 8)
    if mode & 0x10:
        (length,) = struct.unpack_from("<I", rest)
        gone, rest = inflate(rest[4 : 4 + length], len(gone)), rest[4 + length :]
    kind = mode & 0x0F
    if kind == 0:
        values = [base] * count
    else:
        n = count if kind == 1 else count - 1
        raw = residual_bytes(rest, n, width, bool(mode & 0x20))
        residuals = [sum(raw[byte * n + i] << 8 * byte for byte in range(width)) for i in range(n)]
        if kind == 1:
            values = [signed(base + step * residual) for residual in residuals]
        else:
            values = [base]
            for residual in residuals:
                values.append(signed(values[-1] + low + step * residual))
    return [MISSING if gone[i // 8] >> (7 - i % 8) & 1 else value for i, value in enumerate(values)]


def events_of(data: bytes, count: int, process: int) -> dict[Any, tuple[Any, ...]]:
    head, *parts = parts_of(data)
    about = json.loads(zlib.decompress(head))
    cells = {name: column(part, count) for name, part in zip(about["columns"], parts, strict=True)}
    texts = about["texts"]

    def cell(name: str, i: int) -> Any:
        return None if cells[name][i] == MISSING else cells[name][i]

    found = {}
    for i in range(count):
        free = cell("attributes", i)
        fields = [cell(name, i) for name in ("start_ns", "end_ns", "count")]
        row = (
            process,
            cell("thread", i),
            cell("uid", i),
            cell("parent", i),
            texts[cells["name"][i]],
            *fields,
        )
        found[process, row[2], row[5]] = (
            *row,
            {} if free is None else json.loads(texts[free]),
            cell("peak_memory", i),
        )
    return found


def read(path: Path) -> dict[str, Any]:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert db.execute("PRAGMA application_id").fetchone() == (0x504D5452,)
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert {kind for (kind,) in db.execute("SELECT type FROM sqlite_master")} == {"table"}
    found: dict[str, Any] = {"meta": {}, "facts": {}, "events": {}, "sources": {}, "tails": 0}
    for _, key, value in rows(db, "meta", "key, value"):
        found["meta"][key] = json.loads(value)
    for _, name, value in rows(db, "fact", "name, value"):
        found["facts"].setdefault(name, []).append(json.loads(value))
    for identifier, url, name, driver, info, width in rows(db, "source", "url, name, driver, info, channels"):
        found["sources"][identifier] = {
            "url": url,
            "name": name,
            "driver": driver,
            "info": json.loads(info),
            "channels": [],
            "chunks": [],
            "times": [],
            "flags": [],
            "codes": [],
            "gaps": [],
            "ticks": [],
            "levels": [],
            "width": width,
        }
    for _, source, position, name, spec in rows(db, "channel", "source, position, name, spec"):
        channels = found["sources"][source]["channels"]
        assert position == len(channels) and json.loads(spec)["name"] == name
        channels.append(json.loads(spec))
        found["sources"][source]["codes"].append([])
    assert all(len(source["channels"]) == source["width"] for source in found["sources"].values())

    def take(target: dict[str, Any], data: bytes, start: int, end: int, count: int) -> None:
        times, flags, *codes = [column(part, count) for part in parts_of(data)]
        assert (times[0], times[-1]) == (start, end)
        target["times"] += times
        target["flags"] += flags
        for whole, part in zip(target["codes"], codes, strict=True):
            whole += part

    fields = "source, sequence, start_ns, end_ns, count, read_ns, data_crc, fine_crc, hash, summary"
    for identifier, source, sequence, start, end, count, read_ns, *guards, summary in rows(
        db, "chunk", fields
    ):
        target = found["sources"][source]
        assert sequence == len(target["chunks"])
        query = "SELECT fine, data FROM block WHERE chunk = ?"
        fine, data = db.execute(query, (identifier,)).fetchone()
        assert [zlib.crc32(data), zlib.crc32(fine), hashlib.sha256(fine + data).digest()] == guards
        take(target, data, start, end, count)
        entries = [dict(zip(ENTRY, cells, strict=True)) for cells in struct.iter_unpack("<4q9d", summary)]
        target["chunks"].append((start, end, read_ns, entries, list(struct.iter_unpack("<Iddd", fine))))
    fields = "source, sequence, part, start_ns, end_ns, count, read_ns, data"
    expected: dict[int, int] = {}
    for row in db.execute(f"SELECT id, {fields}, checksum FROM tail ORDER BY source, sequence, part"):
        assert zlib.crc32(text_of("tail", row[:-1])) == row[-1]
        _, source, sequence, part, start, end, count, read_ns, data, _ = row
        target = found["sources"][source]
        assert (sequence, part) == (len(target["chunks"]), expected.get(source, 0))
        expected[source] = part + 1
        take(target, data, start, end, count)
        found["tails"] += 1
    fields = "source, level, sequence, start_ns, end_ns, count, summary"
    for _, source, level, _, start, end, _, summary in rows(db, "level", fields):
        entries = [dict(zip(ENTRY, cells, strict=True)) for cells in struct.iter_unpack("<4q9d", summary)]
        found["sources"][source]["levels"].append((level, start, end, entries))
    for _, process, count, first, last, data in rows(db, "events", "process, count, first_ns, last_ns, data"):
        batch = events_of(data, count, process)
        assert first == min(e[5] for e in batch.values()) and last == max(
            e[6] or e[5] for e in batch.values()
        )
        found["events"].update(batch)
    for _, source, *gap in rows(db, "gap", "source, start_ns, end_ns, reason, detail, lost"):
        found["sources"][source]["gaps"].append(tuple(gap))
    found["clock"] = [(a, b) for _, a, b in rows(db, "clock", "monotonic_ns, utc_ns")]
    for _, source, tick, arrival in rows(db, "tick", "source, tick, arrival_ns"):
        found["sources"][source]["ticks"].append((tick, arrival))
    found["processes"] = rows(db, "process", "process, at_ns, begun, finished, written, value")
    found["health"] = [json.loads(value) for _, _, value in rows(db, "health", "at_ns, value")]
    db.close()
    return found


def test_independent_reader_finds_what_was_written(recorded):
    found = read(recorded.path)
    assert found["meta"] == {"clock": "monotonic", "host": {"name": "Prüfstand"}}
    assert found["facts"]["calibration"] == [{"gain": 1.01}]
    (source,) = found["sources"].values()
    assert (source["url"], source["name"], source["driver"]) == ("virtual://", "meter", "virtual")
    assert source["info"] == {"serial": "A1"}
    assert source["times"] == recorded.times_ns.tolist()
    assert source["flags"] == recorded.flags.tolist()
    assert source["codes"] == recorded.codes.T.tolist()
    assert source["gaps"] == [(g.start_ns, g.end_ns, g.reason, g.detail, g.lost) for g in recorded.gaps]
    assert source["ticks"] == recorded.ticks
    assert found["clock"] == recorded.pairs
    events = [
        (
            e.process,
            e.thread,
            e.uid,
            e.parent,
            e.name,
            e.start_ns,
            e.end_ns,
            e.count,
            e.attributes,
            e.peak_memory,
        )
        for e in recorded.events
    ]
    assert list(found["events"].values()) == events
    assert found["facts"]["closed"][-1]["last_ns"] == {"1": int(recorded.times_ns[-1])}
    assert found["facts"]["closed"][-1]["rows"]["events"] == 1


def test_channel_specification_is_as_documented(recorded):
    (source,) = read(recorded.path)["sources"].values()
    voltage, _, energy = source["channels"]
    assert (voltage["quantity"], voltage["kind"], voltage["grade"]) == ("voltage", "instant", "measured")
    assert (voltage["scale"], voltage["offset"]) == (0.001, 0.0)
    assert voltage["rail"] == {
        "name": "VIN",
        "parent": None,
        "boundary": "board",
        "covers": "everything",
        "nominal_v": 5.0,
        "sum_lacks": "",
    }
    assert voltage["accuracy"]["gain"] == 0.01
    assert voltage["accuracy"]["source"] == "a test"
    assert (energy["kind"], energy["wrap"]) == ("counter", 2**32)


def test_summaries_are_as_documented(recorded):
    (source,) = read(recorded.path)["sources"].values()
    for start, end, read_ns, entries, fine in source["chunks"]:
        low, high = source["times"].index(start), source["times"].index(end) + 1
        fresh = [i for i in range(low, high) if not source["flags"][i] & 1]
        voltage, current, joules = source["codes"]
        both = [i for i in fresh if current[i] != MISSING]
        columns = [
            (fresh, [voltage[i] for i in fresh]),
            (both, [current[i] for i in both]),
            (fresh, [joules[i] for i in fresh]),
            (both, [voltage[i] * current[i] for i in both]),
        ]
        for entry, short, (places, codes) in zip(entries, fine, columns, strict=True):
            times = [source["times"][i] for i in places]
            steps = [b - a for a, b in pairwise(times)]
            mean = sum(codes) / len(codes)
            assert (
                (entry["count"], entry["low"], entry["high"])
                == (len(codes), min(codes), max(codes))
                == short[:3]
            )
            assert (entry["first_ns"], entry["last_ns"], entry["longest_ns"]) == (
                times[0],
                times[-1],
                max(steps),
            )
            assert (entry["first"], entry["last"]) == (codes[0], codes[-1])
            sums = {
                "mean": mean,
                "spread": sum((code - mean) ** 2 for code in codes),
                "change": sum((b - a) ** 2 for a, b in pairwise(codes)),
                "left": sum(code * step for code, step in zip(codes, steps, strict=False)),
                "right": sum(code * step for code, step in zip(codes[1:], steps, strict=True)),
            }
            for name, value in sums.items():
                assert entry[name] == pytest.approx(value, rel=1e-12), name
            assert short[3] == pytest.approx(mean, rel=1e-12)
        assert read_ns == 1500


def test_levels_hold_four_of_the_level_below(written):
    truth = written(chunks=21, each=10)
    (source,) = read(truth.path)["sources"].values()
    assert [level for level, *_ in source["levels"]] == [1, 1, 1, 1, 2, 1]
    first = [entries for level, _, _, entries in source["levels"] if level == 1]
    for position, (_, start, end, entries) in enumerate(one for one in source["levels"] if one[0] == 1):
        chunks = source["chunks"][position * 4 : position * 4 + 4]
        assert (start, end) == (chunks[0][0], chunks[-1][1])
        voltage = [chunk[3][0] for chunk in chunks]
        between = [a["last"] * (b["first_ns"] - a["last_ns"]) for a, b in pairwise(voltage)]
        left = sum(entry["left"] for entry in voltage) + sum(between)
        assert entries[0]["count"] == sum(entry["count"] for entry in voltage)
        assert entries[0]["low"] == min(entry["low"] for entry in voltage)
        assert entries[0]["left"] == pytest.approx(left, rel=1e-12)
    ((_, start, end, second),) = [one for one in source["levels"] if one[0] == 2]
    assert (start, end) == (source["chunks"][0][0], source["chunks"][15][1])
    assert second[0]["count"] == sum(entries[0]["count"] for entries in first[:4])


def test_samples_that_fill_no_chunk_are_in_the_tail(tmp_path):
    path = tmp_path / "x.power"
    writer = Writer.create(path)
    channel = Channel("p", Quantity.POWER, 1e-3, Rail("R"))
    source = writer.add_source("x://", "x", "x", (channel,))
    for start in range(0, 90, 30):
        times = np.arange(start, start + 30)
        writer.append(source, times, times * 7)
    writer.abandon()
    found = read(path)
    assert found["tails"] == 3 and found["sources"][1]["codes"] == [[7 * i for i in range(90)]]


def test_what_processes_and_the_recorder_note_is_as_documented(tmp_path):
    path = tmp_path / "x.power"
    with Writer.create(path) as writer:
        writer.add_process_counts(7, 5, (3, 2, 1), {"dropped": 1})
        writer.add_health(9, {"cpu_s": 0.5})
    found = read(path)
    assert found["processes"] == [(1, 7, 5, 3, 2, 1, '{"dropped": 1}')] and found["health"] == [
        {"cpu_s": 0.5}
    ]
    assert found["facts"]["closed"][0]["chains"]["health"]


def test_unfinished_recording_reads_the_same(written):
    truth = written(close=False)
    found = read(truth.path)
    assert found["sources"][1]["times"] == truth.times_ns.tolist()


def test_documented_checksum_example():
    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    assert str(zlib.crc32(text_of("clock", (1, 5, 7)))) in page
