"""Ports: every way they fail is one error with its reason and its remedy, and never another exception."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import ClassVar

import pytest

from powermeter.drivers.links import hid as hid_link
from powermeter.drivers.links.link import Link, UsbId
from powermeter.errors import OpenError, ReadError


def hidraw(folder: Path, number: int, identity: str, unique: str = "") -> None:
    node = folder / f"hidraw{number}" / "device"
    node.mkdir(parents=True)
    (node / "uevent").write_text(
        f"DRIVER=hid-generic\nHID_ID={identity}\nHID_NAME=Tester\nHID_UNIQ={unique}\n"
    )


def test_hid_devices_are_found_without_opening_them(tmp_path: Path) -> None:
    hidraw(tmp_path, 0, "0003:0000046D:0000C077")
    hidraw(tmp_path, 3, "0003:00002E3C:00005558", "SN1")
    (tmp_path / "hidraw9").mkdir()  # unplugged while we look
    found = hid_link.hid_devices([UsbId(0x2E3C, 0x5558, "FNB58")], tmp_path)
    assert [(device.path, device.serial, device.usb.title) for device in found] == [
        ("/dev/hidraw3", "SN1", "FNB58")
    ]


def test_hid_socket_stands_in_for_a_device(tmp_path: Path) -> None:
    path = str(tmp_path / "hid")
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(path)
    server.listen(1)
    link, known = hid_link.open_hid(path, [UsbId(1, 2, "x")], "x")
    peer, _ = server.accept()
    assert known is None
    link.write(b"\xaa" * 64)
    assert peer.recv(100) == b"\xaa" * 64
    peer.send(b"\x01" * 64)
    peer.send(b"\x02" * 64)
    assert link.read(4096, 0.5) == b"\x01" * 64 and link.read(4096, 0.5) == b"\x02" * 64
    peer.close()
    with pytest.raises(ReadError, match="is gone"):
        link.read(4096, 0.5)
    link.close()
    link.close()
    server.close()
    with pytest.raises(OpenError):
        hid_link.open_hid(str(tmp_path / "absent"), [], "x")


def test_clearing_takes_what_is_there_and_waits_for_nothing():
    """A megabyte at most, in pieces of 4 KiB: an instrument that never stops sending holds nobody up."""

    class Sending(Link):
        asked: ClassVar[list[tuple[int, float]]] = []
        left = 3

        def read(self, limit: int, timeout_s: float) -> bytes:
            self.asked.append((limit, timeout_s))
            self.left -= 1
            return b"x" if self.left >= 0 else b""

        def write(self, data: bytes) -> None:
            raise AssertionError

        def close(self) -> None:
            return

    link = Sending()
    link.clear()
    assert link.asked == [(4096, 0.0)] * 4
    link.asked.clear()
    link.left = 10_000
    link.clear()
    assert link.asked == [(4096, 0.0)] * 256
