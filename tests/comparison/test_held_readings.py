"""Readings that stand for a refresh: what a meter does meanwhile it does in each recording, and more of them do not settle it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.verdict import Verdict
from powermeter.events import Event
from powermeter.recording import Writer

NS = 10**9
REFRESH = 0.1
IDLE = 1.0
QUIET = 0.005  # W: noise beside which readings between levels show at events' edges that they are means
LOUD = 0.5  # W: noise that hides it
CHANNEL = Channel("power", Quantity.POWER, 1e-6, Rail("input"))


def write(
    path: Path, seed: int, seconds: float, more: float, averages: bool = True, noise: float = QUIET
) -> Path:
    """Write 30 events above 1 W as a meter shows them that averages over its refresh and holds, in rows ten times as fast."""
    rng = np.random.default_rng(seed)
    starts = 2.0 + np.cumsum(rng.uniform(0.15, 0.45, 30) + seconds)

    def energy(t: np.ndarray) -> np.ndarray:
        run = IDLE * t + more * np.clip(t[:, None] - starts, 0, seconds).sum(axis=1)
        return run * (1 + 0.005 * rng.uniform(-1, 1))

    rows = np.arange(0.0, starts[-1] + seconds + 2, REFRESH / 10)
    phase = rng.random() * REFRESH
    k = np.maximum(np.floor((rows - phase) / REFRESH), 0).astype(int)
    at = np.arange(k.max() + 1) * REFRESH + phase
    both = energy(np.concatenate([at, at - (REFRESH if averages else 1e-6)]))
    shown = (both[: at.size] - both[at.size :]) / (REFRESH if averages else 1e-6)
    shown = shown + noise * rng.standard_normal(shown.size)
    with Writer.create(path, {"clock": "monotonic", "host": {"name": "pi"}}) as writer:
        source = writer.add_source(f"meter://{path.stem}", "meter", "meter", (CHANNEL,))
        codes = np.rint(shown[k] * 1e6).astype(np.int64)[:, None]
        writer.append(source, np.rint(rows * NS).astype(np.int64), codes)
        writer.add_clock_pair(0, (1_700_000_000 + 60 * seed) * NS)
        ends = starts + seconds
        edges = zip(np.rint(starts * NS).tolist(), np.rint(ends * NS).tolist(), strict=True)
        writer.add_events([Event("infer", int(a), int(b), uid=i + 1) for i, (a, b) in enumerate(edges)])
    return path


def sides(
    folder: Path, first: int, right: tuple[float, float], noise: float = QUIET
) -> tuple[list[Path], list[Path]]:
    """Write three recordings a side in turns: 50 ms at 5 W above 1 W, and another program."""
    a = [write(folder / f"a{n}.power", first + n, 0.05, 5.0, noise=noise) for n in (0, 3, 4)]
    b = [write(folder / f"b{n}.power", first + n, *right, noise=noise) for n in (1, 2, 5)]
    return a, b


@pytest.mark.thorough
@pytest.mark.parametrize("same", [None, True])
@pytest.mark.parametrize("seed", [40, 80])
def test_programs_of_equal_energy_are_not_told_apart_by_three_recordings(
    tmp_path: Path, seed: int, same: bool | None
) -> None:
    """0.3 J an event on both sides: a mean's 50 ms, taken for snapshots, show a third of it, and 200 ms show all.

    The noise hides at events' edges which of both they are.
    """
    a, b = sides(tmp_path, seed, (0.2, 0.5), LOUD)
    found = powermeter.compare(a, b, label="infer", options=CompareOptions(same_instrument=same))
    row = found.row("infer")
    assert found.verdict is Verdict.CANNOT_TELL
    assert row.mean_left.low <= 0.3 <= row.mean_left.high
    one = powermeter.analyse(a[0]).row("infer").per_item
    assert one is not None
    # Three recordings know it no better than one.
    assert row.mean_left.high - row.mean_left.low > 0.85 * (one.high - one.low)


@pytest.mark.thorough
@pytest.mark.parametrize("more", [0.5, 0.52])
@pytest.mark.parametrize("seed", [0, 40])
def test_means_that_edges_show_let_programs_be_found_equal_within_a_margin(
    tmp_path: Path, seed: int, more: float
) -> None:
    """Each reading at an edge known to 1 ns lies between the levels by the overlap: noise is 0.1 and 1 % of the step.

    What an event uses then is known to less than the gains of recordings differ by, ±0.5 % at most (`write`).
    """
    a, b = sides(tmp_path, seed, (0.2, more))
    found = powermeter.compare(a, b, label="infer")
    row = found.row("infer")
    right = 0.2 * (IDLE + more)
    assert row.mean_left.low <= 0.3 <= row.mean_left.high
    assert row.difference is not None
    assert row.difference.low <= right - 0.3 <= row.difference.high
    assert found.verdict is Verdict.SAME if more == 0.5 else found.verdict is not Verdict.LESS
    if found.verdict is Verdict.SAME:
        assert row.within is not None
        assert right / 0.3 - 1 <= row.within <= 0.05


def test_three_times_the_energy_is_still_found(tmp_path: Path) -> None:
    a, b = sides(tmp_path, 80, (0.2, 4.0))
    assert powermeter.compare(a, b, label="infer").verdict is Verdict.MORE
