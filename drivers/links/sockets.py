"""Sockets as links: TCP for bench instruments, Bluetooth RFCOMM for the meters that have only a radio."""

from __future__ import annotations

import errno
import select
import socket
from typing import Any

from powermeter.errors import OpenError, ReadError, Reason

from .link import Link

CONNECT_TIMEOUT_S = 8.0
WRITE_TIMEOUT_S = 2.0


class SocketLink(Link):
    """A connected stream socket."""

    def __init__(self, connected: socket.socket, where: str, instrument: str) -> None:
        self.where = where
        self.instrument = instrument
        self.facts: dict[str, Any] = {}
        self._socket: socket.socket | None = connected
        connected.settimeout(WRITE_TIMEOUT_S)

    def read(self, limit: int, timeout_s: float) -> bytes:
        connected = self._open_socket()
        try:
            if not select.select([connected], [], [], max(0.0, timeout_s))[0]:
                return b""
            data = connected.recv(limit)
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error
        if not data:
            raise self._gone("it closed the connection")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._open_socket().sendall(data)
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error

    def close(self) -> None:
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise ReadError(f"{self.instrument} on {self.where} is closed", Reason.NO_ANSWER)
        return self._socket

    def _gone(self, text: str) -> ReadError:
        return ReadError(f"{self.instrument} on {self.where} is gone ({text})", Reason.NO_ANSWER)


class TcpLink(SocketLink):
    """A TCP connection to an instrument on the network."""

    def __init__(self, host: str, port: int, *, instrument: str) -> None:
        where = f"{host}:{port}"
        try:
            connected = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        except (OSError, OverflowError, UnicodeError) as error:
            raise OpenError(
                f"{instrument}: no answer from {where} ({error}); is it on and is the address right?",
                Reason.ABSENT,
            ) from error
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(connected, where, instrument)


class RfcommLink(SocketLink):
    """Classic Bluetooth's serial port, channel 1; pair once with the meter's PIN first."""

    def __init__(self, address: str, *, instrument: str, channel: int = 1) -> None:
        family: Any = getattr(socket, "AF_BLUETOOTH", None)
        protocol: Any = getattr(socket, "BTPROTO_RFCOMM", None)
        if family is None or protocol is None:
            raise OpenError(
                f"{instrument}: this Python has no Bluetooth sockets; make a port of it "
                f"(sudo rfcomm bind 0 {address}) and write /dev/rfcomm0",
                Reason.ABSENT,
            )
        try:
            connected = socket.socket(family, socket.SOCK_STREAM, protocol)
        except OSError as error:
            raise OpenError(
                f"{instrument}: this machine has no Bluetooth ({error})", Reason.ABSENT
            ) from error
        connected.settimeout(CONNECT_TIMEOUT_S)
        try:
            connected.connect((address, channel))
        except OSError as error:
            connected.close()
            raise _bluetooth_error(instrument, address, error) from error
        super().__init__(connected, address, instrument)


def _bluetooth_error(instrument: str, address: str, error: OSError) -> OpenError:
    if error.errno == errno.EBUSY:
        return OpenError(
            f"{instrument}: {address} is held by another host or program; it takes one at a time", Reason.BUSY
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return OpenError(
            f"{instrument}: {address} refused; pair with it first: bluetoothctl pair", Reason.PERMISSION
        )
    return OpenError(
        f"{instrument}: no answer from {address} ({error}); is its Bluetooth on and is it in reach?",
        Reason.ABSENT,
    )
