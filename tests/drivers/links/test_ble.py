"""Bluetooth Low Energy as a link: notifications in, writes out, through the library bleak: what it promises."""

from __future__ import annotations

import sys

import pytest
from vendor_fakes import FakeClient, bleak_of

from powermeter.drivers.links.ble import BleLink
from powermeter.errors import NotInstalledError, OpenError, Reason


@pytest.fixture
def bleak(monkeypatch: pytest.MonkeyPatch) -> type[FakeClient]:
    for name, module in bleak_of(FakeClient).items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(FakeClient, "offered", {0xFFE4, 0xFFE9})
    monkeypatch.setattr(FakeClient, "meter", staticmethod(lambda data: []))
    return FakeClient


def test_absent_and_wrong_devices(bleak: type[FakeClient], monkeypatch: pytest.MonkeyPatch) -> None:
    bleak.offered = {0x2A00}
    with pytest.raises(OpenError, match="another kind of device") as caught:
        BleLink("00:11:22:33:44:55", ((0xFFE4, 0xFFE9),), instrument="meter")
    assert caught.value.reason is Reason.WRONG_DEVICE
    bleak.offered = {"absent"}  # type: ignore[arg-type]
    with pytest.raises(OpenError, match="is its Bluetooth on") as caught:
        BleLink("00:11:22:33:44:55", ((0xFFE4, 0xFFE9),), instrument="meter")
    assert caught.value.reason is Reason.ABSENT
    monkeypatch.setitem(sys.modules, "bleak", None)
    with pytest.raises(NotInstalledError, match=r"powermeter\[bluetooth\]"):
        BleLink("00:11:22:33:44:55", ((0xFFE4, 0xFFE9),), instrument="meter")
