"""Runs on a board, from Python 3.6 on: sent there over ssh as text, never installed, and gone when the connection ends.

It runs a command, takes its marks out of their rings, reads sensors, and answers what the clock is, all over its standard input and
output.  A frame is a letter, the length of its data (4 bytes, big-endian), and the data.

    to the board   P exchange of clocks (8 bytes, sent back)   I input of the command   E its end   K a signal (1 byte)   S stop
    from it        P those 8 bytes and the clock in ns         o e output, error        H a ring (JSON)   M its slots
                   D channels (JSON)   V readings   G a reading that failed (text)      X the end (JSON)

Sensors are those of powermeter itself where it is installed on the board (a URL), or what Linux shows below /sys.
"""

import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time

SYS = "/sys"
MAGIC = b"\0powermeter-agent-1\n"
_PIECE = 1 << 15
_SLOT, _HEADER = 64, 4096
_LEFT_S = 5.0
_TAKEN, _CLOSED, _COMMITTED = 64, 72, 80
_WORD = struct.Struct("<Q")


def now_ns():
    """Return the monotonic clock in ns."""
    now = getattr(time, "monotonic_ns", None)
    return now() if now is not None else int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9)


class Channel(object):
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

    def tell(self, kind, value):
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
            self._channel.tell(
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


# Sensors --------------------------------------------------------------------------------------------------


def _text(path):
    try:
        with open(path) as file:
            return file.read(200).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path):
    with open(path) as file:
        return int(file.read(100))


def _rail(name, boundary="part"):
    return {"name": name, "boundary": boundary}


def sysfs_channels():
    """Return [(path, channel)] of what Linux shows of power on this board; a channel is as powermeter writes it down."""
    found = []

    def add(path, name, quantity, scale, rail, kind="instant"):
        try:
            _number(path)
        except (OSError, ValueError):
            return False
        channel = {"name": name, "quantity": quantity, "scale": scale, "rail": rail, "kind": kind}
        found.append((path, channel))
        return True

    def folders(base):
        try:
            return [os.path.join(base, name) for name in sorted(os.listdir(base))]
        except OSError:
            return []

    for folder in folders(SYS + "/class/hwmon"):
        chip = _text(folder + "/name") or os.path.basename(folder)
        for i in range(1, 17):
            label = (
                _text(folder + "/power%d_label" % i)
                or _text(folder + "/in%d_label" % i)
                or "%s %d" % (chip, i)
            )
            for ending, kind in (("input", "instant"), ("average", "mean")):
                if add(
                    folder + "/power%d_%s" % (i, ending),
                    "%s.power" % label,
                    "power",
                    1e-6,
                    _rail(label),
                    kind,
                ):
                    break
            else:
                if os.path.exists(folder + "/in%d_input" % i):
                    if add(folder + "/curr%d_input" % i, "%s.current" % label, "current", 1e-3, _rail(label)):
                        add(folder + "/in%d_input" % i, "%s.voltage" % label, "voltage", 1e-3, _rail(label))
    for chip in folders(SYS + "/bus/i2c/drivers/ina3221x"):
        for device in folders(chip):
            for i in range(3):
                label = _text(device + "/rail_name_%d" % i)
                if label:
                    add(device + "/in_power%d_input" % i, "%s.power" % label, "power", 1e-3, _rail(label))
    for folder in folders(SYS + "/class/power_supply"):
        name = os.path.basename(folder)
        if _text(folder + "/type") == "Battery":
            if not add(folder + "/power_now", name + ".power", "power", 1e-6, _rail(name, "battery")):
                if add(folder + "/current_now", name + ".current", "current", 1e-6, _rail(name, "battery")):
                    add(folder + "/voltage_now", name + ".voltage", "voltage", 1e-6, _rail(name, "battery"))
    for folder in folders(SYS + "/class/powercap"):
        name = _text(folder + "/name")
        if name.startswith("package"):
            add(folder + "/energy_uj", name + ".energy", "energy", 1e-6, _rail(name), "counter")
            if found and found[-1][0] == folder + "/energy_uj":
                found[-1][1]["wrap"] = _number(folder + "/max_energy_range_uj") + 1
    return found


