"""Ports: every way they fail is one error with its reason and its remedy, and never another exception."""

from __future__ import annotations

from typing import ClassVar

from powermeter.drivers.links.link import Link


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
