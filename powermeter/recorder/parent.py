"""Starts, watches and stops the recorder process on behalf of a program or the command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter import errors
from powermeter.errors import ConfigurationError, DataError, OpenError, PowermeterError, ReadError, Reason
from powermeter.marking import recordings
from powermeter.recorder import killed_start, left_behind, null_device, waiting_at_end, waiting_at_start
from powermeter.recorder.interpreter import BOOT, SMALL, own_group, search_path
from powermeter.recorder.own_pipes import Pipe
from powermeter.recording.liveness import CUT_OFF, PROGRAM_GONE


@dataclass(frozen=True, slots=True)
class Listener:
    """What hears of a recorder, in a thread of this process.

    Attributes:
        on_status: Called with each status message; None asks for none.
        status_s: Seconds between status messages.
        flush_s: Seconds between writes of the file, for who reads it while it grows; None for the recorder's own.
        on_notice: Called with each line meant for people: a source fell silent.
    """

    on_status: Callable[[Mapping[str, Any]], None] | None = None
    status_s: float = 0.5
    flush_s: float | None = None
    on_notice: Callable[[str], None] | None = None


class Recorder:
    """A recorder process and the pipe to it.

    In a process forked from the one that started it, it does nothing: the recording is the parent's.

    Args:
        path: The recording to write.
        sources: URLs.
        metadata: JSON values for the recording.
        force: Whether an existing file is replaced.
        numbered: Whether a name that is taken is followed by the next one (`-2`, `-3`), as for dated names.
        dither: Whether polled sources are read at random moments of their intervals.
        listener: What hears of it while it runs.
        when_gone: What the recording states as its end where this process is killed.
    """

    def __init__(
        self,
        path: str | Path,
        sources: Sequence[str],
        metadata: Mapping[str, Any] | None = None,
        *,
        force: bool = False,
        numbered: bool = False,
        dither: bool = True,
        listener: Listener | None = None,
        when_gone: str = PROGRAM_GONE,
    ) -> None:
        listener = listener or Listener()
        self.path = Path(path)
        self.notices: list[str] = []
        self._urls = list(sources)
        self._order: dict[str, Any] = {
            "path": _absolute(self.path),
            "sources": self._urls,
            "metadata": dict(metadata or {}),
            "force": force,
            "numbered": numbered,
            "dither": dither,
            "status_s": listener.status_s if listener.on_status else 0,
            "flush_s": listener.flush_s,
            "parent": os.getpid(),
            "when_gone": when_gone,
        }
        self._on_status = listener.on_status
        self._on_notice = listener.on_notice
        self.process: subprocess.Popen[bytes] | None = None
        self.orders: Pipe | None = None
        self.answers: Pipe | None = None
        self._answers: threading.Thread | None = None
        self._ready = threading.Event()
        self._error: PowermeterError | None = None
        self._closed = False
        self._opening = self._creating = ""
        self._waiting = ""
        self.left_behind = ""
        self._epitaph = ""
        self.watchdog: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._progressed = 0.0
        self.marks = ""
        """The folder in which the measured program leaves its marks; empty where there is none."""

    @property
    def pid(self) -> int | None:
        """The process id of the recorder, once started."""
        return self.process.pid if self.process else None

    @property
    def is_running(self) -> bool:
        """Whether the recorder process is alive."""
        return self.process is not None and self.process.poll() is None

    @property
    def _is_private(self) -> bool:
        return bool(self._order["metadata"].get("private"))

    def start(self) -> None:
        """Start the process and wait until its sources are open.

        Raises:
            PowermeterError: What the recorder reported: a source that cannot be opened, an existing file.
        """
        with suppress(OSError):  # without it power is recorded, but no events
            self.marks = recordings.make(str(self.path.absolute()))
            self._order["marks"] = self.marks
            self._order["metadata"]["marks"] = (
                recordings.private_name(self.marks) if self._is_private else self.marks
            )
        try:
            self._start()
        except BaseException:
            recordings.withdraw(self.marks)
            raise
        if self.marks:
            try:
                recordings.announce(self.marks, str(self.path.absolute()))
            except OSError as error:
                self._notice(f"no events are recorded: {self.marks}: {error.strerror or error}")

    def _start(self) -> None:
        command = [sys.executable, "-c", BOOT, search_path()]
        (theirs_in, orders), (answers, theirs_out) = os.pipe(), os.pipe()
        self.orders, self.answers = Pipe(orders), Pipe(answers)
        try:
            with null_device.nowhere() as unheard:
                self.process = subprocess.Popen(
                    command,
                    stdin=theirs_in,
                    stdout=theirs_out,
                    stderr=unheard,
                    env={**os.environ, **SMALL},
                    **own_group(),
                )
        except BaseException:
            self._release()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._answers = threading.Thread(target=self._listen, name="recorder answers", daemon=True)
        self._answers.start()
        try:
            self._send(json.dumps(self._order))
            self._wait_until_ready(self.process)
        except BaseException:  # also Ctrl-C: nothing must be left behind
            self._end_start(self.process)
            raise

    def _end_start(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a recorder that did not become ready, with what it had begun to write."""
        process.kill()
        process.wait()
        assert self._answers is not None
        self._answers.join(waiting_at_end.ANSWERS_S)
        self._release()
        if self._creating and self._error is None:
            killed_start.clear(Path(self._creating), process.pid)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        in_time = waiting_at_start.wait(
            self._ready, lambda: self.is_running, lambda: self._opening, self._notice
        )
        if not in_time:
            raise waiting_at_start.held_up(self._creating, self._opening, self._urls)
        if not self._ready.is_set():  # it ended: its last answer may state why
            assert self._answers is not None
            self._answers.join(waiting_at_end.ANSWERS_S)
        if self._error is not None:
            raise self._error
        if not self._ready.is_set():
            raise OpenError(f"the recorder ended with status {process.poll()} before it was ready")

    def note(self, metadata: Mapping[str, Any]) -> None:
        """Have metadata written at the end of the recording: what is known only then."""
        self._send(json.dumps(metadata))

    def stop(self) -> bool:
        """End the recording.

        Returns:
            Whether the recorder closed the file by itself within the time a program may be held up.  It never
            raises: a recorder that is held up (a locked file, a full disk) is left to finish on its own.
        """
        process = self.process
        if process is None or os.getpid() != self._owner:
            return False
        self._send("stop")
        if hasattr(signal, "SIGCONT") and process.poll() is None:
            with suppress(PermissionError):  # this program has given up its rights
                process.send_signal(signal.SIGCONT)  # one that was stopped could not even be asked to end
        self.wait_for_end(process)
        if self._answers is not None:
            self._answers.join(waiting_at_end.LEFT_BEHIND_S if self.left_behind else waiting_at_end.ANSWERS_S)
        self._closed = self._closed and not self._is_cut_off
        self._release()
        if self.left_behind and not self._waiting:
            self.watchdog = left_behind.watch(process.pid, self.path)
        if self.left_behind and self.marks:  # it may never get to write what is left; `repair` then lists it
            why = f"the file was not closed: {self.left_behind}"
            recordings.note_end(self.marks, time.monotonic_ns(), why)
        if not self.left_behind:
            if not self._closed and not self._died_of_a_page:
                self._take_in_marks()
            if not self._died_of_a_page:
                recordings.withdraw(self.marks)
            recordings.notify()
        return self._closed

    @property
    def _is_cut_off(self) -> bool:
        """Whether this program has closed the pipe by accident, whereupon the recorder ended."""
        return self.orders is not None and self.orders.is_lost

    def _take_in_marks(self) -> None:
        """Write the events that the recorder no longer could."""
        from powermeter.marking.intake import Intake

        try:
            if self.marks and self.path.exists():
                Intake(self.marks, self.path, is_private=self._is_private).finish()
        except Exception as error:  # noqa: BLE001 – the measured program must never notice
            problem = f"the last events could not be written to {self.path}: {error}"
            self._error = self._error or ReadError(problem)

    def wait_for_end(self, process: subprocess.Popen[bytes]) -> None:
        self.left_behind = waiting_at_end.wait(process, lambda: self._waiting, lambda: self._progressed)

    def _release(self) -> None:
        is_read = self._answers is not None and self._answers.is_alive()  # closing it would wait for that
        for pipe in (self.orders, None if is_read else self.answers):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    @property
    def problem(self) -> str:
        """What went wrong after the start, in one line; empty when nothing did."""
        if self._ready.is_set() and self.process is not None and not self._closed and not self.is_running:
            self._epitaph = self._epitaph or self._bury(self.process.returncode)
            return self._epitaph
        if self._error is not None:
            return str(self._error)
        if self.left_behind and not self._closed:
            return left_behind.stated(self.path, self.left_behind, self.pid, self.watchdog is not None)
        return ""

    @property
    def _died_of_a_page(self) -> bool:
        """Whether a full disk or a quota refused a page of a mapped file: it would end this program in the same way."""
        bus = getattr(signal, "SIGBUS", None)
        return bus is not None and self.process is not None and self.process.returncode == -bus

    def _bury(self, status: int) -> str:
        """Return what a recorder died of and how far its recording reaches; its end is listed in it as a gap."""
        from powermeter.recorder.aftermath import list_missing

        if self._died_of_a_page:
            if self.marks:
                recordings.note_end(
                    self.marks, time.monotonic_ns(), f"the recorder process died (status {status})"
                )
            return (
                "the recorder process died (SIGBUS): the disk is full or a quota is used up; make room, then bring back "
                f"what was recorded with: powermeter repair {self.path}"
            )
        why = CUT_OFF if self._is_cut_off else f"the recorder process died (status {status})"
        error = str(self._error) if self._error is not None else ""
        try:
            missing_s = list_missing(self.path, f"{why}: {error}" if error and not self._is_private else why)
        except (DataError, OSError, sqlite3.Error) as refused:
            return f"{error or why}; what the recording holds is not known: {refused}"
        return f"{error or why}; the recording ends {missing_s:.1f} s earlier than the program, which is listed in it as a gap"

    def _send(self, line: str) -> None:
        if self.orders is not None:
            with suppress(OSError):  # it is gone; `problem` reports it
                self.orders.send(line)

    def _notice(self, text: str) -> None:
        self.notices.append(text)
        if self._on_notice is not None:
            self._on_notice(text)

    def _listen(self) -> None:
        assert self.answers is not None
        if hasattr(signal, "pthread_sigmask"):  # signals are for the program's own threads
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            for line in self.answers.lines():
                with suppress(ValueError):
                    self.take(json.loads(line))
        except OSError:
            return  # the pipe was closed under us

    def take(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ready":
            if message.get("path") != self._order["path"]:
                self.path = self.path.with_name(Path(str(message.get("path"))).name)
            self._ready.set()
        elif kind == "status" and self._on_status is not None:
            self._on_status(message)
        elif kind == "opening":
            self._opening = str(message.get("source"))
        elif kind == "creating":
            self._creating = str(message.get("path"))
        elif kind == "notice":
            self._notice(str(message.get("text")))
        elif kind == "waiting":
            self._waiting = str(message.get("why"))
        elif kind == "progress":
            self._progressed = time.monotonic()
        elif kind == "moved":
            self.path = Path(str(message.get("path")))
        elif kind == "closed":
            self._closed = True
        elif kind == "error":
            self._error = rebuild(message)


def rebuild(message: Mapping[str, Any]) -> PowermeterError:
    """Return the error the recorder met, as the class it was."""
    kind = getattr(errors, str(message.get("class")), ReadError)
    text = str(message.get("message"))
    if issubclass(kind, (OpenError, ReadError)) and message.get("reason"):
        return kind(text, Reason(message["reason"]))
    return kind(text) if issubclass(kind, PowermeterError) else ReadError(text)


def _absolute(path: Path) -> str:
    """Return a path from the root on.

    Raises:
        ConfigurationError: It is relative and the working directory was removed.
    """
    try:
        return str(path.absolute())
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: the working directory was removed; change to another, or name the whole path"
        ) from None
