"""Short events under means: their windows hold their energy wherever they fall, unless each mean is of a part of its interval."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.event_energies import measure
from powermeter.analysis.integral import Integral
from powermeter.analysis.means_at_edges import as_edges_show
from powermeter.analysis.short_events_seen import part_seen
from powermeter.channel import Kind
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import Trace

NS = 10**9
TAU = 0.1


def blips(
    seed: int, *, part: float = 1.0, place: float = 0.0, spread: float = 0.05, events: int = 40
) -> tuple[Trace, np.ndarray, np.ndarray, np.ndarray]:
    """Return means over a part of each 0.1 s, at a place in it from the end to the beginning; events of 30 to 60 ms of 4 W on 2 W; their joules."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.03, 0.06, events)
    powers = 4 * (1 + spread * rng.standard_normal(events))
    starts = 1.0 + np.cumsum(lengths + rng.uniform(0.1, 0.4, events)) - lengths
    t = np.arange(rng.uniform(TAU, 2 * TAU), starts[-1] + 1, TAU)

    def until(x: np.ndarray) -> np.ndarray:
        joules: np.ndarray = 2 * x + (powers * np.clip(x[:, None] - starts, 0, lengths)).sum(axis=1)
        return joules

    last = t - place * (1 - part) * TAU
    watts = (until(last) - until(last - part * TAU)) / (part * TAU) + 0.005 * rng.standard_normal(t.size)
    trace = from_samples(np.rint(t * NS).astype(np.int64), watts, noise=0.005, kind=Kind.MEAN)
    edges = np.rint(starts * NS).astype(np.int64), np.rint((starts + lengths) * NS).astype(np.int64)
    return trace, *edges, 2 * lengths + powers * lengths


@pytest.mark.thorough
@pytest.mark.parametrize("place", [0.0, 1.0])
@pytest.mark.parametrize("part", [0.6, 0.8])
def test_the_part_is_found_and_what_it_leaves_out_is_paid_for(part: float, place: float) -> None:
    held, of_mean = 0, 0
    for seed in range(20):
        trace, starts, ends, joules = blips(seed, part=part, place=place)
        shown = part_seen(trace, starts, ends)
        assert shown is not None and shown.share == pytest.approx(part, abs=0.11)
        found = as_edges_show(trace, starts, ends)
        assert found.notes[-1].code == "means-of-a-part"
        windows = measure(Integral.of(found), starts, ends)
        held += int(np.sum(np.abs(windows.value - joules) <= windows.half_width()))
        mean = windows.combine(np.full(len(windows), 1 / len(windows)), "events")
        of_mean += mean.low <= joules.mean() <= mean.high
    assert held >= 0.9 * 20 * 40 and of_mean >= 17


@pytest.mark.thorough
@pytest.mark.parametrize("spread", [0.05, 0.5])
def test_means_of_the_whole_interval_stay_as_they_are_however_events_differ(spread: float) -> None:
    for seed in range(60):
        trace, starts, ends, _ = blips(seed, spread=spread)
        assert as_edges_show(trace, starts, ends) is trace


def test_few_short_events_show_nothing() -> None:
    trace, starts, ends, _ = blips(1, part=0.6, events=11)
    assert part_seen(trace, starts, ends) is None
