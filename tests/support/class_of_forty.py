"""Forty hand-ins as a class makes them: recordings with everything a recorder notes, six of them made dishonest."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from crafted import seal

from powermeter.channel import Accuracy, Boundary, Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Recording, Writer, append_to
from powermeter.recording.salvage import salvage
from powermeter.result import Grade
from powermeter.source import Gap

NS = 1_000_000_000
START_UTC_NS = 1_791_000_000 * NS
"""2026-10-03."""

RUBRIC = """
title = "Energy exercise"
battery = "4Ah"
measured = true
label = "infer"
events = 20
seconds = 5
opens = 2026-09-01
closes = 2026-12-01
power = ["0.2W", "40W"]
"""


def record(path: Path, team: str, seed: int, **other: Any) -> Path:
    """Write what the recorder writes of twenty-five inferences on a board with an INA219.

    Args:
        path: The file.
        team: Noted as the attribute `team`; empty for none.
        seed: Of the load.
        other: `url`, `driver`, `grade`, `boundary`, `info`, `accuracy`, `battery`, `close`, `gap`, `lost`, `utc_ns`,
            `host`, `events`, `scale`, `machine`, `noise_seed`, `attributes` differ from the usual.
    """
    random = np.random.default_rng(seed)
    noise = np.random.default_rng(other.get("noise_seed", seed + 1000))
    events = other.get("events", 25)
    start = 5_000 * NS + seed * 977 * NS + other.get("machine", 0) * NS
    rate, latency = 100.0, 0.25 * (1 + 0.2 * random.random())
    lengths = latency * (1 + 0.02 * random.standard_normal(events))
    edges = 1.0 + np.concatenate([[0.0], np.cumsum(lengths)])
    times = np.sort(
        np.arange(0, edges[-1] + 1, 1 / rate)
        + random.uniform(0, 0.005, len(np.arange(0, edges[-1] + 1, 1 / rate)))
    )
    busy = (times >= edges[0]) & (times < edges[-1])
    amps = np.where(busy, 0.57 * other.get("scale", 1.0), 0.34) * (
        1 + 0.01 * random.standard_normal(times.size)
    )
    volts = 5.0 + 0.004 * noise.standard_normal(times.size)
    codes = np.stack([np.round(volts / 4e-3), np.round(amps / 1e-4)], axis=1).astype(np.int64)
    times_ns = start + np.round(times * NS).astype(np.int64)
    if other.get("gap"):
        keep = (times < 2.0) | (times > 2.2)
        times_ns, codes = times_ns[keep], codes[keep]
    rail = Rail(
        "vin", boundary=other.get("boundary", Boundary.BOARD), covers="everything the board draws at 5 V"
    )
    grade = other.get("grade", Grade.MEASURED)
    accuracy = other.get(
        "accuracy", Accuracy(gain=0.005, offset=0, step=1e-4, source="INA219 datasheet, table 7.5")
    )
    channels = [
        Channel(
            "vin.voltage",
            Quantity.VOLTAGE,
            4e-3,
            rail,
            grade=grade,
            accuracy=Accuracy(gain=0.005, step=4e-3, source="INA219 datasheet"),
        ),
        Channel("vin.current", Quantity.CURRENT, 1e-4, rail, grade=grade, accuracy=accuracy),
    ]
    boot, pid = f"boot-{seed % 7}", 400 + seed + other.get("machine", 0)
    metadata: dict[str, Any] = {
        "powermeter": "0.1.0",
        "clock": "monotonic",
        "boot_id": boot,
        "host": other.get("host", {"name": "raspberrypi", "board": "Raspberry Pi 4 Model B", "cpu": "ARM"}),
        "attributes": {**({"team": team} if team else {}), **other.get("attributes", {})},
        "battery": other.get("battery", "4Ah"),
        "command": ["python", "infer.py"],
        "simulated": False,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer.create(path, metadata)
    source = writer.add_source(
        other.get("url", "ina219://1/0x40?shunt=0.1ohm"),
        "ina219",
        other.get("driver", "ina219"),
        channels,
        other.get("info", {"model": "INA219"}),
    )
    note = {
        "pid": pid,
        "boot_id": boot,
        "started": seed,
        "at_ns": start,
        "cpu_s": 0.1,
        "peak_memory": 30_000_000,
        "disk_error": None,
        "sources": {},
    }
    writer.add_health(start, note)
    writer.append(source, times_ns, codes, None, 400_000)
    if other.get("gap"):
        writer.add_gap(source, Gap(start + 2 * NS, start + 2 * NS + NS // 5, "no answer", "the bus", None))
    utc = other.get("utc_ns", START_UTC_NS + seed * 3600 * NS)
    for at in (start, int(times_ns[-1])):
        writer.add_clock_pair(at, utc + at - start)
    lost = set(other.get("lost", ()))
    made = [
        Event(
            "infer",
            start + int(a * NS),
            start + int(b * NS),
            process=900 + seed,
            thread=1,
            uid=i,
            count=1,
            attributes={"model": "tiny"},
        )
        for i, (a, b) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True), 1)
        if i not in lost
    ]
    writer.add_events(made)
    counts = (len(made), len(made), len(made))
    details = {
        "program": "infer.py",
        "instants": 0,
        "lost": len(lost),
        "refused": 0,
        "strays": 0,
        "left": True,
        "running": [],
    }
    writer.add_process_counts(900 + seed, int(times_ns[-1]), counts, details)
    last = {
        **note,
        "at_ns": int(times_ns[-1]),
        "sources": {
            "1": {
                "samples": int(times_ns.size),
                "missed": 0,
                "errors": 0,
                "reopened": 0,
                **writer.commitment(source),
            }
        },
    }
    if other.get("close", True):
        writer.add_health(int(times_ns[-1]), last)
        writer.close()
    else:
        writer.abandon()
    return path


def reseal(path: Path) -> None:
    """Redo every checksum, hash and chain, and what was noted at the closing: what a careful cheat does."""
    seal(path)
    db = sqlite3.connect(path)
    for identifier, value in db.execute("SELECT id, value FROM fact WHERE name = 'closed'").fetchall():
        closed = json.loads(value)
        for name in list(closed["rows"]):
            row = db.execute(
                f"SELECT id, chain FROM {name} {'WHERE id < ' + str(identifier) if name == 'fact' else ''} ORDER BY id DESC LIMIT 1"
            ).fetchone()
            closed["rows"][name], closed["chains"][name] = (row[0], row[1].hex()) if row else (0, "")
        db.execute("UPDATE fact SET value = ? WHERE id = ?", (json.dumps(closed), identifier))
    db.commit()
    db.close()
    seal(path)


def rewritten(path: Path, table: str, change: Mapping[str, Any], where: str = "1 = 1") -> None:
    """Set columns of rows."""
    db = sqlite3.connect(path)
    for column, value in change.items():
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
    db.commit()
    db.close()


def edit_readings(path: Path, *, careful: bool = False) -> None:
    """Lower all currents by a tenth; a careful cheat redoes the hashes too, and forgets the summaries."""
    from powermeter.recording import column_bytes

    with Recording.open(path) as recording:
        samples = recording.samples(1)
    codes = [samples.codes["vin.voltage"], samples.codes["vin.current"] * 9 // 10]
    parts = [
        column_bytes.encode(column) for column in (samples.times_ns, samples.flags.astype(np.int64), *codes)
    ]
    data = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    rewritten(path, "block", {"data": data})
    if careful:
        reseal(path)


def write_anew(path: Path, to: Path, **change: Any) -> Path:
    """Write everything a recording holds into a new one, as a program of somebody's own does, the recorder's notes copied.

    Args:
        path: A recording.
        to: The new one.
        change: `factor` of all currents, `grade`, `url`, `driver` and `info` differ from the recording's.
    """
    with Recording.open(path) as old, Writer.create(to, old.metadata) as new:
        (source,) = old.sources
        channels = [replace(c, grade=change.get("grade", c.grade)) for c in source.channels]
        url, driver = change.get("url", source.url), change.get("driver", source.driver)
        number = new.add_source(url, source.name, driver, channels, change.get("info", source.info))
        samples = old.samples(source.id)
        codes = samples.table()
        codes[:, 1] = codes[:, 1] * change.get("factor", 1.0)
        new.append(number, samples.times_ns, codes, samples.flags)
        new.add_events(old.events())
        for pair in old.clock_pairs():
            new.add_clock_pair(*pair)
        for process, c in old.process_counts().items():
            new.add_process_counts(process, c.at_ns, (c.begun, c.finished, c.written), c.details)
        for told in old.facts("recorder"):
            new.add_health(told["at_ns"], told)
    return to


def thin_events(path: Path, keep: int = 22) -> None:
    """Take the last events out of every batch and redo all hashes."""
    with Recording.open(path) as recording:
        events = recording.events()
    scratch = path.with_name("scratch.power")
    with Writer.create(scratch, {}) as writer:
        writer.add_events(events[:keep])
    db = sqlite3.connect(scratch)
    (row,) = db.execute("SELECT process, count, first_ns, last_ns, data FROM events").fetchall()
    db.close()
    scratch.unlink()
    rewritten(
        path, "events", dict(zip(("process", "count", "first_ns", "last_ns", "data"), row, strict=True))
    )
    reseal(path)


DISHONEST = {
    "team-03/run.power": "changed",
    "team-09/run.power": "simulated-as-measured",
    "team-14/run.power": "estimate-as-measured",
    "team-21/run.power": "budget",
    "team-28/run.power": "copy",
    "team-33/run.power": "events-missing",
}
"""File → the code that must be found."""


def make_class(folder: Path) -> Path:
    """Write forty hand-ins into a folder; honest ones are messy too: killed, gaps, repaired, calibrated, lost marks, wrong clocks."""
    for number in range(1, 41):
        team = f"team-{number:02}"
        path = folder / team / "run.power"
        usual: dict[str, Any] = {
            5: {"close": False},
            6: {"gap": True},
            7: {"utc_ns": START_UTC_NS - 366 * 86_400 * NS},
            8: {"lost": (4, 5)},
            9: {"url": "virtual://", "driver": "virtual", "info": {"simulated": True}},
            14: {
                "url": "estimate://",
                "driver": "estimate",
                "boundary": Boundary.MODEL,
                "accuracy": Accuracy(model=0.3, source="rated power"),
            },
            21: {"battery": "20Ah"},
            25: {"battery": "4000mAh"},
        }.get(number, {})
        record(path, team, number, **usual)
    edit_readings(folder / "team-03/run.power")
    shutil.copyfile(folder / "team-02/run.power", folder / "team-28/run.power")
    with append_to(folder / "team-28/run.power") as writer:
        writer.set_metadata(
            {"attributes": {"team": "team-28"}, "host": {"name": "ours", "board": "Raspberry Pi 4 Model B"}}
        )
    thin_events(folder / "team-33/run.power")
    with append_to(folder / "team-10/run.power") as writer:
        writer.add_fact("note", {"text": "measured in the second week"})
    salvage(folder / "team-11/run.power", folder / "team-11/whole.power")
    (folder / "team-11/run.power").unlink()
    shutil.copyfile(folder / "team-12/run.power", folder / "team-12/again.power")
    return folder
