"""Instruments that smooth over several readings beside pauses too short for a clear edge; and loads that only resemble one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.event_estimate import LAG
from powermeter.analysis.smoothing_instrument import AVERAGES, SLIDES, smoothing
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording.protocol import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import SimulatedRecording

NS = 1_000_000_000
IDLE, FINE = 2.0, 0.01
SEED = 5


def load(
    shape: tuple[tuple[float, float], ...] = ((1.0, 6.0),), vary: float = 0.05
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return twenty jobs of 0.8 to 2.5 s, 0.2 to 0.8 s apart, in steps of 10 ms; each of one shape times a level of its own."""
    rng = np.random.default_rng(SEED)
    at, spans = 3.0, []
    for _ in range(20):
        end = round(at + rng.uniform(0.8, 2.5), 2)
        spans.append((at, end))
        at = round(end + rng.uniform(0.2, 0.8), 2)
    watts = np.full(round((at + 4) / FINE), IDLE)
    for a, b in spans:
        first, size, level, share = round(a / FINE), round((b - a) / FINE), 1 + rng.normal(0, vary), 0.0
        for part, power in shape:
            watts[first + round(share * size) : first + round((share + part) * size)] = power * level
            share += part
    return watts, spans


def read(
    watts: np.ndarray, spans: list[tuple[float, float]], every: int, kind: Kind = Kind.INSTANT
) -> Analysis:
    """Return what readings of every so many steps show."""
    pick = np.arange(every + 7, watts.size, every)
    channel = Channel("power", Quantity.POWER, 1e-3, Rail("VIN"), kind, accuracy=Accuracy(noise=0.01))
    seen = watts[pick] + 0.01 * np.random.default_rng(SEED).standard_normal(pick.size)
    times = np.rint(pick * FINE * NS).astype(np.int64)
    source = SourceInfo(1, "test://", "meter", "test", {}, (channel,))
    events = [Event("job", round(a * NS), round(b * NS), uid=i + 1) for i, (a, b) in enumerate(spans)]
    data = {
        1: Samples(times, {"power": np.rint(seen / 1e-3).astype(np.int64)}, np.zeros(times.size, np.uint8))
    }
    return analyse(SimulatedRecording([source], data, {1: []}, events))


def slid(watts: np.ndarray, seconds: float) -> np.ndarray:
    """Return the mean of the seconds before each step."""
    n = round(seconds / FINE)
    return np.convolve(np.concatenate([np.full(n, IDLE), watts]), np.full(n, 1 / n))[
        n - 1 : n - 1 + watts.size
    ]


def filtered(watts: np.ndarray, seconds: float) -> np.ndarray:
    """Return y with T dy/dt = watts − y, from watts at rest."""
    kernel = np.exp(-np.arange(0, 10 * seconds, FINE) / seconds)
    return np.asarray(IDLE + np.convolve(watts - IDLE, kernel / kernel.sum())[: watts.size])


def used(watts: np.ndarray, spans: list[tuple[float, float]]) -> float:
    return float(np.mean([watts[round(a / FINE) : round(b / FINE)].sum() * FINE for a, b in spans]))


FLAT, TWO_PHASES = ((1.0, 6.0),), ((0.4, 3.0), (0.6, 9.0))


@pytest.mark.parametrize(
    ("window_s", "every", "shape"),
    [(1.0, 10, FLAT), (1.0, 10, TWO_PHASES), (2.0, 50, FLAT), (1.0, 100, FLAT)],
)
def test_a_sliding_mean_is_unfolded(
    window_s: float, every: int, shape: tuple[tuple[float, float], ...]
) -> None:
    watts, spans = load(shape)
    found = read(slid(watts, window_s), spans, every)
    energy, truth = found.rows[0].energy_per_item, used(watts, spans)
    assert energy is not None
    assert {n.code for n in found.notes} & {SLIDES, AVERAGES}
    assert energy.grade is Grade.MEASURED
    assert energy.low <= truth <= energy.high
    assert energy.half_width < 0.06 * truth


def test_means_that_are_declared_to_be_of_their_interval_may_slide_as_well() -> None:
    watts, spans = load()
    found = read(slid(watts, 1.0), spans, 10, Kind.MEAN)
    energy, truth = found.rows[0].energy_per_item, used(watts, spans)
    assert energy is not None
    assert SLIDES in {n.code for n in found.notes}
    assert energy.low <= truth <= energy.high


