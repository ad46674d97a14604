"""ChargerLAB POWER-Z KM002C and KM003C, by their 4-byte requests over USB serial or HID: what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from meter_frames import refused

from powermeter.drivers.meters import km003c_frames

FRAMES = Path(__file__).parents[1] / "frames"


def table(name: str) -> list[list[str]]:
    lines = (FRAMES / name).read_text().splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(("text", "decoded"), table("km003c.txt"))
def test_km003c_answer(text: str, decoded: str) -> None:
    reading = km003c_frames.decode(bytes.fromhex(text))
    match = re.fullmatch(
        r"VBUS (-?\d+) uV, IBUS (-?\d+) uA, avg (-?\d+) uV (-?\d+) uA, (-?[\d.]+) degC, CC1 ([\d.]+) CC2 ([\d.]+) "
        r"D\+ ([\d.]+) D- ([\d.]+) VDD ([\d.]+) mV, rate (\d), flags (\d+)",
        decoded,
    )
    assert match is not None
    number = [float(field) for field in match.groups()]
    assert [reading.voltage_uv, reading.current_ua] == number[:2]
    if number[4] == -256.0:
        assert reading.temperature_code is None
    else:
        assert reading.temperature_code is not None
        assert reading.temperature_code / 128 == pytest.approx(number[4], abs=6e-5)
    assert reading.rate == number[10]


def test_km003c_requests() -> None:
    assert km003c_frames.request(km003c_frames.ATTRIBUTE_ADC, 0).hex() == "0c000200"
    assert km003c_frames.request(km003c_frames.ATTRIBUTE_ADC, 2).hex() == "0c020200"
    assert km003c_frames.request(km003c_frames.ATTRIBUTE_QUEUE, 0x1D).hex() == "0c1d0400"


def test_km003c_truncated_or_mixed_up_answers_are_refused() -> None:
    good = bytes.fromhex(table("km003c.txt")[1][0])
    for length in range(52):
        assert refused(km003c_frames.decode, good[:length])
    for at in (0, 4, 5, 6, 7):
        for mask in (1, 0x40, 0x80):
            bad = bytearray(good)
            bad[at] ^= mask
            assert refused(km003c_frames.decode, bytes(bad)), f"byte {at}"
    assert refused(lambda frame: km003c_frames.decode(frame, transaction=9), good)  # it answers request 10
    assert km003c_frames.decode(good, transaction=10).voltage_uv == 5082457


def test_km003c_queue_two_a_second() -> None:
    answer = bytes.fromhex(
        "413e0202020002050de80800d5c38c00598ce8ffdc401f015b17581701ea08000bac8c000255e9ff92401e0158175417"
    )
    first, second = km003c_frames.decode_queue(answer)
    assert (first.sequence, first.voltage_uv, first.current_ua) == (59405, 9225173, -1536935)
    assert (second.sequence, second.voltage_uv, second.current_ua) == (59905, 9219083, -1485566)
    for length in range(len(answer)):
        assert refused(km003c_frames.decode_queue, answer[:length])


def test_km003c_queue_thousand_a_second() -> None:
    answer = bytes.fromhex((FRAMES / "km003c_queue_1000hz.hex").read_text())
    samples = km003c_frames.decode_queue(answer)
    assert len(answer) == 788 and [s.sequence for s in samples] == list(range(78, 117))
    assert (samples[0].voltage_uv, samples[0].current_ua) == (5082025, 210)
    assert (samples[-1].voltage_uv, samples[-1].current_ua) == (5081439, -46)
    assert sum(s.voltage_uv for s in samples) / 39e6 == pytest.approx(5.082009795, abs=5e-10)
    assert sum(s.current_ua for s in samples) / 39e6 == pytest.approx(0.000002820513, abs=5e-13)


def test_the_sequence_counts_milliseconds_at_every_rate():
    """At 2, 10, 50 and 1000 samples a second a sample is 500, 100, 20 and 1 of the 1 kHz sequence."""
    assert [
        rate * step for rate, step in zip(km003c_frames.RATES_HZ, km003c_frames.QUEUE_STEPS, strict=False)
    ] == [1000] * 4
    assert km003c_frames.RATES_HZ[4] == 10_000


@pytest.mark.parametrize("index", range(7))
def test_km003c_rates_are_five(index: int) -> None:
    """2, 10, 50, 1000 and 10 000 a second; behind the header of 8 bytes, six numbers of 4 bytes and six of 2 stand before the index."""
    answer = bytearray.fromhex(table("km003c.txt")[0][0])
    at = 8 + 6 * 4 + 6 * 2
    answer[at] = index
    if index < 5:
        assert km003c_frames.decode(bytes(answer)).rate == index
    else:
        assert refused(km003c_frames.decode, bytes(answer))
    assert km003c_frames.RATES_HZ == (2, 10, 50, 1000, 10_000)
