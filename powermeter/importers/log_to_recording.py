"""Writes an imported log into a recording, all of it or nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from powermeter.channel import MISSING, Quantity
from powermeter.errors import DataError, plural
from powermeter.importers.log import UTC, Log, LogRows
from powermeter.recording import Writer
from powermeter.recording.output_file import check_output
from powermeter.result.notes import Note

UNALIGNED = Note.info(
    "clock-unaligned",
    "the clock of this recording is the instrument's own and is not aligned with any program's events yet; "
    "powermeter align does that",
)

_OF_ENERGY = {Quantity.POWER, Quantity.CURRENT, Quantity.ENERGY, Quantity.CHARGE}


def write(log: Log, source: Path, out: Path, *, force: bool = False) -> None:
    """Write a log as a recording; the file appears under its name only when it is whole.

    Args:
        log: From an importer.
        source: The file or folder it was read from.
        out: The recording.
        force: Whether an existing file is replaced.

    Raises:
        ExistsError, ConfigurationError: As `output_file.check_output`.
        DataError: It cannot be written, or the log is empty.
    """
    check_output(out, force=force, by_recording=True)
    if not log.sources or not any(rows.count for rows in log.sources):
        raise DataError(f"{source}: no samples")
    part = out.with_name(out.name + ".part")
    _remove(part)
    try:
        with Writer.create(part, _metadata(log, source)) as writer, writer.transaction():
            most = max(_write_rows(writer, rows, log, source) for rows in log.sources)
            if most < 2:
                raise DataError(
                    f"{source}: {plural(most, 'reading')} in it: without a second one there is no duration, and no energy; "
                    "if it was cut, look for the rest"
                )
            writer.add_events(
                [event if event.uid else replace(event, uid=i) for i, event in enumerate(log.events, 1)]
            )
            for name, fact in log.facts.items():
                writer.add_fact(name, fact)
            if log.clock == UTC:
                for stamp in _ends(log):
                    writer.add_clock_pair(stamp, stamp)
        part.replace(out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror or error}") from None
    except sqlite3.Error as error:  # a full disk, mostly
        raise DataError(f"{out}: cannot be written: {error}") from None
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _write_rows(writer: Writer, rows: LogRows, log: Log, source: Path) -> int:
    """Write the rows of one instrument; return how many readings its fullest channel of an energy has."""
    url = f"import://{source.name}?format={log.format}"
    identity = writer.add_source(url, rows.name, log.format, rows.channels, rows.info)
    of_energy = [channel.quantity in _OF_ENERGY for channel in rows.channels]
    read = np.zeros(sum(of_energy), np.int64)
    for block in rows.blocks():
        writer.append(identity, block.times_ns, block.codes, block.flags)
        read += (block.codes[:, of_energy] != MISSING).sum(axis=0)
    for gap in rows.gaps:
        writer.add_gap(identity, gap)
    return int(read.max(initial=0))


def _ends(log: Log) -> tuple[int, int]:
    ends = [rows.ends_ns for rows in log.sources if rows.count]
    return min(first for first, _ in ends), max(last for _, last in ends)


def _metadata(log: Log, source: Path) -> dict[str, Any]:
    imported: dict[str, Any] = {"format": log.format, "name": source.name}
    if source.is_file():
        imported |= {"bytes": source.stat().st_size, "sha256": _sha256(source)}
    warnings = [*log.warnings, UNALIGNED] if log.external else log.warnings
    return {
        **log.metadata,
        "clock": log.clock,
        "clock_aligned": not log.external,
        "imported": imported,
        "import_warnings": [note.text for note in warnings],
        "import_codes": [[note.code, note.severity.value] for note in warnings],
    }


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
