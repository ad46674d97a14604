"""Puts another recording's sources into a copy of this one, on their own clocks as they were recorded.

How their clocks lie on this one's is a fact (`alignment`) that is applied when a trace is read, so it
can be found anew and replaced.  No sample is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.recording import encodable_text, file_names, output_file
from powermeter.recording.fingerprint import fingerprint
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.recording.reader import Recording
from powermeter.recording.stored_chunk import StoredChunk
from powermeter.recording.writer import Writer

_NOT_COPIED = ("closed", "alignment", "salvaged", "signature")
"""Facts about a file, or that are written anew."""

_TOGETHER = 32
"""Chunks that one transaction takes over: some 6 MB of two channels."""


def join(
    host: Recording, guest: Recording, path: Path, alignment: Mapping[str, Any], *, force: bool = False
) -> list[str]:
    """Write a recording that holds the host's and the guest's sources; returns the names of the guest's.

    Events, clock pairs and metadata are the host's; the guest's metadata are kept under `joined`, and
    its own events, which lie on its own clock, are left where they are.

    Args:
        host: Its clock is the new recording's.
        guest: The external meter's recording.
        path: The file to write; it appears under its name when it is whole.
        alignment: The fact that puts the guest's clock on the host's; noted for each of its sources.

    Raises:
        ConfigurationError: `path` is one of the two, or both hold the same readings.
        ExistsError: It exists and `force` is False, or it is being recorded.
        DataError: It cannot be written, or the guest holds no source.
    """
    check(host, guest, path, force=force)
    with in_place(path) as part:
        return _write(host, guest, part, alignment)


@contextmanager
def in_place(path: Path) -> Iterator[Path]:
    """Yield the name of a file beside `path` to be written, which takes its place when the block ends well.

    Raises:
        DataError: It cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        yield part
        for side in file_names.side_files(path):
            side.unlink(missing_ok=True)
        part.replace(path)
    except OSError as error:
        if isinstance(error, ExistsError):
            raise
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None
    except sqlite3.Error as error:
        raise DataError(f"{path} cannot be written: {encodable_text.one_line(error)}") from None
    finally:
        for left in (part, *file_names.side_files(part)):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def check(host: Recording, guest: Recording, path: Path, *, force: bool = False) -> None:
    """Refuse early what `join` would refuse.

    Raises:
        ConfigurationError, ExistsError, DataError: As `join`.
    """
    output_file.check_output(path, force=force, inputs=[host.path, guest.path], by_recording=True)
    if not guest.sources:
        raise DataError(f"{guest.path} holds no readable source")
    if host.path.samefile(guest.path) or _hold_the_same(host, guest):
        raise ConfigurationError(
            f"{guest.path.name} holds readings that are in {host.path.name} already, which would stand there as two meters; "
            "`powermeter align` with the one file finds anew where they lie"
        )


def _hold_the_same(host: Recording, guest: Recording) -> bool:
    """Return whether some readings are in both, of a source of one URL."""
    urls = {source.url for source in host.sources} & {source.url for source in guest.sources}
    return bool(urls) and bool(fingerprint(host).samples & fingerprint(guest).samples)


def _write(host: Recording, guest: Recording, path: Path, alignment: Mapping[str, Any]) -> list[str]:
    described = {
        "name": encodable_text.encodable(guest.path.name),
        "metadata": guest.metadata,
        "warnings": guest.warnings,
    }
    before = host.metadata.get("joined") or []
    names = []
    metadata = {**host.metadata, "joined": [*before, described]}
    with Writer.create(path, metadata, force=True) as new:
        own = {source.id: copy_source(host, source, new) for source in host.sources}
        copy_facts(host, new, own)
        for fact in host.facts("alignment"):
            new.add_fact("alignment", moved(fact, own))
        taken = {source.name for source in host.sources}
        theirs = {}
        for source in guest.sources:
            names.append(_free(source.name, taken))
            theirs[source.id] = copy_source(guest, source, new, names[-1])
        copy_facts(guest, new, theirs, only="calibration")
        for identifier in theirs.values():
            new.add_fact("alignment", {**alignment, "source": identifier})
        copy_events(host, new)
    return names


