"""Marks for a recording of powermeter, from Python 3.6 and later, without the package: copy this file to the board.

    import powermeter_marks as powermeter

    with powermeter.event("infer", n=8, model="tiny"):
        run(model)
    powermeter.mark("epoch", number=1)

Under `powermeter record -- PROGRAM` they are recorded; anywhere else they do nothing.  Where the package itself can be
installed (Python 3.10 and later), use that: it also knows asyncio, loaders and accelerators.
docs/marks.md describes the layout.
"""

import itertools
import json
import mmap
import os
import struct
import sys
import threading
import time
from binascii import crc32
from contextlib import suppress
from errno import ENOMEM

SLOTS = 1 << 15
PATIENCE_S = 2.0
_SLOT = struct.Struct("<qdqIII12sIHBBQ")
_MORE = struct.Struct("<48sIHBBQ")
_WORD = struct.Struct("<Q")
_BEGIN, _END, _INSTANT, _MORE_KIND = 1, 2, 3, 5
_LOST, _TAKEN, _CLOSED, _LATE = 32, 64, 72, 208
_NAN, _ODD = float("nan"), -1.0  # not known; no number of items

_local = threading.local()
_lock = threading.Lock()
_ring = None
_numbers = itertools.count(1)


def event(*name_and_n, **attributes):
    """event(name, n=1, **attributes): return an event for what runs inside `with event("infer", n=8):`; n is the number of items, None if not known."""
    name = name_and_n[0] if name_and_n else attributes.pop("name", "")
    n = name_and_n[1] if len(name_and_n) > 1 else attributes.pop("n", 1)
    return _Event(name, n, attributes)


def mark(*name, **attributes):
    """mark(name, **attributes): record an instant."""
    name = name[0] if name else attributes.pop("name", "")
    ring = _find()
    if ring is not None:
        ring.write(_INSTANT, next(_numbers), _running(), _NAN, 0, _text(name, attributes))


def track(function):
    """Decorate a function so that each call is an event named after it."""

    def tracked(*args, **kwargs):
        with event(function.__qualname__):
            return function(*args, **kwargs)

    tracked.__name__, tracked.__doc__ = function.__name__, function.__doc__
    tracked.__wrapped__ = function
    return tracked


def _has_failed(kind, error):
    """Return whether what an exception ended has failed; a loop that is left early and a program that leaves with status 0 have not."""
    if isinstance(error, SystemExit):
        return not isinstance(error.code, (int, type(None))) or bool(error.code)
    return kind is not GeneratorExit


class _Event(object):
    """A running event: `e["tokens"] = 12` adds an attribute, `e.count = n` corrects the number of items."""

    def __init__(self, name, n, attributes):
        self._ring = self._ended_in = None
        self.name, self.count, self.attributes = name, n, attributes

    def __setattr__(self, key, value):
        object.__setattr__(self, key, value)
        if key == "count":
            self._note_late()

    def __setitem__(self, key, value):
        self.attributes[key] = value
        self._note_late()

    def measure(self, **values):
        """Note results that stand beside the energy, such as accuracy."""
        self.attributes.setdefault("@measures", {}).update(values)
        self._note_late()

    def _note_late(self):
        if self._ring is None and self._ended_in is not None and self._ended_in is _ring:
            _ring.note_late()

    def __enter__(self):
        ring = _find()
        if ring is not None:
            self._ring, self._number, self._outer = ring, next(_numbers), _running()
            _local.running = self._number
            ring.write(_BEGIN, self._number, self._outer, _NAN, 0, _text(self.name, {}))
        return self

    def __exit__(self, kind, error, trace):
        at_ns = _now()
        ring, self._ring = self._ring, None
        self._ended_in = ring
        if ring is None or ring is not _ring:
            return
        if kind is not None and _has_failed(kind, error):
            self.attributes["error"] = kind.__name__
        _local.running = self._outer
        try:
            count = _NAN if self.count is None else float(self.count)
        except Exception:  # somebody else's object
            count = _ODD
        text = _json(self.attributes) if self.attributes else b""
        ring.write(
            _END,
            self._number,
            self._outer,
            count if count >= 0 or self.count is None else _ODD,
            1,
            text,
            at_ns,
        )


