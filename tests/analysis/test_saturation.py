"""A reading at the end of the range is a lower limit: so is every energy that holds one."""

from __future__ import annotations

import math

import numpy as np

from powermeter.analysis.energy import analyse
from powermeter.analysis.saturation import open_above
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.signals.trace import Trace
from powermeter.testing.simulation import NS, SimulatedRecording


def test_saturation_opens_the_interval_upward_where_it_happened_and_nowhere_else() -> None:
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("VDD_IN"), high_code=6000)
    codes = np.full(1000, 2000)
    codes[200:260] = 6000
    codes[600:660] = 5000
    times = np.arange(1000) * (NS // 100)
    recording = SimulatedRecording(
        [SourceInfo(1, "x://", "meter", "x", {}, (channel,))],
        {1: Samples(times, {"in.power": codes}, np.zeros(1000, np.uint8))},
    )
    recording.happened = [
        Event("clipped", 2 * NS, int(2.6 * NS), uid=1),
        Event("seen", 6 * NS, int(6.6 * NS), uid=2),
    ]
    a = analyse(recording)
    clipped, seen = a.row("clipped").energy, a.row("seen").energy
    assert clipped is not None and seen is not None
    assert math.isinf(clipped.high) and clipped.low > 3.3 and clipped.grade is Grade.ESTIMATED
    assert math.isfinite(seen.high) and seen.grade is Grade.MEASURED
    assert math.isinf(a.energy.high) and math.isfinite(a.energy.low)
    assert any("end of the sensor's range" in note for note in a.notes)


def test_the_edges_of_an_interval_belong_to_it() -> None:
    trace = Trace(np.arange(4), np.zeros(4), Quantity.POWER, saturated_ns=np.array([10, 20]))
    starts, ends = np.array([0, 0, 11, 20]), np.array([9, 10, 19, 30])
    found = open_above(trace, starts, ends, np.array([0.5, 0.5, 0.5, 0.5]))
    assert found.tolist() == [0.5, math.inf, 0.5, math.inf]


def test_a_range_that_nobody_stated_opens_the_interval_too() -> None:
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("VDD_IN"))
    busy = np.arange(1000) % 50 >= 30
    codes = np.where(busy, 6000, 2000 + np.random.default_rng(5).normal(0, 9, 1000).round()).astype(np.int64)
    recording = SimulatedRecording(
        [SourceInfo(1, "x://", "meter", "x", {}, (channel,))],
        {1: Samples(np.arange(1000) * (NS // 100), {"in.power": codes}, np.zeros(1000, np.uint8))},
    )
    recording.happened = [
        Event("infer", k * NS // 2 + 3 * NS // 10, (k + 1) * NS // 2, uid=k + 1) for k in range(19)
    ]
    a = analyse(recording)
    for found in (a.energy, a.row("infer").per_item, a.row("infer").these_per_item):
        assert found is not None and math.isinf(found.high) and found.grade is Grade.ESTIMATED
    assert {"range-not-stated", "clipped-readings"} <= {note.code for note in a.notes}
