"""Copies everything sound out of a damaged or unfinished recording into a new, whole one."""

from __future__ import annotations

from pathlib import Path

from powermeter.recording.joining import copy_source
from powermeter.recording.reader import Recording
from powermeter.recording.writer import Writer


def salvage(damaged: str | Path, whole: str | Path, *, force: bool = False) -> list[str]:
    """Write what is readable of one recording to another; what is not becomes gaps.

    Args:
        damaged: Read only, never changed.
        whole: The file to write.
        force: Whether an existing file is replaced.

    Returns:
        What could not be saved, one line each; empty where everything was.

    Raises:
        DataError: Nothing of it can be read.
        ExistsError: `whole` exists and `force` is False.
    """
    with Recording.open(damaged) as old, Writer.create(whole, old.metadata, force=force) as new:
        for source in old.sources:
            copy_source(old, source, new)
        new.add_events(old.events())
        for pair in old.clock_pairs():
            new.add_clock_pair(*pair)
        for name in old.fact_names():
            if name != "closed":
                for fact in old.facts(name):
                    new.add_fact(name, fact)
        new.add_fact("salvaged", {"from": Path(damaged).name, "problems": old.warnings})
        return list(old.warnings)
