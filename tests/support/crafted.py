"""Recordings as a hostile author would make them: any cell changed, every checksum and chain right again.

As a program it changes recordings at random and runs every verb on each, within limits of memory and time:

    python tests/support/crafted.py --minutes 20 [--seed 1] [--keep FOLDER]

It prints what raised anything but one of our errors, hung or asked for too much, with the seed that makes it again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import old_schema
import small_recording

from powermeter.recording import Recording, append_to, schema
from powermeter.recording.joining import join

MEMORY = 1500 << 20
SECONDS = 20

EXTREMES = (
    0,
    1,
    -1,
    2,
    7,
    255,
    256,
    65_535,
    65_536,
    2**31,
    2**32,
    10**12,
    2**53,
    2**61,
    2**62 - 1,
    2**62,
    2**63 - 1,
    -(2**63),
    -(2**62),
    None,
    "",
    "x",
    b"",
    b"\0\xff",
    1.5,
    -1e300,
    "\x1b[31mred",
    "a\nb",
    "é",
    "x" * 5000,
)
JSON_EXTREMES = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    10**400,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\ud800",
    "\x1b]0;t\x07",
    [],
    [1],
    ["x"],
    [[]],
    {},
    {"a": 1},
    {"": None},
    "1e5",
    0.5,
    -0.5,
    1e-300,
)


def seal(path: Path) -> None:
    """Make every checksum, chain, hash and note of the closing right for what the rows hold now."""
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    db.execute("BEGIN")
    if version == 2:
        for identifier, fine, data in db.execute("SELECT chunk, fine, data FROM block").fetchall():
            if isinstance(fine, bytes) and isinstance(data, bytes):
                values = (
                    zlib.crc32(data),
                    zlib.crc32(fine),
                    hashlib.sha256(fine + data).digest(),
                    identifier,
                )
                db.execute("UPDATE chunk SET data_crc = ?, fine_crc = ?, hash = ? WHERE id = ?", values)
    else:
        for identifier, data in db.execute("SELECT chunk, data FROM block").fetchall():
            if isinstance(data, bytes):
                db.execute("UPDATE chunk SET data_crc = ? WHERE id = ?", (zlib.crc32(data), identifier))
    tables = [*schema.TABLES.get(version, {}).values(), *([schema.TAIL_TABLE] if version == 2 else [])]
    for table in tables:
        chain = b""
        for row in db.execute(
            f"SELECT id, {', '.join(table.columns)} FROM {table.name} ORDER BY id"
        ).fetchall():
            cells = [
                "" if v is None else v.hex() if isinstance(v, bytes) else str(v) for v in (table.name, *row)
            ]
            text = "\x1f".join(cells).encode("utf-8", "surrogateescape")
            chain = hashlib.sha256(chain + text).digest()
            db.execute(f"UPDATE {table.name} SET checksum = ? WHERE id = ?", (zlib.crc32(text), row[0]))
            if table.is_chained:
                db.execute(f"UPDATE {table.name} SET chain = ? WHERE id = ?", (chain, row[0]))
    db.execute("COMMIT")
    db.close()


def change_json(value: Any, draw: random.Random) -> Any:
    """Return a JSON value with something in it replaced, removed or added."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(list(value))
        changed = dict(value)
        if draw.random() < 0.15:
            del changed[key]
        else:
            changed[key] = change_json(value[key], draw)
        return changed
    if isinstance(value, list) and value and draw.random() < 0.7:
        place = draw.randrange(len(value))
        return [change_json(item, draw) if i == place else item for i, item in enumerate(value)]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and draw.random() < 0.4:
        return value * draw.choice((-1, 0, 1000, 1e30)) + draw.choice((0, 1))
    return draw.choice(JSON_EXTREMES)


