"""What became of the events of each process: begun, finished and written, and what is missing, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from powermeter.errors import plural
from powermeter.units import format_quantity

HOW_TO_MARK = (
    'no event was marked, so there is nothing per item; mark the work with: with powermeter.event("infer", n=8):'
    " (other languages and shells: powermeter mark --help)"
)
"""Printed for a program that marked nothing."""


NO_RING = {
    "EMFILE": "it had no descriptor left; raise its limit (ulimit -n)",
    "ENFILE": "the system had no descriptor left",
    "EFBIG": "its files may not grow; raise its limit (ulimit -f)",
    "ENOSPC": "shared memory was full; make room in /dev/shm",
    "EACCES": "it had changed its user before its first mark; mark once before that, or record as that user",
    "ENOMEM": "it was refused memory; raise its limit (ulimit -v)",
}
"""Why a process could make no ring for its marks, and what to do."""


class CountsOfProcess(Protocol):
    """What a recording knows of one process's events."""

    @property
    def begun(self) -> int: ...

    @property
    def finished(self) -> int: ...

    @property
    def written(self) -> int: ...

    @property
    def details(self) -> Mapping[str, Any]: ...


def differences(processes: Mapping[int, CountsOfProcess]) -> list[str]:
    """Return one sentence for each process whose events are not all whole in the recording, or that waited for the recorder."""
    return [
        text
        for process, counts in processes.items()
        for text in (
            *_of(process, counts),
            *_odd(process, counts),
            *_cut(process, counts),
            *_late(process, counts),
            *_waited(process, counts),
        )
    ]


def not_whole(processes: Mapping[int, CountsOfProcess]) -> list[str]:
    """Return one sentence for each process whose events are not all whole in the recording."""
    return [text for process, counts in processes.items() for text in _of(process, counts)]


def still_running(processes: Mapping[int, CountsOfProcess], started_by: int | None) -> str:
    """Return a sentence on processes that had marked and still ran when the command that was recorded had ended; empty where there are none.

    Args:
        started_by: The process that started the recording.  Where it marks itself (`Meter`), its workers may well outlive the block.
    """
    if started_by is None or started_by in processes:
        return ""
    found = [
        f"{process} ({counts.details['program']})" if counts.details.get("program") else str(process)
        for process, counts in processes.items()
        if counts.begun and counts.details.get("is_alive") and not counts.details.get("left")
    ]
    if not found:
        return ""
    listed = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    whose = "process" if len(found) == 1 else "processes"
    return f"{whose} {listed} still ran when the recording ended, because the command had: what is marked later is in no recording"


def _of(process: int, counts: CountsOfProcess) -> Iterable[str]:
    d, who = counts.details, _who(process, counts)
    lost, refused, strays, torn = (int(d.get(name) or 0) for name in ("lost", "refused", "strays", "torn"))
    open_ends = counts.begun - counts.finished
    if open_ends > 0:
        named = [repr(str(name))[:60] for name in d.get("running") or ()]
        names = "; ".join(filter(None, (", ".join(named), _short(d))))
        least = "at least " if d.get("hidden") else ""
        yield (
            f"{who}: {least}{open_ends} of {plural(counts.begun, 'event')} never ended{f' ({names})' if names else ''}, because {_end(d)}; "
            "they have no energy of their own"
        )
    if counts.finished != counts.written:
        yield f"{who}: {counts.finished - counts.written} of {plural(counts.finished, 'finished event')} could not be written"
    if lost and d.get("no_ring"):
        why = NO_RING.get(str(d["no_ring"]), f"it could make no file for them ({d['no_ring']})")
        yield f"{who}: at least {plural(lost, 'mark was', 'marks were')} lost, because {why}"
    elif lost:
        yield (
            f"{who}: {plural(lost, 'mark was', 'marks were')} lost, because the recorder could not take them in fast enough; "
            "mark larger pieces of work"
        )
    if torn:
        yield (
            f"{who}: {plural(torn, 'mark was interrupted while it was', 'marks were interrupted while they were')} written, by an exception out of a "
            f"signal's handler or by a kill, and {'is' if torn == 1 else 'are'} not in the recording"
        )
    if refused:
        yield f"{who}: {plural(refused, 'mark was refused: its time stamp is', 'marks were refused: their time stamps are')} of another clock, or {'it is no mark' if refused == 1 else 'they are not marks'}"
    if strays:
        as_one = ("one does that began", "it has") if strays == 1 else ("those do that began", "they have")
        yield (
            f"{who}: {plural(strays, 'event')} ended that had not begun here, as {as_one[0]} before the recording: {as_one[1]} no energy of "
            f"{'its' if strays == 1 else 'their'} own"
        )


def _short(details: Mapping[str, Any]) -> str:
    """Return which of the events that never ended are known by their number alone, and what they may be."""
    hidden, names = int(details.get("hidden") or 0), list(details.get("short") or ())
    if not hidden or not names:
        return ""
    listed = " or ".join("another" if name == "…" else repr(str(name))[:60] for name in names)
    return f"{hidden} by {'its' if hidden == 1 else 'their'} number alone, as short ones are known: {listed}"


def _waited(process: int, counts: CountsOfProcess) -> Iterable[str]:
    waited_s = float(counts.details.get("waited_s") or 0)
    if waited_s > 0.01:
        yield f"{_who(process, counts)}: it waited {format_quantity(waited_s, 's', 2)} for the recorder to take in its events; mark larger pieces of work"


def _odd(process: int, counts: CountsOfProcess) -> Iterable[str]:
    odd = int(counts.details.get("odd_counts") or 0)
    if odd:
        names = ", ".join(repr(str(name))[:60] for name in counts.details.get("odd") or ())
        yield (
            f"{_who(process, counts)}: {plural(odd, 'event states', 'events state')} an n that is not a number of items{f' ({names})' if names else ''}: "
            "taken as not known, so nothing is stated per item of them; correct n=, or state the number with --items"
        )


def _cut(process: int, counts: CountsOfProcess) -> Iterable[str]:
    cut = int(counts.details.get("cut") or 0)
    if cut:
        yield (
            f"{_who(process, counts)}: {plural(cut, 'event has', 'events have')} attributes too long, or no JSON, to be kept whole; "
            "what is left of each ends in its length and checksum: state a name in place of a text"
        )


def _late(process: int, counts: CountsOfProcess) -> Iterable[str]:
    late = int(counts.details.get("late") or 0)
    if late:
        what = plural(
            late,
            "count, attribute or measure was set after the end of its event",
            "counts, attributes or measures were set after the end of their events",
        )
        yield f"{_who(process, counts)}: {what}, so that the recording lacks them; set them inside of the event's block"


def _who(process: int, counts: CountsOfProcess) -> str:
    program = counts.details.get("program")
    return f"process {process} ({program})" if program else f"process {process}"


def _end(details: Mapping[str, Any]) -> str:
    if details.get("by_meter"):
        return "the recording was ended while they were running"
    if details.get("left"):
        return "it left with them running"
    if details.get("is_alive"):
        return "they were still running when the recording ended"
    if details.get("is_alive") is False:
        return "it was killed, left without ending them (os._exit, the end of main), or became another program (exec)"
    return "it ended without a notice"
