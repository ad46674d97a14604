"""Collects the events of this process and commits them to the recording twice a second.

Stamping an event costs two clock reads and one append; the file is touched by a background thread
only.  Nothing here ever raises into the measured program: where the recording cannot be written the
events are dropped and `problem` says why.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from powermeter.marking import api as instrumentation
from powermeter.marking.span import Lane, Span

FLUSH_S = 0.5
MAX_WAITING = 50_000
"""Events kept in memory while the recording cannot be written."""

INT64 = (1 << 63) - 1


class _Owner:
    """Lives in a thread's local storage and dies with the thread, whoever started it."""

    __slots__ = ("__weakref__",)


class EventLog:
    """The events of this process, on their way into one recording.

    Args:
        path: The recording, which exists already.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.problem = ""
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)
        atexit.register(self.flush)

    def _reset(self) -> None:
        """Start empty: in a new process after a fork, the parent's events are the parent's to write."""
        self.local = threading.local()
        self.uids = count(1)
        self._waiting: list[tuple[Span, int]] = []
        self._lanes: list[tuple[weakref.ref[_Owner], Lane]] = []
        self._lanes_lock = threading.Lock()
        self._announced: set[int] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closed = False

    def new_lane(self) -> Lane:
        """Return this thread's lane, and start the background thread with the first."""
        lane, owner = Lane(threading.get_ident()), _Owner()
        self.local.lane, self.local.owner = lane, owner
        with self._lanes_lock:
            self._lanes.append((weakref.ref(owner), lane))
        if self._thread is None and not self._closed:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="powermeter events", daemon=True)
                    self._thread.start()
                    _at_worker_exit(self.flush)
        return lane

    def event(self, name: str, n: int = 1, **attributes: Any) -> Span:
        """Return a context manager that records one event of `n` items."""
        return Span(self, name, n, attributes)

    def mark(self, name: str, **attributes: Any) -> None:
        """Record an instant."""
        span = Span(self, name, 1, attributes)
        span.__enter__()
        span._lane.running.pop()
        span.end_ns = span.start_ns
        span._lane.ended.append(span)

    def _run(self) -> None:
        while not self._wake.wait(FLUSH_S):
            self.flush()

    def flush(self) -> None:
        """Commit what has ended, and the start of what still runs."""
        with self._lock:
            running = self._gather()
            if not self._waiting and not running:
                return
            try:
                self._commit([*running, *self._waiting])
            except Exception as error:  # noqa: BLE001 – the measured program must never notice
                self.problem = f"{len(self._waiting)} events could not be written to {self.path}: {error}"
                if len(self._waiting) > MAX_WAITING:
                    self._waiting.clear()
                return
            self._announced.update(span.uid for span, _ in running)
            self._waiting.clear()

    def _gather(self) -> list[tuple[Span, int]]:
        """Take what has ended from every lane; gives the events that run for a while and are not announced."""
        with self._lanes_lock:
            lanes = [lane for _, lane in self._lanes]
            self._lanes = [
                (owner, lane) for owner, lane in self._lanes if owner() or lane.running or lane.ended
            ]
        now = time.monotonic_ns()
        running = []
        for lane in lanes:
            # In place: another thread may stand between looking the list up and appending to it.
            count = len(lane.ended)
            self._waiting.extend((span, lane.thread) for span in lane.ended[:count])
            del lane.ended[:count]
            for span in list(lane.running):
                since_ns = getattr(span, "start_ns", now)  # it may be just about to be stamped
                if span.uid not in self._announced and now - since_ns > FLUSH_S * 1e9:
                    running.append((span, lane.thread))
        return running

    def _commit(self, spans: list[tuple[Span, int]]) -> None:
        from powermeter.recording import event_batches, file

        peak = peak_memory()
        rows = []
        for span, thread in spans:
            try:
                rows.append((thread, *_described(span), peak))
            except Exception as error:  # noqa: BLE001 – one odd event must not cost the others
                self.problem = f"an event could not be written: {type(error).__name__}: {error}"
        connection = file.open_to_append(self.path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            event_batches.insert(connection, os.getpid(), rows)
            connection.execute("COMMIT")
        finally:
            connection.close()

    def close(self) -> None:
        """Commit what is left and end the background thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)
        self.flush()
        atexit.unregister(self.flush)


def _described(span: Span) -> tuple[object, ...]:
    """Return the columns of an event's row from uid to attributes, each as something SQLite takes."""
    name = str(span.name).encode("utf-8", "backslashreplace").decode()
    attributes = json.dumps(span.attributes, default=str) if span.attributes else None
    count = max(-INT64, min(INT64, int(span.count)))
    return span.uid, span.parent, name, span.start_ns, span.end_ns, count, attributes


def peak_memory() -> int | None:
    """Return this process's peak resident memory in byte so far, where the system tells it."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _at_worker_exit(flush: Callable[[], None]) -> None:
    """Flush when a multiprocessing worker ends: it leaves by `os._exit`, past `atexit`."""
    worker = sys.modules.get("multiprocessing.util")
    if worker is not None:
        worker.Finalize(None, flush, exitpriority=10)


def attach_to(path: str) -> None:
    """Record this process's events into the recording that `powermeter record` named."""
    instrumentation.attach(EventLog(path))
