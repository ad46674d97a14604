"""Runs on a board, from Python 3.6 on: sent there over ssh as text, never installed, and gone when the connection ends.

It runs a command, takes its marks out of their rings, reads sensors, and answers what the clock is, all over its standard input and
output.  A frame is a letter, the length of its data (4 bytes, big-endian), and the data.

    to the board   P exchange of clocks (8 bytes, sent back)   I input of the command   E its end   K a signal (1 byte)   S stop
    from it        P those 8 bytes and the clock in ns         o e output, error        H a ring (JSON)   M its slots
                   D channels (JSON)   V readings   G a reading that failed (text)      X the end (JSON)

`agent_sensors` is sent before it, in one text.
"""

import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import threading
import time

MAGIC = b"\0powermeter-agent-1\n"
if "Sensors" not in globals():  # where the two were not sent as one text
    from powermeter.recorder.remote.agent_sensors import Sensors, now_ns

_PIECE = 1 << 15
_SLOT, _HEADER = 64, 4096
_LEFT_S = 5.0
_TAKEN, _CLOSED, _COMMITTED = 64, 72, 80
_WORD = struct.Struct("<Q")


class Frames(object):
    """Frames to and from the other end."""

    def __init__(self, source, target):
        self._source, self._target = source, target
        self._lock = threading.Lock()
        self.is_broken = False

    def send(self, kind, data):
        """Send a frame; what cannot be sent any more is dropped."""
        with self._lock:
            if self.is_broken:
                return
            try:
                self._target.write(struct.pack(">cI", kind, len(data)) + data)
                self._target.flush()
            except (OSError, ValueError):
                self.is_broken = True

    def send_json(self, kind, value):
        """Send JSON."""
        self.send(kind, json.dumps(value).encode("ascii"))

    def receive(self):
        """Return the next frame as (letter, data); (b"", b"") at the end."""
        head = self._source.read(5)
        if len(head) < 5:
            return b"", b""
        kind, size = struct.unpack(">cI", head)
        return kind, self._source.read(size)


# The command ----------------------------------------------------------------------------------------------


class Command(object):
    """A command whose outputs go to the other end."""

    def __init__(self, channel, order, environment):
        self._channel = channel
        self.process = subprocess.Popen(
            order["command"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=order.get("folder") or None,
            start_new_session=True,
        )
        self._threads = []
        for kind, stream in ((b"o", self.process.stdout), (b"e", self.process.stderr)):
            thread = threading.Thread(target=self._pump, args=(kind, stream))
            thread.daemon = True
            thread.start()
            self._threads.append(thread)

    def _pump(self, kind, stream):
        while True:
            data = os.read(stream.fileno(), _PIECE)
            if not data:
                return
            self._channel.send(kind, data)

    def write(self, data):
        """Hand it input; b"" ends it."""
        try:
            if data:
                self.process.stdin.write(data)
                self.process.stdin.flush()
            else:
                self.process.stdin.close()
        except (OSError, ValueError):
            return

    def signal(self, number):
        """Send it and its children a signal."""
        try:
            os.killpg(self.process.pid, number)
        except OSError:
            return

    def wait(self):
        """Return its status once it has ended and its outputs are read; a grandchild may keep them open."""
        status = self.process.wait()
        deadline = time.time() + 2.0
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.time()))
        return status


# Marks ----------------------------------------------------------------------------------------------------


class Ring(object):
    """A ring of marks: what is whole in it, in order (docs/marks.md)."""

    def __init__(self, path):
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        magic, self.capacity, self.clock, self.process = struct.unpack_from("<8sIIQ", self._memory, 0)
        size = _HEADER + self.capacity * _SLOT
        if magic != b"PMMARKS1" or not 0 < self.capacity <= 1 << 20 or len(self._memory) < size:
            raise ValueError("no ring")
        self.program = self._memory[128:192].split(b"\0")[0]
        self.taken = self._seen = 0

    def take(self):
        """Return slots that were whole at the last look already, at most 500, and free them."""
        whole = self._seen
        while whole - self.taken < self.capacity:
            at = _HEADER + whole % self.capacity * _SLOT
            if _WORD.unpack_from(self._memory, at + 56)[0] != whole + 1:
                break
            whole += 1
        ready, self._seen = self._seen, whole
        ready = min(ready, self.taken + 500)
        found = b"".join(
            self._memory[at : at + _SLOT]
            for at in (_HEADER + i % self.capacity * _SLOT for i in range(self.taken, ready))
        )
        self.taken = ready
        _WORD.pack_into(self._memory, _TAKEN, ready)
        _WORD.pack_into(self._memory, _COMMITTED, ready)
        return found

    def is_drained(self):
        """Return whether nothing was left at the last look."""
        return self._seen == self.taken

    def lost(self):
        """Return how many marks its writer could not leave."""
        return _WORD.unpack_from(self._memory, 32)[0]

    def close(self):
        """Have the writer know that it is over."""
        _WORD.pack_into(self._memory, _CLOSED, 1)


