"""A collected dataset on disk: written by several collectors at once, each file whole or not at all.

Every table of a recording is one file, named after it.  They are put in place one by one, `recordings` last: until then the
recording does not count, and a collector that is killed midway leaves nothing that would count twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powermeter.errors import ConfigurationError, DataError, NotInstalledError
from powermeter.fleet import layout
from powermeter.fleet.locking import locked
from powermeter.fleet.rows import Collected, RecordingRows
from powermeter.fleet.snapshot import FOLDER, NOTE_KEY, merged_notes, segments_of

if TYPE_CHECKING:
    import pyarrow

NOTE = "powermeter-dataset.json"

_DELTAS = ("source", "position", "time_ns", "flags", "codes.list.element")
_ENCODED: Mapping[str, Mapping[str, Any]] = {
    "readings": {
        "use_dictionary": ["recording", "content"],
        "column_encoding": dict.fromkeys(_DELTAS, "DELTA_BINARY_PACKED"),
    }
}
"""Table → how Parquet codes its columns: readings take two fifths of the bytes that dictionaries need."""

LOCK = "_lock"
"""Shared by all who write a recording; alone where small files are removed."""

PARQUET_MISSING = "a dataset is Parquet, which needs pyarrow; run: pip install 'powermeter[fleet]'"


@dataclass(frozen=True, slots=True)
class Held:
    """A recording that a dataset holds: its content, its size, what of its readings, and where its rows are."""

    content: str
    size: int
    readings: str
    file: Path

    def note(self) -> dict[str, Any]:
        """Return what is noted of it in a file's metadata."""
        return {"content": self.content, "size": self.size, "readings": self.readings}


class Dataset:
    """A folder of Parquet files, opened for collecting.

    Args:
        folder: Made where it is not there.

    Raises:
        NotInstalledError: pyarrow is missing.
        ConfigurationError: The folder is something else.
        DataError: The dataset has a newer layout, or one too old to add to.
    """

    def __init__(self, folder: Path) -> None:
        require_arrow()
        self.folder = folder
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(f"{folder} is not a folder")
        if folder.is_dir() and not (folder / NOTE).exists() and any(folder.iterdir()):
            raise ConfigurationError(f"{folder} holds other files; name an empty folder, or a dataset")
        folder.mkdir(parents=True, exist_ok=True)
        check_layout(folder, layout.OLDEST_TO_ADD_TO)
        self.place(
            folder / NOTE,
            json.dumps({"layout": layout.VERSION, "tables": list(layout.TABLES)}, indent=1).encode(),
        )

    def held(self) -> dict[str, Held]:
        """Return name → what is held of each recording whose rows count.

        Raises:
            DataError: A merged file is damaged or missing.
        """
        segments = segments_of(self.folder)
        found = {
            name: Held(
                str(note["content"]),
                int(str(note["size"])),
                str(note["readings"]),
                self.folder / FOLDER / segment / "recordings.parquet",
            )
            for name, (segment, note) in merged_notes(self.folder, segments).items()
        }
        return {**found, **self.held_alone()}

    def held_alone(self) -> dict[str, Held]:
        """Return name → what is held of each recording that has files of its own."""
        from pyarrow import parquet

        found: dict[str, Held] = {}
        for path in sorted((self.folder / "recordings").glob("device=*/day=*/*.parquet")):
            with suppress(OSError, ValueError, KeyError):
                noted = parquet.read_schema(path).metadata or {}
                noted_facts = json.loads(noted[NOTE_KEY])
                found[path.stem] = Held(
                    str(noted_facts["content"]), int(noted_facts["size"]), str(noted_facts["readings"]), path
                )
        return found

    def add(self, rows: RecordingRows, readings: str = "chunks") -> Collected:
        """Add a recording, or replace what is held of it; returns what names it."""
        about = rows.collected()
        name = f"{about.recording}.parquet"
        where = Path(f"device={about.device}") / f"day={about.day}" / name
        note = {"content": about.content, "size": about.size, "readings": readings, "layout": layout.VERSION}
        with locked(self.folder / LOCK, alone=False):
            for table, pieces in rows.tables(readings):
                self._write(self.folder / table / where, table, pieces, note)
            self._sweep(name, where)
        return about

    def _sweep(self, name: str, where: Path) -> None:
        """Remove the files of a recording that lie in other partitions: its device or its clock was corrected."""
        for table in layout.TABLES:
            for path in (self.folder / table).glob(f"device=*/day=*/{name}"):
                if path != self.folder / table / where:
                    path.unlink(missing_ok=True)

    def _write(self, path: Path, table: str, pieces: Iterator[pyarrow.Table], note: dict[str, Any]) -> None:
        from pyarrow import parquet

        schema = layout.arrow_schema(table).with_metadata({NOTE_KEY: json.dumps(note)})
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with parquet.ParquetWriter(part, schema, **compression_of(table)) as writer:
                for piece in pieces:
                    writer.write_table(piece.replace_schema_metadata(schema.metadata))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def place(self, path: Path, data: bytes) -> None:
        """Write a file that appears whole under its name."""
        if path.exists() and path.read_bytes() == data:
            return
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes(data)
        part.replace(path)

    def clean(self, now_s: float, older_than_s: float = 3600.0) -> int:
        """Remove what collectors that died left half written; returns how many files."""
        removed = 0
        for path in self.folder.rglob(".*.part"):
            with suppress(FileNotFoundError):  # another collector has just finished it
                if path.is_file() and now_s - path.stat().st_mtime > older_than_s:
                    path.unlink()
                    removed += 1
        return removed


def compression_of(table: str) -> dict[str, Any]:
    """Return how Parquet codes and packs a table."""
    return {"compression": "zstd", **_ENCODED.get(table, {})}


def check_layout(folder: Path, oldest: int = 1) -> None:
    """Refuse a dataset of a newer layout, or of one before `oldest`.

    Raises:
        DataError: It is one of those, or its note cannot be read.
    """
    note = folder / NOTE
    if not note.exists():
        return
    try:
        version = json.loads(note.read_text())["layout"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{note} cannot be read; it names the layout of the dataset") from None
    if not isinstance(version, int) or version > layout.VERSION:
        raise DataError(
            f"{folder} has layout {version}; this powermeter reads up to {layout.VERSION}: "
            "install a newer one, from where this one came"
        )
    if version < oldest:
        raise DataError(
            f"{folder} has layout {version}, which can be read but not added to: "
            f"collect its recordings into a new folder, which gets layout {layout.VERSION}"
        )


def require_arrow() -> None:
    """Refuse to go on without pyarrow.

    Raises:
        NotInstalledError: It is missing.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise NotInstalledError(PARQUET_MISSING) from None
