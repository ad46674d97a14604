"""Puts a simulated meter behind a real port: a pseudo-terminal, a TCP socket or a socket of HID reports."""

from __future__ import annotations

import errno
import heapq
import os
import select
import socket
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path

from powermeter.source.address import SIMULATED_SUFFIX
from powermeter.testing.faults import Faults
from powermeter.testing.meter import SimulatedMeter
from powermeter.units import NS


class SimulatedPort(ABC):
    """Where the reader connects; `plug` and `unplug` are the cable."""

    where: str

    @abstractmethod
    def plug(self) -> None:
        """Make it connectable."""

    @abstractmethod
    def unplug(self) -> None:
        """Cut everything off, as a pulled cable does."""

    @abstractmethod
    def handles(self) -> list[int]:
        """Return the descriptors that become readable when there is something to do."""

    @abstractmethod
    def receive(self, handle: int) -> list[bytes]:
        """Return what has arrived on one of them, message by message."""

    @abstractmethod
    def send(self, data: bytes) -> int:
        """Send what fits now and return how many bytes that was."""


def _make_room(path: Path, ours: bool) -> None:
    """Remove what an earlier simulation left behind.

    Raises:
        FileExistsError: Something else has this name.
    """
    if ours:
        path.unlink(missing_ok=True)
    elif path.exists():
        raise FileExistsError(errno.EEXIST, "exists and is not the port of a simulated meter", str(path))


class TerminalPort(SimulatedPort):
    """A pseudo-terminal with a symbolic link of the name asked for, through one whose name states that it is simulated."""

    def __init__(self, link: Path) -> None:
        self.where = str(link)
        self._link = link
        self._mark = link.with_name(link.name + SIMULATED_SUFFIX)
        self._master = self._slave = -1

    def plug(self) -> None:
        import tty

        for path in (self._link, self._mark):
            _make_room(path, path.is_symlink())
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        name = os.ttyname(self._slave)
        self._mark.symlink_to(name)
        self._link.symlink_to(self._mark.name)

    def unplug(self) -> None:
        for path in (self._link, self._mark):
            path.unlink(missing_ok=True)
        for handle in (self._master, self._slave):
            if handle >= 0:
                os.close(handle)
        self._master = self._slave = -1

    def handles(self) -> list[int]:
        return [self._master] if self._master >= 0 else []

    def receive(self, handle: int) -> list[bytes]:
        try:
            data = os.read(handle, 4096)
        except OSError as error:
            if error.errno in (errno.EIO, errno.EAGAIN):
                return []
            raise
        return [data] if data else []

    def send(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return 0
            raise


class SocketPort(SimulatedPort):
    """A listening socket with one client at a time: TCP, or sequenced packets of HID reports."""

    def __init__(self, family: int, kind: int, address: tuple[str, int] | str) -> None:
        self._family, self._kind, self._address = family, kind, address
        self.where = str(address) if isinstance(address, str) else f"{address[0]}:{address[1]}"
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None

    def plug(self) -> None:
        listener = socket.socket(self._family, self._kind)
        if isinstance(self._address, str):
            path = Path(self._address)
            _make_room(path, path.is_socket())
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._address)
        listener.listen(1)
        if not isinstance(self._address, str):
            self._address = (self._address[0], listener.getsockname()[1])
            self.where = f"{self._address[0]}:{self._address[1]}"
        self._listener = listener

    def unplug(self) -> None:
        for one in (self._client, self._listener):
            if one is not None:
                one.close()
        self._client = self._listener = None
        if isinstance(self._address, str):
            Path(self._address).unlink(missing_ok=True)

    def handles(self) -> list[int]:
        return [one.fileno() for one in (self._listener, self._client) if one is not None]

    def receive(self, handle: int) -> list[bytes]:
        if self._listener is not None and handle == self._listener.fileno():
            if self._client is not None:
                self._client.close()
            self._client, _ = self._listener.accept()
            self._client.setblocking(False)
            return []
        if self._client is None:
            return []
        try:
            data = self._client.recv(4096)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self._client.close()
            self._client = None
            return []
        return [data]

    def send(self, data: bytes) -> int:
        if self._client is None:
            return len(data)  # nobody listens: it is gone
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)


class Simulation:
    """Runs one meter on one port, with faults, until asked to stop."""

    def __init__(self, meter: SimulatedMeter, port: SimulatedPort, faults: Faults | None = None) -> None:
        self.meter = meter
        self.port = port
        self.faults = faults or Faults()
        self.origin_ns = time.monotonic_ns()
        self.overflowed = 0
        self.unasked = 0
        """Frames that the meter sent on its own."""
        self.under_way = False
        """Whether what it last sent on its own comes once more, ahead of its next answer: as one that was on its way when it was asked."""
        self._last = b""
        self._queue: list[tuple[float, int, bytes]] = []
        self._number = 0
        self._backlog: list[bytes] = []
        self._backlog_size = 0
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask for the end."""
        self._stop.set()

    def now_s(self) -> float:
        """Return seconds since the simulation began."""
        return (time.monotonic_ns() - self.origin_ns) / NS

    def run(self, duration_s: float | None = None) -> None:
        """Serve until `stop`, or for a time."""
        plugged = True
        if not self.port.handles():
            self.port.plug()
        try:
            while not self._stop.is_set() and (duration_s is None or self.now_s() < duration_s):
                out = self.faults.is_out(self.now_s())
                if out == plugged:
                    plugged = not out
                    (self.port.unplug if out else self.port.plug)()
                    self._forget()
                if plugged:
                    self._turn()
                else:
                    time.sleep(0.01)
        finally:
            if plugged:
                self.port.unplug()

    def _forget(self) -> None:
        self.meter.restart()
        self._queue.clear()
        self._backlog.clear()
        self._backlog_size = 0

    def _turn(self) -> None:
        wait = self.meter.tick_s or 0.05
        if self._queue:
            wait = min(wait, max(0.0, self._queue[0][0] - self.now_s()))
        if self._backlog:
            wait = min(wait, 0.001)
        readable, _, _ = select.select(self.port.handles(), [], [], wait)
        for handle in readable:
            for message in self.port.receive(handle):
                for frame in (*self._still_under_way(), *self.meter.receive(message, self.now_s())):
                    self._enqueue(frame)
        for frame in self.meter.send(self.now_s()):
            self.unasked, self._last = self.unasked + 1, frame
            self._enqueue(frame, unasked=True)
        while self._queue and self._queue[0][0] <= self.now_s():
            frame = heapq.heappop(self._queue)[2]
            if self._backlog_size < self.meter.buffer_bytes:
                self._backlog.append(frame)
                self._backlog_size += len(frame)
            else:
                self.overflowed += 1
        self._flush()

    def _still_under_way(self) -> list[bytes]:
        frames = [self._last] if self.under_way and self._last else []
        self.under_way = False
        return frames

    def _enqueue(self, frame: bytes, *, unasked: bool = False) -> None:
        now_s = self.now_s()
        for delay, piece in self.faults.apply(frame):
            self._number += 1
            at_s = self.faults.released_s(now_s + delay, unasked=unasked)
            heapq.heappush(self._queue, (at_s, self._number, piece))

    def _flush(self) -> None:
        while self._backlog:
            sent = self.port.send(self._backlog[0])
            self._backlog_size -= sent
            if sent < len(self._backlog[0]):
                self._backlog[0] = self._backlog[0][sent:]
                return
            self._backlog.pop(0)