class Marks(object):
    """All rings of a folder."""

    def __init__(self, channel):
        self._channel = channel
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else os.environ.get("TMPDIR", "/tmp")
        self.folder = os.path.join(base, "powermeter-remote-%d-%d" % (os.getuid(), now_ns()))
        os.mkdir(self.folder, 0o700)
        self._rings = {}
        self._refused = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.daemon = True
        self._thread.start()

    def _look(self):
        for name in sorted(os.listdir(self.folder)):
            if not name.endswith(".ring") or name in self._rings or len(self._rings) > 4000:
                continue
            try:
                ring = Ring(os.path.join(self.folder, name))
            except (OSError, ValueError):
                continue
            self._rings[name] = ring
            self._channel.send_json(
                b"H",
                {
                    "ring": len(self._rings),
                    "process": ring.process,
                    "clock": ring.clock,
                    "utc": int(time.time() * 1e9),
                    "monotonic": now_ns(),
                    "program": ring.program.decode("utf-8", "replace"),
                },
            )
            ring.number = len(self._rings)
        busy = False
        for ring in self._rings.values():
            slots = ring.take()
            if slots:
                self._channel.send(b"M", struct.pack(">I", ring.number) + slots)
            busy = busy or not ring.is_drained()
        return busy

    def _run(self):
        while not self._stop.wait(0.02):
            self._look()

    def finish(self):
        """Take in what is left, end the rings, and remove the folder; return how many marks were lost."""
        self._stop.set()
        self._thread.join()
        deadline = time.time() + _LEFT_S
        quiet = 0
        while quiet < 3 and time.time() < deadline:
            quiet = 0 if self._look() else quiet + 1
            time.sleep(0.01)
        lost = 0
        for ring in self._rings.values():
            ring.close()
            lost += ring.lost()
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)
        return lost


# Both -----------------------------------------------------------------------------------------------------


def _listen(channel, command, stop):
    """Take what comes until the other end is gone; a command that still runs then gets a hang-up."""
    while True:
        kind, data = channel.receive()
        if kind == b"P":
            channel.send(b"P", data + struct.pack(">Q", now_ns()))
        elif kind in (b"I", b"E") and command:
            command[0].write(data if kind == b"I" else b"")
        elif kind == b"K" and command:
            command[0].signal(data[0])
        elif kind in (b"S", b""):
            break
    stop.set()
    if kind == b"" and command and command[0].process.poll() is None:
        command[0].signal(signal.SIGHUP)
        for _ in range(20):
            time.sleep(0.1)
            if command[0].process.poll() is not None:
                return
        command[0].signal(signal.SIGTERM)


def main(source, target):
    """Do what is ordered; returns when it is done or the other end is gone."""
    target.write(MAGIC)
    target.flush()
    channel = Frames(source, target)
    kind, data = channel.receive()
    if kind != b"O":
        return
    order = json.loads(data.decode("utf-8"))
    stop, command, end = threading.Event(), [], {}
    marks = sensors = None
    try:
        if order.get("command"):
            marks = Marks(channel)
            environment = dict(os.environ, POWERMETER_MARKS=marks.folder)
            environment.update(order.get("environment") or {})
        if order.get("source"):
            sensors = Sensors(channel, order)
        if order.get("command"):
            command.append(Command(channel, order, environment))
    except Exception as error:
        number = getattr(error, "errno", None)
        text = (
            "%s: %s" % (order["command"][0], os.strerror(number))
            if number and order.get("command")
            else str(error)
        )
        end = {"error": text, "errno": number}
    listener = threading.Thread(target=_listen, args=(channel, command, stop))
    listener.daemon = True
    listener.start()
    if not end:
        if command:
            end["status"] = command[0].wait()
        else:
            stop.wait()
    if sensors is not None:
        sensors.stop()
    if marks is not None:
        end["lost"] = marks.finish()
    channel.send_json(b"X", end)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # a thread may be waiting for input, which the interpreter's end would wait for
