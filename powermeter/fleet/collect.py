"""Brings recordings into a dataset: what is new or has grown, checked by its hash chain; what cannot be taken is named at the end."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from powermeter.analysis.same_instrument import short_name
from powermeter.errors import ConfigurationError, DataError, PowermeterError, plural
from powermeter.fleet.dataset import Dataset, Held
from powermeter.fleet.origins import Origin, OriginFile
from powermeter.fleet.rows import READINGS, RecordingRows, identity
from powermeter.fleet.snapshot import snapshot
from powermeter.recording import Recording, verification
from powermeter.result.notes import Note


@dataclass(slots=True)
class CollectionOutcome:
    """What became of the files of one collection.

    Attributes:
        added, grown, known, older: Names of files that were new, that replaced what was held, that were held already,
            and of which a longer copy is held.
        left: (name, why) of files that were not taken.
        notes: (name, note) of files that were.
    """

    added: list[str] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, Note]] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return sum(len(names) for names in (self.added, self.grown, self.known, self.older)) + len(self.left)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        remarks = [{"file": name, **note.to_dict()} for name, note in self.notes]
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "remarks": remarks}

    def lines(self) -> list[str]:
        """Return the end's account in words."""
        printed = [f"note: {name}: {text}" for name, text in self.notes]
        printed += [f"left out: {name}: {why}" for name, why in self.left]
        counts = {
            "added": self.added,
            "replaced by what they have grown to": self.grown,
            "held already": self.known,
            "shorter than what is held": self.older,
            "left out": [name for name, _ in self.left],
        }
        parts = ", ".join(f"{len(names):,} {word}" for word, names in counts.items() if names)
        return [*printed, f"{plural(self.files, 'recording')}: {parts or 'none'}"]


def collect(
    origin: Origin,
    dataset: Dataset,
    readings: str = "chunks",
    progress: Callable[[str], None] | None = None,
) -> CollectionOutcome:
    """Bring what an origin has into a dataset.

    Idempotent: what is held already is not read again.  Several may run at once, and each may be killed and started again.

    Args:
        origin: Where recordings lie.
        dataset: Where they go.
        readings: `chunks` (their summaries), `all`, or `none`.
        progress: Called with a line for each file that is taken.

    Raises:
        ConfigurationError: There is nothing to collect from, or `readings` is none of the three.
        OpenError: The origin cannot be reached.
    """
    if readings not in READINGS:
        raise ConfigurationError(f"--readings {readings!r}: there are {', '.join(READINGS)}")
    outcome = CollectionOutcome()
    dataset.clean(time.time())
    held = dataset.held()
    seen = _KnownFiles(dataset, origin, readings)
    with tempfile.TemporaryDirectory(prefix="powermeter-collect-") as scratch:
        for found in origin.files():
            if seen.is_as_before(found, held):
                outcome.known.append(found.name)
                continue
            try:
                with origin.fetched(found, Path(scratch)) as path:
                    name = _take(path, found, origin, dataset, held, readings, outcome)
            except (PowermeterError, OSError) as error:
                outcome.left.append((found.name, " ".join(str(error).split())))
                continue
            if progress is not None:
                progress(f"{found.name}: {name}")
            seen.note(found, name)
    seen.keep()
    return outcome


def _take(
    path: Path,
    found: OriginFile,
    origin: Origin,
    dataset: Dataset,
    held: dict[str, Held],
    readings: str,
    outcome: CollectionOutcome,
) -> str:
    """Add one file; returns the recording's name.

    Raises:
        DataError: It is not whole, or holds no power.
    """
    verdict = verification.verify(path)
    if not verdict.is_whole:
        raise DataError(f"not as it was written (half copied, damaged or edited): {verdict.findings[0]}")
    with Recording.open(path) as recording:
        name, content = identity(recording)
        before = held.get(name)
        if before is not None and before.content == content and before.readings == readings:
            outcome.known.append(found.name)
            return name
        rows = RecordingRows(recording, origin.name, found.modified_ns)
        about = rows.collected()
        smaller = (
            before is not None
            and before.content != content
            and (about.size, content)
            < (
                before.size,
                before.content,
            )
        )
        if smaller:
            outcome.older.append(found.name)
            return name
        dataset.add(rows, readings)
        where = dataset.folder / "recordings" / f"device={about.device}" / f"day={about.day}"
        held[name] = Held(content, about.size, readings, where / f"{name}.parquet")
        (outcome.added if before is None else outcome.grown).append(found.name)
        outcome.notes += [(found.name, note) for note in about.notes]
        if not verdict.is_closed:
            note = Note.warning("collect-again", "not closed: it may grow; collect again")
            outcome.notes.append((found.name, note))
    return name


class _KnownFiles:
    """Which file of an origin is which recording, so that an unchanged one is not fetched again.

    A hint only: what counts is what the dataset holds.
    """

    def __init__(self, dataset: Dataset, origin: Origin, readings: str) -> None:
        name = short_name(f"{origin.name}\n{readings}", 16)
        self._path = dataset.folder / "_seen" / f"{name}.json"
        self._seen: dict[str, list[str]] = {}
        try:
            read = json.loads(self._path.read_text())
            self._seen = {str(k): [str(x) for x in v] for k, v in read.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            pass

    def is_as_before(self, found: OriginFile, held: dict[str, Held]) -> bool:
        """Return whether a file is as it was, and its recording held."""
        noted = self._seen.get(found.name)
        return noted is not None and noted[0] == found.state and noted[1] in held

    def note(self, found: OriginFile, name: str) -> None:
        """Remember a file; the list is kept from time to time."""
        self._seen[found.name] = [found.state, name]
        if len(self._seen) % 50 == 0:
            self.keep()

    def keep(self) -> None:
        """Write the list."""
        self._path.parent.mkdir(exist_ok=True)
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(self._seen))
        part.replace(self._path)


def names_shared(dataset: Dataset) -> Sequence[tuple[str, tuple[str, ...]]]:
    """Return (device, machines) of names that several machines have."""
    from pyarrow import parquet

    held = snapshot(dataset.folder)
    machines: dict[str, set[str]] = {}
    for path in (*held.files("recordings"), *held.merged("recordings")):
        columns = ["device_name", "machine"]
        for row in parquet.read_table(path, columns=columns, partitioning=None).to_pylist():
            machines.setdefault(row["device_name"], set()).add(row["machine"])
    return [(name, tuple(sorted(found))) for name, found in sorted(machines.items()) if len(found) > 1]
