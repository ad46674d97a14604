"""Every edit of a recording is found, and a signature finds also who redoes the chain.

The quick form draws a few hundred edits with a fixed seed; `-m slow` 100 000.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from typing import Any

import pytest
from crafted import change_column, seal

from powermeter import cli
from powermeter.errors import ConfigurationError, DataError
from powermeter.recording import Recording, append_to, schema, verification
from powermeter.recording.hash_chain import checksum
from powermeter.recording.salvage import salvage
from powermeter.result.notes import having

SECRET, OTHER = b"a secret of more than 16 bytes", b"another secret of that length"


def changed_value(old: Any, draw: random.Random) -> Any:
    """Return a value that differs, mostly a little."""
    if isinstance(old, bytes):
        new: Any = change_column(old, draw)
    elif isinstance(old, int):
        new = old + draw.choice((1, -1, 1000, -(2**31)))
    elif isinstance(old, str) and old:
        place = draw.randrange(len(old))
        new = old[:place] + draw.choice("0123456789abz,}") + old[place + 1 :]
    else:
        new = draw.choice((0, "x", b"x", 7))
    return new if new != old or type(new) is not type(old) else 12345


def edit(path: Any, draw: random.Random) -> str:
    """Change one thing: a cell, a row gone, a row more, two rows swapped, the samples of a chunk."""
    db = sqlite3.connect(path, isolation_level=None)
    names = [t for t in (*schema.TABLES[2], "block") if db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
    name = draw.choice(names)
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
    rows = db.execute(f"SELECT rowid, * FROM {name} ORDER BY rowid").fetchall()
    row = draw.choice(rows)
    how = draw.choice(("cell", "cell", "cell", "gone", "more", "swap"))
    if how == "gone":
        db.execute(f"DELETE FROM {name} WHERE rowid = ?", row[:1])
    elif how == "more":
        cells = (rows[-1][0] + 1, *row[2:])
        db.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", cells)
    elif how == "swap" and len(rows) > 1 and (other := draw.choice(rows))[2:] != row[2:]:
        for target, source in ((row, other), (other, row)):
            marks = ", ".join(f"{column} = ?" for column in columns[1:])
            db.execute(f"UPDATE {name} SET {marks} WHERE rowid = ?", (*source[2:], target[0]))
    else:
        place = draw.randrange(1, len(columns))
        new = changed_value(row[place + 1], draw)
        db.execute(f"UPDATE {name} SET {columns[place]} = ? WHERE rowid = ?", (new, row[0]))
        how = f"{columns[place]} = {new!r:.80}"
    db.close()
    return f"{name} {row[0]}: {how}"


def find_edits(recorded: Any, tmp_path: Any, count: int, seed: int) -> None:
    copy, draw = tmp_path / "copy.power", random.Random(seed)
    assert verification.verify(recorded.path).findings == []
    for turn in range(count):
        shutil.copyfile(recorded.path, copy)
        done = edit(copy, draw)
        try:
            verdict = verification.verify(copy)
        except DataError:
            continue
        assert not verdict.is_whole, f"seed {seed}, turn {turn}: {done} is not found"


@pytest.mark.thorough
def test_every_edit_is_found(written, tmp_path):
    find_edits(written(chunks=5, each=20), tmp_path, 120, 1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_edits_are_found(written, tmp_path):
    recorded = written(chunks=5, each=20)
    for seed in range(100):
        find_edits(recorded, tmp_path, 1000, seed)


def test_what_was_written_is_whole(recorded):
    verdict = verification.verify(recorded.path)
    assert verdict.is_whole and verdict.is_closed and verdict.findings == [] and verdict.notes == []
    assert verdict.rows["chunk"] == 4 and verdict.rows["events"] == 1 and verdict.signature == "none"


def test_an_edit_with_the_checksum_redone_is_found(recorded):
    """The CRC alone would not see it."""
    db = sqlite3.connect(recorded.path)
    row = list(db.execute("SELECT id, source, start_ns, end_ns, reason, detail, lost FROM gap").fetchone())
    row[3] += 1
    guard = checksum("gap", row[0], row[1:])
    db.execute("UPDATE gap SET end_ns = ?, checksum = ?", (row[3], guard))
    db.commit()
    db.close()
    with Recording.open(recorded.path) as recording:
        assert recording.gaps(1)[0].end_ns == row[3] and recording.warnings == []
    verdict = verification.verify(recorded.path)
    assert not verdict.is_whole and "gap: row 1" in verdict.findings[0]


def test_a_table_redone_in_itself_does_not_fit_the_closing(recorded):
    db = sqlite3.connect(recorded.path)
    db.execute("UPDATE meta SET value = '\"utc\"' WHERE key = 'clock'")
    db.commit()
    db.close()
    seal(recorded.path)
    findings = verification.verify(recorded.path).findings
    assert findings == ["meta: changed since closing: the first 2 rows"]


def redone(path: Any) -> None:
    """Change a reading's scale and redo every chain, and the closing too."""
    db = sqlite3.connect(path)
    (spec,) = db.execute("SELECT spec FROM channel WHERE id = 1").fetchone()
    db.execute(
        "UPDATE channel SET spec = ? WHERE id = 1", (json.dumps({**json.loads(spec), "scale": 0.0009}),)
    )
    db.commit()
    seal(path)
    for identifier, value in db.execute("SELECT id, value FROM fact WHERE name = 'closed'").fetchall():
        closed = json.loads(value)
        for name, count in closed["rows"].items():
            row = db.execute(f"SELECT chain FROM {name} WHERE id = ?", (count,)).fetchone()
            closed["chains"][name] = row[0].hex() if row else ""
        db.execute("UPDATE fact SET value = ? WHERE id = ?", (json.dumps(closed), identifier))
    db.commit()
    db.close()
    seal(path)


