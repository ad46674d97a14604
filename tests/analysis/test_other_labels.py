"""Which other labels run beside a label, against a count by hand, and in a time that does not grow with pairs of labels."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis import other_labels
from powermeter.analysis.beside_events import AllWindows, jumps_beside
from powermeter.analysis.energy import analyse
from powermeter.analysis.integral import Integral
from powermeter.analysis.other_labels import Labels, Others, seconds_shared
from powermeter.channel import Accuracy, Channel, Kind, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import NS, SimulatedPowerMeter, SimulatedRecording, Truth, bursts


def shared_by_hand(own: list[tuple[int, int]], other: tuple[int, int]) -> int:
    """Return how many whole ticks of one stretch lie in any of one's own."""
    return sum(any(a <= tick < b for a, b in own) for tick in range(*other))


@pytest.mark.parametrize("seed", range(20))
def test_labels_that_run_at_the_same_time_are_left_out(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 40))
    start = rng.integers(0, 400, n)
    end = start + rng.integers(0, 30, n)
    group = rng.integers(0, 5, n)
    mine = [
        (a, b)
        for a, b, g in zip(start.tolist(), end.tolist(), group.tolist(), strict=True)
        if g == 0 and b > a
    ]
    expected = []
    for label in range(1, 5):
        its = [
            (a, b) for a, b, g in zip(start.tolist(), end.tolist(), group.tolist(), strict=True) if g == label
        ]
        lasting = [(a, b) for a, b in its if b > a]
        shared = sum(shared_by_hand(mine, one) for one in lasting)
        if lasting and shared <= 0.01 * sum(b - a for a, b in mine):
            expected.append((sorted(a for a, _ in lasting), sorted(b for _, b in lasting)))
    found = Others.of(start, end, group, 0)
    spans = [] if found is None else [(a.tolist(), b.tolist()) for a, b in found.spans]
    assert spans == (expected if mine else [])


def test_a_thousand_labels_are_one_question_each(monkeypatch):
    asked = []
    shared = other_labels.seconds_shared
    monkeypatch.setattr(other_labels, "seconds_shared", lambda *edges: (asked.append(1), shared(*edges))[1])
    start = np.arange(0, 1000 * 100, 100)
    found = Others.of(start, start + 101, np.arange(1000), 7)
    assert len(asked) == 1 and found is not None
    ((starts, _),) = found.spans
    assert starts.size == 999, "all others together: an edge in common is no time in common"


