"""HID reports as a link: Linux's own `/dev/hidraw`, hidapi elsewhere, and a socket that stands in for either.

The kernel names each device in `/sys/class/hidraw`, so finding a meter opens nothing and detaches no
driver.  A path that is a Unix socket (sequenced packets, one report each) is taken as a HID device:
simulated meters use it where `/dev/uhid` is not at hand.
"""

from __future__ import annotations

import errno
import os
import re
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from powermeter.errors import NotInstalledError, OpenError, ReadError, Reason

from .link import Link, UsbId
from .permission import permission_remedy

REPORT_LENGTH = 64
_HID_ID = re.compile(r"[0-9A-F]{4}:0*([0-9A-F]{4}):0*([0-9A-F]{4})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HidDevice:
    """One HID device as the operating system lists it."""

    path: str
    usb: UsbId
    serial: str
    product: str


class HidLink(Link):
    """One HID device; `read` returns one input report, `write` sends one output report."""

    def __init__(self, path: str, *, instrument: str, facts: dict[str, Any] | None = None) -> None:
        self.where = path
        self.instrument = instrument
        self.facts = facts or {}
        self._socket: socket.socket | None = None
        self._api: Any = None
        self._fd = -1
        if sys.platform == "linux":
            self._fd = self._open_node(path)
        else:
            self._api = _open_hidapi(path, instrument)

    def read(self, limit: int, timeout_s: float) -> bytes:
        if self._api is not None:
            return bytes(self._api.read(limit, max(0, round(timeout_s * 1000))))
        try:
            if not select.select([self._fd], [], [], max(0.0, timeout_s))[0]:
                return b""
            report = os.read(self._fd, limit)
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error
        if not report:
            raise self._gone("end of reports")
        return report

    def write(self, data: bytes) -> None:
        # The first byte is the report number; these meters number none.
        numbered = b"\x00" + data
        try:
            if self._api is not None:
                sent = self._api.write(numbered)
            elif self._socket is not None:
                sent = self._socket.send(data)
            else:
                sent = os.write(self._fd, numbered)
        except (OSError, ValueError) as error:
            raise self._gone(str(error)) from error
        if sent < len(data):
            raise self._gone("it took no report")

    def close(self) -> None:
        connected, self._socket = self._socket, None
        api, self._api = self._api, None
        fd, self._fd = self._fd, -1
        if api is not None:
            api.close()
        if connected is not None:
            connected.close()
        elif fd >= 0:
            os.close(fd)

    def _open_node(self, path: str) -> int:
        try:
            if Path(path).is_socket():
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                self._socket.settimeout(2.0)
                self._socket.connect(path)
                self.is_simulated = True
                return self._socket.fileno()
            return os.open(path, os.O_RDWR)
        except OSError as error:
            if self._socket is not None:
                self._socket.close()
            if error.errno in (errno.EACCES, errno.EPERM):
                raise OpenError(
                    f"{self.instrument}: no permission to use {path}; {permission_remedy(path)}",
                    Reason.PERMISSION,
                ) from error
            raise OpenError(
                f"{self.instrument}: cannot open {path} ({error.strerror})", Reason.ABSENT
            ) from error

    def _gone(self, text: str) -> ReadError:
        return ReadError(
            f"{self.instrument} on {self.where} is gone ({text}); plug it in again", Reason.NO_ANSWER
        )


def _open_hidapi(path: str, instrument: str) -> Any:
    try:
        import hid
    except ModuleNotFoundError as error:
        raise NotInstalledError(
            f"{instrument} is a HID device; run: pip install 'powermeter[hid]'"
        ) from error
    device = hid.device()
    try:
        device.open_path(path.encode())
    except OSError as error:
        raise OpenError(f"{instrument}: cannot open {path}: {error}", Reason.BUSY) from error
    return device


def hid_devices(usb: Sequence[UsbId], sysfs: Path = Path("/sys/class/hidraw")) -> list[HidDevice]:
    """Return the HID devices with one of those ids, as the system lists them; nothing is opened."""
    ids = {(entry.vendor, entry.product): entry for entry in usb}
    if sys.platform != "linux":
        return _hidapi_devices(ids)
    found = []
    for node in sorted(sysfs.glob("hidraw*")):
        try:
            lines = (node / "device" / "uevent").read_text(errors="replace").splitlines()
        except OSError:
            continue  # unplugged meanwhile
        facts = dict(line.split("=", 1) for line in lines if "=" in line)
        match = _HID_ID.match(facts.get("HID_ID", ""))
        entry = ids.get((int(match[1], 16), int(match[2], 16))) if match else None
        if entry is not None:
            found.append(
                HidDevice(f"/dev/{node.name}", entry, facts.get("HID_UNIQ", ""), facts.get("HID_NAME", ""))
            )
    return found


def _hidapi_devices(ids: dict[tuple[int, int], UsbId]) -> list[HidDevice]:
    try:
        import hid
    except ModuleNotFoundError:
        return []
    return [
        HidDevice(
            entry["path"].decode(),
            ids[entry["vendor_id"], entry["product_id"]],
            entry.get("serial_number") or "",
            entry.get("product_string") or "",
        )
        for entry in hid.enumerate()
        if (entry["vendor_id"], entry["product_id"]) in ids
    ]


def open_hid(location: str, usb: Sequence[UsbId], instrument: str) -> tuple[HidLink, HidDevice | None]:
    """Open the HID device a URL's location names: a path, a serial number, or nothing for the only one.

    Raises:
        OpenError: There is none, several, or it cannot be opened.
    """
    devices = hid_devices(usb)
    if location.startswith("/"):
        known = next((device for device in devices if device.path == location), None)
    else:
        if location:
            devices = [device for device in devices if device.serial == location]
        if not devices:
            ids = ", ".join(f"{entry.vendor:04x}:{entry.product:04x}" for entry in usb)
            raise OpenError(f"{instrument}: none plugged in (USB {ids})", Reason.ABSENT)
        if len(devices) > 1:
            raise OpenError(
                f"{instrument}: several are plugged in; choose one: {', '.join(d.path for d in devices)}",
                Reason.ABSENT,
            )
        known = devices[0]
    facts = {"serial": known.serial, "product": known.product} if known else {}
    link = HidLink(
        known.path if known else location, instrument=instrument, facts={k: v for k, v in facts.items() if v}
    )
    return link, known


def drain(link: HidLink, quiet_s: float = 1.0, limit_s: float = 3.0) -> None:
    """Read until no report has come for `quiet_s`, at most `limit_s`."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and link.read(REPORT_LENGTH, quiet_s):
        pass


def cut_reports(buffer: bytearray) -> tuple[list[bytes], int]:
    """Take all reports out of a buffer; each read of a HID device is one, whole or useless."""
    whole = len(buffer) // REPORT_LENGTH * REPORT_LENGTH
    reports = [bytes(buffer[at : at + REPORT_LENGTH]) for at in range(0, whole, REPORT_LENGTH)]
    rest = len(buffer) - whole
    buffer.clear()
    return reports, rest
