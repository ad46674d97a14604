"""A pass-through on loopback in front of a language model's server: bytes go through as they are, and are read along.

`powermeter record --pass-through 8081:8080 -- llama-server --port 8080` listens on 8081.  A connection that cannot be followed still
passes.  Only this machine can connect.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from powermeter.errors import ConfigurationError, OpenError, Reason
from powermeter.hooks.tokens.conversation import Conversation
from powermeter.marking.event_log import EventLog
from powermeter.marking.past_events import mark_past
from powermeter.marking.printed_lines import PrintedEvent

See = Callable[[bytes, int], None]
LOOPBACK = "127.0.0.1"
_PIECE = 1 << 16
_MOST = 256
"""Connections at a time; further ones wait."""
_CONNECT_S = 10.0
_END_S = 1.0
"""How long the end waits for what was cut off to be marked."""


def parse(text: str) -> tuple[int, str, int]:
    """Return the port to listen on, and the host and port that it goes to.

    Raises:
        ConfigurationError: It is not `LISTEN:PORT` or `LISTEN:HOST:PORT`.
    """
    listen, _, rest = text.partition(":")
    host, colon, port = rest.rpartition(":")
    host = host.strip("[]") if colon else LOOPBACK
    numbers = [int(part) if part.isdecimal() and len(part) < 6 else -1 for part in (listen, port)]
    if not (0 <= numbers[0] < 65536 and 0 < numbers[1] < 65536) or not host:
        raise ConfigurationError(
            f"--pass-through {text!r}: write the port to listen on and the server's, for example 8081:8080"
        )
    if numbers[0] == numbers[1] and host in (LOOPBACK, "localhost", "::1"):
        raise ConfigurationError(f"--pass-through {text!r}: the two ports must differ")
    return numbers[0], host, numbers[1]


class Relay:
    """Listens from the beginning, passes on from `start` until it is closed.

    Args:
        listen: The port; 0 for a free one.
        host, port: The server.

    Raises:
        OpenError: The port is in use.
    """

    def __init__(self, listen: int, host: str, port: int) -> None:
        self._log: EventLog | None = None
        self._target = host, port
        self._slots = threading.Semaphore(_MOST)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_closed = False
        self.answers = 0
        self.unknown = 0
        self.not_followed = 0
        try:
            self._listener = socket.create_server((LOOPBACK, listen))
        except OSError as error:
            raise OpenError(
                f"--pass-through: port {listen} of this machine cannot be listened on ({error.strerror}); take another",
                Reason.BUSY,
            ) from error
        self.listens_on: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def start(self, log: EventLog) -> None:
        """Pass on what comes, and mark the answers in a log."""
        self._log = log
        threading.Thread(target=self._accept, name="pass-through", daemon=True).start()

    @property
    def line(self) -> str:
        """What a person needs to know of it."""
        host, port = self._target
        return f"passing http://{LOOPBACK}:{self.listens_on} through to {host}:{port}; send requests there"

    @property
    def problem(self) -> str:
        """What it could not count; empty where nothing is."""
        words = []
        if not self.answers:
            words.append("no answer of a language model came through the pass-through: was its port used?")
        if self.unknown:
            words.append(
                f"{self.unknown} of {self.answers} answers did not report how many tokens they are: ask for usage "
                '("stream_options": {"include_usage": true})'
            )
        if self.not_followed:
            words.append(f"{self.not_followed} connections could not be followed, only passed")
        return "; ".join(words)

    def close(self) -> None:
        """Listen no more, and end what is still open."""
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for one in left:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        patience = time.monotonic() + _END_S
        for thread in self._threads:
            thread.join(max(0.0, patience - time.monotonic()))

    def _accept(self) -> None:
        while not self._is_closed:
            self._slots.acquire()
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(threading.Thread(target=self._pass, args=(client,), daemon=True))
            self._threads[-1].start()

    def _pass(self, client: socket.socket) -> None:
        try:
            with client:
                self._between(client)
        finally:
            self._slots.release()

    def _between(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=_CONNECT_S)
        except OSError:
            return  # the client finds its connection closed, as it would find the server's port
        with server:
            for one in (client, server):
                one.settimeout(None)
                with suppress(OSError):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            followed = Conversation(self._found, self._count_unknown)
            back = threading.Thread(
                target=_pump, args=(server, client, None, followed.from_server), daemon=True
            )
            back.start()
            _pump(client, server, followed.from_client, None)
            back.join()
            followed.end()
            with self._lock:
                self._open -= {client, server}
                self.not_followed += not followed.is_followed

    def _found(self, events: list[PrintedEvent]) -> None:
        with self._lock:
            self.answers += 1
            assert self._log is not None
            for one in events:
                mark_past(self._log, one.name, one.start_ns, one.end_ns, one.count, one.attributes)

    def _count_unknown(self) -> None:
        with self._lock:
            self.unknown += 1


def _pump(source: socket.socket, target: socket.socket, before: See | None, after: See | None) -> None:
    """Pass bytes on until one side ends.

    A question is read before it is passed on, so that no answer can come first; an answer afterwards, so that nobody waits.
    """
    try:
        while data := source.recv(_PIECE):
            at_ns = time.monotonic_ns()
            if before is not None:
                before(data, at_ns)
            target.sendall(data)
            if after is not None:
                after(data, at_ns)
    except OSError:
        with suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
