"""Runs a command on a board as if it were here: its input and outputs, its signals, its exit status, and its marks."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from powermeter.errors import plural
from powermeter.recorder.remote.link import RemoteLink
from powermeter.recorder.remote.marks import BoardMarks

BROKEN = 255
"""The exit status where the connection broke, as ssh's own."""
NOT_FOUND, NOT_EXECUTABLE = 127, 126
_PIECE = 1 << 15
_FORWARDED = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


class BoardCommand:
    """A command on a board.

    Args:
        target: Where, as from `link.check_target`.
        command: Its words; no shell looks at them.
        folder: The folder of marks of the recording.
        report: Called with each line meant for people.
        see: Called with 1 or 2 and each piece of its output and error.
    """

    def __init__(
        self,
        target: str,
        command: Sequence[str],
        folder: str,
        report: Callable[[str], None],
        see: Callable[[int, bytes], None] | None = None,
    ) -> None:
        self._report = report
        self._see = see
        self._command = list(command)
        self._end: dict[str, Any] | None = None
        self._over = threading.Event()
        self._marks: BoardMarks | None = None
        self._early: list[tuple[bytes, bytes]] = []
        self._folder = folder
        self._target = target
        self._began = time.monotonic()
        self._link: RemoteLink | None = None
        self._signals: list[int] = []

    def _connect(self) -> RemoteLink:
        link = RemoteLink(self._target, {"command": self._command}, self._take)
        self._marks = BoardMarks(self._folder, link.clock)
        early, self._early = self._early, []
        for kind, data in early:
            self._take_mark(kind, data)
        return link

    def _take(self, kind: bytes, data: bytes) -> None:
        if kind in (b"o", b"e"):
            stream = 1 if kind == b"o" else 2
            if self._see is not None:
                self._see(stream, data)
            with suppress(OSError):  # our own reader has gone; the command goes on
                _write_all(stream, data)
        elif kind in (b"H", b"M"):
            self._take_mark(kind, data)
        elif kind == b"X":
            with suppress(ValueError):
                self._end = json.loads(data)
            self._over.set()

    def _take_mark(self, kind: bytes, data: bytes) -> None:
        if self._marks is None:  # before the clocks are related
            self._early.append((kind, data))
        elif kind == b"H":
            self._marks.header(data)
        else:
            self._marks.slots(data)

    def run(self) -> int:
        """Connect, wait for the command's end, handing on input and signals, and return its exit status.

        Raises:
            PowermeterError: The board cannot be reached.
        """
        before = {}
        for name in _FORWARDED:
            number = getattr(signal, name, None)
            if number is not None:
                before[number] = signal.signal(number, lambda n, _: self._pass_on(n))
        try:
            self._link = link = self._connect()
            for number in self._signals:
                self._pass_on(number)
            threading.Thread(target=self._hand_on_input, args=(link,), daemon=True).start()
            while not self._over.wait(0.05):
                if link.ended.is_set() and not self._over.wait(0.5):
                    break
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._status()

    def _pass_on(self, number: int) -> None:
        """Send a signal to the command; one that came before it ran is kept."""
        if self._link is None:
            self._signals.append(number)
        else:
            self._link.send(b"K", bytes([number]))

    def _status(self) -> int:
        seconds = time.monotonic() - self._began
        if self._end is None:
            self._report(
                f"the connection to {self._target} broke after {seconds:.1f} s: what ran there gets a hang-up, its exit "
                "status is not known, and its marks end here"
            )
            return BROKEN
        if self._marks is not None and (lost := self._marks.lost + int(self._end.get("lost") or 0)):
            self._report(
                f"{plural(lost, 'mark of the board was', 'marks of the board were')} lost: they came faster than they could be sent"
            )
        if "error" in self._end:
            self._report(f"{self._target}: {str(self._end['error'])[:300]}")
            return NOT_FOUND if self._end.get("errno") == 2 else NOT_EXECUTABLE
        status = int(self._end.get("status") or 0)
        return 128 - status if status < 0 else status

    def _hand_on_input(self, link: RemoteLink) -> None:
        if sys.stdin is None or sys.stdin.closed:
            link.send(b"E")
            return
        try:
            if os.isatty(0) and os.tcgetpgrp(0) != os.getpgrp():
                return  # in the background: reading would stop us
            while data := os.read(0, _PIECE):
                link.send(b"I", data)
        except OSError:
            pass
        link.send(b"E")

    @property
    def clock_doubt_ns(self) -> int:
        """The most that its marks' stamps may be off, all together, in ns."""
        return 0 if self._link is None else self._link.clock.doubt_ns

    def close(self) -> None:
        """End the connection and the rings."""
        if self._link is not None:
            self._link.close()
        if self._marks is not None:
            self._marks.close()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
