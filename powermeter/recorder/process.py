"""The recorder's own process: opens the sources, reads them in threads, writes the recording.

It is started by `powermeter.recorder.parent` as a bare interpreter (never forked), is told what to do by one
JSON line on standard input, and answers in JSON lines on standard output.  It ends, and closes the
recording properly, when it reads `stop`, when its parent is gone, or on SIGTERM; Ctrl-C in the
terminal is the parent's affair.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from powermeter import registry
from powermeter.errors import DataError, PowermeterError, ReadError
from powermeter.recorder.live_totals import LiveTotals
from powermeter.recorder.reading import Acquisition, Harvest
from powermeter.recording.liveness import boot_id, started
from powermeter.recording.writer import Writer
from powermeter.source import Gap, PolledSource, Source, now_ns

FLUSH_S = 0.5
CLOCK_PAIR_S = 60.0
COST_NOTE_S = 10.0
MAX_PENDING = 240
"""Flushes kept in memory while the disk refuses them (two minutes)."""


class Sampler:
    """Writes what the acquisitions read into one recording until told to stop."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order
        self._stop = threading.Event()
        self._why = "stopped"
        # Named by the parent itself, who may be gone before this line is reached.
        self._parent = int(order.get("parent") or os.getppid())
        self._acquisitions: list[Acquisition] = []
        self._ids: list[int] = []
        self._totals: list[LiveTotals] = []
        self._pending: list[tuple[int, Harvest]] = []
        self._dropped: dict[int, Gap] = {}
        self._disk_error = ""

    def stop(self, why: str) -> None:
        """Ask for an orderly end."""
        self._why = why
        self._stop.set()

    def run(self) -> None:
        """Open, record, close.

        Raises:
            PowermeterError: A source could not be opened or the file not created.
        """
        sources = self._open_sources()
        try:
            writer = Writer.create(
                self._order["path"], self._order.get("metadata", {}), force=bool(self._order.get("force"))
            )
        except PowermeterError:
            for source in sources:
                source.close()
            raise
        with writer:
            with writer.transaction():  # one commit: each waits for the disk, and a card may take a second
                note_clocks(writer)
                for source in sources:
                    self._add(writer, source)
                self._note_cost(writer)
            self._acquisitions = [Acquisition(source) for source in sources]
            for acquisition in self._acquisitions:
                acquisition.start()
            tell({"type": "ready", "sources": [source.name for source in sources], "pid": os.getpid()})
            self._loop(writer)
            self._end(writer)

    def _add(self, writer: Writer, source: Source) -> None:
        identifier = writer.add_source(
            str(source.address),
            source.name,
            source.address.scheme,
            source.channels,
            {**source.info(), **_asked(source)},
        )
        self._ids.append(identifier)
        self._totals.append(LiveTotals(source.channels))

    def _open_sources(self) -> list[Source]:
        opened: list[Source] = []
        try:
            for url in self._order["sources"]:
                source = registry.source(url)
                source.open()
                opened.append(source)
        except PowermeterError:
            for source in opened:
                source.close()
            raise
        return opened

    def _loop(self, writer: Writer) -> None:
        started = time.monotonic()
        next_pair, next_cost = started + CLOCK_PAIR_S, started + COST_NOTE_S
        next_status = started
        status_s = float(self._order.get("status_s") or 0)
        deadline = started
        while not self._stop.is_set():
            deadline = max(deadline + FLUSH_S, time.monotonic())
            self._stop.wait(deadline - time.monotonic())
            self._flush(writer)
            now = time.monotonic()
            if now >= next_pair:
                self._try(note_clocks, writer)
                next_pair += CLOCK_PAIR_S
            if now >= next_cost:
                self._try(self._note_cost, writer)
                next_cost += COST_NOTE_S
            if status_s and now >= next_status:
                self._tell_status()
                next_status = now + status_s
            if sys.platform != "win32" and os.getppid() != self._parent:
                self.stop("the measured program is gone")
            if all(acquisition.ended.is_set() for acquisition in self._acquisitions):
                self.stop("every source has ended")

    def _flush(self, writer: Writer) -> None:
        """Write what was read; keep it for the next time where the disk refuses."""
        for position, acquisition in enumerate(self._acquisitions):
            harvest = acquisition.take()
            for times, codes, _ in harvest.blocks:
                self._totals[position].add(times, codes)
            self._pending.append((position, harvest))
        try:
            while self._pending:
                position, harvest = self._pending[0]
                with writer.transaction():
                    self._write(writer, position, harvest)
                self._pending.pop(0)
                self._dropped.pop(position, None)
        except sqlite3.Error as error:
            self._disk_error = str(error)
            while len(self._pending) > MAX_PENDING:
                self._drop(*self._pending.pop(0), f"the file could not be written: {error}")

    def _drop(self, position: int, harvest: Harvest, why: str) -> None:
        """Return samples up; the stretch becomes a gap once something can be written again."""
        if not harvest.blocks:
            return
        earlier = self._dropped.get(position)
        start_ns = earlier.start_ns if earlier else int(harvest.blocks[0][0][0])
        lost = (earlier.lost or 0 if earlier else 0) + sum(len(block[0]) for block in harvest.blocks)
        self._dropped[position] = Gap(start_ns, int(harvest.blocks[-1][0][-1]), "dropped", why, lost)

    def _write(self, writer: Writer, position: int, harvest: Harvest) -> None:
        source = self._ids[position]
        if position in self._dropped:
            writer.add_gap(source, self._dropped[position])
        try:
            for times, codes, flags in harvest.blocks:
                writer.append(source, times, codes, flags, harvest.read_ns)
        except DataError as error:  # a driver that breaks its contract loses its own samples, nobody else's
            self._acquisitions[position].fail(str(error))
        for gap in harvest.gaps:
            writer.add_gap(source, gap)
        if harvest.ticks:
            writer.add_ticks(source, harvest.ticks)
        if harvest.events:
            writer.add_events(harvest.events)

    def _try(self, note: Callable[[Writer], None], writer: Writer) -> None:
        try:
            note(writer)
        except sqlite3.Error as error:
            self._disk_error = str(error)

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
            "disk_error": self._disk_error or None,
            "sources": {
                str(identifier): {
                    "samples": a.health.samples,
                    "missed": a.health.missed,
                    "repeats": a.health.repeats,
                    "errors": a.health.errors,
                    "reopened": a.health.reopened,
                    "last_error": a.health.last_error or None,
                    "failure": a.failure or None,
                    "counts": a.source.counts(),
                }
                for identifier, a in zip(self._ids, self._acquisitions, strict=False)
            },
        }
        writer.add_health(now_ns(), note)

    def _tell_status(self) -> None:
        if not _can_tell():
            return  # a parent that is stopped (Ctrl-Z) must not stop the recorder
        tell(
            {
                "type": "status",
                "sources": [
                    {
                        "name": a.source.name,
                        "samples": a.health.samples,
                        "error": a.health.last_error,
                        **t.report(),
                    }
                    for a, t in zip(self._acquisitions, self._totals, strict=True)
                ],
            }
        )

    def _end(self, writer: Writer) -> None:
        for acquisition in self._acquisitions:
            acquisition.stop()
        for acquisition in self._acquisitions:
            acquisition.join(timeout=5.0)
        self._flush(writer)
        with writer.transaction():
            for identifier, acquisition in zip(self._ids, self._acquisitions, strict=True):
                if acquisition.failure:
                    since = acquisition.last_ns or now_ns()
                    writer.add_gap(identifier, Gap(since, now_ns(), "failed", acquisition.failure))
            note_clocks(writer)
            self._note_cost(writer)
            writer.set_metadata({"ended": self._why})


