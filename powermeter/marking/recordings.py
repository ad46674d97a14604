"""Which recordings run on this machine, and which of them a process belongs to.

A recording that runs has a folder of marks below the user's own folder in shared memory; its name starts with the
process that started it.  A process belongs to the recordings that its ancestors run, and to the one that its
environment names: a pool that was started before a recording, or outlives one, finds the next.
One shared word changes whenever a recording starts or ends, so that looking costs nothing while nothing changes.

This file imports next to nothing, because every instrumented program imports it.
"""

from __future__ import annotations

import os
from time import monotonic_ns

from powermeter.marking.memory_map import mapped, take_room

TYPE_CHECKING = False  # typing itself costs milliseconds; type checkers take this name for True
if TYPE_CHECKING:
    from typing import Any

ENVIRONMENT = "POWERMETER_MARKS"
"""The environment variable that holds the folder of marks of the recording."""

SHARED_MEMORY = "/dev/shm"
PATH_FILE = "recording"
"""The file in a folder of marks that holds the recording's absolute path."""

END_FILE = "end"
"""The file in a folder of marks that holds when (monotonic ns) and why its recorder died, where the recording cannot."""

LOST_SUFFIX = ".lost"
"""What the name of the note of a process without a ring ends in; `docs/marks.md` describes it for other languages."""

LOST_BOX = "-lost"
"""What the folder is called, after the folder of marks, in which a process leaves that note once it is another user: all may add, only its owner may list."""

BESIDE = "-marks"
"""What the folder of marks is called, after the recording, where there is no memory file system."""

_BOARD, _BOARD_BYTES = "board", 4096
_ROOM_BYTES = 1 << 17
"""What must be free for marks to be kept in shared memory: six small rings of 20 kB; a ring that does not fit is made small."""

_MOST_ANCESTORS = 64
_KEPT = 8
"""Folders of marks that are kept for `powermeter show` after a crash."""


def home() -> str | None:
    """Return the user's folder for marks, made where it is missing; None where there is no safe one."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    if os.path.isdir(SHARED_MEMORY) and os.access(SHARED_MEMORY, os.W_OK):
        base = SHARED_MEMORY
    else:
        base = os.environ.get("TMPDIR") or os.environ.get("TEMP") or "/tmp"
    folder = f"{base}/powermeter-{user}"
    try:
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            pass
        found = os.lstat(folder)
    except OSError:
        return None
    is_own = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    return folder if found.st_mode & 0o170000 == 0o040000 and is_own else None


def private_name(marks: str) -> str:
    """Return what a private recording holds of its folder of marks: no path, which may name a person."""
    return BESIDE if marks.endswith(BESIDE) else os.path.basename(marks)


def word() -> Any:
    """Return the shared word, as a memory of one 64-bit number; one of this process's own where sharing fails."""
    folder = home()
    try:
        if folder is None:
            raise OSError
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(f"{folder}/{_BOARD}", flags, 0o600)
        try:
            if os.fstat(descriptor).st_size < _BOARD_BYTES:
                os.ftruncate(descriptor, _BOARD_BYTES)
            return memoryview(mapped(descriptor, _BOARD_BYTES)).cast("Q")
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return memoryview(bytearray(8)).cast("Q")


def make(path: str) -> str:
    """Return a new folder of marks for a recording that this process starts; nobody joins before `announce`.

    Raises:
        OSError: It can be made neither in shared memory nor beside the recording.
    """
    folder = home()
    if folder is not None:
        forget_old(folder)
        made = f"{folder}/{os.getpid()}.{monotonic_ns()}"
        try:
            os.mkdir(made, 0o700)
            _try_room(made)
            _make_lost_box(made)
            return made
        except OSError:  # it is full: of what else the machine keeps there
            withdraw(made)
    made = f"{path}{BESIDE}"
    withdraw(made)
    os.mkdir(made, 0o700)
    return made


def lost_box(folder: str) -> str:
    """Return where a process that may not enter a folder of marks notes what it loses: beside the user's own folder."""
    home, _, name = folder.rpartition("/")
    return f"{home}-{name}{LOST_BOX}"


def _make_lost_box(folder: str) -> None:
    box = lost_box(folder)
    try:
        os.mkdir(box, 0o700)
        os.chmod(box, 0o1733)
    except OSError:  # then such notes are missing
        return


def is_there(folder: str) -> bool:
    """Return whether a folder of marks is still there, as far as this process may see."""
    return os.path.isdir(folder) or is_barred(folder)


def is_barred(folder: str) -> bool:
    """Return whether a folder of marks is there that this process may not enter, as another user than the recording's."""
    try:
        os.stat(folder)
    except PermissionError:
        try:
            return os.lstat(lost_box(folder)).st_mode & 0o171777 == 0o041733
        except OSError:
            return False
    except OSError:
        return False
    return False