@pytest.mark.parametrize("seed", range(8))
def test_what_runs_beside_a_few_events_of_many_is_found_near_them(seed):
    rng = np.random.default_rng(seed)
    n = 3000
    start = rng.integers(0, 100_000, n)
    end = start + rng.choice([3, 20, 150, 4000], n, p=[0.5, 0.3, 0.195, 0.005])
    labels = Labels(start, end, np.arange(n) // 2)
    for own in rng.integers(0, n // 2, 40).tolist():
        mine = np.arange(n) // 2 == own
        shared = seconds_shared(start[mine], end[mine], start, end)
        at_once = np.bincount(np.arange(n) // 2, shared) > 0.01 * float((end - start)[mine].sum()) * 1e-9
        at_once[own] = False
        found = labels.beside(own)
        assert found is not None and found.at_once.tolist() == np.flatnonzero(at_once).tolist()


def trace_of(rng: np.random.Generator, readings: int) -> Trace:
    times = np.arange(readings, dtype=np.int64) * 10
    values = rng.choice([1.0, 1.001, 9.0], readings, p=[0.5, 0.48, 0.02])
    return Trace(times, values, Quantity.POWER, interval_ns=10)


@pytest.mark.parametrize("seed", range(12))
def test_jumps_beside_a_label_are_those_in_no_event_of_it_nor_of_the_others(seed):
    rng = np.random.default_rng(seed)
    integral = Integral.of(trace_of(rng, 600))
    n = 60
    start = rng.integers(-100, 6000, n)
    end = start + rng.integers(0, 90, n)
    group, known = rng.integers(0, 40, n), (start >= 0) & (end <= 5990)
    labels = Labels(start, end, group, known)
    t, f = integral.trace.times_ns, integral.trace.values
    for own in range(40):
        mine = (group == own) & known & (end > start)
        others = labels.beside(own)
        a, b = start[mine], end[mine]
        if others is not None:
            a = np.concatenate([a, *(s for s, _ in others.spans)])
            b = np.concatenate([b, *(e for _, e in others.spans)])
        begun_of, ended_of = a[:, None] <= t, b[:, None] < t
        inside, begun = (begun_of & ~ended_of).any(axis=0), begun_of.sum(axis=0)
        counted = ~inside[:-1] & ~inside[1:] & (begun[:-1] == begun[1:])
        jumps = np.abs(np.diff(f))[counted]
        rare = jumps > 8 * np.median(jumps) / 0.954
        expected = float(np.sum(jumps[rare] ** 2)) / jumps.size
        assert jumps_beside(integral, np.sort(start[mine]), end[mine], others) == pytest.approx(
            expected, rel=1e-12
        )


def looked_at(monkeypatch, labels: int, lasts_ms: int, kind: Kind = Kind.INSTANT) -> int:
    """Return how many numbers an analysis sorts, searches and counts for so many labels of an event each."""
    seen = [0]

    def counting(name, work):
        def count(*given, **more):
            # A search costs what is looked for; other work what is given, or the size that is asked for.
            sizes = [np.size(one) for one in given[name == "searchsorted" :]]
            seen[0] += sum(sizes) + int(more.get("minlength", 0))
            return work(*given, **more)

        return count

    def zeros(shape, *given, _of=np.zeros, **more):
        seen[0] += int(np.prod(shape))
        return _of(shape, *given, **more)

    rng = np.random.default_rng(1)
    start = np.arange(labels, dtype=np.int64) * 60 * NS // 1000 + 2 * NS // 1000
    events = [
        Event(f"request {i}", a, a + lasts_ms * NS // 1000, uid=i + 1) for i, a in enumerate(start.tolist())
    ]
    times = np.arange(labels * 6 + 20, dtype=np.int64) * NS // 100
    codes = {"in.power": np.rint(rng.normal(2000, 20, times.size)).astype(np.int64)}
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("VDD_IN", nominal_v=5.0), kind)
    source = SourceInfo(1, "virtual://x", "meter", "virtual", {}, (channel,))
    recording = SimulatedRecording([source], {1: Samples(times, codes, np.zeros(times.size, np.uint8))})
    recording.happened = events
    with monkeypatch.context() as patch:
        patch.setattr(np, "zeros", zeros)
        for name in (
            "searchsorted",
            "sort",
            "argsort",
            "unique",
            "flatnonzero",
            "bincount",
            "isin",
            "diff",
            "median",
        ):
            patch.setattr(np, name, counting(name, getattr(np, name)))
        assert len(analyse(recording).rows) == labels
    return seen[0]


@pytest.mark.thorough
@pytest.mark.parametrize("lasts_ms", [1, 40, 100])
def test_work_grows_with_labels_and_not_with_their_square(monkeypatch, lasts_ms):
    """Events that no reading falls into, events one after the other, and events that run at the same time."""
    few, many = (looked_at(monkeypatch, labels, lasts_ms) for labels in (25, 100))
    assert many < 6 * few, "four times the labels: sixteen times the work were it that of pairs"


@pytest.mark.thorough
def test_for_means_too_work_grows_with_labels_and_not_with_their_square(monkeypatch):
    """What lies beside all events is looked at once: 1000 labels on a meter that averages took 12 s."""
    few, many = (looked_at(monkeypatch, labels, 40, Kind.MEAN) for labels in (25, 100))
    assert many < 6 * few


@pytest.mark.thorough
def test_what_lies_beside_all_events_is_what_lies_beside_each(monkeypatch):
    """A label finds the same alone among the windows as from what was found for all labels at once."""
    rng = np.random.default_rng(3)
    truth, events = bursts(rng, 60, pause_s=(0.1, 0.3))
    events = [Event(f"r{i % 20}", e.start_ns, e.end_ns, uid=e.uid) for i, e in enumerate(events)]
    recording = SimulatedPowerMeter(100, Kind.MEAN, Accuracy(noise=0.02)).record(truth, events, rng)
    shared = analyse(recording).energies
    monkeypatch.setattr(AllWindows, "calm_beside", lambda *_: None)
    alone = analyse(recording).energies
    assert shared.value.tolist() == pytest.approx(alone.value.tolist(), rel=1e-12)
    assert shared.noise.tolist() == pytest.approx(alone.noise.tolist(), rel=1e-12)


@pytest.mark.parametrize("touching", [0, 1, 2])
@pytest.mark.parametrize("count", [5, 1])
def test_a_label_that_shares_up_to_a_tenth_of_its_cut_windows_finds_what_lies_beside_all(
    monkeypatch, touching, count
):
    """Five events cut ten windows of 10 ms, of which the others' events share none, one or two; a lone one cuts two.

    Beside the events 2 W are drawn and 9 W in half a second of another label's: what is beside that is 2 W, or both.
    """
    own = [(1.0035 + k, 1.5035 + k) for k in range(count)]
    loud = [(0.6 + k if k >= touching else own[k][1] + 0.001, own[k][1] + 0.4) for k in range(count)]
    loud = [(a, min(b, a + 0.3)) for a, b in loud]
    spans = sorted([("own", *one) for one in own] + [("loud", *one) for one in loud], key=lambda one: one[1])
    edges = [0.0, *(at for _, a, b in spans for at in (a, b)), 8.0]
    watts = [2.0, *(level for name, *_ in spans for level in (5.0 if name == "own" else 9.0, 2.0))]
    events = [Event(name, round(a * NS), round(b * NS), uid=i + 1) for i, (name, a, b) in enumerate(spans)]
    recording = SimulatedPowerMeter(100, Kind.MEAN, Accuracy(noise=0.02)).record(
        Truth.steps(edges, watts), events, np.random.default_rng(7)
    )
    shared = analyse(recording).energies
    monkeypatch.setattr(AllWindows, "calm_beside", lambda *_: None)
    alone = analyse(recording).energies
    assert shared.value.tolist() == pytest.approx(alone.value.tolist(), rel=1e-12)
    assert shared.noise.tolist() == pytest.approx(alone.noise.tolist(), rel=1e-12)
