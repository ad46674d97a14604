"""What came of the marks of one process: how many were taken in, and what became of the rest."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from errno import errorcode
from typing import Any

from powermeter.marking import recordings

MAX_LISTED = 10
"""Names of events that have not ended, as many as are listed."""
MAX_NOTES = 10_000
"""Entries of a folder of marks that are looked at for notes of processes without a ring."""


@dataclass(slots=True)
class MarkAccount:
    """What came of the marks of one process.

    Attributes:
        process: Its id.
        program: What it calls itself.
        begun, finished, instants: Events and instants taken in.
        lost: Marks it could not leave, because its ring stayed full, or because it had none.
        no_ring: Why it had none for a while, as the system's code: EMFILE; empty where it always had one.
        refused: Marks with a stamp of another clock, or beyond bounds.
        strays: Ends without a begin.
        torn: Marks that were interrupted while they were written, or waited for room.
        waited_s: How long it waited for a full ring.
        left: Whether it noted that it left in order.
        by_meter: Whether a Meter of its own ended the recording.
        is_alive: Whether it was still there when the recording ended; None where that cannot be known.
        running: Names of events that have not ended, some of them.
        odd_counts: Events whose count is not a number of items.
        odd: Their names, some of them.
        cut: Events some of whose attributes are cut, left out or no JSON.
        late: Counts, attributes and measures that were set after their event's end.
        hidden: Of `begun`, how many are known by their number alone: a short event that has not ended. Others like it may not have either.
        short: Names that such events may have: those of events that were over at once.
        lacking: How many numbers of events no mark has, which may be one of another ring of the process (below 0 there); until `count_hidden`.
        interrupted: How often an exception came out of a mark, whose number lacks then.
    """

    process: int
    program: str = ""
    begun: int = 0
    finished: int = 0
    instants: int = 0
    lost: int = 0
    refused: int = 0
    strays: int = 0
    torn: int = 0
    waited_s: float = 0.0
    left: bool = False
    by_meter: bool = False
    is_alive: bool | None = None
    running: list[str] = field(default_factory=list)
    odd_counts: int = 0
    odd: list[str] = field(default_factory=list)
    no_ring: str = ""
    cut: int = 0
    late: int = 0
    hidden: int = 0
    short: list[str] = field(default_factory=list)
    lacking: int = 0
    interrupted: int = 0

    def add(self, other: MarkAccount) -> None:
        """Add what came of another ring of the process: the last one states how it ended, but not in order where events of one before never did (exec)."""
        in_order = self.left or self.begun == self.finished
        for name in (
            "begun",
            "finished",
            "instants",
            "lost",
            "refused",
            "strays",
            "torn",
            "waited_s",
            "odd_counts",
            "cut",
            "late",
            "hidden",
            "lacking",
            "interrupted",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.program, self.no_ring = self.program or other.program, self.no_ring or other.no_ring
        self.left, self.by_meter, self.is_alive = other.left and in_order, other.by_meter, other.is_alive
        self.running = [*self.running, *other.running][:MAX_LISTED]
        self.short = listed({*self.short, *other.short})
        self.odd = list(dict.fromkeys([*self.odd, *other.odd]))[:MAX_LISTED]

    def count_hidden(self) -> None:
        """Count the events that began and of which no mark is, once all rings are added; numbers of marks that were lost or interrupted lack as well."""
        hidden = 0 if self.lost else max(self.lacking - max(self.torn, self.interrupted), 0)
        self.begun, self.hidden, self.lacking = self.begun + hidden, self.hidden + hidden, 0

    def note_odd(self, name: str) -> None:
        """Note that an event states a count which is not a number of items."""
        self.odd_counts += 1
        if name not in self.odd and len(self.odd) < MAX_LISTED:
            self.odd.append(name)

    def details(self) -> dict[str, Any]:
        """Return what is written into the recording beside the numbers of events."""
        known = asdict(self)
        for name in ("process", "begun", "finished", "lacking", "interrupted"):
            del known[name]
        known["short"] = self.short if self.hidden else []
        return known


def listed(names: set[str]) -> list[str]:
    """Return names in alphabetical order, `MAX_LISTED` at most, and `…` for more."""
    found = sorted(names - {"…"})
    return found[:MAX_LISTED] + ["…"] * ("…" in names or len(found) > MAX_LISTED)


def without_ring(folder: str) -> list[MarkAccount]:
    """Return the accounts of processes that could make no ring in a folder of marks, as they noted it there.

    Raises:
        OSError: The folder cannot be listed.
    """
    accounts = [_of_note(name) for name in sorted(os.listdir(folder))[:MAX_NOTES]]
    box = recordings.lost_box(folder)
    with suppress(OSError):  # where only the user who records may enter that folder
        for name in sorted(os.listdir(box))[:MAX_NOTES]:
            accounts.append(_of_note(name, f"user {os.lstat(f'{box}/{name}').st_uid}"))
    return [account for account in accounts if account is not None]


def _of_note(name: str, program: str = "") -> MarkAccount | None:
    found = recordings.lost_by(name)
    if found is None:
        return None
    process, why, lost = found
    return MarkAccount(process, program, lost=lost, no_ring=errorcode.get(why, str(why)))
