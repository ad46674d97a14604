"""Instruments on USB HID."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermeter.drivers import fnirsi, witrn
from powermeter.drivers.links import hid as hid_link


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
