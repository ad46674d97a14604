"""Which files of a dataset count, at one moment: those of single recordings, and merged ones that stand for many.

A merged file is `merged/SEGMENT/TABLE.parquet`; `powermeter-merged.json` lists the segments that count.  A recording that has files of
its own (its row of `recordings` is there) counts by them, and its merged rows do not; without them its merged rows count.  So merging and
collecting may be killed anywhere, and no row counts twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from powermeter.errors import DataError

LIST = "powermeter-merged.json"
FOLDER = "merged"
NOTE_KEY = b"powermeter"
TRIES = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a dataset that count.

    Attributes:
        folder: The dataset.
        own: Recording → path of its files below each table's folder.
        segments: Names of the merged segments.
        both: Recordings that have files of their own and merged rows.
    """

    folder: Path
    own: Mapping[str, str]
    segments: tuple[str, ...]
    both: tuple[str, ...]

    def files(self, table: str, device: str = "*") -> list[Path]:
        """Return the files of single recordings of a table; of one device where named, as its partition is."""
        root = self.folder / table
        found = sorted(root.glob(f"device={device}/day=*/*.parquet"))
        return [path for path in found if self.own.get(path.stem) == path.relative_to(root).as_posix()]

    def hidden(self, table: str) -> list[str]:
        """Return the recordings whose merged rows of a table do not count: it has files of their own."""
        return [name for name in self.both if (self.folder / table / self.own[name]).exists()]

    def merged(self, table: str) -> list[Path]:
        """Return the merged files of a table."""
        paths = (self.folder / FOLDER / segment / f"{table}.parquet" for segment in self.segments)
        return [path for path in paths if path.exists()]


def own_files(folder: Path) -> dict[str, str]:
    """Return recording → path of its files below a table's folder, of recordings that have a row of their own."""
    root = folder / "recordings"
    return {
        path.stem: path.relative_to(root).as_posix() for path in sorted(root.glob("device=*/day=*/*.parquet"))
    }


def segments_of(folder: Path) -> tuple[str, ...]:
    """Return the merged segments that count.

    Raises:
        DataError: Their list cannot be read.
    """
    path = folder / LIST
    if not path.exists():
        return ()
    try:
        return tuple(str(name) for name in json.loads(path.read_text())["segments"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} cannot be read; it names the merged files that count") from None


def merged_notes(folder: Path, segments: Sequence[str]) -> dict[str, tuple[str, dict[str, object]]]:
    """Return recording → (segment, what was noted when it was collected) of merged recordings.

    Raises:
        DataError: A merged file is damaged or missing.
    """
    from pyarrow import parquet

    found: dict[str, tuple[str, dict[str, object]]] = {}
    for segment in segments:
        path = folder / FOLDER / segment / "recordings.parquet"
        try:
            noted = json.loads((parquet.read_schema(path).metadata or {})[NOTE_KEY])["recordings"]
        except (OSError, ValueError, KeyError):
            raise DataError(
                f"{path} is missing or damaged; merged recordings are collected again after: rm {folder / LIST}"
            ) from None
        found.update({name: (segment, note) for name, note in noted.items()})
    return found


def snapshot(folder: Path) -> Snapshot:
    """Return the files that count now.

    Raises:
        DataError: Merged files are damaged or missing.
    """
    for _ in range(TRIES):
        own = own_files(folder)  # first: what is merged in between is listed before its own files go
        segments = segments_of(folder)
        try:
            merged = merged_notes(folder, segments)
        except DataError:
            if segments_of(folder) == segments:
                raise
            continue  # merged anew at this moment
        return Snapshot(folder, own, segments, tuple(sorted(own.keys() & merged.keys())))
    raise DataError(f"{folder} is being merged again and again; ask when it is done")
