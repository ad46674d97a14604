"""Files from strangers: one line, soon, in little memory, and nothing of theirs is run or followed.

`tests/support/crafted.py` makes recordings whose every checksum is right and whose content is not, and runs every
verb on them; here are a few of its seeds and all that it found.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import decoder_targets
import input_targets
import numpy as np
import pytest
from crafted import change, run_all, seal

from powermeter import cli
from powermeter.channel import Channel, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError, PowermeterError
from powermeter.recording import Recording, Writer

VERBS = ("show", "report", "export", "repair", "verify", "compare")


def statement(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for one in statements:
        db.execute(one)
    db.commit()
    db.close()


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(4))
def test_no_verb_breaks_on_a_crafted_recording(recorded, tmp_path, seed):
    copy = tmp_path / "copy.power"
    shutil.copyfile(recorded.path, copy)
    done = change(copy, random.Random(seed))
    assert run_all(copy, tmp_path) == [], f"seed {seed}: {done}"


# What is no regular file ------------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe.power"
    os.mkfifo(path)
    return path


def command(verb: str, path: Path, out: Path) -> list[str]:
    extra = {"export": ["-o", str(out / "x.csv")], "report": ["-o", str(out / "x.html")]}.get(verb, [])
    extra = {"compare": [str(path)], "repair": ["-o", str(out / "y.power")]}.get(verb, extra)
    return [verb, str(path), *extra]


@pytest.mark.parametrize("verb", VERBS)
def test_a_pipe_or_a_device_is_refused_and_not_opened(verb, pipe, tmp_path, capsys):
    for path in (pipe, Path("/dev/zero")):
        assert cli.run(command(verb, path, tmp_path)) == 7
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "not a regular file" in said


@pytest.mark.parametrize("side", ["-wal", "-shm"])
@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_log_that_is_no_regular_file_is_not_followed(recorded, tmp_path, side, kind):
    beside = recorded.path.with_name(recorded.path.name + side)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    {"pipe": lambda: os.mkfifo(beside), "link": lambda: beside.symlink_to(secret), "folder": beside.mkdir}[
        kind
    ]()
    with pytest.raises(DataError, match="not a regular file"):
        Recording.open(recorded.path)
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("name", ["pipe", "folder"])
def test_force_replaces_nothing_but_regular_files(tmp_path, name):
    path = tmp_path / name
    {"pipe": lambda: os.mkfifo(path), "folder": path.mkdir}[name]()
    before = path.stat().st_mode
    with pytest.raises(ConfigurationError):
        Writer.create(path, force=True)
    assert path.stat().st_mode == before


# Statements of others ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON meta (abs(id))",
        "CREATE TABLE more (x INTEGER, y AS (x * 2))",
        "CREATE TRIGGER t AFTER INSERT ON fact BEGIN DELETE FROM chunk; END",
        "ALTER TABLE meta ADD COLUMN z AS (length(key))",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
    ],
)
def test_only_the_tables_of_a_recording_are_let_in(recorded, made):
    statement(recorded.path, made)
    with pytest.raises(DataError, match="no recording has"):
        Recording.open(recorded.path)


def test_a_view_under_the_name_of_sqlite_s_own_table_is_not_read(recorded):
    statement(
        recorded.path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET type = 'view', rootpage = 0, sql = 'CREATE VIEW sqlite_sequence AS SELECT 1 AS name, 2 AS seq' "
        "WHERE name = 'sqlite_sequence'",
    )
    with pytest.raises(DataError):
        Recording.open(recorded.path)


def test_a_table_with_the_right_name_and_other_columns_is_refused(recorded):
    statement(recorded.path, "DROP TABLE gap", "CREATE TABLE gap (id INTEGER PRIMARY KEY, reason TEXT)")
    with pytest.raises(DataError, match="table 'gap' that no recording has"):
        Recording.open(recorded.path)


# Sizes ------------------------------------------------------------------------------------------------


def huge(path: Path, chunks: int) -> int:
    """A small file that claims very many samples: columns that are constant take 26 bytes."""
    channels = tuple(Channel(f"c{i}", Quantity.POWER, 1e-3, Rail(f"R{i}")) for i in range(3))
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "x", "x", channels)
        writer.append(source, np.full(1 << 16, 7, np.int64), np.full((1 << 16, 3), 7))
    db = sqlite3.connect(path)
    columns = (
        "source, {}, start_ns, end_ns, count, read_ns, data_crc, fine_crc, hash, summary, checksum, chain"
    )
    for i in range(1, chunks):
        names = columns.format("sequence")
        db.execute(f"INSERT INTO chunk ({names}) SELECT {columns.format(i)} FROM chunk WHERE id = 1")
        db.execute(f"INSERT INTO block SELECT {i + 1}, fine, data FROM block WHERE chunk = 1")
    db.commit()
    db.close()
    seal(path)
    return chunks << 16


@pytest.mark.thorough
def test_a_small_file_that_claims_much_is_streamed_and_not_loaded(tmp_path):
    path = tmp_path / "x.power"
    count = huge(path, 900)
    assert path.stat().st_size < 20_000_000 and count * 40 > 2_000_000_000
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
        "from powermeter.recording import Recording\n"
        "with Recording.open(sys.argv[1]) as r:\n"
        "    try: r.samples(1)\n"
        "    except ValueError as e: print(e)\n"
        "    print(sum(map(len, r.stream(1, channels=[])))); r.overview(1); r.summaries(1)\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    refused, streamed, peak = done.stdout.splitlines()
    assert "too many to be loaded at once" in refused and int(streamed) == count
    assert int(peak) < 150_000


@pytest.mark.thorough
def test_a_file_that_claims_more_than_its_size_can_hold_is_refused(tmp_path, capsys):
    path = tmp_path / "x.power"
    huge(path, 900)
    statement(path, "UPDATE block SET fine = x'00'", "PRAGMA journal_mode = DELETE")
    seal(path)
    db = sqlite3.connect(path)
    db.execute("VACUUM")
    db.close()
    assert path.stat().st_size < 1_500_000
    for verb in VERBS:
        assert cli.run(command(verb, path, tmp_path)) == 7, verb
        said = capsys.readouterr().err
        assert ("not as it was written" if verb == "verify" else "which no recorder writes") in said


@pytest.mark.parametrize("count", [1 << 17, (1 << 17) + 1, 2**31, 2**62, 0, -5])
def test_a_chunk_that_claims_more_than_it_may_hold_is_left_out(recorded, count):
    statement(recorded.path, f"UPDATE chunk SET count = {count} WHERE id = 2")
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        assert len(recording.samples(1).times_ns) == 150
        assert recording.warnings and any(gap.reason == "damaged" for gap in recording.gaps(1))


@pytest.mark.parametrize("count", [2**17 + 1, 2**62, -1, 0, 5])
def test_a_batch_of_events_that_claims_another_number_is_left_out(recorded, count):
    statement(recorded.path, f"UPDATE events SET count = {count}")
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        assert recording.events() == [] and any("left out" in text for text in recording.warnings)


def test_a_tree_of_pages_that_never_ends_ends(recorded):
    """An interior page whose children are itself."""
    data = bytearray(recorded.path.read_bytes())
    page = int.from_bytes(data[16:18], "big")
    db = sqlite3.connect(recorded.path)
    roots = [
        root
        for (root,) in db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name IN ('meta', 'events', 'chunk')"
        )
    ]
    db.close()
    for root in roots:
        cells = (page - 12) // 8
        head = (
            bytes([5])
            + (0).to_bytes(2, "big")
            + cells.to_bytes(2, "big")
            + (12 + 2 * cells).to_bytes(2, "big")
        )
        head += b"\0" + root.to_bytes(4, "big")
        pointers = b"".join((12 + 2 * cells + 5 * i).to_bytes(2, "big") for i in range(cells))
        body = (root.to_bytes(4, "big") + b"\x7f") * cells
        data[(root - 1) * page : root * page] = (head + pointers + body).ljust(page, b"\0")[:page]
    recorded.path.write_bytes(data)
    started = time.process_time()
    try:
        with Recording.open(recorded.path) as recording:
            recording.events()
            recording.summaries(1)
    except PowermeterError:
        pass
    assert time.process_time() - started < 30


# Texts and numbers ------------------------------------------------------------------------------------


def test_every_text_of_a_recording_can_be_printed(path_of):
    path = path_of({"command": ["\udc80", "a\ud800b"], "title": "\udfff"})
    with Recording.open(path) as recording:
        for text in (*recording.metadata["command"], recording.metadata["title"]):
            text.encode()
    assert recording.metadata["command"][0] == "\\udc80"


@pytest.fixture
def path_of(tmp_path):
    def make(metadata):
        path = tmp_path / "x.power"
        with Writer.create(path, metadata):
            pass
        return path

    return make


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clock", 5),
        ("host", "x"),
        ("command", {"a": 1}),
        ("joined", [1]),
        ("imported", []),
        ("import_warnings", "x"),
    ],
)
def test_metadata_of_another_kind_are_left_out_and_named(path_of, key, value):
    with Recording.open(path_of({key: value, "free": [1, None]})) as recording:
        assert recording.metadata == {"free": [1, None]}
        assert any(repr(key) in text for text in recording.warnings)


@pytest.mark.parametrize(
    "spec",
    [
        {"scale": "1"},
        {"scale": 0},
        {"scale": float("nan")},
        {"scale": 10**400},
        {"name": 7},
        {"quantity": "speed"},
        {"kind": None},
        {"wrap": -1},
        {"wrap": 0.5},
        {"low_code": "x"},
        {"accuracy": {"gain": -1}},
        {"accuracy": 5},
        {"accuracy": {"typical": "yes"}},
        {"rail": "VIN"},
        {"rail": {"name": 5}},
        {"rail": {}},
        {"window_ns": -5},
        {"rail": {"name": "R", "nominal_v": "5"}},
        {"grade": "perfect"},
        {"refresh_ns": -1},
        {"offset": None},
    ],
)
def test_a_channel_that_means_nothing_costs_its_source(recorded, spec):
    db = sqlite3.connect(recorded.path)
    (old,) = db.execute("SELECT spec FROM channel WHERE id = 1").fetchone()
    db.execute("UPDATE channel SET spec = ? WHERE id = 1", (json.dumps({**json.loads(old), **spec}),))
    db.commit()
    db.close()
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        assert recording.sources == [] and any("not understood" in text for text in recording.warnings)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("gap", "start_ns", 2**63 - 1),
        ("gap", "end_ns", -(2**62)),
        ("clock", "utc_ns", 2**62),
        ("tick", "arrival_ns", -(2**63)),
    ],
)
def test_a_time_beyond_all_times_is_left_out_and_named(recorded, contents, table, column, value):
    statement(recorded.path, f"UPDATE {table} SET {column} = {value} WHERE id = 1")
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        contents(recording)
        count = {"gap": 0, "clock": 1, "tick": 1}[table]
        found = {"gap": recording.gaps(1), "clock": recording.clock_pairs(), "tick": recording.ticks(1)}[
            table
        ]
        assert len(found) == count and any("implausible time" in text for text in recording.warnings)


def test_two_channels_of_one_name_cost_their_source(recorded):
    db = sqlite3.connect(recorded.path)
    (spec,) = db.execute("SELECT spec FROM channel WHERE id = 1").fetchone()
    db.execute("UPDATE channel SET spec = ? WHERE id = 2", (spec,))
    db.commit()
    db.close()
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        assert recording.sources == []


def test_a_chunk_that_lies_before_the_one_before_it_is_left_out(recorded):
    statement(
        recorded.path,
        "UPDATE chunk SET sequence = 9 WHERE id = 2",
        "UPDATE chunk SET sequence = 1 WHERE id = 3",
        "UPDATE chunk SET sequence = 2 WHERE id = 2",
    )
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        times = recording.samples(1).times_ns
        assert len(times) == 150 and (times[1:] >= times[:-1]).all()
        assert any("not where it belongs" in text for text in recording.warnings)
        assert any(gap.reason == "damaged" for gap in recording.gaps(1))


def test_times_that_run_backwards_inside_a_chunk_are_not_taken(recorded):
    from powermeter.recording import column_bytes

    db = sqlite3.connect(recorded.path)
    (data,) = db.execute("SELECT data FROM block WHERE chunk = 2").fetchone()
    parts = [bytes(part) for part in column_bytes.split(data)]
    times = column_bytes.decode(parts[0], 50)
    times[[10, 20]] = times[[20, 10]]
    parts[0] = column_bytes.encode(times)
    db.execute("UPDATE block SET data = ? WHERE chunk = 2", (column_bytes.join(parts),))
    db.commit()
    db.close()
    seal(recorded.path)
    with Recording.open(recorded.path) as recording:
        assert len(recording.samples(1)) == 150
        assert [gap.reason for gap in recording.gaps(1)][-1] == "damaged"


def test_what_the_fuzzer_found_interesting_ends_in_an_error_or_in_peace():
    corpus = Path(decoder_targets.__file__).with_name("decoder_corpus.txt").read_text().split()
    for line in corpus:
        decoder_targets.one(base64.b64decode(line))
    assert len(corpus) > 100


def test_every_target_of_the_fuzzer_takes_its_sound_example(tmp_path):
    """Else it would fuzz nothing but the first check."""
    decoder_targets.seeds(tmp_path)
    for position, target in enumerate(decoder_targets.TARGETS):
        target((tmp_path / f"seed{position}").read_bytes()[1:])


@pytest.mark.thorough
def test_what_the_fuzzer_found_interesting_of_other_input_ends_in_an_error_or_in_peace():
    """Frames, URLs, configurations, calibrations and logs; some of it had ended in a traceback."""
    lines = Path(input_targets.__file__).with_name("input_corpus.txt").read_text().splitlines()
    for line in lines:
        group, data = line.split()
        input_targets.GROUPS[group].one(base64.b64decode(data))
    assert {line.split()[0] for line in lines} == set(input_targets.GROUPS) and len(lines) > 100


# TOML -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        'coefficients = ["a", 1.0]',
        "low = true",
        "temperature_c = 'warm'",
        "shunt_ohm = [1]",
        "note = 5",
        "date = 2026-01-01",
        "covariance = 1",
        "covariance = [[1]]",
        "coefficients = [0, nan]",
        "high = inf",
    ],
)
def test_a_calibration_with_a_field_of_another_kind_is_refused(tmp_path, field):
    from powermeter.calibration import store

    fields = {
        "channel": "channel = 'p'",
        "coefficients": "coefficients = [0.0, 1.0]",
        "low": "low = 0.0",
        "high": "high = 1.0",
        "covariance": "covariance = [[0.0, 0.0], [0.0, 0.0]]",
        field.partition(" ")[0]: field,
    }
    (tmp_path / "c.toml").write_text("[[calibration]]\n" + "\n".join(fields.values()))
    with pytest.raises(DataError):
        store.read(tmp_path / "c.toml")
