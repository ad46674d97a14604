"""Makes a copy of a recording that holds only what its numbers need, to be sent to somebody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from powermeter.recording.joining import copy_facts, copy_source
from powermeter.recording.output_file import check_output, in_place
from powermeter.recording.privacy import reduced, reduced_info, reduced_url
from powermeter.recording.reader import Recording
from powermeter.recording.writer import Writer

_NEEDED = (
    "attributes",
    "battery",
    "place",
    "powermeter",
    "clock",
    "started_utc",
    "python",
    "host",
    "ended",
    "command_status",
    "simulated",
)
"""Metadata that reports, footprints and grades read."""

_NOT_COPIED = ("closed", "signature", "salvaged", "problem")
"""Facts that are about the file they stand in, or quote a machine's messages."""


def share(original: Path, shared: Path, *, keep: Collection[str] = (), force: bool = False) -> list[str]:
    """Write a copy without names of machine, program, people and instruments; return what was left out, in words.

    Readings, gaps, clocks, calibrations, labels, counts and times of events stay, so that every energy is the same.

    Args:
        original: Read only.
        shared: The file to write.
        keep: Attributes of events and of the run that stay; the others go.
        force: Whether an existing file is replaced.

    Raises:
        DataError: The recording cannot be read, or the copy not be written.
        ExistsError: `shared` exists and `force` is False.
    """
    check_output(shared, force=force, inputs=[original], by_recording=True)
    with Recording.open(original) as old, in_place(shared) as part:
        metadata = {key: value for key, value in reduced(old.metadata).items() if key in _NEEDED}
        dropped = set(old.metadata) - set(metadata)
        of_run = metadata.pop("attributes", None)
        of_run = of_run if isinstance(of_run, dict) else {}
        gone_of_run = sorted(set(of_run) - set(keep))
        metadata["attributes"] = {name: value for name, value in of_run.items() if name in keep}
        with Writer.create(part, {**metadata, "shared": True}, force=True) as new:
            sources = {}
            for source in old.sources:
                less = replace(source, url=reduced_url(source.url), info=reduced_info(source.info))
                sources[source.id] = copy_source(old, less, new)
            copy_facts(old, new, sources, leave_out=_NOT_COPIED)
            gone = _copy_events(old, new, keep)
            with new.transaction():
                for pair in old.clock_pairs():
                    new.add_clock_pair(*pair)
                for process, counts in old.process_counts().items():
                    new.add_process_counts(
                        process, counts.at_ns, (counts.begun, counts.finished, counts.written), {}
                    )
    left_out = sorted(dropped)
    if gone_of_run:
        left_out.append(f"attributes of the run: {', '.join(gone_of_run)}")
    if gone:
        left_out.append(f"attributes of events: {', '.join(sorted(gone))}")
    return left_out


def _copy_events(old: Recording, new: Writer, keep: Collection[str]) -> set[str]:
    """Copy events with the attributes that are kept; return the names of the others."""
    gone: set[str] = set()
    batch: list[Any] = []
    for event in old.events():
        gone.update(name for name in event.attributes if name not in keep)
        kept = {name: value for name, value in event.attributes.items() if name in keep}
        batch.append(replace(event, attributes=kept))
        if len(batch) >= 10_000:
            new.add_events(batch)
            batch = []
    new.add_events(batch)
    return gone