class _Ring(object):
    """The file that this process leaves its marks in."""

    def __init__(self, folder):
        self.process = os.getpid()
        size = 4096 + SLOTS * 64
        path = os.path.join(folder, "%d-%d-py.ring" % (self.process, _now()))
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(descriptor, size)
            if hasattr(
                os, "posix_fallocate"
            ):  # else a page that does not fit ends the program when it is touched
                os.posix_fallocate(descriptor, 0, size)
            self._memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        try:
            space = os.stat("/proc/self/ns/pid").st_ino
        except OSError:
            space = 0
        program = " ".join(sys.argv[:2]).encode("utf-8", "replace")[:63]
        self._memory[128 : 128 + len(program)] = program
        struct.pack_into("<IIQQ", self._memory, 8, SLOTS, 0, self.process, space)
        self._memory[0:8] = b"PMMARKS1"
        self._next = self._lost = 0
        self._stuck_at = -1

    def _word(self, at):
        return _WORD.unpack_from(self._memory, at)[0]

    def _has_room(self, last):
        since = None
        while last >= self._word(_TAKEN) + SLOTS:
            taken = self._word(_TAKEN)
            if since is None:
                since = time.time()
            if taken == self._stuck_at or self._word(_CLOSED) or time.time() - since > PATIENCE_S:
                self._stuck_at = taken
                self._lost += 1
                _WORD.pack_into(self._memory, _LOST, self._lost)
                return False
            time.sleep(0.0005)
        return True

    def note_late(self):
        """Count what was set of an event after its end: it is not in the recording."""
        with _lock:
            _WORD.pack_into(self._memory, _LATE, self._word(_LATE) + 1)

    def write(self, kind, number, parent, count, flags, text, at_ns=None):
        """Write one mark, stamped now where no time is given."""
        text = text[:16000]
        pieces = [text[i : i + 48] for i in range(12, len(text), 48)]
        thread = _thread_number()
        with _lock:
            first = self._next
            if not self._has_room(first + len(pieces)):
                return
            self._next = first + 1 + len(pieces)
            for index, piece in enumerate(pieces, first + 1):
                at = 4096 + index % SLOTS * 64
                _MORE.pack_into(self._memory, at, piece, number, len(piece), _MORE_KIND, 0, index + 1)
            _SLOT.pack_into(
                self._memory,
                4096 + first % SLOTS * 64,
                _now() if at_ns is None else at_ns,
                count,
                0,
                parent,
                thread,
                0,
                text[:12],
                number,
                len(text),
                kind,
                flags,
                first + 1,
            )


def _find():
    """Return this process's ring, made where need be; None where nothing is recorded."""
    global _ring, _lock
    if _ring is not None and (_ring is False or _ring.process == os.getpid()):
        return _ring or None
    if _ring:  # a forked child: another thread of the parent may hold the lock
        _lock = threading.Lock()
        _local.running = 0
        _local.thread = None
    folder = os.environ.get("POWERMETER_MARKS")
    try:
        _ring = _Ring(folder) if folder else False
    except Exception as error:  # the measured program must never notice
        _ring = False
        _note_lost(folder, getattr(error, "errno", None) or ENOMEM)
    return _ring or None


def _note_lost(folder, why):
    """Note that this process has no ring: a folder needs no descriptor and has no size."""
    name = "/%d-%d-%d-1.lost" % (os.getpid(), _now(), why)
    for where in (folder, "-".join(folder.rsplit("/", 1)) + "-lost"):  # the second: it is another user's
        with suppress(Exception):  # the recording is over
            return os.mkdir(where + name, 0o700)


def _running():
    return getattr(_local, "running", 0)


def _thread_number():
    if getattr(_local, "thread", None) is None:
        _local.thread = threading.get_ident() & 0xFFFFFFFF
    return _local.thread


def _text(name, attributes):
    text = str(name).encode("utf-8", "backslashreplace").replace(b"\0", b"\\0")
    if len(text) > 4000:  # its length and checksum, so that two long names stay two
        mark = ("... (cut, %d bytes, %08x)" % (len(text), crc32(text) & 0xFFFFFFFF)).encode("ascii")
        text = text[: 4000 - len(mark)].decode("utf-8", "ignore").encode("utf-8") + mark
    return text + b"\0" + _json(attributes) if attributes else text


def _json(attributes):
    try:
        return json.dumps(attributes, default=str).encode("ascii")
    except Exception:  # somebody else's object
        return b"{}"


def _now():
    """Return the monotonic clock in ns; to the microsecond where only a float of seconds is to be had."""
    now = getattr(time, "monotonic_ns", None)
    return now() if now is not None else int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9)
