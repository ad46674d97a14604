"""Nordic's formula in each range, its filter sample by sample, and words of four bytes: 14 bits, 3 of range, 6 of counter, 8 of logic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.channel import MISSING
from powermeter.drivers.meters.ppk2_stream import (
    DEFAULTS,
    FULL_SCALE,
    Calibration,
    Decoder,
    SpikeFilter,
    current_table,
    parse_metadata,
)
from powermeter.errors import DataError
from powermeter.source import SATURATED


def calibration() -> Calibration:
    """Constants that differ in every range."""
    found = {name: tuple(1.0 + 0.1 * k + 0.01 * n for n in range(5)) for k, name in enumerate(DEFAULTS)}
    return Calibration({**found, "R": (1000.0, 100.0, 10.0, 1.0, 0.1)})


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("adc", [0, 1, 9000, FULL_SCALE])
def test_ampere_by_the_formula_of_each_range(number: int, adc: int) -> None:
    c = {name: values[number] for name, values in calibration().constants.items()}
    x = (4 * adc - c["O"]) * (1.8 / 163840) / c["R"]
    ampere = c["UG"] * (x * (c["GS"] * x + c["GI"]) + c["S"] * 3.3 + c["I"])
    table = current_table(calibration(), 3.3).reshape(8, FULL_SCALE + 1)
    assert table[number, adc] == pytest.approx(ampere, rel=1e-12)
    assert np.isnan(table[5:]).all() and FULL_SCALE == 2**14 - 1


def test_nordics_own_values_where_a_unit_lacks_one() -> None:
    found = parse_metadata(
        "R0: 1003.5\r\nR1: 0\nR2: -1\nGS0: nan\nO3: 77.5\nVDD: 3700\nHW: 9173\nmode: 2\nEND\n"
    )
    assert found.constants["R"] == (1003.5, 101.65, 10.15, 0.94, 0.043)
    assert found.constants["O"] == (0, 0, 0, 77.5, 0) and found.constants["GS"] == (1.0,) * 5
    assert (found.vdd_mv, found.hardware, found.mode) == (3700, "9173", "2")
    assert (
        "R1" in found.missing
        and "R2" in found.missing
        and "GS0" in found.missing
        and "R0" not in found.missing
    )
    assert len(found.missing) == 35 - 2
    assert parse_metadata("R0: 1\nEND").vdd_mv is None
    for text in ("R0: 1\n", "VDD: 3700\nEND\n"):
        with pytest.raises(DataError):
            parse_metadata(text)


def filtered(values: list[float], ranges: list[int], size: int = 10**6) -> list[float]:
    spike = SpikeFilter()
    v, r = np.array(values, float), np.array(ranges, np.uint8)
    return np.concatenate(
        [spike.apply(v[k : k + size], r[k : k + size]) for k in range(0, len(values), size)]
    ).tolist()


def by_the_book(values: list[float], ranges: list[int]) -> list[float]:
    """Two running means, and the three samples from a change of range on."""
    fast = slow = None
    since, last, out = 10**6, ranges[0], []
    for v, r in zip(values, ranges, strict=True):
        since = 0 if r != last else since + 1
        last = r
        if not (r == 4 and since < 2):
            fast = v if fast is None else 0.18 * v + 0.82 * fast
            slow = v if slow is None else 0.06 * v + 0.94 * slow
        if since > 2:
            out.append(v)
        else:
            mean = slow if r == 4 else fast
            out.append(v if mean is None else mean)
    return out


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10**6])
def test_the_filter_is_nordics_sample_by_sample_wherever_blocks_end(size: int) -> None:
    rng = np.random.default_rng(4)
    ranges = np.repeat(rng.integers(0, 5, 60), rng.integers(1, 9, 60)).tolist()
    values = rng.uniform(0, 1, len(ranges)).tolist()
    assert filtered(values, ranges, size) == pytest.approx(by_the_book(values, ranges), rel=1e-9)


def test_three_samples_from_a_change_on_are_replaced() -> None:
    """1 A for ever, then 2 A in the next range: 1.18, 1.3276 and 1.448632 A, and 2 A from the fourth on."""
    found = filtered([1.0] * 5 + [2.0] * 5, [0] * 5 + [1] * 5)
    assert found == pytest.approx([1.0] * 5 + [1.18, 1.3276, 1.448632] + [2.0] * 2)
    into_four = filtered([1.0] * 5 + [2.0] * 5, [0] * 5 + [4] * 5)
    assert into_four == pytest.approx([1.0] * 5 + [1.0, 1.0, 1.06] + [2.0] * 2)


def word(adc: int, number: int, counter: int, logic: int) -> bytes:
    return (adc | number << 14 | (counter & 63) << 18 | logic << 24).to_bytes(4, "little")


def decoded(stream: bytes, pieces: int = 1 << 20):
    decoder = Decoder(calibration(), 3.3, spike_filter=False)
    return [decoder.feed(stream[k : k + pieces]) for k in range(0, len(stream), pieces)]


def test_a_words_converter_range_counter_and_logic() -> None:
    stream = b"".join(word(100 + k, k % 5, 60 + k, 0x81 + k) for k in range(10))
    (found,) = decoded(stream)
    table = current_table(calibration(), 3.3).reshape(8, FULL_SCALE + 1)
    assert found.current_na.tolist() == [round(table[k % 5, 100 + k] * 1e9) for k in range(10)]
    assert found.unfiltered_na.tolist() == found.current_na.tolist()
    assert found.logic.tolist() == [0x81 + k for k in range(10)] and found.index.tolist() == list(range(10))
    assert found.losses == [] and found.refused == 0 and not found.flags.any()


def test_full_scale_and_ranges_that_are_none() -> None:
    stream = (
        word(FULL_SCALE, 4, 0, 0)
        + word(FULL_SCALE - 1, 4, 1, 0)
        + word(5, 5, 2, 0)
        + word(5, 7, 3, 0)
        + word(5, 0, 4, 0)
    )
    (found,) = decoded(stream)
    assert (found.flags & SATURATED != 0).tolist() == [True, False, False, False, False]
    assert (found.current_na == MISSING).tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("lost", [1, 2, 62])
def test_what_the_counter_skips_is_lost_and_counted(lost: int) -> None:
    first = b"".join(word(100, 0, k, 0) for k in range(40))
    then = b"".join(word(100, 0, 40 + lost + k, 0) for k in range(40))
    (found,) = decoded(first + then)
    assert found.losses == [(40, lost)]
    assert found.index.tolist() == [*range(40), *range(40 + lost, 80 + lost)]


@pytest.mark.parametrize("pieces", [1, 3, 5, 64])
def test_words_are_put_together_wherever_the_stream_is_cut(pieces: int) -> None:
    stream = b"".join(word(100 + k, k % 5, k, k) for k in range(60))
    whole = decoded(stream)[0]
    parts = decoded(stream, pieces)
    for name in ("index", "current_na", "logic"):
        assert (
            np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(whole, name).tolist()
        )
    assert math.fsum(part.refused for part in parts) == 0
