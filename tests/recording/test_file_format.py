"""A reader written from docs/file-format.md alone must find what we wrote.

`read` uses nothing of this package: sqlite3, zlib, json and struct.  When it has to change, so has the document.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

MISSING = -(2**63)


def crc_of(table: str, row: tuple[Any, ...]) -> int:
    cells = ["" if v is None else v.hex() if isinstance(v, bytes) else str(v) for v in (table, *row)]
    return zlib.crc32("\x1f".join(cells).encode())


def rows(db: sqlite3.Connection, table: str, names: str) -> list[tuple[Any, ...]]:
    found = db.execute(f"SELECT id, {names}, checksum FROM {table} ORDER BY id").fetchall()
    assert [row[0] for row in found] == list(range(1, len(found) + 1)), f"{table} has lost rows"
    for row in found:
        assert crc_of(table, row[:-1]) == row[-1], f"{table} {row[0]} is damaged"
    return [row[:-1] for row in found]


def signed(number: int) -> int:
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number


def inflate(data: bytes, size: int) -> bytes:
    raw = zlib.decompressobj().decompress(data, size + 1)
    assert len(raw) == size
    return raw


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
        raw = inflate(rest, n * width)
        residuals = [sum(raw[byte * n + i] << 8 * byte for byte in range(width)) for i in range(n)]
        if kind == 1:
            values = [signed(base + step * residual) for residual in residuals]
        else:
            values = [base]
            for residual in residuals:
                values.append(signed(values[-1] + low + step * residual))
    return [MISSING if gone[i // 8] >> (7 - i % 8) & 1 else value for i, value in enumerate(values)]


def read(path: Path) -> dict[str, Any]:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    assert db.execute("PRAGMA application_id").fetchone() == (0x504D5452,)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert {kind for (kind,) in db.execute("SELECT type FROM sqlite_master")} == {"table"}
    found: dict[str, Any] = {"meta": {}, "facts": {}, "events": {}, "sources": {}}
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
    for row in rows(db, "chunk", "source, sequence, start_ns, end_ns, count, read_ns, data_crc, summary"):
        identifier, source, sequence, start, end, count, read_ns, data_crc, summary = row
        target = found["sources"][source]
        assert sequence == len(target["chunks"])
        (data,) = db.execute("SELECT data FROM block WHERE chunk = ?", (identifier,)).fetchone()
        assert zlib.crc32(data) == data_crc
        parts = []
        while data:
            (length,) = struct.unpack_from("<I", data)
            parts.append(data[4 : 4 + length])
            data = data[4 + length :]
        times, flags, *codes = [column(part, count) for part in parts]
        assert (times[0], times[-1]) == (start, end)
        target["chunks"].append((start, end, read_ns, list(struct.iter_unpack("<Iddd", summary))))
        target["times"] += times
        target["flags"] += flags
        for whole, part in zip(target["codes"], codes, strict=True):
            whole += part
    fields = "source, level, sequence, start_ns, end_ns, count, summary"
    for _, source, level, _, start, end, _, summary in rows(db, "level", fields):
        found["sources"][source]["levels"].append(
            (level, start, end, list(struct.iter_unpack("<Iddd", summary)))
        )
    fields = "process, thread, uid, parent, name, start_ns, end_ns, count, attributes, peak_memory"
    for row in rows(db, "event", fields):
        free = json.loads(row[9]) if row[9] else {}
        found["events"][(row[1], row[3], row[6]) if row[3] else row[0]] = (*row[1:9], free, row[10])
    for _, source, *gap in rows(db, "gap", "source, start_ns, end_ns, reason, detail, lost"):
        found["sources"][source]["gaps"].append(tuple(gap))
    found["clock"] = [(a, b) for _, a, b in rows(db, "clock", "monotonic_ns, utc_ns")]
    for _, source, tick, arrival in rows(db, "tick", "source, tick, arrival_ns"):
        found["sources"][source]["ticks"].append((tick, arrival))
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
    assert found["facts"]["closed"][-1]["rows"]["event"] == len(recorded.events)


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
    for start, end, read_ns, entries in source["chunks"]:
        low, high = source["times"].index(start), source["times"].index(end) + 1
        volts, amps, joules = [[c for c in codes[low:high] if c != MISSING] for codes in source["codes"]]
        pairs = zip(source["codes"][0][low:high], source["codes"][1][low:high], strict=True)
        watts = [v * a for v, a in pairs if a != MISSING]
        for entry, codes in zip(entries, (volts, amps, joules, watts), strict=True):
            assert entry[:3] == (len(codes), min(codes), max(codes))
            assert entry[3] == pytest.approx(sum(codes) / len(codes), rel=1e-12)
        assert read_ns == 1500


def test_levels_hold_sixty_of_the_level_below(written):
    truth = written(chunks=125, each=3)
    (source,) = read(truth.path)["sources"].values()
    assert [level for level, *_ in source["levels"]] == [1, 1]
    for position, (_, start, end, entries) in enumerate(source["levels"]):
        chunks = source["chunks"][position * 60 : position * 60 + 60]
        assert (start, end) == (chunks[0][0], chunks[-1][1])
        voltage = [chunk[3][0] for chunk in chunks]
        count = sum(entry[0] for entry in voltage)
        assert entries[0][:3] == (count, min(e[1] for e in voltage), max(e[2] for e in voltage))
        assert entries[0][3] == pytest.approx(sum(e[0] * e[3] for e in voltage) / count, rel=1e-12)


def test_unfinished_recording_reads_the_same(written):
    truth = written(close=False)
    found = read(truth.path)
    assert "closed" not in found["facts"]
    assert found["sources"][1]["times"] == truth.times_ns.tolist()


def test_documented_checksum_example():
    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    assert str(crc_of("clock", (1, 5, 7))) in page


def test_document_names_every_table_and_column():
    from powermeter.recording import file

    page = (Path(__file__).resolve().parents[2] / "docs" / "file-format.md").read_text()
    for table in (*file.TABLES, "block"):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{table}` | `")]
        for name in file.columns(table) if table != "block" else ("chunk", "data"):
            assert f"`{name}`" in line, f"{table}.{name} is not in the document"
