"""What a further item will use above idle: the repeats' scatter above idle, beside the meter's part of what these used."""

from __future__ import annotations

import math

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.label_row import LabelRow
from powermeter.channel import Accuracy
from powermeter.events import Event
from powermeter.testing.simulation import NS, SimulatedPowerMeter, Truth

IDLE_W, BUSY_W = 2.0, 5.0


def _row(lengths: np.ndarray, *, idle: bool = True) -> LabelRow:
    """Return the row of events of some lengths at 5 W, a pause of 0.3 s behind each, behind 10 s of idle at 2 W; read at 50 Hz."""
    starts = 11.0 + np.concatenate([[0.0], np.cumsum(lengths[:-1] + 0.3)])
    end = float(starts[-1] + lengths[-1] + 1.0)
    edges = np.concatenate([[0.0], np.stack([starts, starts + lengths], 1).ravel(), [end]])
    watts = np.append(np.tile([IDLE_W, BUSY_W], lengths.size), IDLE_W)
    truth = Truth(np.repeat(edges, 2)[1:-1], np.repeat(watts, 2))
    events = [Event("idle", NS // 2, 10 * NS, uid=1)]
    events += [
        Event("infer", round(a * NS), round((a + b) * NS), uid=i + 2)
        for i, (a, b) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True))
    ]
    meter = SimulatedPowerMeter(50.0, accuracy=Accuracy(noise=0.002))
    recording = meter.record(truth, events, np.random.default_rng(5))
    return analyse(recording, baseline="idle" if idle else None).row("infer")


def test_repeats_scatter_above_idle_by_what_they_use_there() -> None:
    """Of one power, an item of length L uses (5 − 2) W × L above idle: its mean scatters by 3 W × s(L)/√n, in all by 5 W × s(L)/√n."""
    lengths = np.random.default_rng(8).uniform(0.2, 0.4, 30)
    row = _row(lengths)
    above, whole, these = row.expected_above_per_item, row.per_item, row.above_per_item
    assert above is not None and whole is not None and these is not None and row.per_item_above is above
    assert above.value == pytest.approx((BUSY_W - IDLE_W) * lengths.mean(), rel=0.02)
    of_repeats = math.sqrt(sum(part**2 for name, part in above.parts.items() if name.startswith("repeats:")))
    assert of_repeats == pytest.approx((BUSY_W - IDLE_W) * lengths.std(ddof=1) / math.sqrt(30), rel=0.1)
    assert above.half_width > 1.9 * of_repeats and above.half_width > 3 * these.half_width
    assert whole.half_width == pytest.approx(BUSY_W / (BUSY_W - IDLE_W) * above.half_width, rel=0.1)


def test_one_event_has_only_its_own_and_without_a_baseline_there_is_none() -> None:
    one = _row(np.array([0.3]))
    assert one.expected_above_per_item is None and one.per_item_above is one.above_per_item is not None
    assert _row(np.array([0.3, 0.35]), idle=False).per_item_above is None