def test_who_redoes_everything_is_found_by_the_signature_alone(recorded):
    assert verification.sign(recorded.path, SECRET) == "hmac-sha256"
    assert verification.verify(recorded.path, SECRET).signature == "valid"
    redone(recorded.path)
    verdict = verification.verify(recorded.path, SECRET)
    assert not verdict.is_whole and any("changed since signing" in text for text in verdict.findings)


def test_without_a_signature_who_redoes_everything_is_not_found(recorded):
    """What the documentation says a chain alone cannot do."""
    redone(recorded.path)
    assert verification.verify(recorded.path).is_whole


def test_a_signature_belongs_to_its_key(recorded):
    verification.sign(recorded.path, SECRET)
    with Recording.open(recorded.path) as recording:
        assert recording.warnings == []
        assert SECRET.decode() not in json.dumps(recording.facts("signature"))
    assert verification.verify(recorded.path).signature == "not checked"
    wrong = verification.verify(recorded.path, OTHER)
    assert wrong.signature == "invalid" and not wrong.is_whole and wrong.changes == []


def test_a_copied_signature_does_not_fit_another_recording(written):
    one, other = written("one.power"), written("other.power", chunks=5)
    verification.sign(one.path, SECRET)
    with Recording.open(one.path) as recording:
        (signature,) = recording.facts("signature")
    with append_to(other.path) as writer:
        writer.add_fact("signature", signature)
    assert not verification.verify(other.path, SECRET).is_whole


def test_what_is_added_after_signing_is_counted(recorded):
    verification.sign(recorded.path, SECRET)
    with append_to(recorded.path) as writer:
        writer.add_fact("calibration", {"gain": 2})
        writer.set_metadata({"title": "later"})
    verdict = verification.verify(recorded.path, SECRET)
    assert verdict.is_whole and verdict.signature == "valid" and verdict.later == {"fact": 1, "meta": 1}


def test_an_ed25519_key_signs_and_its_public_half_checks(recorded, tmp_path):
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    assert verification.sign(recorded.path, secret) == "ed25519"
    assert verification.verify(recorded.path, public).signature == "valid"
    assert verification.verify(recorded.path, SECRET).signature == "invalid"
    with pytest.raises(ConfigurationError, match="not make them"):
        verification.sign(recorded.path, public)
    with pytest.raises(ConfigurationError, match="no key that can be used"):
        verification.verify(
            recorded.path, b"-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n"
        )
    redone(recorded.path)
    assert not verification.verify(recorded.path, public).is_whole


def test_what_was_not_closed_is_said_and_not_signed(written, tmp_path):
    recorded = written(close=False)
    verdict = verification.verify(recorded.path)
    assert verdict.is_whole and not verdict.is_closed and having(verdict.notes, "not-closed")
    with pytest.raises(DataError, match="powermeter repair"):
        verification.sign(recorded.path, SECRET)
    salvage(recorded.path, tmp_path / "whole.power")
    verification.sign(tmp_path / "whole.power", SECRET)
    assert verification.verify(tmp_path / "whole.power", SECRET).is_whole


def test_samples_put_in_after_closing_are_found(recorded):
    db = sqlite3.connect(recorded.path)
    row = (1, 4, 0, 1, 2, 2, None, b"x")
    marks = (1, *row, checksum("tail", 1, row))
    db.execute(schema.TAIL_TABLE.insert, marks)
    db.execute("INSERT INTO block (chunk, fine, data) VALUES (99, x'00', x'00')")
    db.commit()
    db.close()
    verdict = verification.verify(recorded.path)
    findings = verdict.findings
    assert [one["code"] for one in verdict.to_dict()["remarks"]] == ["samples-added", "samples-added"]
    assert "added after closing: 1 row of samples" in findings
    assert "in no chunk: 1 block of samples" in findings


def test_the_verb_prints_what_was_found_and_ends_with_7_where_something_was_changed(
    recorded, tmp_path, capsys
):
    (tmp_path / "key").write_bytes(SECRET)
    assert cli.run(["verify", str(recorded.path), "--sign", str(tmp_path / "key")]) == 0
    said = capsys.readouterr()
    assert "whole" in said.out and "signature  valid" in said.out and "hmac-sha256" in said.err
    assert cli.run(["verify", str(recorded.path), "--key", str(tmp_path / "key"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["whole"] and told["signature"] == "valid" and told["rows"]["chunk"] == 4
    edit(recorded.path, random.Random(5))
    assert cli.run(["verify", str(recorded.path)]) == 7
    said = capsys.readouterr()
    assert "changed" in said.out and "is not as it was written" in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("signed", "word", "finding"),
    [
        (False, "unsigned", "it has no signature"),
        (True, "unproven", "no signature in it belongs to this key"),
    ],
)
def test_a_file_that_the_key_has_not_signed_is_not_called_changed(
    recorded, tmp_path, capsys, signed, word, finding
):
    (tmp_path / "key").write_bytes(OTHER)
    if signed:
        verification.sign(recorded.path, SECRET)
    assert cli.run(["verify", str(recorded.path), "--key", str(tmp_path / "key")]) == 7
    said = capsys.readouterr()
    assert said.out.startswith(word) and finding in said.err and "nothing was found changed" in said.err
    assert "not as it was written" not in said.err
    edit(recorded.path, random.Random(5))
    assert cli.run(["verify", str(recorded.path), "--key", str(tmp_path / "key"), "--json"]) == 7
    said = capsys.readouterr()
    assert json.loads(said.out)["changed"] and "is not as it was written" in said.err
