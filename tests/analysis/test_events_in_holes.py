"""Events that a hole swallowed are off together where neighbours resemble each other, and each by itself where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Channel, Gap, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Writer

SECOND = 10**9
RAIL = Rail("VIN", nominal_v=5.0)
CHANNELS = (Channel("v", Quantity.VOLTAGE, 1e-3, RAIL), Channel("i", Quantity.CURRENT, 1e-5, RAIL))
HOLE = (1.7, 4.9)


def analysed(path, watts):
    """Eight seconds at 200 Hz of events of 20 ms each 20.2 ms, with a hole of 3.2 s; `watts` of each row."""
    times = np.arange(1600) / 200
    keep = (times <= HOLE[0]) | (times >= HOLE[1])
    codes = np.stack([np.full(1600, 5000), np.rint(watts / 5 / 1e-5)], axis=1).astype(np.int64)
    stamps = np.rint(times * SECOND).astype(np.int64)
    with Writer.create(path, {"clock": "monotonic"}) as writer:
        source = writer.add_source("x://", "x", "x", CHANNELS)
        writer.append(source, stamps[keep], codes[keep])
        before, after = stamps[times <= HOLE[0]][-1], stamps[times >= HOLE[1]][0]
        writer.add_gap(source, Gap(int(before), int(after), "stalled", "the recorder was stopped"))
        starts = 0.01 + 0.0202 * np.arange(390)
        writer.add_events(
            [
                Event("a", round(s * SECOND), round((s + 0.02) * SECOND), uid=i + 1)
                for i, s in enumerate(starts.tolist())
            ]
        )
    return analyse(path)


def test_a_slow_load_may_have_been_anywhere_it_was_seen_to_be_in_the_hole(tmp_path):
    """0.1 W and 10 W in turns of two seconds are 40.4 J; the hole lies where most of the low half was."""
    times = np.arange(1600) / 200
    page = analysed(tmp_path / "a.power", np.where(times % 4 < 2, 10.0, 0.1))
    assert page.energy.low <= 40.4 <= page.energy.high
    assert page.energy.high - page.energy.low <= (10 - 0.1) * 3.2 * 1.3
    assert page.charge is not None
    assert page.charge.value * 5 == pytest.approx(page.energy.value, rel=0.01)
    assert page.charge.low * 5 <= 40.4 <= page.charge.high * 5
    total = page.rows[0].energy
    assert total is not None and total.low <= 40.4 * 0.98 and total.high - total.low > 20


def test_events_that_differ_each_by_itself_average_out_in_the_hole(tmp_path):
    draw = np.random.default_rng(9)
    levels = draw.normal(5, 1, 400)[(np.arange(1600) / 200 / 0.0202).astype(int)]
    page = analysed(tmp_path / "b.power", levels + draw.normal(0, 0.3, 1600))
    assert (page.energy.high - page.energy.low) / 2 < 1.5
