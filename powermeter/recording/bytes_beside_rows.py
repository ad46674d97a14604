"""What a recording's file holds beside its rows: bytes behind its last page, and pages that are free."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from powermeter.errors import plural
from powermeter.recording import file, file_names
from powermeter.recording.rows import Rows
from powermeter.result.notes import Note


def size_changed(path: Path, rows: Rows) -> Iterator[Note]:
    """Yield a finding where the file is longer or shorter than its pages, and no write-ahead log accounts for it."""
    try:
        log = file_names.side_files(path)[0]
        if log.exists() and log.stat().st_size:
            return
        (pages,), (size,) = (rows.run(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        surplus = path.stat().st_size - pages * size
    except (*file.UNREADABLE, OSError):
        return  # what cannot be read is found by whoever reads the rows
    if surplus > 0:
        yield Note.warning("bytes-added", f"after the last page of the file: {plural(surplus, 'byte')} added")
    elif surplus < 0:
        yield Note.warning("bytes-gone", f"at the end of the file: {plural(-surplus, 'byte')} gone")


def free_pages(rows: Rows) -> Iterator[Note]:
    """Yield a note where pages of the file hold nothing of the recording: what stands in them is not vouched for."""
    try:
        (free,) = rows.run("PRAGMA freelist_count").fetchone()
    except file.UNREADABLE:
        return
    if free:
        text = f"{plural(free, 'page')} of the file {'is' if free == 1 else 'are'} free: nothing reads what stands there, and it is not covered"
        yield Note.info("free-pages", text)
