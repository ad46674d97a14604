"""Instruments on USB HID."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from powermeter.drivers import fnirsi, witrn
from powermeter.drivers.links import hid as hid_link
from powermeter.drivers.links.link import UsbId
from powermeter.errors import OpenError, ReadError


@pytest.mark.parametrize(("module", "vid", "pid"), [(fnirsi, 0x2E3C, 0x5558), (witrn, 0x0716, 0x5044)])
def test_hid_meters_are_found_by_their_ids(
    module: Any, vid: int, pid: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "hidraw3" / "device"
    node.mkdir(parents=True)
    (node / "uevent").write_text(f"HID_ID=0003:{vid:08X}:{pid:08X}\nHID_NAME=Tester\nHID_UNIQ=7\n")
    monkeypatch.setattr(module, "hid_devices", lambda usb: hid_link.hid_devices(usb, tmp_path))
    cls = {fnirsi: fnirsi.Fnirsi, witrn: witrn.Witrn}[module]
    (found,) = cls.discover()
    assert found.url == f"{cls.scheme}:///dev/hidraw3"


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
