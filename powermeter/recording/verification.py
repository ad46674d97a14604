"""Whether a recording is as it was written: the chain of its rows, the hashes of its samples, its signature.

A chain alone shows damage and edits by someone who does not redo it; a signature with a key that the editor does
not have shows all.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from powermeter.errors import DataError, plural
from powermeter.recording import bytes_beside_rows, encodable_text, file, schema, signature
from powermeter.recording.hash_chain import canonical, link
from powermeter.recording.reader import Recording
from powermeter.recording.rows import Rows
from powermeter.recording.samples_done import note_samples
from powermeter.recording.writer import append_to
from powermeter.result.notes import Note, plain_notes

_CLOSED = {True: "the recorder noted its end", False: "no end was noted; rows may be missing there"}

MAX_FINDINGS = 100


class ChangedError(DataError):
    """Raised where a recording is not as it was written."""


class NotSignedError(DataError):
    """Raised where the key that a recording is checked with has signed nothing in it."""


UNSIGNED: Mapping[str, str] = {"no-signature": "unsigned", "other-key": "unproven"}
"""Findings by which nothing was changed, only not vouched for with the key → the word for the whole."""


@dataclass(slots=True)
class Verification:
    """What was found.

    Attributes:
        rows: Table → rows that are there and sound.
        findings: What is not as it was written, and whether the key given has signed nothing.
        notes: What cannot be vouched for.
        is_closed: Whether the recorder noted the end.
        signature: `none`, `not checked` (no key was given), `valid`, or `invalid` (none of this key).
        later: Table → rows added after the signature.
    """

    rows: dict[str, int] = field(default_factory=dict)
    findings: list[Note] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    is_closed: bool = False
    signature: str = "none"
    later: dict[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether everything is as it was written, and a signature, where a key was given, is valid."""
        return not self.findings and self.signature != "invalid"

    @property
    def changes(self) -> list[Note]:
        """What is not as it was written; a signature that is not there, or of another key, changed nothing."""
        return [finding for finding in self.findings if finding.code not in UNSIGNED]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "whole": self.is_whole,
            "changed": bool(self.changes),
            **asdict(self),
            "remarks": plain_notes((*self.findings, *self.notes)),
        }

    def lines(self) -> list[str]:
        """Return what was found in words, one line each."""
        rows = sum(self.rows.values())
        state = "whole" if self.is_whole else "changed"
        if self.findings and not self.changes:
            state = UNSIGNED[self.findings[0].code]
        printed = [f"{state:10} {plural(rows, 'row')} in {len(self.rows)} tables"]
        printed.append(f"{'closed' if self.is_closed else 'open':10} {_CLOSED[self.is_closed]}")
        printed.append(
            f"{'signature':10} {'none of this key' if self.signature == 'invalid' else self.signature}"
        )
        if self.later:
            later = ", ".join(f"{count} of {name}" for name, count in self.later.items())
            printed.append(f"{'later':10} added after signing, which does not cover these rows: {later}")
        printed += [f"{'finding':10} {text}" for text in self.findings]
        return printed + [f"{'note':10} {text}" for text in self.notes]

    def find(self, finding: Note) -> None:
        """Add a finding, up to a bound."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)


def verify(path: str | Path, key: bytes | None = None) -> Verification:
    """Return whether a recording is as it was written.

    Reads all of it, in bounded memory.

    Args:
        path: The recording.
        key: What its signature is checked with: the secret of an HMAC, or a PEM file with an Ed25519 key.

    Raises:
        DataError: It cannot be opened at all.
        ConfigurationError: The key is none, or the recording has no signature to check with it.
    """
    path = Path(path)
    with Recording.open(path) as recording:
        verdict = Verification(is_closed=bool(recording.facts("closed")))
        verdict.notes += recording.warnings
        if recording._rows.version == 1:
            verdict.notes.append(
                Note.info(
                    "no-chain", "it has schema 1, with checksums but no chain: edits cannot be detected"
                )
            )
        ends = _walk(recording._rows, _noted(recording), verdict)
        _check_closed(recording, ends, verdict)
        _check_samples(recording._rows, verdict)
        for finding in bytes_beside_rows.size_changed(path, recording._rows):
            verdict.find(finding)
        verdict.notes += bytes_beside_rows.free_pages(recording._rows)
        _check_signature(recording, ends, key, verdict)
    return verdict


_Ends = dict[str, dict[int, bytes]]


def _noted(recording: Recording) -> dict[str, set[int]]:
    """Return the ids whose chains were noted at a closing or signing."""
    noted: dict[str, set[int]] = {}
    for fact in (*recording.facts("closed"), *recording.facts("signature")):
        for name, count in fact.get("rows", {}).items():
            noted.setdefault(name, set()).add(count)
    return noted


def _walk(rows: Rows, noted: Mapping[str, set[int]], verdict: Verification) -> _Ends:
    """Follow the chain of every table; returns table → id → chain, of the ids in `noted`."""
    ends: _Ends = {}
    for name, table in rows.tables.items():
        chain = ", chain" if table.is_chained else ""
        query = f"SELECT id, {', '.join(table.columns)}, checksum{chain} FROM {name} ORDER BY id"
        before, last, ends[name] = b"", 0, {0: b""}
        try:
            for row in rows.run(query):
                identifier, values = row[0], row[1 : len(table.columns) + 1]
                if identifier != last + 1:
                    verdict.find(
                        Note.warning("rows-gone", f"{name}: rows between {last} and {identifier} are gone")
                    )
                if not _is_as_written(table, identifier, values, row[len(table.columns) + 1 :], before):
                    verdict.find(
                        Note.warning(
                            "rows-changed",
                            f"{name}: row {identifier} is not as it was written, or the one before it is not",
                        )
                    )
                before = row[-1] if table.is_chained and isinstance(row[-1], bytes) else b""
                last = identifier
                if identifier in noted.get(name, ()):
                    ends[name][identifier] = before
                verdict.rows[name] = verdict.rows.get(name, 0) + 1
                if verdict.rows[name] > _MOST_ROWS or len(verdict.findings) >= MAX_FINDINGS:
                    break
        except file.UNREADABLE as error:
            verdict.find(
                Note.warning(
                    "not-readable",
                    f"{name}: cannot be read after row {last}: {encodable_text.one_line(error)}",
                )
            )
        if last < rows.last_id(name):
            verdict.find(Note.warning("rows-gone", f"{name}: the rows after {last} are gone"))
    return ends


_MOST_ROWS = 50_000_000


def _is_as_written(
    table: schema.Table, identifier: Any, values: tuple[Any, ...], guard: tuple[Any, ...], before: bytes
) -> bool:
    if not table.fits(values):
        return False
    try:
        text = canonical(table.name, identifier, values)
    except UnicodeEncodeError:
        return False
    expected: tuple[Any, ...] = (zlib.crc32(text),)
    return guard == ((*expected, link(before, text)) if table.is_chained else expected)


def _check_closed(recording: Recording, ends: _Ends, verdict: Verification) -> None:
    """Compare with what was noted at every closing: the number of rows and the ends of the chains then."""
    for closed in recording.facts("closed"):
        _compare(closed.get("rows", {}), closed.get("chains", {}), ends, "closing", verdict)
    if not verdict.is_closed:
        verdict.notes.append(
            Note.info("not-closed", "it was not closed: whether rows are missing at its end cannot be known")
        )


def _compare(
    rows: Mapping[str, Any], chains: Mapping[str, Any], ends: _Ends, when: str, verdict: Verification
) -> None:
    for name, count in rows.items():
        if name not in ends or not chains:
            continue
        if count not in ends[name]:
            verdict.find(
                Note.warning("rows-gone", f"{name}: {plural(count, 'row')} noted at {when}: not there")
            )
        elif ends[name][count].hex() != chains.get(name):
            verdict.find(
                Note.warning(
                    "rows-changed", f"{name}: changed since {when}: the first {plural(count, 'row')}"
                )
            )


def _check_samples(rows: Rows, verdict: Verification) -> None:
    """Compare the samples of every chunk with the hash in its row, and look for samples of no chunk."""
    if rows.version == 1:
        return
    query = "SELECT chunk.id, chunk.hash, chunk.count, block.fine, block.data FROM chunk LEFT JOIN block ON block.chunk = chunk.id"
    try:
        for identifier, noted, count, fine, data in rows.run(query):
            if not isinstance(fine, bytes) or not isinstance(data, bytes):
                verdict.find(Note.warning("samples-gone", f"the samples of chunk row {identifier} are gone"))
            elif hashlib.sha256(fine + data).digest() != noted:
                verdict.find(
                    Note.warning(
                        "samples-changed",
                        f"the samples of chunk row {identifier} are not as they were written",
                    )
                )
            if len(verdict.findings) >= MAX_FINDINGS:
                return
            if isinstance(count, int):
                note_samples(count)
        (strange,) = rows.run(
            "SELECT count(*) FROM block LEFT JOIN chunk ON chunk.id = block.chunk WHERE chunk.id IS NULL"
        ).fetchone()
        (tails,) = rows.run("SELECT count(*) FROM tail").fetchone()
    except file.UNREADABLE as error:
        verdict.find(
            Note.warning("not-readable", f"the samples cannot be read: {encodable_text.one_line(error)}")
        )
        return
    if strange:
        verdict.find(Note.warning("samples-added", f"in no chunk: {plural(strange, 'block')} of samples"))
    if tails and verdict.is_closed:
        verdict.find(Note.warning("samples-added", f"added after closing: {plural(tails, 'row')} of samples"))
    elif tails:
        text = f"the newest samples ({plural(tails, 'row')}) have checksums, but are not in the chain yet"
        verdict.notes.append(Note.info("not-in-chain", text))


def sign(path: str | Path, key: bytes) -> str:
    """Sign all rows of a recording as they are; returns the method, `hmac-sha256` or `ed25519`.

    Args:
        path: A closed recording of schema 2.
        key: A secret of 16 bytes or more (HMAC), or a PEM file with an Ed25519 private key.

    Raises:
        DataError: It is not whole, is of schema 1, or was not closed.
        ConfigurationError: The key is none that can sign.
    """
    path = Path(path)
    verdict = verify(path)
    if not verdict.is_whole:
        raise DataError(f"{path} is not as it was written and is not signed: {verdict.findings[0]}")
    if not verdict.is_closed:
        raise DataError(f"{path} was not closed and is not signed; try: powermeter repair {path}")
    with append_to(path) as writer:
        if writer._version == 1:
            raise DataError(
                f"{path} is of schema 1, which has no chain; try: powermeter repair {path}, then sign that"
            )
        with writer.transaction():
            signed = signature.ends_of(writer.connection)
            method, public, value = signature.made(signature.message(signed), key)
            writer.add_fact("signature", {**signed, "method": method, "key": public, "value": value})
    return method


def _check_signature(recording: Recording, ends: _Ends, key: bytes | None, verdict: Verification) -> None:
    """Check the newest signature, or the newest that belongs to the key."""
    facts = recording.facts("signature")
    if not facts:
        if key is not None:
            verdict.find(Note.warning("no-signature", "it has no signature"))
        return
    verdict.signature = "not checked"
    signed = facts[-1]
    if key is not None:
        belonging = [fact for fact in facts if signature.is_valid(fact, key)]
        verdict.signature = "valid" if belonging else "invalid"
        if not belonging:
            verdict.find(Note.warning("other-key", "no signature in it belongs to this key"))
            return
        signed = belonging[-1]
    _compare(signed["rows"], signed["chains"], ends, "signing", verdict)
    for name, count in signed["rows"].items():
        extra = verdict.rows.get(name, 0) - count
        if name == "fact":  # of closings and signatures themselves nobody needs a report
            extra -= sum(_is_about_the_file(row) for row in recording._rows.sound("fact") if row[0] > count)
        if extra > 0 and name in ends:
            verdict.later[name] = extra


def _is_about_the_file(fact: tuple[Any, ...]) -> bool:
    return fact[1] in ("closed", "signature")
