"""A meter that pauses repeats what noise never repeats; coarse steps, exact levels, slow loads and refreshes are no pauses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from powermeter.analysis.energy import analyse
from powermeter.channel import REPEAT, Channel, Kind, Quantity, Rail
from powermeter.recording import Recording, Writer
from powermeter.recording.protocol import Samples
from powermeter.result.notes import having
from powermeter.signals.brief_stands import brief_stands

Codes = NDArray[np.int64]
RAIL = Rail("VIN", nominal_v=5.0)
POWER = (Channel("p", Quantity.POWER, 1e-3, RAIL),)
PAIR = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-3, RAIL))
ROWS = 1200  # at 10 Hz
PAUSES = [(first, first + 9) for first in range(43, ROWS - 9, 100)]


def load(seed: int, noise: float = 5.0, step: int = 1) -> Codes:
    """Return idle of 2 W, and bursts between 4 and 9 W, in mW."""
    draw = np.random.default_rng(seed)
    level = np.where(np.arange(ROWS) % 31 < 9, draw.uniform(4000, 9000, ROWS), 2000.0)
    codes: Codes = np.rint((level + draw.normal(0, noise, ROWS)) / step).astype(np.int64) * step
    return codes


def paused(codes: Codes) -> Codes:
    out: Codes = codes.copy()
    for first, end in PAUSES:
        out[first:end] = out[first]
    return out


def record(
    path: Path, columns: Codes, channels: tuple[Channel, ...] = POWER, flags: NDArray[np.uint8] | None = None
) -> Path:
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", channels)
        times = 10**12 + np.arange(len(columns), dtype=np.int64) * 100_000_000
        writer.append(source, times, columns.reshape(len(columns), -1), flags)
    return path


def found(path: Path, channels: tuple[Channel, ...] = POWER) -> list[tuple[int, int]]:
    with Recording.open(path) as recording:
        return [(first, end) for first, end, _ in brief_stands(recording.samples(1), channels)]


@pytest.mark.parametrize("seed", range(8))
def test_pauses_of_a_noisy_meter_are_found(tmp_path: Path, seed: int) -> None:
    stretches = found(record(tmp_path / "a.power", paused(load(seed))))
    assert len(stretches) == len(PAUSES)
    # Readings beside a pause may equal it by chance.
    assert np.abs(np.array(stretches) - np.array(PAUSES)).max() <= 2


def test_voltage_and_current_that_pause_together_are_found(tmp_path: Path) -> None:
    current = load(1)
    both = np.column_stack([paused(5000 + load(2) // 1000), paused(current)])
    assert found(record(tmp_path / "a.power", both, PAIR), PAIR) == PAUSES


def test_pauses_are_gaps_and_a_warning(tmp_path: Path) -> None:
    run = analyse(record(tmp_path / "a.power", paused(load(0))))
    assert having(run.notes, "stood-still") and having(run.notes, "gaps-bridged")
    steady = analyse(record(tmp_path / "b.power", load(0)))
    assert not having(steady.notes, "stood-still")


@pytest.mark.parametrize(
    "codes",
    [
        *(load(seed) for seed in range(8)),  # noise over five steps
        *(load(seed, step=10) for seed in range(4)),  # a coarse step
        *(load(seed, step=4) for seed in range(4)),
        load(0, noise=0.0),  # an idle level without noise
        load(0)
        + 7 * (np.arange(ROWS) // 31) * (load(0, noise=0.0) == 2000),  # noise, and an idle that creeps
        np.where(
            load(0, noise=0.0) == 2000, 2000 + 53 * (np.arange(ROWS) // 31), load(0)
        ),  # exact idle levels
        np.where(np.arange(ROWS) < 800, load(0), 3000 + np.arange(ROWS) // 5),  # a slow ramp in steps
        np.repeat(load(0)[: ROWS // 4], 4),  # a refresh of four rows
        np.where(np.arange(ROWS) % 31 < 9, load(0), 0),  # switched off
    ],
)
def test_readings_that_are_equal_for_other_reasons_stand(tmp_path: Path, codes: Codes) -> None:
    assert found(record(tmp_path / "a.power", codes)) == []


def test_means_and_rows_that_the_meter_flags_are_left_alone(tmp_path: Path) -> None:
    mean = (Channel("p", Quantity.POWER, 1e-3, RAIL, kind=Kind.MEAN),)
    assert found(record(tmp_path / "a.power", paused(load(0)), mean), mean) == []
    flags = np.where(np.arange(ROWS) == 50, REPEAT, 0).astype(np.uint8)
    assert found(record(tmp_path / "b.power", paused(load(0)), flags=flags)) == []


@pytest.mark.parametrize("seed", range(4))
def test_two_long_pauses_without_a_reading_of_their_level_beside_them_are_found(
    tmp_path: Path, seed: int
) -> None:
    """One at idle from burst to burst, one from within a burst on: 20 rows equal to 1 mW where noise of 5 mW makes one pair in eighteen equal."""
    codes = load(seed)
    pauses = [(20 * 31 + 9, 21 * 31), (30 * 31 + 3, 30 * 31 + 23)]
    for first, end in pauses:
        codes[first:end] = codes[first]
    assert found(record(tmp_path / "a.power", codes)) == pauses


@pytest.mark.parametrize("seed", range(8))
def test_five_equal_readings_at_the_peak_of_noise_are_chance(seed: int) -> None:
    """There noise repeats √2 times as often as on average: one log in twenty was said to hold a meter that froze."""
    codes = load(seed)[:500]
    codes[43:50] = 1993, 2000, 2000, 2000, 2000, 2000, 2008
    times = np.arange(codes.size, dtype=np.int64) * 200_000_000
    assert not brief_stands(Samples(times, {"p": codes}, np.zeros(codes.size, np.uint8)), POWER)
