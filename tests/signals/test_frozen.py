"""A meter that repeats one reading for longer than its load and noise account for is a gap; a quiet load is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import REPEAT, Channel, Quantity, Rail
from powermeter.errors import Reason
from powermeter.recording import Recording, Writer
from powermeter.result.notes import having
from powermeter.signals.frozen import frozen, without_frozen

MS = 1_000_000
RAIL = Rail("VIN", nominal_v=5.0)
CHANNELS = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-5, RAIL))
ROWS, STOOD = 2000, slice(500, 1900)  # at 200 Hz: 10 s, of them 7 s


def rows(noise: float, of_current: float = 20, seed: int = 3) -> np.ndarray:
    """1 W and 10 W in turns of a second; voltage and current in codes."""
    draw = np.random.default_rng(seed)
    level = np.where(np.arange(ROWS) // 200 % 2, 200_000, 20_000)
    codes = np.stack([np.full(ROWS, 5000), level], axis=1) + draw.normal(0, 1, (ROWS, 2)) * [
        noise,
        noise * of_current,
    ]
    return np.round(codes).astype(np.int64)


def record(path: Path, codes: np.ndarray, flags: np.ndarray | None = None) -> Path:
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", CHANNELS)
        writer.append(source, 10**12 + np.arange(ROWS, dtype=np.int64) * 5 * MS, codes, flags)
    return path


def found_in(path: Path) -> list[tuple[int, int]]:
    with Recording.open(path) as recording:
        return [(first, end) for first, end, _ in frozen(recording.samples(1), CHANNELS)]


@pytest.mark.parametrize("flagged", [False, True])
def test_a_meter_that_stands_still_is_a_gap_and_a_warning(tmp_path, flagged):
    codes, flags = rows(noise=1.5), np.zeros(ROWS, np.uint8)
    codes[STOOD] = codes[STOOD.start]
    if flagged:
        flags[STOOD.start + 1 : STOOD.stop] = REPEAT
    with Recording.open(record(tmp_path / "a.power", codes, flags if flagged else None)) as recording:
        samples, (gap,) = without_frozen(recording.samples(1), CHANNELS, [])
        assert gap.reason == Reason.FROZEN.value and gap.end_ns - gap.start_ns == 1400 * 5 * MS
        assert len(samples) == ROWS - 1399
        page = analyse(recording)
        assert having(page.notes, "stood-still")
        power = page.line.power()
        assert power is not None and having(power.notes, "stood-still") and len(power.notes) == 1
        # 5 s at 1 W and 5 s at 10 W are 55 J; taken as read, it would be about 25 J.
        assert page.energy.low <= 55 <= page.energy.high
        (health,) = page.health
        assert health.gaps == (gap,) and health.gap_s == pytest.approx(7.0)


def test_equal_readings_that_the_meter_reports_as_new_show_that_it_moves(tmp_path):
    """A simulated load without noise: only the flags distinguish its plateaus from a meter that stands still."""
    codes, flags = rows(noise=0.0), np.zeros(ROWS, np.uint8)
    assert found_in(record(tmp_path / "plateaus.power", codes)) == []
    codes[STOOD], flags[STOOD.start + 1 : STOOD.stop] = codes[STOOD.start], REPEAT
    assert found_in(record(tmp_path / "stood.power", codes, flags)) == [(STOOD.start, STOOD.stop)]


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_quiet_load_is_no_meter_that_stands_still(tmp_path, noise):
    """Bursts, then a long idle: the idle level never moved, or toggled by one code and then no more."""
    codes = rows(noise, of_current=1)
    codes[600:] = codes[0]
    flags = np.concatenate([[False], (np.diff(codes, axis=0) == 0).all(axis=1)]).astype(np.uint8) * REPEAT
    assert found_in(record(tmp_path / "a.power", codes)) == []
    assert found_in(record(tmp_path / "b.power", codes, flags)) == []


def test_a_level_that_was_never_seen_before_is_taken_as_the_load(tmp_path):
    """A device that is switched off reads 0 for good: nothing shows that the meter would have moved there."""
    codes = rows(noise=1.5)
    codes[600:] = [5000, 0]
    assert found_in(record(tmp_path / "a.power", codes)) == []
