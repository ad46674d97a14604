"""What takes longer than two seconds is reported on a terminal: how far it is, and how long it still takes where that is known.

`heartbeat` stands around every verb that neither waits for a person nor draws for itself; what a verb knows better it
reports with `progress` and `counted` inside.
"""

from __future__ import annotations

import glob
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO, TypeVar

from powermeter.cli.standard_output import TROUBLE
from powermeter.errors import PowermeterError, printable
from powermeter.units import format_duration

Item = TypeVar("Item")

AFTER_S = 2.0
EVERY_S = 0.5
LEAST = 0.02
"""A share done below this shows nothing of the time left."""

WITHOUT = frozenset({"bench", "calibrate", "live", "mark", "mcp", "record", "serve", "sync"})
"""Verbs that draw for themselves, run another program on the terminal, or wait for a person."""

PASSES = {"collect": 2, "variants": 0}
"""How often a verb reads each sample of its recordings, where that is not once; 0 where it depends on what is in them."""


def message(what: str, seconds: float, share: float | None, width: int) -> str:
    """Return `writing x.csv: 34 %, 12.0 s left`, or how long it has taken where the share done is not known."""
    if share is None or share < LEAST:
        state = f"{_whole(seconds)} so far"
    else:
        left = seconds * (1 - min(share, 1.0)) / share
        state = f"{100 * min(share, 1.0):.0f} %, {_whole(max(left, 1.0))} left"
    room = max(width - len(state) - 2, 0)
    name = printable(what)
    name = name if len(name) <= room else f"{name[: max(room - 3, 0)]}..."
    return f"{name}: {state}" if room > 8 else state


def _whole(seconds: float) -> str:
    """Return a time in whole seconds: `92 s`; from two minutes on as `2 min 12 s`."""
    return f"{seconds:.0f} s" if seconds < 119.5 else format_duration(round(seconds))


@dataclass
class _Phase:
    """What is being done, and how much of it is."""

    what: str
    share: Callable[[], float | None]
    began: float = field(default_factory=time.monotonic)


