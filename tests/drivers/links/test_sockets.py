"""Instruments behind TCP."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from powermeter.drivers.links import sockets as socket_link
from powermeter.drivers.links.opening import open_link
from powermeter.errors import OpenError, Reason


def test_bluetooth_address_without_bluetooth(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, *_: Any) -> None:
            pass

        def settimeout(self, _: float) -> None:
            pass

        def connect(self, address: Any) -> None:
            assert address == ("00:11:22:33:44:55", 1)
            raise OSError(errno.EBUSY, "busy")

        def close(self) -> None:
            pass

    monkeypatch.setattr(socket_link.socket, "AF_BLUETOOTH", 31, raising=False)
    monkeypatch.setattr(socket_link.socket, "BTPROTO_RFCOMM", 3, raising=False)
    monkeypatch.setattr(socket_link.socket, "socket", Refusing)
    with pytest.raises(OpenError, match="one at a time") as caught:
        open_link("00:11:22:33:44:55", instrument="UM25C")
    assert caught.value.reason is Reason.BUSY
