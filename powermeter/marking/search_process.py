"""Looks for a regular expression in lines, in a process of its own: one that backtracks for ever ends after a while.

Inside our own process a search holds up everything else, the passing on of what is printed and the end of the recording too.
The file is that process's program as well, so it imports nothing of this package.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType

LINE_S = 0.25
"""Processor time that the search in one line may take."""
ANSWER_S = 20.0
"""How long the process is waited for, whatever else the machine does; where no line can be stopped by itself (Windows), its first is the slow one."""
MOST_SLOW = 4
"""After so many lines that took too long no more are looked at."""

Match = tuple[str, dict[str, str]]
"""What was found, and the named groups that took part."""
Answer = tuple[bool, Match | None]
"""Whether a line was searched in time, and what was found."""


class LineMatcher:
    """Finds an expression in lines.

    Args:
        pattern: One that can be compiled.

    Attributes:
        slow: How many lines took too long to be searched.
        skipped: How many were not looked at after those, or at the end.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._pending = 0
        self.slow = self.skipped = 0

    def find(self, lines: Sequence[str]) -> list[Match | None]:
        """Return what was found in each line; None where nothing was, or where it was not looked for."""
        found: list[Match | None] = []
        self._pending = len(lines)
        while len(found) < len(lines):
            if self.slow >= MOST_SLOW:
                self.skipped += self._pending
            if self.slow >= MOST_SLOW or self._is_closed:
                break
            answer = self._ask(lines[len(found) :])
            if self._was_closed():
                break
            self.slow += sum(not in_time for in_time, _ in answer)
            self._pending -= len(answer)
            found += [match for _, match in answer]
        self._pending = 0
        return found + [None] * (len(lines) - len(found))

    def start(self) -> None:
        """Start the process before the first line comes."""
        with suppress(OSError):
            self._process = self._process or _start(self._pattern)

    def _ask(self, lines: Sequence[str]) -> list[Answer]:
        """Return an answer for one line at least."""
        try:
            process = self._process = self._process or _start(self._pattern)
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(lines).encode() + b"\n")
            process.stdin.flush()
            watch = threading.Timer(ANSWER_S, process.kill)
            watch.daemon = True
            watch.start()
            try:
                answer = json.loads(process.stdout.readline())
            finally:
                watch.cancel()
        except (OSError, ValueError):
            self._end()
            return [(False, None)]
        return [(in_time, match and (match[0], match[1])) for in_time, match in answer]

    def close(self) -> None:
        """Look at no more lines."""
        self._is_closed = True
        self.skipped += self._pending
        self._end()

    def _was_closed(self) -> bool:
        """Return whether another thread has closed it meanwhile."""
        return self._is_closed

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait()


def _start(pattern: str) -> subprocess.Popen[bytes]:
    """Start the process; a signal to our own group, as of Ctrl-C, is not for it: it ends with its input.

    The pattern is sent like the lines: an argument holds no zero, and may be read in another encoding there.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", os.path.abspath(__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    with suppress(OSError):  # it is gone already: the first line that is asked for has no answer
        process.stdin.write(json.dumps(pattern).encode() + b"\n")
        process.stdin.flush()
    return process


class _TooLongError(Exception):
    pass


def _stop(number: int, frame: FrameType | None) -> None:
    raise _TooLongError


def _answers(compiled: re.Pattern[str], lines: Sequence[str]) -> Iterator[Answer]:
    """Yield what is in each line, until one has taken too long."""
    for line in lines:
        try:
            _allow(LINE_S)
            match = compiled.search(line)
            _allow(0)
        except (_TooLongError, RecursionError, MemoryError):
            yield False, None
            return
        groups = {} if match is None else {k: v for k, v in match.groupdict().items() if v is not None}
        yield True, None if match is None else (match.group(0), groups)


def _allow(seconds: float) -> None:
    """Allow so much processor time from now on, 0 for any, where the system can end a search."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def main() -> None:
    """Answer each line of JSON on the standard input, a list of lines, by one of what was found in them; the first is the pattern."""
    compiled = re.compile(json.loads(sys.stdin.buffer.readline()))
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, _stop)
    for request in sys.stdin.buffer:
        answer = list(_answers(compiled, json.loads(request)))
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
