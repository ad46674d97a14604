"""The Monte-Carlo proof: stated 95 % intervals hold the simulated truth in 93 to 97 % of runs.

Quick form: every scenario a few dozen times, held to what so few runs can show.  Full form (`-m slow`):
1000 runs each.  `python tests/validation/test_coverage.py` prints the table of docs/validation.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Kind
from powermeter.comparison.contrast import contrast
from powermeter.comparison.designs import Side
from powermeter.events import Event
from powermeter.result import Result
from powermeter.testing.simulation import NS, SimulatedMeter, SimulatedRecording, Truth, bursts

Scene = Callable[[np.random.Generator], tuple[Truth, list[Event]]]


def pulses(**how) -> Scene:
    return lambda rng: bursts(rng, 20, idle_w=rng.uniform(1.5, 2.5), busy_w=rng.uniform(5, 7), **how)


def fluctuating(rng: np.random.Generator) -> tuple[Truth, list[Event]]:
    """A load that flickers faster than it is sampled, in events of 50 to 80 ms."""
    truth, events = bursts(rng, 20)
    corners = np.arange(0, truth.times_s[-1], 0.0001)
    watts = truth.power(corners) * (1 + 0.2 * rng.standard_normal(corners.size))
    return Truth(corners, watts), events


def ramps(rng: np.random.Generator) -> tuple[Truth, list[Event]]:
    """Power that wanders smoothly, as with clock scaling, events anywhere."""
    corners = np.cumsum(np.concatenate([[0.0], rng.uniform(0.05, 0.3, 60)]))
    truth = Truth(corners, rng.uniform(2, 8, corners.size))
    starts = np.sort(rng.uniform(0.5, corners[-1] - 1.5, 20))
    return truth, [
        Event("infer", round(a * NS), round((a + rng.uniform(0.3, 0.8)) * NS)) for a in starts.tolist()
    ]


def few_gaps(rng: np.random.Generator) -> list[tuple[float, float]]:
    return [(s, s + rng.uniform(0.01, 0.03)) for s in rng.uniform(1.0, 3.0, 3).tolist()]


@dataclass(frozen=True)
class Scenario:
    name: str
    scene: Scene
    meter: SimulatedMeter
    gaps: Callable[[np.random.Generator], list[tuple[float, float]]] = lambda rng: []
    baseline: bool = False
    charge: bool = False
    # A single event that no sample resolves, and the quantile of such, are not claims of the analysis.
    single: bool = True


SCENARIOS = (
    Scenario(
        "gain at its limit (rectangular)",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(gain=0.005, noise=0.01)),
    ),
    Scenario(
        "gain typical (normal)",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(gain=0.005, typical=True, noise=0.01)),
    ),
    Scenario(
        "offset at its limit", pulses(), SimulatedMeter(1000, accuracy=Accuracy(offset=0.05, noise=0.02))
    ),
    Scenario("noise of the sensor", pulses(), SimulatedMeter(1000, accuracy=Accuracy(noise=0.2))),
    Scenario(
        "quantised in 40 mW steps, 20 mW noise",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(step=0.04, noise=0.02)),
    ),
    Scenario(
        "V and I: two gains, offset, steps",
        pulses(),
        SimulatedMeter(
            1000,
            accuracy=Accuracy(gain=0.005, offset=0.005, step=1e-4, noise=0.002),
            volts=5.0,
            volts_accuracy=Accuracy(gain=0.005, step=0.004),
        ),
    ),
    Scenario(
        "jitter of 1 ms at 200 Hz",
        pulses(),
        SimulatedMeter(200, accuracy=Accuracy(noise=0.01), jitter_s=0.001),
    ),
    Scenario("edges between samples, 100 Hz", pulses(), SimulatedMeter(100, accuracy=Accuracy(noise=0.02))),
    Scenario(
        "load that rises over 1 ms, 250 Hz",
        pulses(rise_s=0.001),
        SimulatedMeter(250, accuracy=Accuracy(noise=0.02, gain=0.005)),
    ),
    Scenario(
        "load that flickers between samples", fluctuating, SimulatedMeter(500, accuracy=Accuracy(noise=0.005))
    ),
    Scenario(
        "load that wanders, overlapping events",
        ramps,
        SimulatedMeter(100, accuracy=Accuracy(gain=0.01, noise=0.02)),
    ),
    Scenario(
        "clocks 3 ms apart", pulses(), SimulatedMeter(1000, accuracy=Accuracy(noise=0.01), clock_s=0.003)
    ),
    Scenario(
        "gaps of 10 to 30 ms, typical gain",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(noise=0.01, gain=0.004, typical=True)),
        gaps=few_gaps,
    ),
    Scenario(
        "averaging sensor, 10 Hz",
        pulses(length_s=(0.5, 0.8), pause_s=(0.3, 0.6)),
        SimulatedMeter(10, Kind.MEAN, accuracy=Accuracy(noise=0.02, gain=0.003)),
    ),
    Scenario(
        "energy counter, 1 kHz",
        pulses(),
        SimulatedMeter(1000, Kind.COUNTER, accuracy=Accuracy(gain=0.01, step=15.3e-6)),
    ),
    Scenario(
        "events of 5 ms at 100 Hz",
        pulses(length_s=(0.004, 0.006), pause_s=(0.02, 0.05)),
        SimulatedMeter(100, accuracy=Accuracy(noise=0.01)),
        single=False,
    ),
    Scenario(
        "baseline subtracted",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(gain=0.005, offset=0.1, noise=0.05)),
        baseline=True,
    ),
    Scenario(
        "charge at 5 V",
        pulses(),
        SimulatedMeter(1000, accuracy=Accuracy(gain=0.005, offset=0.002, noise=0.002), volts=5.0),
        charge=True,
    ),
)

Checks = dict[str, list[tuple[Result, float]]]


def one_run(scenario: Scenario, seed: int) -> Checks:
    """Return the results of one run and what they should be."""
    rng = np.random.default_rng([seed, SCENARIOS.index(scenario)])
    truth, events = scenario.scene(rng)
    meter = scenario.meter
    errors = meter.errors(rng)
    recording = meter.record(truth, events, rng, errors=errors, gaps_s=scenario.gaps(rng))
    idle = None
    if scenario.baseline:
        idle = (round(0.05 * NS), round(0.95 * NS))
    analysis = analyse(recording, baseline=idle)
    row = analysis.row("infer")
    # A clock that is off moves the whole recording: its own span is where the true one lies shifted.
    edges = np.array([[e.start_ns, e.end_ns or 0] for e in events]) / NS
    each = truth.integral(edges[:, 1]) - truth.integral(edges[:, 0])
    whole = truth.energy(analysis.start_ns / NS, analysis.end_ns / NS)
    checks: Checks = {}
    if scenario.baseline:
        assert row.above_per_item is not None and analysis.above is not None
        floor = float(truth.power(np.array([0.5]))[0])
        above = each - floor * (edges[:, 1] - edges[:, 0])
        checks["label"] = [(row.above_per_item, float(above.mean()))]
        checks["total"] = [(analysis.above, whole - floor * (analysis.end_ns - analysis.start_ns) / NS)]
    elif scenario.charge:
        assert (
            row.charge_per_item is not None and analysis.charge is not None and analysis.charges is not None
        )
        checks["single"] = [
            (analysis.charges.result(i), used / meter.volts) for i, used in enumerate(each.tolist())
        ]
        checks["label"] = [(row.charge_per_item, float(each.mean()) / meter.volts)]
        checks["total"] = [(analysis.charge, whole / meter.volts)]
    else:
        assert row.energy_per_item is not None
        if scenario.single:
            checks["single"] = [(analysis.energies.result(i), used) for i, used in enumerate(each.tolist())]
        checks["label"] = [(row.energy_per_item, float(each.mean()))]
        checks["total"] = [(analysis.energy, whole)]
    checks["comparison"] = [comparison(scenario, seed)]
    return checks


def comparison(scenario: Scenario, seed: int) -> tuple[Result, float]:
    """Compare two runs of one load on one meter, B drawing 3 % more; the ratio of what a repeat takes.

    Each repeat's duration is fixed here, so that the truth of the ratio is known: 1.03.  The repeats are
    drawn independently and said to be so.
    """
    rng = np.random.default_rng([seed, SCENARIOS.index(scenario), 1])
    errors = scenario.meter.errors(rng)

    def run(scale: float) -> SimulatedRecording:
        count, length = 16, 0.08
        starts = 0.5 + np.arange(count) * 0.2 + rng.uniform(0, 0.05, count)
        levels = 4.0 * scale * (1 + 0.02 * rng.standard_normal(count))
        edges = np.sort(np.concatenate([[0.0], starts, starts + length, [starts[-1] + 0.5]]))
        truth = Truth.steps(edges, [0.0, *np.column_stack([levels, np.zeros(count)]).ravel()])
        events = [Event("infer", round(a * NS), round((a + length) * NS)) for a in starts.tolist()]
        meter = SimulatedMeter(1000, accuracy=scenario.meter.accuracy)
        if scenario.meter.kind is Kind.COUNTER or scenario.meter.volts:
            meter = SimulatedMeter(1000, accuracy=Accuracy(gain=scenario.meter.accuracy.gain, noise=0.01))
        return meter.record(truth, events, rng, errors=errors)

    turns = {"A": np.arange(16.0), "B": np.arange(16.0) + np.where(np.arange(16) % 2, -0.4, 0.4)}
    sides = []
    for name, scale in (("A", 1.0), ("B", 1.03)):
        analysis = analyse(run(scale))
        row = analysis.row("infer")
        sides.append(
            Side(
                name,
                analysis.energies.value,
                "J",
                row.energy_per_item,
                "one meter",
                times_s=turns[name],
                separate=True,
            )
        )
    ratio = contrast(*sides).ratio
    assert ratio is not None
    return ratio, 1.03


def coverage(scenario: Scenario, runs: int, first: int = 0) -> dict[str, tuple[float, float]]:
    """Return for each claim (share of intervals that hold the truth, mean relative half-width)."""
    hits: dict[str, list[bool]] = {}
    widths: dict[str, list[float]] = {}
    for seed in range(first, first + runs):
        for name, found in one_run(scenario, seed).items():
            hits.setdefault(name, []).extend(result.low <= truth <= result.high for result, truth in found)
            widths.setdefault(name, []).extend(
                (result.high - result.low) / 2 / abs(truth) for result, truth in found
            )
    return {name: (float(np.mean(hits[name])), float(np.mean(widths[name]))) for name in hits}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_the_intervals_hold_in_a_few_dozen_runs(scenario: Scenario) -> None:
    runs = 24
    for name, (share, _) in coverage(scenario, runs).items():
        # Binomial with 0.95: 18 of 24 or fewer has a probability below 0.001.
        assert share * runs >= 19, f"{name}: {share:.0%}"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_the_intervals_hold_in_93_to_97_percent_of_a_thousand_runs(scenario: Scenario) -> None:
    for name, (share, _) in coverage(scenario, 1000).items():
        assert 0.93 <= share <= 0.97, f"{name}: {share:.1%}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| scenario | single event | label | total | comparison | half-width of a label |")
    print("|---|---|---|---|---|---|")
    for scenario in SCENARIOS:
        if options.only not in scenario.name:
            continue
        found = coverage(scenario, options.runs)
        cells = [
            f"{found[n][0]:.1%}" if n in found else "–" for n in ("single", "label", "total", "comparison")
        ]
        print(f"| {scenario.name} | {' | '.join(cells)} | ±{found['label'][1]:.2%} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
