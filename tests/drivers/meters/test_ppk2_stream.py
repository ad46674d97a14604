"""The PPK2 decoder against Nordic's own arithmetic (through ppk2-api) and against every way a stream breaks."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermeter.channel import MISSING
from powermeter.drivers.meters.logic_edges import LogicEdges, parse_inputs
from powermeter.drivers.meters.ppk2_stream import (
    Decoded,
    Decoder,
    SpikeFilter,
    current_table,
    parse_metadata,
    running_mean,
)
from powermeter.errors import DataError
from powermeter.source import SATURATED
from powermeter.testing.load import Load
from powermeter.testing.ppk2 import SimulatedPPK2

METADATA = (Path(__file__).parents[1] / "frames" / "ppk2_metadata.txt").read_text()


def word(adc: int, number: int, counter: int, logic: int = 0) -> bytes:
    return (adc | number << 14 | (counter & 63) << 18 | logic << 24).to_bytes(4, "little")


def decoder(**options: Any) -> Decoder:
    return Decoder(parse_metadata(METADATA), 3.741, **options)


def test_metadata_of_a_real_unit() -> None:
    calibration = parse_metadata(METADATA)
    assert calibration.constants["R"] == (1003.3506, 101.5865, 10.3027, 0.9636, 0.0564)
    assert calibration.constants["I"][4] == -0.009388455
    assert (calibration.vdd_mv, calibration.hardware, calibration.missing) == (3741, "9173", ())


def test_metadata_in_another_order_with_holes_and_nan() -> None:
    lines = [line for line in METADATA.strip().split("\n") if not line.startswith("GI2")][::-1]
    text = (
        "\r\n".join(line for line in lines if line != "END").replace("O3: 50.4983", "O3: -nan")
        + "\r\nEND\r\n"
    )
    calibration = parse_metadata(text)
    assert sorted(calibration.missing) == ["GI2", "O3"]
    assert calibration.constants["GI"][2] == 1.0 and calibration.constants["O"][3] == 0.0
    assert calibration.constants["R"] == (1003.3506, 101.5865, 10.3027, 0.9636, 0.0564)


@pytest.mark.parametrize("text", ["", "hello", METADATA.replace("END", ""), "VDD: 3300\nEND\n"])
def test_metadata_that_are_none(text: str) -> None:
    with pytest.raises(DataError):
        parse_metadata(text)


def test_words_from_ppk2_api() -> None:
    """Derived with ppk2-api 0.9.2 at 3741 mV: converter 4000 in range 2 is 21585.4599987779 µA."""
    found = decoder().feed(bytes.fromhex("a08f0000a08f0400a08f0801"))
    assert found.current_na.tolist() == [21585460] * 3
    assert found.logic.tolist() == [0, 0, 1] and found.index.tolist() == [0, 1, 2]
    assert found.losses == [] and not found.flags.any()
    table = current_table(parse_metadata(METADATA), 3.741)
    assert table[2 << 14 | 4000] * 1e6 == pytest.approx(21585.4599987779, rel=1e-12)
    assert np.isnan(table[5 << 14])


def random_words(count: int, seed: int, change: float) -> np.ndarray[Any, Any]:
    dice = np.random.default_rng(seed)
    ranges = np.cumsum(dice.random(count) < change) * dice.integers(1, 5) % 5
    return (
        dice.integers(200, 16000, count)
        | ranges << 14
        | (np.arange(count) & 63) << 18
        | dice.integers(0, 256, count) << 24
    ).astype("<u4")


@pytest.mark.parametrize("change", [0.0005, 0.05, 0.4])
def test_a_random_stream_agrees_with_ppk2_api(change: float, theirs: Any) -> None:
    words = random_words(6000, 3, change)
    samples, bits = theirs.get_samples(words.tobytes())
    ours = decoder()
    pieces = []
    data, at = words.tobytes(), 0
    dice = random.Random(1)
    while at < len(data):
        size = dice.randrange(1, 3000)
        pieces.append(ours.feed(data[at : at + size]))
        at += size
    current = np.concatenate([piece.current_na for piece in pieces]) * 1e-3
    assert np.concatenate([piece.logic for piece in pieces]).tolist() == bits
    np.testing.assert_allclose(current, samples, rtol=0, atol=6e-4)  # µA; half of our 1 nA code


@pytest.fixture
def theirs() -> Iterator[Any]:
    """An instance of ppk2-api that has read the metadata of the same unit; its port is an idle terminal."""
    module = pytest.importorskip("ppk2_api.ppk2_api", reason="pip install ppk2-api, the independent client")
    master, slave = os.openpty()
    client = module.PPK2_API(os.ttyname(slave))
    client.current_vdd = 3741
    assert client._parse_metadata(METADATA)
    yield client
    client.ser.close()
    os.close(master)
    os.close(slave)


def test_running_mean_is_the_recursion() -> None:
    values = np.random.default_rng(2).normal(size=1000)
    for share in (0.18, 0.06):
        mean = values[0]
        for at, found in enumerate(running_mean(values, share)):
            mean = share * values[at] + (1 - share) * mean if at else values[0]
            assert found == pytest.approx(mean, rel=1e-12, abs=1e-14)


def test_spike_filter_passes_what_has_no_range_change() -> None:
    values = np.linspace(0, 1, 1000)
    assert SpikeFilter().apply(values, np.full(1000, 4, np.uint8)) is values


def concatenated(pieces: list[Decoded]) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    index = np.concatenate([piece.index for piece in pieces]).tolist()
    current = np.concatenate([piece.unfiltered_na for piece in pieces]).tolist()
    return index, current, [loss for piece in pieces for loss in piece.losses]


def stream(count: int) -> tuple[bytes, list[int]]:
    words = b"".join(word(1000 + at % 5000, 2, at) for at in range(count))
    truth = np.rint(
        current_table(parse_metadata(METADATA), 3.741)[[2 << 14 | 1000 + at % 5000 for at in range(count)]]
        * 1e9
    )
    return words, truth.astype(int).tolist()


@pytest.mark.parametrize("lost", [1, 2, 17, 62, 63])
def test_lost_words_are_counted(lost: int) -> None:
    data, truth = stream(400)
    index, current, losses = concatenated([decoder().feed(data[: 4 * 100] + data[4 * (100 + lost) :])])
    assert losses == [(100, lost)] and index == [*range(100), *range(100 + lost, 400)]
    assert current == truth[:100] + truth[100 + lost :]


def test_a_loss_of_64_words_is_invisible_here() -> None:
    data, _ = stream(400)
    _, _, losses = concatenated([decoder().feed(data[: 4 * 100] + data[4 * 164 :])])
    assert losses == []  # the driver sees it by the clock


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 6, 7, 9, 41])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_lost_bytes_are_found_and_no_wrong_value_passes(cut: int, at: int) -> None:
    data, truth = stream(600)
    place = 4 * 200 + at
    for size in (10**6, 64, 333):
        broken = data[:place] + data[place + cut :]
        one = decoder()
        pieces = [one.feed(broken[start : start + size]) for start in range(0, len(broken), size)]
        index, current, _ = concatenated(pieces)
        assert index == sorted(set(index)) and index[-1] == 599
        wrong = [n for n, value in zip(index, current, strict=True) if value != MISSING and value != truth[n]]
        assert wrong == [], (size, wrong)
        assert len(index) >= 600 - 14 and current.count(MISSING) <= 4


def test_a_damaged_counter_costs_one_word_and_no_time() -> None:
    data, truth = stream(300)
    for at in (1, 50, 250):
        for bit in range(18, 24):
            value = int.from_bytes(data[4 * at : 4 * at + 4], "little") ^ (1 << bit)
            broken = data[: 4 * at] + value.to_bytes(4, "little") + data[4 * at + 4 :]
            index, current, losses = concatenated([decoder().feed(broken)])
            assert index == list(range(300)) and losses == [], (at, bit)
            assert current[at] == MISSING and current[:at] + current[at + 1 :] == truth[:at] + truth[at + 1 :]


def test_impossible_ranges_are_missing_and_full_scale_is_flagged() -> None:
    data = word(100, 1, 0) + word(100, 6, 1) + word(0x3FFF, 3, 2) + word(100, 1, 3)
    found = decoder().feed(data + b"".join(word(100, 1, at) for at in range(4, 30)))
    assert found.current_na[1] == MISSING and found.refused == 1
    assert found.flags.tolist()[:4] == [0, 0, SATURATED, 0]


def test_the_simulated_meter_is_read_back() -> None:
    """Its converter steps bound the error: 4 · 1.8 / 163840 / R in each range."""
    meter = SimulatedPPK2(Load("ramp", 0.0, 1.0, 0.5), volts=3.741)
    meter.noise = 0.0
    meter.receive(bytes([0x0C, 1, 0x06]), 0.0)
    words = meter.words(0.0, 50_000)
    found = decoder(spike_filter=False).feed(words.tobytes())
    truth = Load("ramp", 0.0, 1.0, 0.5).power_w(np.arange(50_000) / 1e5) / 3.741
    steps = 4 * 1.8 / 163840 / np.array([1003.3506, 101.5865, 10.3027, 0.9636, 0.0564])[(words >> 14) & 7]
    error = np.abs(found.current_na * 1e-9 - truth)
    # The first converter step of the lowest ranges is an offset above 0 A.
    assert (error <= 0.7 * steps + 2e-9)[truth > 5e-6].all()
    assert set(((words >> 14) & 7).tolist()) == {0, 1, 2, 3, 4}


@pytest.mark.thorough
def test_garbage_never_crashes_and_never_hangs() -> None:
    dice = random.Random(5)
    one = decoder()
    for _ in range(200):
        found = one.feed(dice.randbytes(dice.randrange(0, 400)))
        assert len(found.index) == len(found.current_na) == len(found.logic) == len(found.flags)
        if len(found.index) > 1:
            assert (np.diff(found.index) > 0).all()


def edges(bits: str, names: str = "D0:infer,D1", size: int = 1000) -> list[tuple[str, int, int]]:
    """Feed a string of digits, each the byte of one sample a microsecond apart, in blocks."""
    follower = LogicEdges(parse_inputs(names))
    logic = np.array([int(bit) for bit in bits], np.int64)
    times = np.arange(len(bits), dtype=np.int64) * 1000
    found: list[tuple[str, int, int]] = []
    for at in range(0, len(bits), size):
        for event in follower.feed(times[at : at + size], logic[at : at + size]):
            assert event.end_ns is not None
            found.append((event.name, event.start_ns // 1000, event.end_ns // 1000))
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_high_inputs_become_events_wherever_blocks_end(size: int) -> None:
    found = sorted(edges("0011100120031100", size=size))
    assert found == [("D1", 8, 9), ("D1", 11, 12), ("infer", 2, 5), ("infer", 7, 8), ("infer", 11, 14)]


def test_an_input_high_from_the_start_began_before() -> None:
    assert edges("11100110") == [("infer", 5, 7)]
    assert edges("0011") == []  # not ended
    assert edges("00110", names="none") == []


def test_without_offsets_and_slopes_a_unit_counts_by_its_resistors_alone() -> None:
    """Nordic's formula with GS = GI = UG = 1 and no offset: x (x + 1) with x = 4 · 1000 · 1.8 / 163 840 / R, whatever the supply."""
    unit = parse_metadata("R0: 1000\nR1: 100\nR2: 10\nR3: 1\nR4: 0.05\nEND\n")
    for number, ohm in enumerate((1000, 100, 10, 1, 0.05)):
        x = 4 * 1000 * 1.8 / 163_840 / ohm
        for volts in (0.8, 5.0):
            (found,) = unit.current_a(np.array([1000.0]), number, volts)
            assert found == pytest.approx(x * (x + 1), rel=1e-12)
