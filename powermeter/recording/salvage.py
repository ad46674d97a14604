"""Copies everything sound out of a damaged or unfinished recording into a new, whole one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from powermeter import registry
from powermeter.channel import Gap
from powermeter.errors import DataError
from powermeter.recording import encodable_text, refused_files
from powermeter.recording.joining import copy_events, copy_facts, copy_source, in_place
from powermeter.recording.output_file import check_output
from powermeter.recording.reader import Recording
from powermeter.recording.writer import Writer
from powermeter.result.notes import Note

_ENDED = Note.warning(
    "not-closed", "it was not closed properly; what is missing at its end, where it is known, is a gap now"
)


def salvage(damaged: str | Path, whole: str | Path, *, force: bool = False) -> list[Note]:
    """Write what is readable of one recording to another; what is not becomes gaps.

    The new file appears under its name when it is whole.

    Args:
        damaged: Read only, never changed.
        whole: The file to write.
        force: Whether an existing file is replaced.

    Returns:
        What could not be brought back; empty where everything was.

    Raises:
        DataError: Nothing of it can be read, or the new file cannot be written.
        ConfigurationError: Both are one file.
        ExistsError: `whole` exists and `force` is False, or it is being recorded.
    """
    damaged, whole = Path(damaged), Path(whole)
    check_output(whole, force=force, inputs=[damaged], by_recording=True)
    with _opened(damaged) as old, in_place(whole) as part:
        if not old.sources and not old.metadata and not len(old.event_table()):
            raise DataError(f"{damaged} cannot be repaired, nothing of it can be read")
        with Writer.create(part, old.metadata, force=True) as new:
            sources = {source.id: copy_source(old, source, new, is_recoded=True) for source in old.sources}
            gone = copy_facts(old, new, sources, leave_out=("closed", "signature"))
            copy_events(old, new)
            _list_missing(old, new, sources)
            problems = [_ENDED if note.code == "not-closed" else note for note in old.warnings]
            if not sources:
                problems.append(
                    Note.warning("no-source-left", "no source is left of it: nothing in it measures power")
                )
            problems += [
                Note.warning(
                    "fact-left-out", f"{gone.count(name)} facts {name!r} are of a source that is lost"
                )
                for name in dict.fromkeys(gone)
            ]
            new.add_fact("salvaged", {"from": encodable_text.encodable(damaged.name), "problems": problems})
        return problems


def _list_missing(old: Recording, new: Writer, sources: Mapping[int, int]) -> None:
    """Add the gap at the end of each source whose recorder died: to the last moment that anything is known of."""
    if old.facts("closed") or old.is_growing:
        return
    noted = registry.load(registry.LEFTOVER_END)(old.metadata.get("marks"), old.path)
    until, why = noted or (0, "the recorder ended without closing the file")
    spans = {number: old.span_ns(number) for number in sources}
    until = max(until, *(span[1] for span in spans.values() if span is not None), 0)
    for table in old.event_tables():
        until = max(until, *(int(table.numbers[name].max(initial=0)) for name in ("start_ns", "end_ns")))
    with new.transaction():
        for number, span in spans.items():
            if span is None:
                continue
            usual_ns = (span[1] - span[0]) / max(old.count(number) - 1, 1)
            listed_ns = max((gap.end_ns for gap in old.gaps(number)), default=0)
            if until > max(span[1] + 2 * usual_ns, listed_ns):
                new.add_gap(sources[number], Gap(max(span[1], listed_ns), until, "failed", why))


def _opened(damaged: Path) -> Recording:
    try:
        return Recording.open(damaged)
    except refused_files.DamagedError as error:
        raise DataError(f"{damaged} cannot be repaired, nothing of it can be read: {error.reason}") from error
