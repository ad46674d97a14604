"""What names a recording whatever its file is called: the hashes of its samples, the recorder's run, what was noted first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from powermeter.recording import file, stretch_summary
from powermeter.recording.reader import Recording


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What two copies of one recording have in common, whatever else was changed.

    Attributes:
        samples: SHA-256 of the samples of each chunk, hexadecimal; empty for schema 1 and without chunks.
        run: Boot, process and first moment of the recorder's run; empty where no recorder noted itself.
    """

    samples: frozenset[str]
    run: str

    @property
    def identity(self) -> str:
        """32 hexadecimal digits."""
        return hashlib.sha256(json.dumps([self.run, sorted(self.samples)]).encode()).hexdigest()[:32]

    def is_of(self, other: Fingerprint) -> bool:
        """Return whether both are of one recording: they share samples, or a run of the recorder."""
        return bool(self.samples & other.samples) or (bool(self.run) and self.run == other.run)


def fingerprint(recording: Recording) -> Fingerprint:
    """Return the fingerprint of an open recording."""
    hashes = {chunk["hash"].hex() for chunk in _chunks(recording) if isinstance(chunk.get("hash"), bytes)}
    return Fingerprint(frozenset(hashes), run_of(recording))


def run_of(recording: Recording) -> str:
    """Return boot, process and first moment of the recorder's run, the same while it grows; empty where no recorder noted itself."""
    notes = recording.facts("recorder")
    if not notes:
        return ""
    return "|".join(str(notes[0].get(name)) for name in ("boot_id", "pid", "started", "at_ns"))


def content_hash(recording: Recording) -> str:
    """Return a hash of everything a recording holds, as 64 hexadecimal digits: the ends of all its chains.

    It changes with every row that is added.  Schema 1 has no chains; there it is the hash of the checksums.
    """
    digest = hashlib.sha256()
    for name, table in recording._rows.tables.items():
        guard = "chain" if table.is_chained else "checksum"
        try:
            found = recording._rows.run(f"SELECT id, {guard} FROM {name} ORDER BY id DESC LIMIT 1").fetchone()
        except file.UNREADABLE:
            found = None
        digest.update(repr((name, found)).encode())
    tails = (
        recording._rows.run("SELECT count(*), max(end_ns) FROM tail").fetchone()
        if recording._rows.version > 1
        else None
    )
    return hashlib.sha256(digest.digest() + repr(tails).encode()).hexdigest()


def metadata_history(recording: Recording, key: str) -> list[Any]:
    """Return every value that was noted under a key of the metadata, oldest first."""
    rows = recording._rows
    return [rows.json(text, f"metadata {key!r}") for _, name, text in rows.sound("meta") if name == key]


def _chunks(recording: Recording) -> Iterator[dict[str, Any]]:
    names = recording._rows.tables["chunk"].columns
    for row in recording._rows.sound("chunk"):
        yield dict(zip(names, row[1:], strict=True))


def false_summaries(recording: Recording) -> int:
    """Return how many chunks of a recording have a summary that is not that of their samples (schema 2).

    A recorder writes both; who changes samples and redoes every hash mostly leaves the summaries as they were.
    """
    if recording._rows.version == 1:
        return 0
    wrong = 0
    for source in recording.sources:
        pairs = stretch_summary.products(source.channels)
        held = recording._chunks(source.id)
        for chunk in list(held.sound):
            if chunk.data is not None:
                continue  # the newest samples have no summary yet
            times, flags, codes = held.read([chunk])
            if not len(times):
                continue
            found, _ = stretch_summary.summarise(times, codes, flags, pairs)
            try:
                stored = stretch_summary.unpack_entries(chunk.summary, len(source.channels) + len(pairs))
            except ValueError:
                wrong += 1
                continue
            wrong += not _alike(found, stored)
    return wrong


def _alike(found: Any, stored: Any) -> bool:
    """Return whether two summaries agree but for rounding, which may differ between machines."""
    for name in ("count", "first_ns", "last_ns"):
        if (found[name] != stored[name]).any():
            return False
    return all(
        bool(np.allclose(found[name], stored[name], rtol=1e-9, atol=1e-9, equal_nan=True))
        for name in ("low", "high", "mean", "first", "last")
    )
