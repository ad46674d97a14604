"""Blank rows and zeros beside the highest readings were over range; those of loads that are switched off are readings."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.channel import MISSING, SATURATED, Channel, Kind, Quantity
from powermeter.signals.decoding import read_channel
from powermeter.signals.over_range import in_pieces, over_range, zeros_behind_the_highest

POWER = Channel("p", Quantity.POWER, 1e-3)
TIMES = np.arange(1200) * 100_000_000


def _load(seed: int) -> NDArray[np.int64]:
    """Return idle of 2 W, and bursts that wander between 3 and 12 W, in mW."""
    draw = np.random.default_rng(seed)
    burst = np.arange(1200) % 30 < 10
    return np.where(burst, draw.integers(3000, 12000, 1200), 2000 + draw.integers(-10, 10, 1200))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shown", [0, MISSING])
def test_rows_beside_the_highest_readings_are_bounded_from_below_only(seed: int, shown: int) -> None:
    load = _load(seed)
    trace = read_channel(POWER, TIMES, np.where(load > 8500, shown, load), origin="p")
    assert trace is not None and len(trace) == 1200
    assert trace.saturated_ns is not None and np.array_equal(trace.saturated_ns, TIMES[load > 8500])
    assert trace.values.min() > 1.9 and trace.values.max() <= 8.5
    assert [note.code for note in trace.notes] == ["over-range"]


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_are_blank_by_chance_are_not_over_range(seed: int) -> None:
    blank = np.random.default_rng([seed, 1]).random(1200) < 0.1
    assert over_range(POWER, np.where(blank, MISSING, _load(seed))) is None


@pytest.mark.parametrize(
    "codes",
    [
        np.where(np.arange(1200) % 30 < 10, 9000, 0),  # switched on and off
        np.where(np.arange(1200) % 30 < 10, 9000 - 900 * (np.arange(1200) % 30), 0),  # a ramp down to 0
        np.where(np.arange(1200) % 30 == 5, 0, 2000),  # zeros at a low level only
        np.where(np.arange(1200) % 400 == 5, 0, _load(1)),  # three of them
        np.tile(np.repeat([0, 9000, 2400], [20, 1, 39]), 20),  # a motor: off, its inrush, on
        np.tile(np.repeat([0, 2400, 9000], [20, 39, 1]), 20),  # off after a last peak
    ],
)
def test_a_load_that_is_switched_off_is_not_over_range(codes: NDArray[np.int64]) -> None:
    assert over_range(POWER, codes) is None


def test_counters_and_voltages_have_no_such_rows() -> None:
    codes = np.where(_load(0) > 8500, 0, _load(0))
    assert over_range(Channel("e", Quantity.ENERGY, 1e-3, kind=Kind.COUNTER), codes) is None
    assert over_range(Channel("u", Quantity.VOLTAGE, 1e-3), codes) is None


def test_flags_of_other_rows_stand() -> None:
    load = _load(0)
    flags = np.where(np.arange(1200) == 20, SATURATED, 0).astype(np.uint8)
    trace = read_channel(POWER, TIMES, np.where(load > 8500, 0, load), flags, origin="p")
    assert trace is not None and trace.saturated == int((load > 8500).sum()) + int(load[20] <= 8500)


@pytest.mark.parametrize("seed", range(6))
def test_zeros_behind_the_highest_readings_alone_are_known_from_below_only(seed: int) -> None:
    """Ramps from 3 W up to 12 W in ten rows and back to idle at once, of which a meter shows 0 from 8.5 W on; or a load is off then."""
    draw = np.random.default_rng(seed)
    place = np.arange(1200) % 30
    ramp = 3000 + 9000 * (place + draw.uniform(0, 1, 40).repeat(30)) / 10
    load = np.where(place < 10, ramp, 2000 + draw.integers(-10, 10, 1200)).astype(np.int64)
    codes = np.where(load > 8500, 0, load)
    assert over_range(POWER, codes) is None
    assert np.array_equal(zeros_behind_the_highest(POWER, codes), codes == 0)
    trace = read_channel(POWER, TIMES, codes, origin="p")
    assert trace is not None and trace.values.min() == 0
    assert np.array_equal(trace.saturated_ns, TIMES[codes == 0])
    assert [note.code for note in trace.notes] == ["zeros-behind-peaks"]


@pytest.mark.parametrize(
    "codes",
    [
        np.tile(np.repeat([0, 9000, 2400], [20, 1, 39]), 20),  # a motor: off, its inrush, on
        np.where(np.arange(1200) % 30 < 10, 9000, 0),  # switched on and off
        np.where(np.arange(1200) % 30 < 10, 900 * (np.arange(1200) % 30), 0),  # a ramp from 0
    ],
)
def test_zeros_with_their_peaks_behind_them_are_readings(codes: NDArray[np.int64]) -> None:
    assert zeros_behind_the_highest(POWER, codes) is None
    trace = read_channel(POWER, TIMES, codes, origin="p")
    assert trace is not None and not trace.saturated


@pytest.mark.parametrize("size", [37, 100, 1200])
@pytest.mark.parametrize("shown", [0, MISSING])
def test_pieces_show_what_the_whole_does(size: int, shown: int) -> None:
    load = _load(2)
    for codes, found in (
        (np.where(load > 8500, shown, load), True),
        (load, False),
        (np.where(load < 2500, 0, load), False),
    ):
        pieces = (codes[k : k + size] for k in range(0, 1200, size))
        assert in_pieces(pieces, float(codes.max())) is found
        assert (over_range(POWER, codes) is not None) is found
