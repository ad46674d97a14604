"""Puts another recording's sources into a copy of this one, on their own clocks as they were recorded.

How their clocks lie on this one's is a fact (`alignment`) that is applied when a trace is read, so it
can be found anew and replaced.  No sample is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from powermeter.errors import ConfigurationError, DataError, ExistsError
from powermeter.recording import file
from powermeter.recording.protocol import SourceInfo
from powermeter.recording.reader import Recording
from powermeter.recording.writer import Writer

_NOT_COPIED = ("closed", "alignment", "salvaged")
"""Facts that say something about a file, or that are given anew."""


def join(
    host: Recording, guest: Recording, path: Path, alignment: Mapping[str, Any], *, force: bool = False
) -> list[str]:
    """Write a recording that holds the host's and the guest's sources; gives the names of the guest's.

    Events, clock pairs and metadata are the host's; the guest's metadata are kept under `joined`, and
    its own events, which lie on its own clock, are left where they are.

    Args:
        host: Its clock is the new recording's.
        guest: The external meter's recording.
        path: The file to write; it appears under its name when it is whole.
        alignment: The fact that puts the guest's clock on the host's; noted for each of its sources.

    Raises:
        ConfigurationError: `path` is one of the two.
        ExistsError: It exists and `force` is False.
        DataError: It cannot be written, or the guest holds no source.
    """
    check(host, guest, path, force=force)
    part = path.with_name(path.name + ".part")
    try:
        names = _write(host, guest, part, alignment)
        for side in file.side_files(path):
            side.unlink(missing_ok=True)
        part.replace(path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        for left in (part, *file.side_files(part)):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return names


def check(host: Recording, guest: Recording, path: Path, *, force: bool = False) -> None:
    """Refuse early what `join` would refuse.

    Raises:
        ConfigurationError, ExistsError, DataError: As `join`.
    """
    if path.exists():
        if any(path.samefile(one.path) for one in (host, guest)):
            raise ConfigurationError(f"{path} is one of the two recordings; name another file with -o")
        if not force:
            raise ExistsError(f"{path} exists; choose another name or add --force to replace it")
        if not path.is_file():
            raise DataError(f"{path} is a folder")
    if not guest.sources:
        raise DataError(f"{guest.path} holds no readable source")


def _write(host: Recording, guest: Recording, path: Path, alignment: Mapping[str, Any]) -> list[str]:
    said = {"name": guest.path.name, "metadata": guest.metadata, "warnings": guest.warnings}
    before = host.metadata.get("joined") or []
    names = []
    metadata = {**host.metadata, "joined": [*before, said]}
    with Writer.create(path, metadata, force=True) as new, new.transaction():
        own = {source.id: copy_source(host, source, new) for source in host.sources}
        _copy_facts(host, new, own)
        for fact in host.facts("alignment"):
            new.add_fact("alignment", _moved(fact, own))
        taken = {source.name for source in host.sources}
        theirs = {}
        for source in guest.sources:
            names.append(_free(source.name, taken))
            theirs[source.id] = copy_source(guest, source, new, names[-1])
        _copy_facts(guest, new, theirs, only="calibration")
        for identifier in theirs.values():
            new.add_fact("alignment", {**alignment, "source": identifier})
        new.add_events(host.events())
        for pair in host.clock_pairs():
            new.add_clock_pair(*pair)
    return names


def copy_source(old: Recording, source: SourceInfo, new: Writer, name: str | None = None) -> int:
    """Copy a source with its samples, gaps and ticks; gives its id in the new recording."""
    identifier = new.add_source(source.url, name or source.name, source.driver, source.channels, source.info)
    for samples in old.chunks(source.id):
        new.append(identifier, samples.times_ns, samples.table(), samples.flags)
    for gap in old.gaps(source.id):
        new.add_gap(identifier, gap)
    new.add_ticks(identifier, old.ticks(source.id))
    return identifier


def _copy_facts(old: Recording, new: Writer, sources: Mapping[int, int], only: str | None = None) -> None:
    for name in old.fact_names():
        if name in _NOT_COPIED or (only is not None and name != only):
            continue
        for fact in old.facts(name):
            if name != "calibration" or "source" in fact:
                new.add_fact(name, _moved(fact, sources))
                continue
            for identifier in sources.values():  # a calibration of whichever source has the channel
                new.add_fact(name, {**fact, "source": identifier})


def _moved(fact: Mapping[str, Any], sources: Mapping[int, int]) -> dict[str, Any]:
    """Return a fact whose `source`, where it names one, is the id in the new recording."""
    by_text = {str(old): new for old, new in sources.items()}
    return (
        {**fact, "source": by_text.get(str(fact["source"]), fact["source"])}
        if "source" in fact
        else dict(fact)
    )


def _free(name: str, taken: set[str]) -> str:
    """Return a source's name, numbered where the host has one of that name."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    taken.add(free)
    return free
