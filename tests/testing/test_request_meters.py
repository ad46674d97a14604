"""Simulated meters that answer one binary request with one frame: UM, TC66, KM003C, AVHzY: what it promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from memory_link import LOAD, MemoryLink

from powermeter.channel import MISSING
from powermeter.errors import OpenError, ReadError, Reason
from powermeter.testing.request_meters import SimulatedKM003C, SimulatedUM25C, SimulatedUM34C


def damaged(*which: int) -> Callable[[int, bytes], bytes]:
    return lambda number, data: data[:-1] + bytes([data[-1] ^ 0x55]) if number in which else data


def test_a_damaged_answer_is_asked_for_again(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedUM34C(LOAD, volts=5.12), damaged(1, 2))
    source = connect("um34c://x", link)
    row = source.sample().codes
    assert row[0] == 512 and source.counts()["frames_refused"] == 2
    assert set(b"".join(link.written)) == {0xF0}  # nothing but the request for data


def test_an_answer_that_stays_damaged_or_short_is_a_read_error(connect: Callable[..., Any]) -> None:
    link = MemoryLink(SimulatedUM34C(LOAD), lambda number, data: data if number == 0 else data[:-1] + b"\x00")
    source = connect("um34c://x", link)
    with pytest.raises(ReadError, match="its check fails") as caught:
        source.sample()
    assert caught.value.reason is Reason.BAD_DATA
    link.spoil = lambda _, data: data[:100]
    with pytest.raises(ReadError, match="100 of 130 bytes") as caught:
        source.sample()
    assert caught.value.reason is Reason.NO_ANSWER


def test_another_model_is_refused_with_its_name(connect: Callable[..., Any]) -> None:
    with pytest.raises(OpenError, match="a UM34C answers; write um34c:// instead") as caught:
        connect("um25c://x", MemoryLink(SimulatedUM34C(LOAD)))
    assert caught.value.reason is Reason.WRONG_DEVICE


def test_um_values_contradicting_each_other_are_refused(connect: Callable[..., Any]) -> None:
    def shift_voltage(number: int, data: bytes) -> bytes:
        return data if number == 0 else data[:2] + (9000).to_bytes(2, "big") + data[4:]

    source = connect("um25c://x", MemoryLink(SimulatedUM25C(LOAD), shift_voltage))
    with pytest.raises(ReadError, match=r"is not 9\.000 V"):
        source.sample()


def test_km003c_answers_must_carry_their_request_number(connect: Callable[..., Any]) -> None:
    def stale(number: int, data: bytes) -> bytes:
        return data if number != 1 else data[:1] + b"\xee" + data[2:]

    link = MemoryLink(SimulatedKM003C(LOAD))
    source = connect("km003c:///dev/hidraw7", link)
    link.spoil = stale
    assert source.sample().codes[0] == 5_000_000 and source.counts()["frames_refused"] == 1
    no_temperature = lambda _, data: data[:32] + b"\x00\x80" + data[34:]
    link.spoil = no_temperature
    assert source.sample().codes[2] == MISSING
