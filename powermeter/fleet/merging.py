"""Merges the small files of many recordings into large ones, which engines open in one go.

A segment is written beside what is there, read back and counted against it, then listed; only after that the small files are removed,
`recordings` first.  Who is killed leaves small files that count (see `snapshot`), or files that nobody lists, which the next run removes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from powermeter.errors import DataError, plural
from powermeter.fleet import layout
from powermeter.fleet.dataset import Dataset, Held, compression_of
from powermeter.fleet.locking import locked
from powermeter.fleet.snapshot import FOLDER, LIST, NOTE_KEY, merged_notes, own_files, segments_of

if TYPE_CHECKING:
    import pyarrow

TARGET_BYTES = 128 << 20
"""Of a segment; one that is smaller than half is merged again with what comes."""

_GROUP_ROWS: Mapping[str, int] = {"readings": 32_768}
"""Table → least rows of a row group: readings are asked for device by device."""

_USUAL_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did.

    Attributes:
        recordings: That were merged.
        before, after: Files of the dataset's tables.
        is_busy: Whether it did nothing, for another merge is running.
    """

    recordings: int = 0
    before: int = 0
    after: int = 0
    is_busy: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def line(self) -> str:
        """Return the account in words."""
        if self.is_busy:
            return "not merged: another merge of this dataset is running"
        return f"merged {plural(self.recordings, 'recording')}; {plural(self.before, 'file is', 'files are')} now {self.after:,}"


@dataclass(frozen=True, slots=True)
class _Unit:
    """What goes into a segment as a whole: one recording's own files, or an older segment without what is newer."""

    size: int
    notes: Mapping[str, Mapping[str, Any]]
    recording: str = ""
    where: str = ""
    segment: str = ""


def merge(dataset: Dataset, target_bytes: int = TARGET_BYTES) -> Merged:
    """Merge the recordings that have files of their own; idempotent, may be killed, and others may collect meanwhile.

    Raises:
        DataError: A file cannot be read, or is not what was written.
    """
    folder = dataset.folder
    with locked(folder / "_merge", alone=True, wait=False) as is_mine:
        if not is_mine:
            return Merged(is_busy=True)
        before = _count(folder)
        segments = segments_of(folder)
        _remove_unlisted(folder, segments)
        merged, held = merged_notes(folder, segments), dataset.held_alone()
        own = own_files(folder)
        fresh = {name: one for name, one in held.items() if not _is_merged(one, merged.get(name))}
        listed = list(segments)
        if fresh:
            units, gone = _units(folder, own, fresh, merged, segments, target_bytes)
            made = [_write(folder, batch, fresh) for batch in _batches(units, target_bytes)]
            listed = [*(name for name in segments if name not in gone), *made]
        with locked(folder / "_lock", alone=True):  # no collector is in the middle of a recording now
            if listed != list(segments):
                dataset.place(folder / LIST, json.dumps({"segments": listed}, indent=1).encode())
            _remove_own(folder, dataset, held)
        _remove_unlisted(folder, listed)
        return Merged(len(held), before, _count(folder))


def _is_merged(one: Held, noted: tuple[str, Mapping[str, Any]] | None) -> bool:
    return noted is not None and (noted[1]["content"], noted[1]["readings"]) == (one.content, one.readings)


def _count(folder: Path) -> int:
    own = sum(len(list((folder / table).glob("device=*/day=*/*.parquet"))) for table in layout.TABLES)
    return own + len(list((folder / FOLDER).glob("*/*.parquet")))


def _units(
    folder: Path,
    own: Mapping[str, str],
    fresh: Mapping[str, Held],
    merged: Mapping[str, tuple[str, Mapping[str, Any]]],
    segments: Sequence[str],
    target: int,
) -> tuple[list[_Unit], set[str]]:
    """Return what is to be written, and which segments it replaces: small ones, and those that hold older copies."""
    outdated = {merged[name][0] for name in fresh if name in merged}
    units = []
    for segment in segments:
        size = sum(path.stat().st_size for path in (folder / FOLDER / segment).glob("*.parquet"))
        if segment in outdated or size < target // 2:
            notes = {
                name: note for name, (where, note) in merged.items() if where == segment and name not in fresh
            }
            units.append(_Unit(size, notes, segment=segment))
    gone = {unit.segment for unit in units}
    for name, one in sorted(fresh.items(), key=lambda item: _day_first(own[item[0]])):
        paths = (folder / table / own[name] for table in layout.TABLES)
        size = sum(path.stat().st_size for path in paths if path.exists())
        units.append(_Unit(size, {name: one.note()}, name, own[name]))
    return units, gone


def _day_first(where: str) -> tuple[str, str]:
    device, day, name = where.split("/")
    return day, f"{device}/{name}"


def _batches(units: Sequence[_Unit], target: int) -> Iterator[list[_Unit]]:
    batch: list[_Unit] = []
    for unit in units:
        if batch and sum(one.size for one in batch) + unit.size > target:
            yield batch
            batch = []
        batch.append(unit)
    if batch:
        yield batch