def copy_source(
    old: Recording, source: SourceInfo, new: Writer, name: str | None = None, *, is_recoded: bool = False
) -> int:
    """Copy a source with its samples, gaps and ticks, piece by piece; returns its id in the new recording.

    Chunks are taken over as they are stored, or decoded and made anew where `is_recoded`: so that none is left that
    cannot be decoded.
    """
    identifier = new.add_source(source.url, name or source.name, source.driver, source.channels, source.info)
    if is_recoded:
        _recode(old, source.id, new, identifier)
    else:
        _take_over(old, source.id, new, identifier)
    with new.transaction():
        for gap in old.gaps(source.id):
            new.add_gap(identifier, gap)
        new.add_ticks(identifier, old.ticks(source.id))
    return identifier


def _recode(old: Recording, source: int, new: Writer, identifier: int) -> None:
    read_ns = old.read_ns(source)
    for samples in old.stream(source):
        _append(new, identifier, samples, None if read_ns is None else round(read_ns))


def _take_over(old: Recording, source: int, new: Writer, identifier: int) -> None:
    pieces = old.as_stored(source)
    while together := list(islice(pieces, _TOGETHER)):
        with new.transaction():
            for piece in together:
                if isinstance(piece, StoredChunk):
                    new.append_stored(identifier, piece)
                else:
                    _append(new, identifier, *piece)


def _append(new: Writer, identifier: int, samples: Samples, read_ns: int | None) -> None:
    if len(samples):
        new.append(identifier, samples.times_ns, samples.table(), samples.flags, read_ns)


def copy_events(old: Recording, new: Writer) -> None:
    """Copy events batch by batch, their counts, and the clock pairs."""
    for table in old.event_tables():
        new.add_event_table(table)
    with new.transaction():
        for process, counts in old.process_counts().items():
            numbers = (counts.begun, counts.finished, counts.written)
            new.add_process_counts(process, counts.at_ns, numbers, counts.details)
        for pair in old.clock_pairs():
            new.add_clock_pair(*pair)


def copy_facts(
    old: Recording,
    new: Writer,
    sources: Mapping[int, int],
    only: str | None = None,
    leave_out: tuple[str, ...] = _NOT_COPIED,
) -> list[str]:
    """Copy facts, the sources they name under their new ids; returns the names of those of a source that is gone."""
    gone = []
    with new.transaction():
        for name in dict.fromkeys((*old.fact_names(), "recorder")):
            if name in leave_out or (only is not None and name != only):
                continue
            for fact in old.facts(name):
                if "source" in fact and _id(fact["source"]) not in sources:
                    gone.append(name)
                elif name == "recorder":
                    at_ns = fact.get("at_ns")
                    new.add_health(at_ns if isinstance(at_ns, int) else 0, _moved_health(fact, sources))
                elif name != "calibration" or "source" in fact:
                    new.add_fact(name, moved(fact, sources))
                else:
                    for identifier in sources.values():  # a calibration of whichever source has the channel
                        new.add_fact(name, {**fact, "source": identifier})
    return gone


def _id(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 20 else None


def moved(fact: Mapping[str, Any], sources: Mapping[int, int]) -> dict[str, Any]:
    """Return a fact whose `source`, where it names one, is the id in the new recording."""
    found = sources.get(_id(fact["source"]) or 0) if "source" in fact else None
    return dict(fact) if found is None else {**fact, "source": found}


def _moved_health(note: Mapping[str, Any], sources: Mapping[int, int]) -> dict[str, Any]:
    """Return a recorder's note with its sources under their new ids."""
    noted = note.get("sources")
    if not isinstance(noted, dict):
        return dict(note)
    kept = {str(new): noted[str(old)] for old, new in sources.items() if str(old) in noted}
    return {**note, "sources": kept}


def _free(name: str, taken: set[str]) -> str:
    """Return a source's name, numbered where the host has one of that name."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    taken.add(free)
    return free