@pytest.mark.parametrize("every", [10, 50])
def test_what_a_filter_holds_back_opens_the_interval_to_both_sides(every: int) -> None:
    watts, spans = load()
    found = read(filtered(watts, 1.0), spans, every)
    energy, truth = found.rows[0].energy_per_item, used(watts, spans)
    assert energy is not None
    assert energy.grade is Grade.ESTIMATED
    assert found.energies.groups[0].why == LAG
    assert energy.low <= truth <= energy.high
    smooth = filtered(watts, 1.0)  # the load may be what it seems to be
    assert energy.low <= used(smooth, spans) <= energy.high


def test_what_follows_through_a_filter_is_no_tail_beside_the_events() -> None:
    """Ten jobs of 8 to 14 s that scatter, 3 to 6 s apart, behind a filter of 0.3 s: it is in their interval."""
    rng = np.random.default_rng(SEED)
    ends = np.cumsum(rng.uniform(3, 6, 10) + (length := rng.uniform(8, 14, 10)))
    spans = [(round(end - lasts, 2), round(end, 2)) for end, lasts in zip(ends.tolist(), length, strict=True)]
    watts = np.full(round((spans[-1][1] + 6) / FINE), IDLE)
    for a, b in spans:
        watts[round(a / FINE) : round(b / FINE)] = 9 + rng.standard_normal(round(b / FINE) - round(a / FINE))
    found = read(filtered(watts, 0.3), spans, 20)
    assert found.energies.groups[0].why == LAG
    assert found.rows[0].tail is None


def soft(watts: np.ndarray, spans: list[tuple[float, float]]) -> np.ndarray:
    """Return the same load, each job of which rises within half a second."""
    out = watts.copy()
    for a, _ in spans:
        first = round(a / FINE)
        out[first : first + 50] = IDLE + (out[first] - IDLE) * np.linspace(0, 1, 50)
    return out


@pytest.mark.parametrize("course", ["at once", "soft", "late"])
def test_loads_read_at_once_are_not_taken_for_a_smoothing_instrument(course: str) -> None:
    watts, spans = load()
    if course == "soft":
        watts = soft(watts, spans)
    elif course == "late":
        watts = np.concatenate([np.full(15, IDLE), watts[:-15]])
    found = read(watts, spans, 10)
    assert not {n.code for n in found.notes} & {SLIDES, AVERAGES}
    assert found.power_trace.kind is Kind.INSTANT


@pytest.mark.parametrize(
    ("rows", "spell_s", "events"), [(40, math.inf, 28), (40, 6.0, 20), (150, 50.0, 25), (600, 6.0, 28)]
)
def test_power_that_moves_slowly_by_itself_is_no_instrument(rows: int, spell_s: float, events: int) -> None:
    """A drift or a slow wave, and events that add nothing: powers of their own would follow either, the better the longer the width."""
    t = 0.1 * np.arange(rows)
    watts = 3 + 0.1 * t if math.isinf(spell_s) else 3 + np.sin(2 * math.pi * t / spell_s)
    start, length = np.random.default_rng(SEED).uniform([[0.0], [0.2]], [[0.3], [0.6]], (2, events))
    begun = (np.arange(events) + start) * t[-1] / events
    edges = (begun, begun + length * t[-1] / events)
    times, a, b = (np.rint(x * NS).astype(np.int64) for x in (t, *edges))
    trace = Trace(times, watts, Quantity.POWER, Kind.INSTANT, interval_ns=NS // 10)
    assert smoothing(trace, a, b) is None


@pytest.mark.parametrize("bend_s", [2.0, 4.0])
def test_power_without_a_direction_in_time_is_no_instrument(bend_s: float) -> None:
    """White noise through a kernel that is the same backwards, and marks of 2 to 5 s anywhere: nothing follows their edges."""
    rows, found = 130, 0
    kernel = np.exp(-0.5 * (np.arange(-100, 101) / 20 / bend_s) ** 2)
    for seed in range(SEED, SEED + 8):
        rng = np.random.default_rng(seed)
        wave = np.convolve(rng.standard_normal(rows * 10 + kernel.size - 1), kernel, "valid")[::10]
        watts = 10 + 3 * wave / wave.std() + 0.02 * rng.standard_normal(rows)
        lengths, pauses = rng.uniform(2, 5, 12), rng.uniform(0.5, 2.5, 12)
        begun = 1 + np.cumsum(lengths + pauses) - lengths
        times, a, b = (
            np.rint(x * NS).astype(np.int64) for x in (np.arange(rows) / 2, begun, begun + lengths)
        )
        keep = b < times[-1]
        trace = Trace(times, watts, Quantity.POWER, Kind.INSTANT, interval_ns=NS // 2)
        found += smoothing(trace, a[keep], b[keep]) is not None
    assert found == 0, f"{found} of 8 seeds from {SEED}"
