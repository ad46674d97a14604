"""Every field of the 36 bytes an ATORCH meter sends, at its place and in its unit."""

from __future__ import annotations

import pytest

from powermeter.drivers.meters.atorch_report import AC, DC, USB, check_rule, cut, decode
from powermeter.errors import DataError

HEAD = b"\xff\x55"


def frame(device: int, rule: int = 1, **fields: tuple[int, int, int]) -> bytes:
    """Return a report with (place, width, number) of some fields, big-endian, and its check byte."""
    data = bytearray(36)
    data[:4] = HEAD + bytes([1, device])
    for place, width, number in fields.values():
        data[place : place + width] = number.to_bytes(width, "big")
    data[-1] = (sum(data[rule + 1 : -1]) & 0xFF) ^ 0x44
    return bytes(data)


def test_a_usb_meter() -> None:
    found = decode(
        frame(
            USB,
            volts=(4, 3, 0x010203 % 4000),
            amps=(7, 3, 321),
            charge=(10, 3, 0x0A0B0C),
            energy=(13, 4, 0x01020304),
            dm=(17, 2, 61),
            dp=(19, 2, 272),
            temperature=(21, 2, 27),
            hours=(23, 2, 260),
            minutes=(25, 1, 59),
            seconds=(26, 1, 58),
            light=(27, 1, 60),
            over=(28, 2, 2001),
            low=(30, 2, 303),
            most=(32, 2, 511),
        )
    )
    assert (found.device, found.check) == (USB, 1)
    assert found.voltage_v == pytest.approx((0x010203 % 4000) * 0.01) and found.current_a == pytest.approx(
        3.21
    )
    assert (found.power_code, found.charge_code, found.energy_code) == (None, 0x0A0B0C, 0x01020304)
    assert found.temperature_c == 27


@pytest.mark.parametrize("device", [AC, DC])
def test_a_mains_meter_and_a_load(device: int) -> None:
    found = decode(
        frame(
            device,
            volts=(4, 3, 2305),
            amps=(7, 3, 1234),
            third=(10, 3, 70_000),
            energy=(13, 4, 99_999),
            price=(17, 3, 123),
            frequency=(20, 2, 501),
            factor=(22, 2, 987),
            temperature=(24, 2, 31),
            hours=(26, 2, 300),
            minutes=(28, 1, 12),
            seconds=(29, 1, 34),
            light=(30, 1, 7),
        )
    )
    assert found.voltage_v == pytest.approx(230.5) and found.current_a == pytest.approx(1.234)
    assert (found.power_code, found.charge_code) == ((70_000, None) if device == AC else (None, 70_000))
    assert (found.energy_code, found.temperature_c) == (99_999, 31)


@pytest.mark.parametrize("rule", [1, 2])
def test_the_check_byte_is_a_sum_from_the_second_or_the_third_byte_on(rule: int) -> None:
    whole = frame(USB, rule, volts=(4, 3, 500))
    assert check_rule(whole) == rule and decode(whole).check == rule
    assert decode(whole, rule=rule).voltage_v == pytest.approx(5.0)
    with pytest.raises(DataError, match="check byte"):
        decode(whole, rule=3 - rule)
    broken = whole[:-1] + bytes([whole[-1] ^ 0x10])
    assert check_rule(broken) is None and decode(broken).check is None
    with pytest.raises(DataError, match="check byte"):
        decode(broken, rule=rule)


@pytest.mark.parametrize(
    ("device", "field", "most"),
    [
        (USB, (4, 3), 4000),  # 40 V
        (USB, (7, 3), 1000),  # 10 A
        (USB, (21, 2), 150),
        (USB, (25, 1), 59),
        (USB, (26, 1), 59),
        (DC, (4, 3), 5000),  # 500 V
        (DC, (7, 3), 100_000),  # 100 A
        (AC, (4, 3), 3000),  # 300 V
        (AC, (7, 3), 100_000),
        (AC, (24, 2), 150),
        (AC, (28, 1), 59),
        (AC, (29, 1), 59),
    ],
)
def test_more_than_a_meter_can_show_is_no_report(device: int, field: tuple[int, int], most: int) -> None:
    decode(frame(device, it=(*field, most)))
    with pytest.raises(DataError, match=r"range|minutes"):
        decode(frame(device, it=(*field, most + 1)))


@pytest.mark.parametrize(
    "data",
    [b"", frame(USB)[:-1], frame(USB) + b"\0", b"\xff\x56" + frame(USB)[2:], HEAD + b"\x02" + frame(USB)[3:]],
)
def test_what_is_no_report(data: bytes) -> None:
    with pytest.raises(DataError, match="not a report"):
        decode(data)


def test_an_unknown_device_and_a_report_inside_a_report() -> None:
    with pytest.raises(DataError, match="device type 4"):
        decode(frame(4))
    inside = bytearray(frame(USB))
    inside[20:24] = HEAD + b"\x01\x03"
    with pytest.raises(DataError, match="begins inside"):
        decode(bytes(inside))


ONE, TWO = frame(USB, volts=(4, 3, 500)), frame(USB, volts=(4, 3, 900))
REPLY = HEAD + b"\x02" + bytes(5)


@pytest.mark.parametrize(
    ("stream", "frames", "skipped", "rest"),
    [
        (ONE + TWO, [ONE, TWO], 0, b""),
        (b"abc" + ONE, [ONE], 3, b""),
        (ONE + REPLY + TWO, [ONE, TWO], 8, b""),
        (ONE[:20], [], 0, ONE[:20]),
        (ONE[:20] + TWO, [TWO], 20, b""),  # cut short: the next begins inside
        (b"abc", [], 3, b""),
        (b"ab\xff", [], 2, b"\xff"),
        (HEAD + b"\x63\x00\x00" + ONE, [ONE], 5, b""),  # a type that is none
        (HEAD + b"\x11" + bytes(7) + ONE, [ONE], 10, b""),
        (HEAD + b"\x01", [], 0, HEAD + b"\x01"),
    ],
)
def test_reports_are_cut_out_of_a_stream(
    stream: bytes, frames: list[bytes], skipped: int, rest: bytes
) -> None:
    buffer = bytearray(stream)
    assert cut(buffer) == (frames, skipped) and bytes(buffer) == rest
    byte_by_byte, found, lost = bytearray(), [], 0
    for byte in stream:
        byte_by_byte.append(byte)
        got, passed = cut(byte_by_byte)
        found, lost = found + got, lost + passed
    assert found == frames and lost + len(byte_by_byte) == skipped + len(rest)
