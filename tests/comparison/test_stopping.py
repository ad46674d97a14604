"""Enough repeats: warm-up, memory, drift and peeking, against simulated models with a known mean."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from powermeter.comparison.repeat_loop import RepeatLoop
from powermeter.comparison.stopping import LEAST, Stopping, settle, warm_up
from powermeter.errors import ConfigurationError
from powermeter.meter import Meter


def model(rng: np.random.Generator, n: int, *, spread=0.1, memory=0.0, warm=0.0, tau=5.0, drift=0.0):
    """Energies of repeats around 1 J and their true means once warm."""
    noise = np.empty(n)
    state = rng.standard_normal() * spread
    for i in range(n):
        noise[i] = state
        state = memory * state + spread * np.sqrt(1 - memory**2) * rng.standard_normal()
    index = np.arange(n)
    steady = 1 + drift * index
    return steady + warm * np.exp(-index / tau) + noise, steady


def run(rng: np.random.Generator, precision: float, most: int = 4000, **how) -> tuple[bool, Stopping]:
    values, steady = model(rng, most, **how)
    stopping = Stopping(precision)
    for n in range(1, most + 1):
        if stopping.due(n) and stopping.look(values[:n], values[:n]):
            break
    s = stopping.settled
    assert s is not None
    truth = float(steady[s.warmup : s.repeats].mean())
    return s.low <= truth <= s.high, stopping


def drawn(rng: np.random.Generator) -> dict[str, float]:
    return {
        "spread": rng.uniform(0.02, 0.2),
        "memory": rng.choice([0, rng.uniform(0, 0.6)]),
        "warm": rng.choice([0, rng.uniform(0.05, 0.5)]),
        "tau": rng.uniform(1, 10),
        "drift": rng.choice([0, rng.uniform(-3e-4, 3e-4)]),
    }


def test_it_stops_at_the_asked_precision_and_the_interval_holds() -> None:
    hits = []
    for seed in range(60):
        rng = np.random.default_rng([seed, 1])
        how = drawn(rng)
        how["memory"] = min(how["memory"], 0.4)
        hit, stopping = run(rng, 0.05, 1500, **how)
        assert stopping.settled is not None and stopping.settled.relative <= 0.05
        hits.append(hit)
    assert np.mean(hits) >= 0.87  # 60 runs of 0.95 less three standard errors


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_models_with_warm_up_drift_and_memory() -> None:
    hits, reached, repeats = [], [], []
    for seed in range(1000):
        rng = np.random.default_rng([seed, 2])
        hit, stopping = run(rng, float(rng.choice([0.02, 0.05])), 6000, **drawn(rng))
        hits.append(hit)
        reached.append(stopping.settled.relative <= stopping.precision)
        repeats.append(stopping.settled.repeats)
    print(
        f"\ncoverage {np.mean(hits):.3f}, precision reached in {np.mean(reached):.3f}, median repeats {np.median(repeats):.0f}"
    )
    assert 0.93 <= np.mean(hits) <= 0.97
    assert np.mean(reached) > 0.99


def test_a_warm_up_is_cut_and_a_steady_series_is_not() -> None:
    cut, kept = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values, _ = model(rng, 100, spread=0.05, warm=0.5, tau=5)
        cut.append(warm_up(values))
        kept.append(warm_up(model(rng, 100, spread=0.05)[0]))
    assert min(cut) >= 5 and np.median(cut) < 40
    assert np.mean([k > 0 for k in kept]) < 0.25


def test_memory_makes_repeats_worth_less() -> None:
    rng = np.random.default_rng(3)
    values, _ = model(rng, 2000, memory=0.6)
    s = settle(values)
    assert s.effective == pytest.approx(2000 * 0.4 / 1.6, rel=0.3)
    assert s.correlation == pytest.approx(0.6, abs=0.1)


def test_a_constant_needs_no_more_than_the_least() -> None:
    stopping = Stopping(0.05)
    values = np.full(100, 2.0)
    done = [n for n in range(1, 100) if stopping.due(n) and stopping.look(values[:n])]
    assert done[0] <= LEAST * 1.4
    assert stopping.settled is not None and stopping.settled.mean == 2.0
    assert [n for n, _ in stopping.looks] == sorted({n for n, _ in stopping.looks})


class _FakeMeter:
    """Counts events; energies come from a model, the clock from here."""

    def __init__(self, energies: np.ndarray, each_ns: int = 20_000_000) -> None:
        self.energies, self.each_ns, self.now, self.count = energies, each_ns, 0, 0

    def event(self, name: str, n: int = 1, **attributes: object):
        self.count += 1
        return nullcontext()

    def recording(self) -> object:
        raise AssertionError("the energies are given")

    def clock(self) -> int:
        self.now += self.each_ns // 2
        return self.now

    def read(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return self.energies[: start.size]


def loop_over(energies: np.ndarray, **how: object) -> tuple[RepeatLoop, _FakeMeter]:
    meter = _FakeMeter(energies)
    loop = RepeatLoop(meter, "infer", read=meter.read, clock_ns=meter.clock, sleep=lambda s: None, **how)
    for _ in loop:
        pass
    return loop, meter


def test_the_loop_marks_each_pass_and_stops_by_itself() -> None:
    energies, _ = model(np.random.default_rng(4), 3000, spread=0.1)
    loop, meter = loop_over(energies, precision=0.03)
    assert loop.reason == "precise"
    assert meter.count == loop.settled.repeats
    assert loop.settled.relative <= 0.03
    assert loop.settled.mean == pytest.approx(1.0, abs=0.05)
    assert "±3.0% was reached" in loop.sentence()


def test_the_loop_ends_when_time_or_repeats_are_over_and_says_what_would_help() -> None:
    energies, _ = model(np.random.default_rng(5), 3000, spread=0.8)
    loop, _ = loop_over(energies, precision=0.01, at_most=2.0)
    assert loop.reason == "time" and loop.settled is not None and "more repeats" in loop.sentence()
    loop, meter = loop_over(energies, precision=0.01, most=40)
    assert loop.reason == "repeats" and meter.count == 40


def test_a_meter_repeats_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with Meter("virtual://?rate=200Hz", path=tmp_path / "run.power") as meter:
        loop = meter.repeat("infer", precision=0.5, most=8, at_least=8, batch=4)
        passes = [time.sleep(0.01) for _ in loop]
    assert len(passes) == 8
    assert loop.settled is not None and 0 < loop.settled.mean < 1
    row = meter.analysis(by=("batch",)).row("infer", batch=4)
    assert row.events == 8


@pytest.mark.parametrize(
    "wrong", [{"precision": 0}, {"precision": 2}, {"at_most": 0}, {"at_least": 3}, {"at_most": "soon"}]
)
def test_options_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigurationError):
        RepeatLoop(_FakeMeter(np.ones(3)), "infer", **wrong)