class _Line:
    """The line at the foot of a terminal, drawn by a thread and wiped before anything else is printed."""

    def __init__(self, stream: TextIO) -> None:
        self.phases: list[_Phase] = []
        self._stream = stream
        self._done = threading.Event()
        self._lock = threading.RLock()
        self._drawn, self._at_start = False, True
        self._thread = threading.Thread(target=self._draw_on, daemon=True)
        self._thread.start()

    def before_print(self, text: str | None) -> None:
        """Wipe the line, for this text is printed now; None: what is printed is not known, and nothing is drawn again."""
        with self._lock:
            self._wipe()
            if text is None:
                self._done.set()
            elif text:
                self._at_start = text.endswith("\n")

    def end(self) -> None:
        """Stop drawing, and leave nothing behind."""
        self._done.set()
        self._thread.join()
        with self._lock:
            self._wipe()

    def _draw_on(self) -> None:
        if self._done.wait(AFTER_S):
            return
        while True:
            with suppress(IndexError):  # between two phases
                self._draw()
            if self._done.wait(EVERY_S):
                return

    def _draw(self) -> None:
        now = time.monotonic()
        what, seconds, share = self.phases[-1].what, now - self.phases[0].began, None
        for phase in reversed(self.phases):
            share = phase.share() or None
            if share is not None:
                seconds = now - phase.began
                break
        width = shutil.get_terminal_size((80, 24)).columns - 1
        text = message(what, seconds, share, width)
        with self._lock:
            if self._at_start and not self._done.is_set():
                self._write(f"\r\x1b[K{text}")
                self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            self._write("\r\x1b[K")
            self._drawn = False

    def _write(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        with suppress(*TROUBLE):
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()


class _Output:
    """A standard stream that wipes the line of progress before it writes."""

    def __init__(self, stream: Any, line: _Line) -> None:
        self._stream, self._line = stream, line

    def write(self, text: str) -> int:
        """Write text after the line is wiped."""
        self._line.before_print(text)
        return int(self._stream.write(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines likewise."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        """The stream's bytes: what is written there is not seen, so nothing is drawn from now on."""
        self._line.before_print(None)
        return self._stream.buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_lines: list[_Line] = []
"""The line that is being drawn, if any."""


@contextmanager
def progress(what: str, stream: TextIO | None = None) -> Iterator[Callable[[float], None]]:
    """Draw one line on standard error while the block takes long; off a terminal nothing is drawn.

    Inside another one it names what is done now, on the same line.

    Returns:
        A function that takes the share done, 0 to 1.
    """
    stream = stream or sys.stderr
    done = [0.0]

    def note(part: float) -> None:
        done[0] = part

    own = None
    if not _lines:
        if not _is_terminal(stream):
            yield note
            return
        own = _Line(stream)
        _lines.append(own)
    line = _lines[-1]
    line.phases.append(_Phase(what, lambda: done[0]))
    try:
        yield note
    finally:
        if own is not None:
            own.end()
            _lines.remove(own)
        line.phases.pop()


@contextmanager
def heartbeat(arguments: Sequence[str]) -> Iterator[None]:
    """Stand around a verb: draw how far it is where it takes long, standard error is a terminal and JSON was not asked for.

    How far it is follows from the samples read, of all that its recordings hold.

    Args:
        arguments: The verb and what follows it.
    """
    verb = next((one for one in arguments if not one.startswith("-")), "")
    if not verb or verb in WITHOUT or "--json" in arguments or not _is_terminal(sys.stderr):
        yield
        return
    from powermeter.recording.samples_done import listening

    paths = _recordings_in(arguments)
    if verb == "collect" and not paths:  # another machine's program may ask for a password on this terminal
        yield
        return
    twice = any(
        one.endswith(".jls") or one == "jls" for one in arguments
    )  # first their times, then their values
    expected = _Expected(paths, PASSES.get(verb, 2 if twice else 1))

    out, error = sys.stdout, sys.stderr
    named = " ".join((verb, *(path.name or str(path) for path in paths[:1])))
    with progress(named):
        line = _lines[-1]
        line.phases[-1].share = expected.share
        sys.stdout, sys.stderr = _Output(out, line), _Output(error, line)
        try:
            with listening(expected.count):
                yield
        finally:
            sys.stdout, sys.stderr = out, error


def _recordings_in(arguments: Sequence[str]) -> list[Path]:
    """Return the recordings and folders that a command line names, those it writes left out."""
    found = []
    for before, argument in pairwise(arguments):
        if before in ("-o", "--output"):
            continue
        for one in argument.split(","):
            path = Path(one.rpartition(":")[0] if ".power:" in one else one)
            try:
                matching = [path] if "*" not in one else map(Path, glob.glob(one))  # noqa: PTH207 - absolute ones too
                found += [p for p in matching if p.is_dir() or (p.suffix == ".power" and p.is_file())]
            except (OSError, ValueError):  # a text that cannot be a name
                continue
    return found


class _Expected:
    """How many samples a verb will read: found out when somebody first waits for it."""

    def __init__(self, paths: Sequence[Path], passes: int) -> None:
        self._paths, self._passes = paths, passes
        self._done = 0
        self._total: int | None = None

    def count(self, samples: int) -> None:
        """Add samples that were read."""
        self._done += samples

    def share(self) -> float | None:
        """Return the share done; None where more was read than was expected, or nothing is expected."""
        if self._total is None:
            self._total = self._passes * sum(map(_samples_of, self._recordings())) if self._passes else 0
        return self._done / self._total if 0 < self._done <= self._total else None

    def _recordings(self) -> Iterator[Path]:
        from powermeter.fleet.handins import find_recordings

        for path in self._paths:
            if not path.is_dir():
                yield path
                continue
            with suppress(PowermeterError, OSError):
                yield from find_recordings(path)


def _samples_of(path: Path) -> int:
    from powermeter.recording import Recording

    try:
        with Recording.open(path) as opened:
            return sum(opened.count(source.id) for source in opened.sources)
    except (PowermeterError, OSError):
        return 0


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    except TROUBLE:
        return False


def counted(
    items: Iterable[Item], size: Callable[[Item], int], total: int, note: Callable[[float], None]
) -> Iterator[Item]:
    """Yield items, and note after each how large a part of the total has been taken."""
    taken = 0
    for item in items:
        yield item
        taken += size(item)
        note(taken / total if total else 1.0)
