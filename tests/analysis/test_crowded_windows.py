"""More labels in one window of the meter than can be distinguished: bounds that hold, where each alone came out at what idle is."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis import crowded_windows
from powermeter.analysis.advice import advise
from powermeter.analysis.energy import Analysis, analyse
from powermeter.analysis.event_estimate import CROWDED, GroupEstimate
from powermeter.analysis.integral import Integral
from powermeter.channel import Accuracy, Kind
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.signals.decoding import from_samples
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth
from tests.support.seconds_apart import ns

LABELS = 20


def run(
    kind: Kind, length_s: tuple[float, float], pause_s: tuple[float, float]
) -> tuple[Analysis, list[float]]:
    """Return twenty labels in turn, 3 to 6 W above an idle of 2 W, twelve events each, on windows of 10 ms; and what each used."""
    rng = np.random.default_rng(2)
    at, edges, levels, events = 1.0, [0.0], [2.0], []
    base = rng.uniform(3, 6, LABELS)
    for i in range(LABELS * 12):
        end = at + rng.uniform(*length_s)
        edges += [at, end]
        levels += [float(base[i % LABELS] * rng.uniform(0.9, 1.1)), 2.0]
        events.append(Event(f"layer {i % LABELS}", round(at * NS), round(end * NS), uid=i + 1))
        at = end + rng.uniform(*pause_s)
    truth = Truth.steps([*edges, at + 1.0], levels)
    accuracy = Accuracy(step=61e-6) if kind is Kind.COUNTER else Accuracy(noise=0.02)
    found = analyse(SimulatedPowerMeter(100.0, kind, accuracy=accuracy).record(truth, events, rng))
    joules = np.array([float(truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS)) for e in found.events])
    return found, [float(joules[row.index].sum()) for row in found.rows]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
@pytest.mark.parametrize("pause_s", [(0.0, 1e-4), (0.002, 0.01)])
def test_events_shorter_than_a_window_among_many_labels_are_bounded(
    kind: Kind, pause_s: tuple[float, float]
) -> None:
    found, truth = run(kind, (0.004, 0.008), pause_s)
    for row, joules in zip(found.rows, truth, strict=True):
        assert row.energy is not None and row.energy.low <= joules <= row.energy.high, row
        assert row.energy.grade is Grade.ESTIMATED
        assert "hold events of other labels too" in row.verdict.text
        advice = advise(found, row)
        assert advice is not None and advice.code == "longer-events" and advice.parameters["times"] in (3, 4)
    # The middle divides what a window holds by lengths: right on average.
    middle = sum(row.energy.value for row in found.rows if row.energy is not None)
    assert middle == pytest.approx(sum(truth), rel=0.1)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("length_s", "pause_s"), [((0.004, 0.008), (0.03, 0.05)), ((0.08, 0.11), (0.002, 0.01))]
)
def test_events_with_windows_of_their_own_are_measured_as_before(
    length_s: tuple[float, float], pause_s: tuple[float, float]
) -> None:
    found, truth = run(Kind.MEAN, length_s, pause_s)
    for row, joules in zip(found.rows, truth, strict=True):
        assert row.energy is not None and row.energy.high - row.energy.low < 0.05 * joules


def test_a_crowded_window_is_divided_by_lengths_and_a_lone_one_by_idle_power() -> None:
    """Windows of 1 s at 1 W, one at 0.5 W; two labels share one of 3 J, 0.3 s each, and the first has 0.5 s of one of 4 J alone.

    Above 0.5 W lie 2.5 J: half of it each, and 0.5 W × 0.3 s; from none of it to all.  Alone: 4 J less 1 W × 0.5 s.  An event of the
    second label over three windows of 9 W, which is all its own, is not what lies beside events.
    """
    watts = np.array([1.0, 1, 1, 0.5, 1, 3, 1, 4, 1, 1, 5, 9, 9, 9, 5, 1, 1])
    integral = Integral.of(from_samples(np.arange(17, dtype=np.int64) * NS, watts, kind=Kind.MEAN))
    start, end = ns(4.2, 6.2, 4.6, 9.5, 15.2), ns(4.5, 6.7, 4.9, 13.5, 15.3)
    first, second = GroupEstimate.empty(2), GroupEstimate.empty(3)
    first.value, second.value = np.array([1.4, 3.5]), np.array([1.4, 32.0, 0.1])
    members = [np.array([0, 1]), np.array([2, 3, 4])]
    crowded_windows.bound(integral, start, end, members, [first, second])
    assert first.why == second.why == CROWDED
    assert first.value == pytest.approx([1.4, 3.5]) and first.below == pytest.approx([1.25, 0.0])
    assert first.above == pytest.approx([1.25, 0.0]) and first.below_all == pytest.approx(1.25)
    # 5 J less 1 W × 0.5 s at either end, 27 J between; of the last 1 J less 1 W × 0.9 s.
    assert second.value == pytest.approx([1.4, 4.5 + 27 + 4.5, 0.1])
    assert second.above == pytest.approx([1.25, 0.0, 0.0])
    assert second.below == pytest.approx([1.25, 4.0, 0.0]), "what it came to alone stays inside"
