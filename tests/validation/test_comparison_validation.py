"""The proof of `compare`: intervals that hold the truth, verdicts that are seldom false, promises that are kept.

Recordings are simulated from known means, so that every ratio and difference is known.  Quick form
here; `-m slow` runs each scenario 400 times.  `python tests/validation/test_comparison_validation.py`
prints the tables of docs/validation.md, section Comparison.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import pytest

from powermeter.channel import Accuracy
from powermeter.comparison.compare import Comparison, compare
from powermeter.comparison.contrast import contrast
from powermeter.comparison.options import CompareOptions
from powermeter.comparison.pairs_and_turns import Side
from powermeter.comparison.verdict import Verdict
from powermeter.errors import DataError
from powermeter.events import Event
from powermeter.result import Result
from powermeter.testing.simulation import NS, SimulatedPowerMeter, SimulatedRecording, Truth

SENSOR = Accuracy(gain=0.01, offset=0.02, noise=0.02, step=0.004)
METER = SimulatedPowerMeter(100, accuracy=SENSOR)
LENGTH_S, PERIOD_S = 0.2, 0.4


@dataclass
class Dated(SimulatedRecording):
    """A simulated recording that knows the time of day."""

    utc_ns: int = 0

    def clock_pairs(self) -> list[tuple[int, int]]:
        return [(0, self.utc_ns)]


def levels(
    rng: np.random.Generator, n: int, mean: float, spread: float = 0.03, rho: float = 0.0
) -> np.ndarray:
    """Return the power of n events in W: `spread` is relative, `rho` the memory from one to the next."""
    noise = rng.standard_normal(n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + math.sqrt(1 - rho * rho) * noise[i]
    return mean * (1 + spread * noise)


def record(
    rng: np.random.Generator,
    watts: np.ndarray,
    names: list[str],
    errors: tuple[float, float, float],
    meter: SimulatedPowerMeter = METER,
    serial: str = "1",
    utc_s: float = 0.0,
    length_s: float = LENGTH_S,
    period_s: float = PERIOD_S,
) -> Dated:
    """Return the recording of events of these powers, idling at 1 W between them."""
    starts = 1.0 + np.arange(watts.size) * period_s + rng.uniform(0, period_s - length_s, watts.size) * 0.9
    edges = np.concatenate([[0.0], np.column_stack([starts, starts + length_s]).ravel(), [starts[-1] + 1.5]])
    truth = Truth.steps(edges, [1.0, *np.column_stack([watts, np.ones(watts.size)]).ravel()])
    events = [
        Event(n, round(a * NS), round((a + length_s) * NS))
        for n, a in zip(names, starts.tolist(), strict=True)
    ]
    made = meter.record(truth, events, rng, errors=errors)
    made.sources[0].info["serial"] = serial
    return Dated(
        made.sources, made.data, made.holes, made.happened, made.noted, made.metadata, round(utc_s * NS)
    )


def wandering(rng: np.random.Generator, n: int, load: str) -> np.ndarray:
    """Return what a load does from repeat to repeat besides its scatter: factors about 1."""
    if load == "random walk":
        return 1 + 0.01 * np.cumsum(rng.standard_normal(n))
    if load == "drift":
        t = np.linspace(0, 1, n)
        return 1 + 0.2 * (0.5 * t + 0.5 * (1 - np.exp(-3 * t)))
    if load == "warm-up":
        return 1 + 0.4 * np.exp(-np.arange(n) / max(2.0, n / 12))
    if load == "heavy tails":
        return np.exp(0.15 * rng.standard_t(3, n))
    if load == "rare spikes":
        return np.where(rng.uniform(size=n) < 0.06, 2.0, 1.0)
    if load == "remembers":
        return levels(rng, n, 1.0, 0.02, 0.8)
    assert load == "steady"
    return np.ones(n)


def one_a_side(
    rng: np.random.Generator, ratio: float, load: str = "steady", same: bool = True, n: int = 24
) -> Comparison:
    """Compare one recording a side, whose levels differ by 2 % from run to run as all runs do."""
    specimen = [METER.errors(rng), METER.errors(rng)]
    made = []
    for i, r in enumerate((1.0, ratio)):
        run = 1 + 0.02 * rng.standard_normal()
        watts = levels(rng, n, 5.0 * r * run) * wandering(rng, n, load)
        made.append(
            record(rng, watts, ["infer"] * n, specimen[0 if same else i], serial="1" if same else str(i))
        )
    return compare(made[0], made[1])


def taking_turns(rng: np.random.Generator, ratio: float, order: str, load: str) -> Comparison:
    """Compare two labels of one recording that take turns while the load does what it does."""
    names = list(order)
    watts = (
        levels(rng, len(names), 5.0)
        * np.where(np.array(names) == "B", ratio, 1.0)
        * wandering(rng, len(names), load)
    )
    return compare(record(rng, watts, names, METER.errors(rng)), label=("A", "B"))


def several(
    rng: np.random.Generator, ratio: float, order: str, load: str = "steady", between: float = 0.01
) -> Comparison:
    """Compare several recordings a side, in this order of time, that vary from run to run and do what the load does."""
    specimen, level = METER.errors(rng), wandering(rng, len(order), load)
    made: dict[str, list[Dated]] = {"A": [], "B": []}
    for turn, side in enumerate(order):
        mean = 5.0 * (ratio if side == "B" else 1.0) * level[turn] * (1 + between * rng.standard_normal())
        made[side].append(record(rng, levels(rng, 6, mean), ["infer"] * 6, specimen, utc_s=1e9 + turn * 60))
    return compare(made["A"], made["B"])


def same_inputs(rng: np.random.Generator, ratio: float) -> Comparison:
    """Compare 24 inputs of very different cost in one recording, each on both sides, in random order of the sides."""
    cost = np.repeat(rng.uniform(0.5, 1.5, 24), 2)
    names = [name for _ in range(24) for name in rng.permutation(["A", "B"])]
    watts = cost * levels(rng, 48, 5.0) * np.where(np.array(names) == "B", ratio, 1.0)
    made = record(rng, watts, names, METER.errors(rng))
    made.happened = [replace(e, attributes={"input": i // 2}) for i, e in enumerate(made.happened)]
    return compare(made, label=("A", "B"), options=CompareOptions(block="input"))


def in_step(rng: np.random.Generator, ratio: float) -> Comparison:
    """Compare loops of 40 ms each 100 ms on a meter of 10 readings a second: each sees one phase of its loop."""
    meter = SimulatedPowerMeter(10, accuracy=SENSOR)
    specimen, made = meter.errors(rng), []
    for r in (1.0, ratio):
        starts = 1.0 + np.arange(100) * 0.1 + rng.uniform(0, 0.1)
        edges = np.concatenate([[0.0], np.column_stack([starts, starts + 0.04]).ravel(), [starts[-1] + 1.5]])
        truth = Truth.steps(edges, [1.0, *np.tile([5.0 * r, 1.0], 100)])
        events = [Event("infer", round(a * NS), round((a + 0.04) * NS)) for a in starts.tolist()]
        made.append(meter.record(truth, events, rng, errors=specimen))
        made[-1].sources[0].info["serial"] = "1"
    return compare(made[0], made[1])


def five_labels(rng: np.random.Generator, ratio: float) -> Comparison:
    """Compare five labels at once in five recordings a side that took turns; any false verdict counts."""
    specimen, names = METER.errors(rng), [f"stage {i}" for i in range(5)] * 4
    made: dict[str, list[Dated]] = {"A": [], "B": []}
    for turn, side in enumerate("ABBAABBAAB"):
        watts = levels(rng, 20, 5.0 * (ratio if side == "B" else 1.0))
        made[side].append(record(rng, watts, names, specimen, utc_s=1e9 + turn * 60))
    return compare(made["A"], made["B"])


Scenario = Callable[[np.random.Generator, float], Comparison]
LOADS = ("steady", "remembers", "random walk", "drift", "warm-up", "heavy tails", "rare spikes")

SCENARIOS: dict[str, Scenario] = {
    **{f"one recording a side: {load}": partial(one_a_side, load=load) for load in LOADS},
    "one recording a side, two meters": partial(one_a_side, same=False),
    "one recording a side, in step with the meter": in_step,
    **{
        f"ABBA in one recording: {load}": partial(taking_turns, order="ABBA" * 10, load=load)
        for load in LOADS
    },
    "ABAB in one recording: drift": partial(taking_turns, order="AB" * 20, load="drift"),
    "ABAB in one recording: random walk": partial(taking_turns, order="AB" * 20, load="random walk"),
    "AAAABBBB in one recording: drift": partial(taking_turns, order="AAAABBBB" * 6, load="drift"),
    "the same inputs on both sides": same_inputs,
    **{
        f"5 recordings a side, ABBA: {load}": partial(several, order="ABBAABBAAB", load=load)
        for load in LOADS
    },
    "3 recordings a side, ABBA: steady": partial(several, order="ABBAAB"),
    **{
        f"5 recordings a side, A first: {load}": partial(several, order="AAAAABBBBB", load=load)
        for load in LOADS
    },
    "1 recording before 4: drift": partial(several, order="ABBBB", load="drift"),
    "1 recording between 4: drift": partial(several, order="BBABB", load="drift"),
    "five labels at once, 5 recordings a side": five_labels,
}


@dataclass
class Shares:
    """What a scenario came to: shares of runs."""

    difference: float
    ratio: float
    false: float  # verdicts less or more about equal programs
    found: float  # verdicts more about a program that draws 5 % more
    half: float  # median of the ratio's half-width
    of_runs: bool  # whether the intervals are those of these runs, not of the programs
    aside: float  # the farthest that a truth lies from the middle of its interval, in half-widths

    @property
    def clear(self) -> bool:
        """Whether every truth lies well inside, as it does in three of four intervals that hold 95 %."""
        return not (self.of_runs or self.false) and self.aside < 0.6


@lru_cache(maxsize=4)
def _compared(name: str, seed: int, equal: int) -> Comparison | None:
    """Return a comparison; None where it is refused because nothing is known of a side."""
    number = list(SCENARIOS).index(name)
    try:
        return SCENARIOS[name](np.random.default_rng([seed, number, equal]), 1.0 if equal else 1.05)
    except DataError:
        return None


def _aside(stated: Result, truth: float) -> float:
    return abs(truth - (stated.low + stated.high) / 2) / ((stated.high - stated.low) / 2)


def run(name: str, runs: int, first: int = 0) -> Shares:
    """Run a scenario with B drawing 5 % more and with equal sides."""
    in_difference, in_ratio, false, found, halves, of_runs, aside = [], [], [], [], [], False, [0.0]
    for seed in range(first, first + runs):
        other, equal = (_compared(name, seed, i) for i in (0, 1))
        found.append(other is not None and other.rows[0].verdict is Verdict.MORE)
        if other is not None:
            r = other.rows[0].contrast
            of_runs |= r.these_runs is not None
            if r.ratio is not None:
                in_ratio.append(r.ratio.low <= 1.05 <= r.ratio.high)
                halves.append((r.ratio.high - r.ratio.low) / 2)
                aside.append(_aside(r.ratio, 1.05))
        rows = equal.rows if equal is not None else ()
        false.append(any(row.verdict in (Verdict.LESS, Verdict.MORE) for row in rows))
        if equal is not None:
            e = rows[0].contrast.difference
            in_difference.append(e.low <= 0 <= e.high)
            aside.append(_aside(e, 0.0))
    if not halves:
        return Shares(1.0, 1.0, float(np.mean(false)), 0.0, math.nan, True, 0.0)
    shares = (float(np.mean(x)) for x in (in_difference, in_ratio, false, found))
    return Shares(*shares, float(np.median(halves)), of_runs, max(aside))


def promise(first: int, difference: float, pilots: int, seed: int) -> tuple[float, float, int]:
    """Return (share of promises kept, median promise, their number): pilots that cannot tell, then as many repeats as promised."""
    rng = np.random.default_rng([seed, first, round(difference * 10)])

    def drawn(n: int, shift: float) -> tuple[Side, Side]:
        order = np.tile([False, True, True, False], n)[: 2 * n]
        values = 10 + rng.standard_normal(2 * n) + shift * order
        times = np.arange(2.0 * n)
        return (
            Side("A", values[~order], times_s=times[~order], separate=True),
            Side("B", values[order], times_s=times[order], separate=True),
        )

    kept, promised = [], []
    for _ in range(pilots):
        pilot = contrast(*drawn(first, difference))
        n = pilot.repeats_needed
        if pilot.verdict in (Verdict.LESS, Verdict.MORE) or n is None or n > 2000:
            continue
        seen = pilot.difference.value
        kept.append(contrast(*drawn(n, seen)).verdict is (Verdict.MORE if seen > 0 else Verdict.LESS))
        promised.append(n)
    return float(np.mean(kept)), float(np.median(promised)), len(kept)


PROMISES = [(n, d) for n in (4, 6, 12, 30) for d in (0.5, 1.0)]


@pytest.mark.thorough
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_few_runs_of_each_scenario(name: str) -> None:
    """Binomial: of 3 equal pairs 2 or more false verdicts, at 5 %, have a probability of 0.007; at 80 %, of 0.90.

    Of 4 pairs 3 or more would have one of 0.82 there: a fault is found more often, with fewer pairs.  One whose truths lie well
    inside decides it, as two do that hold them: intervals a third as wide, which miss half of the truths, pass so in one of eleven.
    """
    runs, found = 1, run(name, 1, first=5000)
    if not found.clear:
        runs, found = 3, run(name, 3, first=5000)
    assert round(found.false * runs) <= 1
    if found.of_runs:
        assert name.startswith(("one recording", "1 recording before"))
        assert found.false == 0
    else:
        assert round((1 - min(found.difference, found.ratio)) * runs) <= 1


@pytest.mark.thorough
def test_promised_repeats_find_it_four_times_out_of_five() -> None:
    kept, *_ = promise(12, 1.0, 60, 7)
    assert kept >= 0.80 - 2 * 0.06


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_equal_programs_differ_in_at_most_five_percent(name: str) -> None:
    found = run(name, 400)
    print(f"\n{name}: {found}")
    assert found.false <= 0.05 + 2 * 0.011  # two standard deviations of 400 runs
    if not found.of_runs:
        assert min(found.ratio, found.difference) >= 0.93


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("first", "difference"), PROMISES)
def test_promises_are_kept_in_at_least_80_percent(first: int, difference: float) -> None:
    """Of thirty repeats at one standard deviation one pilot in eighteen cannot tell: the fewer promises, the wider chance."""
    kept, _, promises = promise(first, difference, 3000 if (first, difference) == (30, 1.0) else 600, 1)
    print(
        f"\n{first} repeats, {difference:g} standard deviations: {kept:.3f} of {promises} promises kept, seed 1"
    )
    assert promises >= 90 and kept >= 0.80 - 2 * (0.8 * 0.2 / promises) ** 0.5


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(
        "| scenario | false verdicts | 5 % more found | ratio of 1.05 held | difference of 0 held | half-width |"
    )
    print("|---|---|---|---|---|---|")
    for name in SCENARIOS:
        if options.only in name:
            f = run(name, options.runs)
            held = "– | –" if f.of_runs else f"{f.ratio:.1%} | {f.difference:.1%}"
            print(f"| {name} | {f.false:.1%} | {f.found:.0%} | {held} | ±{f.half:.2%} |", flush=True)
    print(
        "\n| repeats of the pilot, a side | true difference | promised (median) | kept |\n|---|---|---|---|"
    )
    for first, difference in PROMISES:
        kept, promised, _ = promise(first, difference, options.runs, 1)
        print(f"| {first} | {difference:g} σ | {promised:.0f} | {kept:.1%} |", flush=True)


if __name__ == "__main__":
    main()