def _try_room(folder: str) -> None:
    """Make and remove a file in a folder for marks.

    Raises:
        OSError: There is no room for it.
    """
    tried = f"{folder}/room"
    descriptor = os.open(tried, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        take_room(descriptor, _ROOM_BYTES)
    finally:
        os.close(descriptor)
        os.unlink(tried)


def forget_old(folder: str) -> None:
    """Remove what recordings left whose program and recorder were killed, but for the newest few."""
    if not os.path.exists("/proc/self"):  # nothing shows which have ended
        return
    try:
        old = []
        for name in os.listdir(folder):
            owner, dot, at = name.partition(".")
            if dot and owner.isdecimal() and at.isdecimal() and not os.path.exists(f"/proc/{owner}"):
                old.append((int(at), f"{folder}/{name}"))
        for _, name in sorted(old, reverse=True)[_KEPT:]:
            withdraw(name)
    except OSError:
        return


def announce(folder: str, path: str) -> None:
    """Have the events of this process's children go to the recording from now on."""
    with open(f"{folder}/{PATH_FILE}", "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(path)
    notify()


def notify() -> None:
    """Have every process look again, because a recording has started or ended."""
    word()[0] = monotonic_ns()


def withdraw(folder: str) -> None:
    """Remove a folder of marks with what is left in it, and its box of notes."""
    for one in (lost_box(folder), folder):
        for name in _names_in(one):
            try:
                os.unlink(f"{one}/{name}")
            except OSError:
                _remove_folder(f"{one}/{name}")
        _remove_folder(one)


def _remove_folder(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        return


def recording_of(folder: str) -> str | None:
    """Return the path of the recording that a folder of marks belongs to, empty where no descriptor is left; None where it is over."""
    named = f"{folder}/{PATH_FILE}"
    if is_barred(folder):
        return ""
    try:
        return _beginning_of(named).decode("utf-8", "surrogateescape")
    except OSError:
        return "" if os.path.exists(named) else None


def _beginning_of(path: str) -> bytes:
    """Return what a short file holds; without `open`, which Python takes away before the last objects' `__del__`, where a first mark may be."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


def note_end(folder: str, at_ns: int, why: str) -> None:
    """Note beside the rings, which may be gone, when a program ended whose recording is not whole, and why."""
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        with os.fdopen(
            os.open(f"{folder}/{END_FILE}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as noted:
            noted.write(f"{at_ns} {why}")
    except OSError:
        return


def find() -> list[str]:
    """Return the folders of marks of the recordings that this process belongs to, outermost first."""
    found: list[str] = []
    folder = home()
    if folder is not None:
        started: dict[int, list[tuple[int, str]]] = {}
        for name in _names_in(folder):
            owner, dot, at = name.partition(".")
            if dot and owner.isdecimal() and at.isdecimal():
                started.setdefault(int(owner), []).append((int(at), f"{folder}/{name}"))
        if started:
            for ancestor in reversed(ancestors()):
                own = [name for _, name in sorted(started.get(ancestor, ()))]
                found += [name for name in own if not os.path.exists(f"{name}/{END_FILE}")]
    named = os.environ.get(ENVIRONMENT)
    if named and named not in found and is_there(named):
        found.append(named)
    return found


def _names_in(folder: str) -> list[str]:
    """Return what lies in a folder; nothing where no descriptor is left."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def ancestors() -> list[int]:
    """Return the process ids of this process's parents, nearest first, as far as the system shows them."""
    found: list[int] = []
    process = os.getppid()
    while process > 0 and len(found) < _MOST_ANCESTORS:
        found.append(process)
        try:
            process = int(_beginning_of(f"/proc/{process}/stat").rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            break
    return found


class LostNote:
    """What one process notes in a folder of marks while it can make no ring: a folder whose name counts the marks that are lost.

    A folder needs no descriptor and has no size, so that neither limit stands in its way; nor does this file, which is loaded by then.
    A process that has become another user leaves it in the box.

    Args:
        folder: The folder of marks.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._path = ""
        self.why = 0
        """The number of the system's error (errno) for which it has no ring; 0 where there is nothing to note."""

    def write(self, lost: int) -> None:
        """Note that at least so many marks are lost."""
        if not self.why or not lost:
            return
        folder = lost_box(self._folder) if is_barred(self._folder) else self._folder
        path = f"{folder}/{os.getpid()}-{monotonic_ns()}-{self.why}-{lost}{LOST_SUFFIX}"
        try:
            if self._path:
                os.rename(self._path, path)
            else:
                os.mkdir(path, 0o700)
        except OSError:  # the folder is gone: so is who would read it
            return
        self._path = path

    def withdraw(self) -> None:
        """Remove the note: there is a ring now, which has the count."""
        self.why = 0
        try:
            os.rmdir(self._path)
        except OSError:
            return


def lost_by(name: str) -> tuple[int, int, int] | None:
    """Return (process, errno, marks lost at least) of a note's name; None where it is none."""
    parts = name.removesuffix(LOST_SUFFIX).split("-")
    is_note = name.endswith(LOST_SUFFIX) and len(parts) == 4
    if not is_note or not all(part.isdecimal() and part.isascii() and len(part) < 20 for part in parts):
        return None
    return int(parts[0]) & 0x7FFFFFFF, int(parts[2]), int(parts[3])
