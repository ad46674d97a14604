"""The recorder's own process: opens the sources, reads them in threads, writes the recording.

It is started by `powermeter.recorder.parent` as a bare interpreter (never forked, `__main__`), gets its order
as one JSON line on standard input, and answers in JSON lines on standard output.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from powermeter.channel import Gap
from powermeter.errors import DataError, ExistsError, PowermeterError, ReadError, Reason
from powermeter.events import now_ns
from powermeter.marking.intake import Intake
from powermeter.marking.resident_memory import peak_memory
from powermeter.recorder.clock_jumps import ClockWatch, look, note_clocks
from powermeter.recorder.full_disk import REFUSED, Backlog
from powermeter.recorder.last_reading import wait_for
from powermeter.recorder.live_totals import LiveTotals
from powermeter.recorder.messages import can_send, notice, send
from powermeter.recorder.opening import close_all, open_all
from powermeter.recorder.reader_output import Harvest
from powermeter.recorder.reading import SourceReader
from powermeter.recorder.silence_notices import SilenceWatch
from powermeter.recorder.watched_file import WatchedFile
from powermeter.recording import file
from powermeter.recording.file_names import SUFFIX
from powermeter.recording.liveness import PROGRAM_GONE, boot_id, started
from powermeter.recording.privacy import reduced_info, reduced_url
from powermeter.recording.writer import Writer
from powermeter.source import PolledSource, Sampling, Source

FLUSH_S = 0.5
CLOCK_PAIR_S = 60.0
COST_NOTE_S = 10.0
LOCK_WAIT_MS = 200
"""How long one write waits for another process that holds the file; it is tried again at the next flush."""
CLOSE_S = 30.0
"""How long the last samples are kept for a file that another process holds, or a full disk."""
ELSEWHERE_S = 10.0
"""For so long before the end of `CLOSE_S` other folders are tried for a recording that has lost its name."""
FILE_CHECK_S = 1.0
MAX_NUMBER = 1000


class Process:
    """Writes what the readings hold into one recording until it is stopped."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order
        self._stop = threading.Event()
        self.why = "stopped"
        # Named by the parent itself, who may be gone before this line is reached.
        self.parent = int(order.get("parent") or os.getppid())
        self.readers: list[SourceReader] = []
        self.ids: list[int] = []
        self.totals: list[LiveTotals] = []
        self.backlog = Backlog(self._write)
        self._silence = SilenceWatch()
        self._clocks = ClockWatch()
        self.file: WatchedFile | None = None
        self._began_ns = now_ns()
        self._intake: Intake | None = None
        self._doubts: dict[int, float] = {}
        self._noted: dict[str, Any] = {}

    @property
    def is_recording(self) -> bool:
        """Whether the sources are open and the file is there."""
        return bool(self.readers)

    def stop(self, why: str) -> None:
        """Ask for an orderly end."""
        self.why = why
        self._stop.set()

    def note(self, metadata: Mapping[str, Any]) -> None:
        """Write metadata at the end, beside why it ended."""
        self._noted.update(metadata)

    def run(self) -> None:
        """Open, record, close.

        Raises:
            PowermeterError: A source could not be opened or the file not created.
        """
        opened = open_all(self._order["sources"], dither=self._order.get("dither") is not False)
        sources = [source for source, _ in opened]
        try:
            writer = self._create()
        except PowermeterError:
            close_all(sources)
            raise
        with writer:
            try:
                self._describe(writer, opened)
            except BaseException:
                close_all(sources)
                writer.abandon()
                file.remove(writer.path)
                raise
            self.readers = [SourceReader(source) for source in sources]
            for reader in self.readers:
                reader.start()
            if self._order.get("marks"):
                self._intake = Intake(
                    self._order["marks"],
                    writer.path,
                    lambda: send({"type": "progress"}),
                    is_private=bool(self._order.get("metadata", {}).get("private")),
                )
                self._intake.start()
            send(
                {
                    "type": "ready",
                    "sources": [source.name for source in sources],
                    "path": str(writer.path),
                    "pid": os.getpid(),
                }
            )
            self._loop(writer)
            self.finish(writer)

    def _describe(self, writer: Writer, opened: Sequence[tuple[Source, Mapping[str, Any]]]) -> None:
        """Write what is recorded, and by whom."""
        writer.wait_for_lock(LOCK_WAIT_MS)
        writer.limit_cache()
        self.file = WatchedFile(writer.path)
        with writer.transaction():  # one commit: each waits for the disk, and a card may take a second
            note_clocks(writer)
            for source, stated in opened:
                self._add(writer, source, stated)
            self._note_cost(writer)

    def _create(self) -> Writer:
        """Create the recording; where its name was made up, under the next one that is free.

        Raises:
            PowermeterError: The file exists or cannot be created.
        """
        path, metadata = Path(self._order["path"]), self._order.get("metadata", {})
        stem = path.name.removesuffix(SUFFIX)
        for number in range(2, MAX_NUMBER):
            send({"type": "creating", "path": str(path)})
            try:
                return Writer.create(path, metadata, force=bool(self._order.get("force")))
            except ExistsError:
                if not self._order.get("numbered"):
                    raise
                path = path.with_name(f"{stem}-{number}{SUFFIX}")
        raise ExistsError(f"{self._order['path']} and {MAX_NUMBER} names after it exist; name one with -o")

    def _add(self, writer: Writer, source: Source, stated: Mapping[str, Any]) -> None:
        url, facts = str(source.address), {**_asked(source), **stated}
        if self._order.get("metadata", {}).get("private"):
            url, facts = reduced_url(url), reduced_info(facts)
        self.ids.append(writer.add_source(url, source.name, source.address.scheme, source.channels, facts))
        self.totals.append(LiveTotals(source.channels))

    def _loop(self, writer: Writer) -> None:
        began = time.monotonic()
        next_pair, next_cost, next_check = began + CLOCK_PAIR_S, began + COST_NOTE_S, began + FILE_CHECK_S
        next_status = began
        status_s = float(self._order.get("status_s") or 0)
        flush_s = float(self._order.get("flush_s") or FLUSH_S)
        deadline = began
        while not self._stop.is_set():
            deadline = max(deadline + flush_s, time.monotonic())
            self._stop.wait(deadline - time.monotonic())
            self.flush(writer)
            self.backlog.report()
            self._silence.look(self.readers)
            self.backlog.attempt(self.watch_clocks, writer)
            now = time.monotonic()
            if now >= next_pair:
                self.backlog.attempt(note_clocks, writer)
                next_pair += CLOCK_PAIR_S
            if now >= next_cost:
                self.backlog.attempt(self._note_cost, writer)
                next_cost += COST_NOTE_S
            if now >= next_check:
                self._check_file()
                next_check += FILE_CHECK_S
            if status_s and now >= next_status:
                self._send_status()
                next_status = now + status_s
            if sys.platform != "win32" and os.getppid() != self.parent:
                self.stop(str(self._order.get("when_gone", PROGRAM_GONE)))

    def _check_file(self) -> None:
        if self.file is None:
            return
        before = self.file.problem
        if self.file.check() and not before:
            notice(f"{self.file.problem}; what is recorded is kept and saved under another name at the end")

    def watch_clocks(self, writer: Writer) -> None:
        step = self._clocks.update(look())
        if step is None:
            return
        for one in (step.before, step.after):
            writer.add_clock_pair(one.monotonic_ns, one.utc_ns)
        writer.add_fact(
            "clock_step", {"at_ns": step.after.monotonic_ns, "by_ns": step.by_ns, "text": step.text}
        )
        notice(step.text)

    def flush(self, writer: Writer) -> None:
        """Write what was read, and what waits since it could not be written."""
        for position, reader in enumerate(self.readers):
            harvest = reader.take()
            for times, codes, _ in harvest.pieces():
                self.totals[position].add(times, codes)
            self.backlog.add(position, harvest)
        self.backlog.write(writer)

    def _write(self, writer: Writer, position: int, harvest: Harvest, dropped: Gap | None) -> None:
        source = self.ids[position]
        if dropped is not None:
            writer.add_gap(source, dropped)
        try:
            for times, codes, flags in harvest.pieces():
                writer.append(source, times, codes, flags, harvest.read_ns)
        except DataError as error:  # a driver that breaks its contract loses its own samples, nobody else's
            self.readers[position].fail(str(error))
        for gap in harvest.gaps:
            writer.add_gap(source, gap)
        if harvest.events:
            writer.add_events(harvest.events)

    def _note_cost(self, writer: Writer) -> None:
        """Write the recorder's own cost and the health of every source into the recording."""
        usage = os.times()
        note = {
            "pid": os.getpid(),
            "boot_id": boot_id(),
            "started": started(os.getpid()),
            "at_ns": now_ns(),
            "cpu_s": usage.user + usage.system,
            "peak_memory": peak_memory(),
            "disk_error": self.backlog.last_refusal or (self._intake.problem if self._intake else "") or None,
            "sources": {
                str(identifier): {
                    **asdict(reader.health),
                    "last_error": reader.health.last_error or None,
                    "failure": reader.failure or None,
                    "counts": reader.source.counts(),
                    **writer.commitment(identifier),
                }
                for identifier, reader in zip(self.ids, self.readers, strict=False)
            },
        }
        writer.add_health(now_ns(), note)

    def _send_status(self) -> None:
        if not can_send():
            return  # a parent that is stopped (Ctrl-Z) must not stop the recorder
        send(
            {
                "type": "status",
                "sources": [
                    {
                        "name": reader.source.name,
                        "samples": reader.health.samples,
                        "error": reader.health.last_error,
                        **totals.report(),
                    }
                    for reader, totals in zip(self.readers, self.totals, strict=True)
                ],
            }
        )

    def finish(self, writer: Writer) -> None:
        """Stop the readings, write what is left, and close the file; as long as it takes, up to `CLOSE_S`."""
        if self._intake is not None:
            self._intake.finish()  # while it still samples, so that the last events lie inside
        ended_ns = now_ns()
        for identifier, reader in zip(self.ids, self.readers, strict=True):
            self._doubts[identifier] = reader.source.clock_doubt_ns  # it is closed when its thread ends
            reader.stop()
        wait_for(self.readers)
        closing_by = time.monotonic() + CLOSE_S
        is_written = False
        while True:
            if not is_written:
                self.flush(writer)
            if not self.backlog:
                try:
                    if not is_written:
                        self._write_end(writer, ended_ns)
                        is_written = True
                    self._save_lost(writer, closing_by)
                    writer.close()
                    return
                except (*REFUSED, OSError) as error:
                    self.backlog.refuse(error)
            if time.monotonic() > closing_by:
                break
            send({"type": "waiting", "why": self.backlog.refusal})
            time.sleep(0.1)
        if is_written and self.file is not None and self.file.problem:
            raise ReadError(f"{self.file.problem}, and cannot be saved ({self.backlog.refusal}): it is lost")
        if is_written:  # all of it is there, in the log beside the file
            writer.abandon()
            return
        missing = self.backlog.what_is_missing(writer.path, ended_ns)
        self.backlog.list_as_gaps(writer)
        raise ReadError(missing)

    def _save_lost(self, writer: Writer, closing_by: float) -> None:
        """Write the recording to a new file, where it has lost its name; at last in another folder than its own."""
        if self.file is None or not self.file.check():
            return
        saved = self.file.free_name()
        try:
            writer.copy_to(saved)
        except (*REFUSED, OSError) as error:
            if isinstance(error, OSError) or time.monotonic() > closing_by - ELSEWHERE_S:
                self.file.avoid(saved.parent)
            raise
        notice(f"{self.file.problem}; all of it is in {saved}")
        send({"type": "moved", "path": str(saved)})

    def _write_end(self, writer: Writer, ended_ns: int) -> None:
        with writer.transaction():
            for identifier, reader in zip(self.ids, self.readers, strict=True):
                since = min(reader.known_until_ns or self._began_ns, ended_ns)
                quiet_ns = ended_ns - max(reader.heard_ns, since)
                if reader.failure:
                    writer.add_gap(identifier, Gap(since, ended_ns, "failed", reader.failure))
                elif reader.is_lost or quiet_ns > reader.patience_ns:
                    why = "a read never returned" if not reader.ended.is_set() else "nothing came any more"
                    writer.add_gap(identifier, Gap(since, ended_ns, Reason.NO_ANSWER.value, why))
                doubt_ns = self._doubts.get(identifier, reader.source.clock_doubt_ns)
                if doubt_ns:
                    note_doubt(writer, identifier, doubt_ns)
            note_clocks(writer)
            self._note_cost(writer)
            writer.set_metadata({"ended": self.why, **self._noted})


def _asked(source: Source) -> dict[str, object]:
    """Return when the source is read: the interval asked for, where there is one, and who chooses the moments."""
    if isinstance(source, PolledSource):
        asked: dict[str, object] = {"sampling": source.sampling.value}
        return asked if source.self_paced else {**asked, "period_ns": source.period_ns}
    return {"sampling": Sampling.INSTRUMENT.value}


def note_doubt(writer: Writer, source: int, doubt_ns: float) -> None:
    """Note that all stamps of a source may be off together by so much at most (a rectangle: standard deviation 1/√3)."""
    fact = {"source": source, "offset_ns": 0.0, "drift": 0.0, "offset_u_ns": doubt_ns / math.sqrt(3)}
    writer.add_fact("alignment", {**fact, "method": "exchanges of messages"})
