"""What the next item will use: how often its interval holds the mean of all that may come, on loads whose repeats are not normal.

`python tests/validation/test_next_item.py [--runs N] [--only TEXT]` prints the table of docs/validation.md; the quick form looks at one row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

pytestmark = pytest.mark.thorough

Rng = np.random.Generator
SECONDS, IDLE_W = 0.5, 1.0
COUNTS = (5, 8, 12, 20, 40)


def remembering(rng: Rng, count: int, rho: float) -> np.ndarray:
    """Return 6 W with 5 % of scatter and a memory from repeat to repeat."""
    x = rng.standard_normal(count)
    for i in range(1, count):
        x[i] = rho * x[i - 1] + np.sqrt(1 - rho * rho) * x[i]
    return 6 * (1 + 0.05 * x)


LOADS: dict[str, tuple[Callable[[Rng, int], np.ndarray], float]] = {
    "flat, 5 %": (lambda r, n: 6 * (1 + 0.05 * r.standard_normal(n)), 6.0),
    "lognormal, 0.5": (lambda r, n: 6 * np.exp(0.5 * r.standard_normal(n) - 0.125), 6.0),
    "Pareto, 2.5": (lambda r, n: 2 * (1 + r.pareto(2.5, n)), 2 * 2.5 / 1.5),
    "Pareto, 3.5": (lambda r, n: 2 * (1 + r.pareto(3.5, n)), 2 * 3.5 / 2.5),
    "memory of 0.3": (lambda r, n: remembering(r, n, 0.3), 6.0),
    "memory of 0.6": (lambda r, n: remembering(r, n, 0.6), 6.0),
}


def row(load: str, count: int, runs: int) -> tuple[float, float, float]:
    """Return the share of runs whose interval holds, its median relative half-width, and its width over what is needed."""
    draw, mean = LOADS[load]
    truth_j = (mean + IDLE_W) * SECONDS
    held, half, error = [], [], []
    for seed in range(runs):
        rng = np.random.default_rng([seed, count, list(LOADS).index(load)])
        edges, levels, events, at = [0.0], [], [], 1.0
        for i, watts in enumerate(draw(rng, count).tolist()):
            edges += [at, at + SECONDS]
            levels += [IDLE_W, IDLE_W + watts]
            events.append(Event("infer", round(at * NS), round((at + SECONDS) * NS), uid=i + 1))
            at += SECONDS + rng.uniform(0.2, 0.5)
        truth = Truth.steps([*edges, at + 1], [*levels, IDLE_W])
        meter = SimulatedPowerMeter(20, Kind.MEAN, Accuracy(noise=0.005))
        found = analyse(meter.record(truth, events, rng)).row("infer").expected_per_item
        assert found is not None
        held.append(found.low <= truth_j <= found.high)
        half.append((found.high - found.low) / 2 / truth_j)
        error.append(found.value / truth_j - 1)
    rms = float(np.sqrt(np.mean(np.square(error))))
    return float(np.mean(held)), float(np.median(half)), float(np.median(half)) / (2 * rms)


def test_a_dozen_flat_repeats_hold_the_next_item_and_are_not_too_wide() -> None:
    share, _, width = row("flat, 5 %", 12, 40)
    # Binomial with 0.95: 32 of 40 or fewer has a probability below 0.001.
    assert share * 40 >= 33
    assert width < 3


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| repeats | " + " | ".join(f"{n}" for n in COUNTS) + " |")
    print("|---|" + "---|" * len(COUNTS))
    for load in LOADS:
        if options.only not in load:
            continue
        cells = []
        for count in COUNTS:
            share, half, width = row(load, count, options.runs)
            cells.append(f"{share:.0%}, ±{half:.2g}, {width:.1f}")
        print(f"| {load} | {' | '.join(cells)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