def change_column(data: bytes, draw: random.Random) -> bytes:
    """Return a blob with a field of its structure changed."""
    changed = bytearray(data)
    how = draw.random()
    if how < 0.6 and changed:
        for _ in range(draw.randrange(1, 4)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    elif how < 0.75:
        del changed[draw.randrange(len(changed) + 1) :]
    elif how < 0.9 and len(changed) > 30:
        place = draw.randrange(len(changed) - 8)
        changed[place : place + 8] = draw.choice((2**63, 2**62, 2**32, 1, 0)).to_bytes(8, "little")
    else:
        changed += draw.randbytes(draw.randrange(40))
    return bytes(changed)


def change(path: Path, draw: random.Random) -> str:
    """Change one to three cells or rows of a recording and seal it; returns what was done."""
    db = sqlite3.connect(path, isolation_level=None)
    done = []
    is_new = db.execute("PRAGMA user_version").fetchone() == (2,)
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        name = draw.choice([name for name in names if name != "sqlite_sequence"])
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
        columns = [c for c in columns if c not in ("checksum", "chain", "data_crc", "fine_crc", "hash")]
        ids = [i for (i,) in db.execute(f"SELECT rowid FROM {name}")]
        if not ids:
            continue
        row, column = draw.choice(ids), draw.choice(columns)
        if draw.random() < 0.06:
            db.execute(f"DELETE FROM {name} WHERE rowid = ?", (row,))
            done.append(f"deleted {name} {row}")
            continue
        if draw.random() < 0.06:
            listed = ", ".join(c for c in columns if c not in ("id", "chunk"))
            guards = {"checksum": "0", "chain": "x'00'"} if is_new else {"checksum": "0"}
            if name not in ("block", "tail"):
                db.execute(
                    f"INSERT INTO {name} ({listed}, {', '.join(guards)}) "
                    f"SELECT {listed}, {', '.join(guards.values())} FROM {name} WHERE rowid = ?",
                    (row,),
                )
                done.append(f"doubled {name} {row}")
            continue
        (old,) = db.execute(f"SELECT {column} FROM {name} WHERE rowid = ?", (row,)).fetchone()
        new: Any = draw.choice(EXTREMES)
        if column in ("value", "spec", "info", "attributes") and isinstance(old, str) and draw.random() < 0.9:
            new = json.dumps(change_json(json.loads(old), draw))
            if draw.random() < 0.03:
                new = "[" * draw.choice((900, 100_000))
        elif isinstance(old, bytes) and draw.random() < 0.9:
            new = change_column(old, draw)
        elif isinstance(old, int) and draw.random() < 0.5:
            new = max(-(2**63), min(2**63 - 1, old + draw.choice((1, -1, 2, 1000, -(10**9), 10**9, 10**13))))
        elif isinstance(old, str) and draw.random() < 0.3:
            new = old[: draw.randrange(len(old) + 1)] + draw.choice(("\x1b[2J", "/", "\0", "\u202e", " "))
        try:
            db.execute(f"UPDATE {name} SET {column} = ? WHERE rowid = ?", (new, row))
            done.append(f"{name} {row} {column} = {new!r}"[:300])
        except (sqlite3.Error, OverflowError):
            continue
    db.close()
    seal(path)
    return "; ".join(done)


def verbs(path: Path, out: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the command lines that read a recording."""
    file = str(path)
    yield "show", ["show", file]
    yield "show json", ["show", file, "--json"]
    for ending in ("html", "md", "svg"):
        yield f"report {ending}", ["report", file, "-o", str(out / f"r.{ending}"), "--force"]
    for what in ("samples", "events", "labels"):
        yield f"export {what}", ["export", file, "-o", str(out / f"{what}.csv"), "--what", what, "--force"]
    yield "compare", ["compare", file, file]
    yield "compare labels", ["compare", file, "-l", "infer", "-l", "idle"]
    yield "repair", ["repair", file, "-o", str(out / "repaired.power"), "--force"]
    yield "verify", ["verify", file]
    yield "lifetime", ["lifetime", file, "--label", "infer"]
    yield "budget", ["budget", file, "--battery", "4Ah"]
    yield "footprint", ["footprint", file, "--place", "FRA"]
    yield "align", ["align", file, "--by", "activity", "--source", "virtual", "--dry-run"]
    where = ["--load", "0s-0.1s=1A", "--accuracy", "1%", "-o", str(out / "c.toml"), "--force"]
    for channel in ("vin.current", "virtual.current"):
        yield "calibrate", ["calibrate", file, "-c", channel, *where]
    joined = ["--by", "clock", "--clock-error", "1s", "-o", str(out / "joined.power"), "--force"]
    yield "join", ["align", file, str(out / "repaired.power"), *joined]
    yield (
        "record",
        [
            "record",
            "-o",
            str(out / "again.power"),
            "--force",
            "-s",
            f"replay://{file}?speed=1000",
            "--quiet",
            "--",
            "true",
        ],
    )


def run_all(path: Path, out: Path, only: Callable[[str], bool] = lambda name: True) -> list[tuple[str, str]]:
    """Run every verb on a file in this process; returns (verb, problem) for each that did not end as it should."""
    from powermeter import cli

    found = []
    for name, arguments in verbs(path, out):
        if not only(name):
            continue
        started = time.monotonic()
        printed, said = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
                status = cli.run(list(arguments))
            if status not in (0, 1, 2, 3, 4, 5, 7, 8, 9):
                found.append((name, f"status {status}"))
            elif "Traceback" in said.getvalue() or (status in (1, 2, 7) and not said.getvalue().strip()):
                found.append((name, f"status {status}: {said.getvalue()[-300:]}"))
        except BaseException as error:  # noqa: BLE001 – that is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            frames = [
                f
                for f in traceback.extract_tb(error.__traceback__)
                if "powermeter" in f.filename or "reports" in f.filename
            ]
            ours = frames[-1] if frames else place
            found.append(
                (
                    name,
                    f"{type(error).__name__}: {str(error)[:150]} at {Path(ours.filename).name}:{ours.lineno} {ours.name}",
                )
            )
        if time.monotonic() - started > 10:
            found.append((name, f"took {time.monotonic() - started:.0f} s"))
    return found


# The program ----------------------------------------------------------------------------------------


def bases(folder: Path) -> list[Path]:
    """Make the recordings that are changed."""
    recorded = folder / "recorded.power"
    program = "import time, powermeter as p\nfor i in range(12):\n with p.event('infer' if i % 3 else 'idle', n=2, model='tiny'):\n  time.sleep(0.02)"
    command = [
        sys.executable,
        "-m",
        "powermeter",
        "record",
        "-o",
        str(recorded),
        "--source",
        "virtual://?rate=500Hz",
    ]
    subprocess.run(
        [*command, "--quiet", "--", sys.executable, "-c", program], check=True, capture_output=True
    )
    varied = folder / "varied.power"
    small_recording.write(varied)
    tail = folder / "tail.power"
    small_recording.write(tail, close=False)
    old = folder / "old.power"
    old_schema.write(old)
    joined = folder / "joined.power"
    with Recording.open(recorded) as host, Recording.open(varied) as guest:
        offset = host.span_ns(1)[0] - guest.span_ns(1)[0]
        drift = {"drift": 1e-5, "origin_ns": 0, "offset_u_ns": 1e5, "drift_u": 1e-6, "residual_ns": 1e5}
        how = {"confidence": 0.9, "method": "pattern", "places": 2}
        join(host, guest, joined, {"offset_ns": float(offset), **drift, **how})
    with append_to(joined) as writer:
        writer.add_fact(
            "calibration",
            {
                "source": 1,
                "channel": "virtual.current",
                "coefficients": [0.01, 1.02],
                "low": 0.0,
                "high": 2.0,
                "covariance": [[1e-6, 0.0], [0.0, 1e-6]],
                "reference_gain": 1e-3,
                "temperature_slope": 1e-4,
                "temperature_c": 25.0,
                "temperature_channel": "none",
                "date": "2026-01-01",
                "instrument": "a meter",
            },
        )
        writer.add_process_counts(1, 5, (9, 8, 7), {"dropped": 1})
    return [recorded, joined, varied, joined, tail, old]


def child(base: Path, seed: int, keep: Path | None) -> None:
    """Change and try one recording within limits, and print what was found as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(SECONDS * 6)
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "x.power"
        shutil.copy(base, path)
        done = change(path, random.Random(seed))
        found = run_all(path, folder)
        if found and keep is not None:
            shutil.copy(path, keep / f"{base.stem}-{seed}.power")
        print(json.dumps({"seed": seed, "base": base.name, "done": done, "found": found}), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", help="this base alone, with --seed, once")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        made = bases(Path(name))
        if options.only:
            child(next(base for base in made if base.name == options.only), options.seed, options.keep)
            return
        # Loaded once; every try is a fork, which a limit of memory or a signal may end.
        for module in (
            "show",
            "report",
            "export",
            "compare",
            "repair",
            "lifetime",
            "budget",
            "footprint",
            "align",
            "calibrate",
        ):
            __import__(f"powermeter.cli.{module}")
        end, seed, seen, tries = time.monotonic() + options.minutes * 60, options.seed, {}, 0
        while time.monotonic() < end:
            base = made[seed % len(made)]
            read, write = os.pipe()
            process = os.fork()
            if not process:
                os.close(read)
                os.dup2(write, 1)
                try:
                    child(base, seed, options.keep)
                finally:
                    os._exit(0)
            os.close(write)
            with os.fdopen(read) as pipe:
                text = pipe.read()
            _, status = os.waitpid(process, 0)
            tries += 1
            lines = [line for line in text.splitlines() if line.startswith('{"seed"')]
            if not lines:
                found, done = [("?", f"ended by signal {status & 127}")], ""
            else:
                told = json.loads(lines[-1])
                found, done = told["found"], told["done"]
            for verb, problem in found:
                key = problem.split(" at ")[-1] if " at " in problem else f"{verb} {problem[:60]}"
                seen[key] = seen.get(key, 0) + 1
                if seen[key] == 1:
                    print(f"{base.name} seed {seed}: {verb}: {problem}\n    after {done[:400]}", flush=True)
            seed += 1
        print(
            f"{tries} recordings, seeds {options.seed} to {seed - 1}; {len(seen)} findings: {json.dumps(seen)}"
        )


if __name__ == "__main__":
    main()