class Sensors(object):
    """Reads a board's sensors until it is stopped."""

    def __init__(self, channel, order):
        self._channel = channel
        self._stop = threading.Event()
        wanted = order["source"]
        self._source = None
        self._paths = []
        if wanted != "sysfs":
            self._source = self._package(wanted)
        if self._source is not None:
            channels = [one.to_dict() for one in self._source.channels]
            info = dict(self._source.info(), driver=self._source.scheme, url=str(self._source.address))
        else:
            listed = sysfs_channels()
            if not listed:
                raise RuntimeError("nothing below /sys of this board shows power or current; name a source")
            self._paths = [path for path, _ in listed]
            channels = [one for _, one in listed]
            info = {"files": self._paths}
        own = getattr(self._source, "period_ns", 1e8) * 1e-9
        self._period = max(float(order.get("period_s") or own), 0.0005)
        channel.tell(b"D", {"channels": channels, "info": info, "python": sys.version.split()[0]})
        self._row = struct.Struct("<qq%dq" % len(channels))
        self._thread = threading.Thread(target=self._run)
        self._thread.daemon = True
        self._thread.start()

    def _package(self, wanted):
        """Return an opened source of the package that is installed here; None where none is, and none is needed."""
        try:
            from powermeter import registry
            from powermeter.meter import best_sources
        except Exception as error:  # also a Python that is too old for it
            if wanted == "auto":
                return None
            raise RuntimeError("%s needs the powermeter package on the board: %s" % (wanted, error))
        try:
            source = registry.source(best_sources()[0][0] if wanted == "auto" else wanted)
            source.open()
        except Exception:
            if wanted == "auto" and sysfs_channels():
                return None
            raise
        return source

    def _read(self):
        """Return rows (stamp, flags, codes) that are there now."""
        if self._source is None:
            before = now_ns()
            codes = [_number(path) for path in self._paths]
            return [((before + now_ns()) // 2, 0, codes)]
        if hasattr(self._source, "read_block"):
            block = self._source.read_block(0.05)
            if block is None:
                return []
            flags = block.flags if block.flags is not None else [0] * len(block.times_ns)
            return [
                (int(t), int(f), [int(c) for c in row])
                for t, f, row in zip(block.times_ns, flags, block.codes)
            ]
        before = now_ns()
        row = self._source.sample()
        if row is None:
            return []
        return [(row.at_ns or (before + now_ns()) // 2, row.flags, [int(code) for code in row.codes])]

    def _run(self):
        paces_itself = hasattr(self._source, "read_block") or getattr(self._source, "self_paced", False)
        waiting, origin, sent = [], time.time(), time.time()
        while not self._stop.is_set():
            try:
                waiting += [self._row.pack(at, flags, *codes) for at, flags, codes in self._read()]
            except EOFError:
                self._stop.set()
            except Exception as error:
                self._channel.send(b"G", str(error).encode("utf-8", "replace")[:500])
                self._stop.wait(0.5)
            if waiting and (time.time() - sent > 0.05 or len(waiting) > 200):
                self._channel.send(b"V", b"".join(waiting))
                waiting, sent = [], time.time()
            if not paces_itself:  # at a random moment of each interval, so that no load is in step with it
                origin = max(origin + self._period, time.time() - self._period)
                self._stop.wait(max(0.0, origin + random.random() * self._period - time.time()))
        if waiting:
            self._channel.send(b"V", b"".join(waiting))

    def stop(self):
        """Read no more."""
        self._stop.set()
        self._thread.join(1.0)
        if self._source is not None:
            self._source.close()


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
    channel = Channel(source, target)
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
    channel.tell(b"X", end)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # a thread may be waiting for input, which the interpreter's end would wait for