def _asked(source: Source) -> dict[str, int]:
    """Return the sampling period asked for, where there is one, so that a report can say what became of it."""
    if isinstance(source, PolledSource) and not source.self_paced:
        return {"period_ns": source.period_ns}
    return {}


def note_clocks(writer: Writer) -> None:
    """Add one pair of both clocks, read as close together as three tries allow."""
    best = min(read_clocks() for _ in range(3))
    writer.add_clock_pair(best[1], best[2])


def read_clocks() -> tuple[int, int, int]:
    """Return (how long it took, monotonic ns at the middle, UTC ns)."""
    before = time.monotonic_ns()
    utc = time.time_ns()
    after = time.monotonic_ns()
    return after - before, (before + after) // 2, utc


def peak_memory() -> int | None:
    """Return this process's peak resident memory in byte, where the system tells it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def tell(message: Mapping[str, Any]) -> None:
    """Send one line to the parent, who may be gone."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 – stays for the rest of the process


def _can_tell() -> bool:
    """Return whether a line to the parent would not wait."""
    try:
        return sys.platform == "win32" or bool(select.select([], [sys.stdout], [], 0)[1])
    except (OSError, ValueError):
        return True


def main() -> int:
    """Read the order, record, and give the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(0.0002)  # a waiting reader gets the interpreter within its period
    order = json.loads(sys.stdin.readline())
    sampler = Sampler(order)
    # In a thread: the main one may be holding the lock of the very event that is to be set.
    signal.signal(
        signal.SIGTERM,
        lambda *_: threading.Thread(target=sampler.stop, args=("SIGTERM",), daemon=True).start(),
    )
    threading.Thread(target=_listen, args=(sampler,), daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # samples in waiting are no garbage
    try:
        sampler.run()
    except PowermeterError as error:
        reason = getattr(error, "reason", None)
        tell(
            {
                "type": "error",
                "class": type(error).__name__,
                "message": str(error),
                "reason": reason.value if reason is not None else None,
            }
        )
        return error.exit_code
    except Exception as error:  # noqa: BLE001 – said to the parent, who has a place to print it
        tell(
            {
                "type": "error",
                "class": "ReadError",
                "message": f"{type(error).__name__}: {error}",
                "reason": None,
            }
        )
        return ReadError.exit_code
    tell({"type": "closed"})
    return 0


def _listen(sampler: Sampler) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            sampler.stop("stopped")
            return
    sampler.stop("the measured program is gone")


if __name__ == "__main__":
    # Once more under its importable name, so that classes exist once.
    from powermeter.recorder.process import main as entry

    sys.exit(entry())
