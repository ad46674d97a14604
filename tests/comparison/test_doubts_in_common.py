"""What a meter leaves open alike in each recording of one program: more recordings do not settle it, and other work does not share it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import powermeter
from powermeter.analysis.uncertainty import BY_EDGES
from powermeter.channel import Channel, Kind, Quantity, Rail
from powermeter.comparison.pairs_and_turns import OF_A_SIDE
from powermeter.events import Event
from powermeter.recording import Writer

NS = 10**9
IDLE = 1.0


def write(path: Path, seed: int, late_s: float = 0.0) -> Path:
    """Write 20 events of 0.3 s at 5 W above idle, each with a tail, as means of half a second; stamps may be late."""
    rng = np.random.default_rng(seed)
    starts = 2.0 + np.cumsum(rng.uniform(2.0, 3.0, 20))

    def energy(t: np.ndarray) -> np.ndarray:
        behind = np.clip(t[:, None] - starts, 0, None)
        tail = 0.8 * -np.expm1(-np.clip(behind - 0.3, 0, None) / 0.4)
        return IDLE * t + (5.0 * np.clip(behind, 0, 0.3) + tail).sum(axis=1)

    t = np.arange(rng.random() * 0.5, starts[-1] + 4, 0.5)
    shown = np.diff(energy(t)) / 0.5 + 0.005 * rng.standard_normal(t.size - 1)
    channel = Channel("power", Quantity.POWER, 1e-6, Rail("input"), kind=Kind.MEAN)
    with Writer.create(path, {"clock": "monotonic", "host": {"name": "pi"}}) as writer:
        source = writer.add_source(f"meter://{path.stem}", "meter", "meter", (channel,))
        writer.append(
            source, np.rint(t[1:] * NS).astype(np.int64), np.rint(shown * 1e6).astype(np.int64)[:, None]
        )
        writer.add_clock_pair(0, (1_700_000_000 + 60 * seed) * NS)
        edges = zip(np.rint(starts * NS).tolist(), np.rint((starts + 0.3) * NS).tolist(), strict=True)
        if late_s:
            writer.add_fact("alignment", {"source": source, "offset_ns": 0, "offset_u_ns": late_s * NS})
        writer.add_events([Event("infer", int(a), int(b), uid=i + 1) for i, (a, b) in enumerate(edges)])
    return path


def part(parts: Mapping[str, float], kind: str) -> float:
    """Return the one part of a kind."""
    (found,) = [size for name, size in parts.items() if name.startswith(kind)]
    return abs(found)


def both_ways(folder: Path, kind: str, late_s: float = 0.0) -> tuple[list[float], float, float]:
    """Return a part of each recording of a side, of the side's mean, and of the difference to a side alike."""
    paths = [write(folder / f"{n}.power", n, late_s) for n in range(6)]
    each = [powermeter.analyse(path).row("infer").per_item for path in paths[:3]]
    found = powermeter.compare(paths[:3], paths[3:], label="infer").row("infer")
    of_a_side = [name for name in found.difference.parts if name.startswith(kind) and OF_A_SIDE in name]
    assert len(of_a_side) == 2  # one of each side: they do not cancel
    apart = float(np.hypot(*[found.difference.parts[name] for name in of_a_side]))
    return (
        [part(one.parts, kind) for one in each if one is not None],
        part(found.mean_left.parts, kind),
        apart,
    )


def test_how_a_tail_was_divided_is_as_doubtful_in_three_recordings_as_in_one(tmp_path: Path) -> None:
    each, side, apart = both_ways(tmp_path, BY_EDGES)
    assert min(each) > 0 and side == pytest.approx(np.mean(each), rel=1e-9)
    assert apart > 1.2 * side


def test_clocks_that_are_apart_are_so_in_three_recordings(tmp_path: Path) -> None:
    each, side, apart = both_ways(tmp_path, "clock:", 0.05)
    assert min(each) > 0 and side == pytest.approx(np.mean(each), rel=1e-9)
    assert apart > 1.2 * side
