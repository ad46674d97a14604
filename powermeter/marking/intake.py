"""Takes the marks out of the rings of a recording and writes them into it: a thread of the recorder process.

What other programs wrote is not trusted: files that are not rings are left alone, texts and numbers are bounded, and
whatever is not taken in is counted.  It has a connection of its own, so that samples and events never wait for each
other but at the file's door.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from powermeter.errors import plural
from powermeter.marking import recordings, ring
from powermeter.marking.assembly import COLUMNS, Assembly, EventsEndedByName, Owned, Row
from powermeter.marking.mark_account import MarkAccount, without_ring
from powermeter.marking.ring_reader import MAX_AT_ONCE, SETTLE_NS, RingReader, WriterCounts
from powermeter.recording import event_batches, file, schema
from powermeter.recording.liveness import is_running
from powermeter.recording.privacy import masked
from powermeter.recording.writer import Writer

_END = COLUMNS.index("end_ns")

COMMIT_NS = 500_000_000
LOCK_WAIT_MS = 300
LAST_TRIES_S = 5.0
"""How long the last events are kept for a file that another process holds, or a full disk."""
BUSY_S, ACTIVE_S, IDLE_S = 0.005, 0.02, 0.05
"""Time between two looks at the rings: while one is full, while marks come, and otherwise."""
MAX_RINGS = 4096
MAX_WAITING = 100_000
"""Rows that are written at a time, and kept while the file cannot be written."""
MAX_BACKLOG = 2_000_000
"""Slots (128 MB) that wait to become events; beyond that the rings are left full, and their writers count."""
SLOTS, ROWS = 1024, 8192
"""Slots that become events, and rows that are written, without a look at the rings: a program waits for room only so long, 0.1 s where the recorder has
an eighth of a core; what a look finds whole is taken by the next."""
SLICE_NS = 20_000_000
"""Time spent on events between two looks at the rings."""
MAX_ACCOUNTS = 1000
"""Processes that are accounted for one by one; the rest together."""


class _Open:
    """A ring, and the events that come out of it."""

    def __init__(self, reader: RingReader, assembly: Assembly) -> None:
        self.reader = reader
        self.assembly = assembly
        self.committed = 0
        self.assembled = 0
        self.queued = 0
        self.has_ended = False


class Intake:
    """Takes in the marks of one recording.

    Args:
        folder: Where the rings are.
        path: The recording, which exists already.
        on_progress: Called after each commit of `finish`, which may take a while.
        is_private: Whether the names of programs are left out; what looks like a secret in them always is.
    """

    def __init__(
        self,
        folder: str,
        path: str | Path,
        on_progress: Callable[[], object] | None = None,
        *,
        is_private: bool = False,
    ) -> None:
        self._is_private = is_private
        self.folder = folder
        self.path = Path(path)
        self._on_progress = on_progress
        self.problem = ""
        self._since_ns = time.monotonic_ns()
        self._rings: dict[str, _Open] = {}
        self._accounts: dict[int, MarkAccount] = {}
        self._named = EventsEndedByName()
        self._assemblies = self._named.assemblies
        self._listed_ns = -1
        self._backlog: deque[tuple[_Open, NDArray[np.void], int, int]] = deque()
        self._backlog_slots = 0
        self._waiting: list[Owned] = []
        self._written: Counter[int] = Counter()  # rows with an end, of each process
        self._connection: Any = None
        self._writer: Any = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._namespace = ring.namespace()

    def start(self) -> None:
        """Take in marks in a thread until `finish`."""
        with suppress(Exception):  # tried again with the first commit
            self._open()
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        next_commit = time.monotonic_ns() + COMMIT_NS
        active_until = 0
        while not self._stop.is_set():
            try:
                taken, wanted = self.poll()
                now = time.monotonic_ns()
                self.assemble(now + SLICE_NS)
                now = time.monotonic_ns()
                if (wanted and not self._backlog) or len(self._waiting) >= MAX_WAITING or now >= next_commit:
                    self.commit()
                    next_commit = time.monotonic_ns() + COMMIT_NS
            except Exception as error:  # noqa: BLE001 – somebody else's file must not end the intake
                self.problem = f"marks could not be taken in: {type(error).__name__}: {error}"
                taken, now = 0, time.monotonic_ns()
            if taken:
                active_until = now + 1_000_000_000
            if not self._backlog:
                self._stop.wait(BUSY_S if taken > 2000 else ACTIVE_S if now < active_until else IDLE_S)

    # Reading ----------------------------------------------------------------------------------

    def poll(self) -> tuple[int, bool]:
        """Look at every ring once; return how many slots were taken, and whether a writer waits for a commit."""
        self._list_rings()
        total, wanted = 0, False
        if self._backlog_slots >= MAX_BACKLOG:
            return 0, True
        for name, one in list(self._rings.items()):
            now = time.monotonic_ns()
            if taken := self._take(one, now):
                total += taken
                continue
            counts = one.reader.counts()
            self._note(one, counts)
            wanted = wanted or (counts.wanted > one.committed and one.assembled >= counts.wanted)
            has_ended = bool(counts.left) or self._is_gone(one.reader)
            if has_ended and one.has_ended and not one.queued and one.reader.is_drained(now):
                if self._take_rest(one, now):
                    continue
                self._retire(name, one)  # looked at once more since it ended
            one.has_ended = has_ended
        return total, wanted

    def _take_rest(self, one: _Open, now: int) -> bool:
        """Queue what a writer that has ended left beyond a slot it did not finish; return whether there is any."""
        slots = one.reader.rest()
        if len(slots):
            offset = 0 if one.reader.clock == ring.MONOTONIC else time.monotonic_ns() - time.time_ns()
            self._queue(one, slots, now, offset)
        return len(slots) > 0

    def _queue(self, one: _Open, slots: NDArray[np.void], now: int, offset: int) -> None:
        for first in range(0, len(slots), SLOTS):
            self._backlog.append((one, slots[first : first + SLOTS], now, offset))
            one.queued += 1
        self._backlog_slots += len(slots)

    def _take(self, one: _Open, now: int) -> int:
        """Queue the slots of a ring that are whole; return how many."""
        # Near the bound no more than a turn makes room for: a writer that sees its ring move goes on waiting.
        slots = one.reader.take(now, min(MAX_AT_ONCE, max(SLOTS, MAX_BACKLOG - self._backlog_slots)))
        if len(slots):
            if one.reader.namespace and one.reader.namespace == self._namespace:
                one.assembly.memory.sample(now)
            offset = 0 if one.reader.clock == ring.MONOTONIC else time.monotonic_ns() - time.time_ns()
            self._queue(one, slots, now, offset)
        return len(slots)

    def _make_room(self) -> None:
        """Empty the rings into the backlog amid a long write, so that no program waits for its end."""
        if self._backlog_slots < MAX_BACKLOG + MAX_BACKLOG // 4:
            for one in self._rings.values():
                self._take(one, time.monotonic_ns())

    def _list_rings(self) -> None:
        try:
            changed_ns = os.stat(self.folder).st_mtime_ns
            if changed_ns == self._listed_ns and time.time_ns() - changed_ns > 100_000_000:
                return
            names = [name for name in os.listdir(self.folder) if name.endswith(ring.SUFFIX)]
        except OSError:
            return
        self._listed_ns = changed_ns
        for name in sorted(names, key=_made_at):
            if name in self._rings or len(self._rings) >= MAX_RINGS:
                continue
            try:
                reader = RingReader(f"{self.folder}/{name}")
            except (
                OSError,
                ValueError,
            ):  # not whole yet, or not ours; looked at again when the folder changes
                continue
            program = "" if self._is_private else " ".join(masked(reader.program.split(" ")))
            assembly = Assembly(reader.process, program, self._since_ns, self._named)
            self._assemblies.append(assembly)
            self._rings[name] = _Open(reader, assembly)

    def _note(self, one: _Open, counts: WriterCounts) -> None:
        account = one.assembly.account
        account.lost, account.waited_s = counts.lost, counts.waited_ns / 1e9
        account.left, account.by_meter = bool(counts.left), counts.left == ring.BY_METER
        account.torn, account.late = one.reader.torn + counts.given_up, counts.late

    def _is_gone(self, reader: RingReader) -> bool:
        """Return whether the writer is known to have ended."""
        if not reader.namespace or reader.namespace != self._namespace:
            return False
        try:
            os.kill(reader.process, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def _retire(self, name: str, one: _Open) -> None:
        """Let go of a ring whose writer has ended and that is empty."""
        self._note(one, one.reader.counts())
        one.assembly.note_numbers(one.reader.numbers())
        one.assembly.account.is_alive = False if self._is_gone(one.reader) else None
        one.reader.close()
        del self._rings[name]
        with suppress(OSError):
            os.unlink(f"{self.folder}/{name}")
        if one.assembly.is_idle:
            self._settle(one.assembly)

    def _settle(self, assembly: Assembly) -> None:
        """Add the account of a ring to its process's."""
        self._assemblies.remove(assembly)
        self._account_for(assembly.account)

    def _account_for(self, account: MarkAccount) -> None:
        known = self._accounts.get(account.process)
        if known is None:
            key = account.process if len(self._accounts) < MAX_ACCOUNTS else 0
            known = self._accounts.setdefault(key, MarkAccount(key, account.program if key else "others"))
        known.add(account)

    def assemble(self, until_ns: int) -> None:
        """Make events of what was taken, for a while or until there is none; stops while the file is not written."""
        while self._backlog and len(self._waiting) < MAX_WAITING:
            one, slots, now, offset = self._backlog.popleft()
            self._backlog_slots -= len(slots)
            one.queued -= 1
            one.assembled = int(slots["sequence"][-1])  # those that lack before it count as dealt with
            self._waiting += one.assembly.add(slots, now, offset)
            if time.monotonic_ns() >= until_ns:
                return

    # Writing ----------------------------------------------------------------------------------

    def commit(self) -> None:
        """Write what has ended, and the begin of what still runs."""
        for assembly in self._assemblies:
            self._waiting += assembly.announced()
        assembled = [(one, one.assembled) for one in self._rings.values()]
        if not self._write():
            return
        for one, count in assembled:
            if one.committed != count:
                one.committed = count
                one.reader.note_committed(count)

    def _write(self, accounts: Sequence[MarkAccount] = ()) -> bool:
        """Write the rows that wait, and accounts; they go on waiting where the file cannot be written."""
        if not self._waiting and not accounts:
            return True
        rows: dict[int, list[Row]] = {}
        written = self._written.copy()
        for process, row in self._waiting:
            rows.setdefault(process, []).append(row)
        try:
            if self._writer is None:
                self._open()
            with self._writer.transaction():
                for process, own in rows.items():
                    for first in range(0, len(own), ROWS):
                        piece = own[first : first + ROWS]
                        written[process] += event_batches.insert(self._connection, process, piece, COLUMNS)
                        written[process] -= sum(row[_END] is None for row in piece)
                        if first:
                            self._make_room()
                for a in accounts:
                    numbers = (a.begun, a.finished, self._of_account(a, written))
                    self._writer.add_process_counts(a.process, time.monotonic_ns(), numbers, a.details())
        except Exception as error:  # noqa: BLE001 – a full disk; tried again with the next commit
            self.problem = (
                f"{plural(len(self._waiting), 'event')} could not be written to {self.path}: {error}"
            )
            return False
        self._waiting.clear()
        self._written = written
        return True

    def _of_account(self, account: MarkAccount, written: Counter[int]) -> int:
        """Return how many events of an account were written: rows with an end that are no instants."""
        others = sum(many for process, many in written.items() if process not in self._accounts)
        return (written[account.process] if account.process else others) - account.instants

    def _open(self) -> None:
        self._connection = file.open_to_append(self.path)
        self._writer = Writer(self.path, self._connection, schema.NEWEST)
        self._writer.wait_for_lock(LOCK_WAIT_MS)
        self._writer.limit_cache()

    def finish(self) -> None:
        """Take in what is left, notify the writers that it is over, and write the accounts."""
        self._stop.set()
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.2)
            self._report_progress()
        with suppress(OSError):
            os.unlink(f"{self.folder}/{recordings.PATH_FILE}")  # nobody joins any more
        self._listed_ns = -1
        self._list_rings()
        for one in self._rings.values():
            one.reader.close_for_writer()
        recordings.notify()
        quiet = 0
        while quiet < 3:
            self._listed_ns = -1
            taken, _ = self.poll()
            quiet = 0 if taken else quiet + 1
            self._report_progress()
            time.sleep(SETTLE_NS / 1e9 * 1.25)
        now = time.monotonic_ns()
        for one in self._rings.values():
            self._take_rest(one, now)
        before = -1
        while self._backlog and len(self._backlog) != before:  # the same again: the file cannot be written
            before = len(self._backlog)
            self.assemble(time.monotonic_ns() + 250_000_000)
            self.commit()
            self._report_progress()
        self.commit()
        self._end()

    def _report_progress(self) -> None:
        if self._on_progress is not None:
            self._on_progress()

    def _end(self) -> None:
        for one in self._rings.values():
            self._note(one, one.reader.counts())
            one.assembly.note_numbers(one.reader.numbers())
            is_known = one.reader.namespace and one.reader.namespace == self._namespace
            one.assembly.account.is_alive = is_running(one.reader.process) if is_known else None
            one.reader.close()
        for assembly in list(self._assemblies):
            self._waiting += assembly.announced()
            assembly.list_running()
            self._settle(assembly)
        again = self._named.mended()
        self._waiting += again
        self._written.subtract(process for process, _ in again)
        with suppress(OSError):
            for account in without_ring(self.folder):
                self._account_for(account)
        for account in self.accounts():
            account.count_hidden()
        self._rings.clear()
        deadline = time.monotonic() + LAST_TRIES_S
        while not (is_written := self._write(self.accounts())) and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        if is_written:  # else what the file lacks is in the rings alone, where `repair` finds it
            recordings.withdraw(self.folder)

    def accounts(self) -> list[MarkAccount]:
        """Return what came of the marks of each process, once finished."""
        return list(self._accounts.values())


def _made_at(name: str) -> tuple[int, str]:
    """Return when a ring was made, as its name states: PROCESS-NANOSECONDS-ANYTHING.ring."""
    parts = name.split("-")
    return (int(parts[1]) if len(parts) > 2 and parts[1].isdecimal() and len(parts[1]) < 25 else 0, name)
