"""Simulated HID meters: FNIRSI testers and a WITRN meter, as 64-byte reports: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from memory_link import LOAD, MemoryLink

from powermeter.source import REPEAT
from powermeter.testing.hid_meters import SimulatedFnirsi, SimulatedWitrn


def test_fnirsi_starts_gently_and_marks_repeats(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedFnirsi(LOAD))
    source = connect("fnirsi://x", link)
    assert [data[1] for data in link.written] == [
        0x83,
        0x82,
        0x82,
        0x81,
        0x82,
        0x82,
    ]  # 81 last: it can reboot it
    source._reading = True
    rows, flags, times = [], [], []
    for _ in range(20):
        block = source.read_block(0.05)
        if block is not None:
            rows += block.codes.tolist()
            flags += block.flags.tolist()
            times += block.times_ns.tolist()
    assert len(rows) >= 40 and rows[0][0] == 500_000
    assert sum(bool(flag & REPEAT) for flag in flags) == pytest.approx(
        len(rows) / 2, abs=3
    )  # refresh 20 ms, sent 10
    assert (np.diff(times) >= 0).all()


def test_witrn_holds_the_meter_to_its_check_only_if_it_follows_it(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedWitrn(LOAD))
    source = connect("witrn://x", link)
    assert source.info()["check"] == "held to it"
    kept = MemoryLink(SimulatedWitrn(LOAD), lambda _, data: data[:62] + b"\x00\x00")
    assert "not used" in connect("witrn://x", kept).info()["check"]
