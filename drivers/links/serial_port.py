"""Serial ports through pyserial: exclusive, bounded, and with one error for each way they fail.

A port that disappears makes pyserial raise `SerialException`, a plain `OSError` or `termios.error`
(which is not an `OSError`), depending on which call met it first; all of them become `ReadError` here.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason
from powermeter.source.address import SIMULATED_SUFFIX

from .link import Link, UsbId
from .permission import permission_remedy

_LOST: tuple[type[Exception], ...] = (OSError, TypeError, ValueError)
if sys.platform != "win32":
    import termios

    _LOST = (*_LOST, termios.error)

_WRITE_TIMEOUT_S = 2.0
_MOST_LINKS = 40
"""As many as Linux follows."""


class SerialLink(Link):
    """A serial port, opened for us alone."""

    def __init__(self, path: str, *, baud: int, instrument: str) -> None:
        self.where = _where_it_is_now(path)
        self.instrument = instrument
        self.baud = baud
        self._port: Any = _open_port(self.where, baud, instrument)
        self.facts = port_facts(self.where)
        self.is_simulated = _is_simulated(self.where)
        if "serial" in self.facts:
            _SEEN.setdefault(path, self.facts)

    def read(self, limit: int, timeout_s: float) -> bytes:
        with self._using() as port:
            return bytes(port.read(limit)) if _wait(port, timeout_s) else b""

    def write(self, data: bytes) -> None:
        with self._using() as port:
            port.write(data)

    def clear(self) -> None:
        with self._using() as port:
            port.reset_input_buffer()

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except _LOST:
                pass  # it was pulled: there is nothing left to close

    @contextmanager
    def _using(self) -> Iterator[Any]:
        """Return the port, and turn whatever its loss raises into one error."""
        port = (
            self._port
        )  # another thread may close it meanwhile: pyserial then raises TypeError or ValueError
        if port is None:
            raise ReadError(f"{self.instrument} on {self.where} is closed", Reason.NO_ANSWER)
        try:
            yield port
        except _LOST as error:
            # termios.error has its text in its arguments only.
            text = getattr(error, "strerror", None) or str((error.args or [type(error).__name__])[-1])
            raise ReadError(
                f"{self.instrument} on {self.where} is gone ({text}); plug it in again", Reason.NO_ANSWER
            ) from error


def _is_simulated(path: str) -> bool:
    """Return whether a path, or a link on the way to its device, has the name of a simulated port."""
    for _ in range(_MOST_LINKS):
        if path.endswith(SIMULATED_SUFFIX):
            return True
        try:
            path = str(Path(path).parent / Path(path).readlink())
        except (OSError, ValueError):
            return False
    return False


def _wait(port: Any, timeout_s: float) -> bool:
    """Wait until something can be read, at most that long."""
    if os.name == "posix":
        return bool(select.select([port.fileno()], [], [], max(0.0, timeout_s))[0])
    deadline = time.monotonic() + timeout_s
    while not port.in_waiting:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.001)
    return True


def _open_port(path: str, baud: int, instrument: str) -> Any:
    try:
        import serial
    except ModuleNotFoundError as error:
        raise NotInstalledError(f"{instrument} needs pyserial; run: pip install pyserial") from error
    try:
        return serial.Serial(path, baud, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
    except _LOST as error:
        raise _open_error(path, instrument, error) from error


def _open_error(path: str, instrument: str, error: Exception) -> OpenError:
    code = getattr(error, "errno", None)
    if code is None and error.args and isinstance(error.args[0], int):
        code = error.args[0]
    if code in (errno.EACCES, errno.EPERM):
        return OpenError(
            f"{instrument}: no permission to use {path}; {permission_remedy(path)}", Reason.PERMISSION
        )
    if code in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(error):
        return OpenError(
            f"{instrument}: {path} is in use by another program; close it (ModemManager holds a new port "
            "for some seconds: wait and try again)",
            Reason.BUSY,
        )
    if code in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or not Path(path).exists():
        return OpenError(f"{instrument}: there is no port {path}; is it plugged in?", Reason.ABSENT)
    if code in (errno.ENOTTY, errno.EINVAL, errno.EISDIR) or "ould not configure port" in str(error):
        return OpenError(f"{instrument}: {path} is not a serial port", Reason.WRONG_DEVICE)
    return OpenError(f"{instrument}: cannot open {path}: {error}", Reason.NO_ANSWER)


def list_ports() -> list[Any]:
    """Return pyserial's view of the ports of this machine; empty where it is not installed."""
    try:
        from serial.tools import list_ports as tool
    except ModuleNotFoundError:
        return []
    return list(tool.comports())


def port_facts(path: str) -> dict[str, Any]:
    """Return what the operating system knows of a port: USB ids, serial number, product."""
    real = os.path.realpath(path)
    for port in list_ports():
        if port.device in (path, real) and port.vid is not None:
            facts = {
                "usb": f"{port.vid:04x}:{port.pid:04x}",
                "serial": port.serial_number,
                "product": port.product,
            }
            return {name: value for name, value in facts.items() if value}
    return {}


_SEEN: dict[str, dict[str, Any]] = {}
"""Port as named by the user → the instrument found there when it was first opened in this process."""


def _where_it_is_now(path: str) -> str:
    """Return the port of the instrument that was at `path` before: plugged in again, it may have another name."""
    before = _SEEN.get(path)
    if before is None or port_facts(path) == before:
        return path
    for port in list_ports():
        if port.vid is not None and port_facts(port.device) == before:
            return str(port.device)
    return path


def usb_ports(usb: Sequence[UsbId]) -> list[tuple[Any, UsbId]]:
    """Return the ports whose USB ids are among those, the lowest interface of each instrument first."""
    ids = {(entry.vendor, entry.product): entry for entry in usb}
    found = [(port, ids[port.vid, port.pid]) for port in list_ports() if (port.vid, port.pid) in ids]
    return sorted(
        found, key=lambda pair: (pair[0].serial_number or "", pair[0].location or "", pair[0].device)
    )


def find_usb_port(usb: Sequence[UsbId], serial_number: str, instrument: str) -> str:
    """Return the port of the instrument with that serial number, or of the only one there is.

    Raises:
        OpenError: There is none, or several and no serial number states which.
    """
    ports = usb_ports(usb)
    if serial_number:
        ports = [pair for pair in ports if pair[0].serial_number == serial_number]
    numbers = sorted({port.serial_number or "" for port, _ in ports})
    if not ports:
        wanted = f" with serial number {serial_number}" if serial_number else ""
        ids = ", ".join(f"{entry.vendor:04x}:{entry.product:04x}" for entry in usb)
        raise OpenError(f"{instrument}: none plugged in{wanted} (USB {ids})", Reason.ABSENT)
    if len(numbers) > 1:
        raise OpenError(
            f"{instrument}: {len(numbers)} are plugged in; choose one by serial number: {', '.join(numbers)}",
            Reason.ABSENT,
        )
    return str(ports[0][0].device)


def port_problem(path: str) -> tuple[str, str]:
    """Return (problem, remedy) of a port for discovery; both empty when it can be used."""
    if not os.access(path, os.R_OK | os.W_OK):
        return f"no permission to use {path}", permission_remedy(path)
    return "", ""