def _write(folder: Path, batch: Sequence[_Unit], fresh: Mapping[str, Held]) -> str:
    """Write a segment, read it back and count it; returns its name."""
    notes = {name: dict(note) for unit in batch for name, note in unit.notes.items()}
    digest = hashlib.sha256(json.dumps(notes, sort_keys=True).encode()).hexdigest()[:16]
    name = f"{digest}-{len(notes)}"
    part = folder / FOLDER / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for table in layout.TABLES:
        wrote = _write_table(folder, part, table, batch, fresh, notes if table == "recordings" else {})
        if wrote is not None:
            _check(part / f"{table}.parquet", wrote)
    shutil.rmtree(folder / FOLDER / name, ignore_errors=True)  # of a run that was killed before it was listed
    part.rename(folder / FOLDER / name)
    return name


def _write_table(
    folder: Path,
    part: Path,
    table: str,
    batch: Sequence[_Unit],
    fresh: Mapping[str, Held],
    notes: Mapping[str, Any],
) -> dict[str, int] | None:
    """Write one table; returns recording → rows, or None where no unit has the table."""
    from pyarrow import parquet

    schema = layout.merged_schema(table)
    if notes:
        schema = schema.with_metadata({NOTE_KEY: json.dumps({"recordings": notes, "layout": layout.VERSION})})
    pieces = list(_sources(folder, table, batch))
    if not pieces:
        return None
    counts: dict[str, int] = {}
    with parquet.ParquetWriter(
        part / f"{table}.parquet", schema, write_page_checksum=True, **compression_of(table)
    ) as writer:
        for group in _groups(_rows(pieces, table, fresh), _GROUP_ROWS.get(table, _USUAL_ROWS)):
            for name, rows in _per_recording(group).items():
                counts[name] = counts.get(name, 0) + rows
            writer.write_table(group.cast(schema))
    return counts


def _sources(folder: Path, table: str, batch: Sequence[_Unit]) -> Iterator[tuple[Path, _Unit]]:
    for unit in batch:
        path = (
            folder / FOLDER / unit.segment / f"{table}.parquet"
            if unit.segment
            else folder / table / unit.where
        )
        if path.exists():
            yield path, unit


def _rows(
    pieces: Sequence[tuple[Path, _Unit]], table: str, fresh: Mapping[str, Held]
) -> Iterator[pyarrow.Table]:
    """Yield rows in pieces of bounded size, with device and day; of a segment without the recordings that are newer."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    schema = layout.merged_schema(table)
    newer = pa.array([name for name, one in fresh.items() if _beside(one, table).exists()], pa.string())
    for path, unit in pieces:
        try:
            with parquet.ParquetFile(path, page_checksum_verification=True) as file:
                for group in range(file.num_row_groups):
                    rows = file.read_row_group(group)
                    if unit.segment:
                        rows = rows.filter(pc.invert(pc.is_in(rows["recording"], value_set=newer)))
                    else:
                        device, day = (part.partition("=")[2] for part in unit.where.split("/")[:2])
                        rows = rows.append_column("device", pa.array([device] * len(rows), pa.string()))
                        rows = rows.append_column("day", pa.array([day] * len(rows), pa.string()))
                    yield rows.select(schema.names).replace_schema_metadata(None)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path} cannot be merged: {' '.join(str(error).split())}; remove it and collect again"
            ) from None


def _beside(one: Held, table: str) -> Path:
    """Return where a recording's own file of another table lies."""
    return one.file.parents[3] / table / one.file.parent.parent.name / one.file.parent.name / one.file.name


def _groups(pieces: Iterator[pyarrow.Table], least: int) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    held: list[Any] = []
    for piece in pieces:
        held.append(piece)
        if sum(len(one) for one in held) >= least:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _per_recording(rows: pyarrow.Table) -> dict[str, int]:
    counted = rows.group_by(["recording", "content"]).aggregate([([], "count_all")]).to_pylist()
    found: dict[str, int] = {}
    for row in counted:
        name = f"{row['recording']}/{row['content']}"
        found[name] = found.get(name, 0) + int(row["count_all"])
    return found


def _check(path: Path, wrote: Mapping[str, int]) -> None:
    """Read a merged file back, its checksums included, and count its rows.

    Raises:
        DataError: It is not what was written.
    """
    from pyarrow import parquet

    found: dict[str, int] = {}
    with parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups):
            for name, rows in _per_recording(file.read_row_group(group)).items():
                found[name] = found.get(name, 0) + rows
    if found != dict(wrote):
        raise DataError(f"{path} is not what was written; nothing was removed, merge again")


def _remove_own(folder: Path, dataset: Dataset, held: Mapping[str, Held]) -> None:
    """Remove the small files of what is merged and did not change since, and what counts nowhere."""
    now = dataset.held_alone()
    for name, one in held.items():
        if now.get(name) == one:
            one.file.unlink(missing_ok=True)
    counts = own_files(folder)
    for table in layout.TABLES:
        root = folder / table
        for path in root.glob("device=*/day=*/*.parquet"):
            if counts.get(path.stem) != path.relative_to(root).as_posix():
                path.unlink(missing_ok=True)
        for empty in (*root.glob("device=*/day=*"), *root.glob("device=*")):
            if not any(empty.iterdir()):
                empty.rmdir()


def _remove_unlisted(folder: Path, listed: Sequence[str]) -> None:
    for path in (folder / FOLDER).glob("*"):
        if path.is_dir() and path.name not in listed:
            shutil.rmtree(path, ignore_errors=True)
    for path in (folder / FOLDER).glob(".*.part"):
        shutil.rmtree(path, ignore_errors=True)
