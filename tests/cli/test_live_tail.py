"""Follows a recording that grows: what each rail shows now and so far, and what its events use: what it promises."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import MISSING, Channel, Quantity, Rail
from powermeter.cli.live_tail import Tail
from powermeter.events import Event
from powermeter.recording import Recording, Writer

LONG = "a_label_that_is_longer_than_the_whole_terminal_is_wide"


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "x.power"
    rail = Rail("VDD_IN")
    channels = (Channel("v", Quantity.VOLTAGE, 1e-3, rail), Channel("i", Quantity.CURRENT, 1e-3, rail))
    times = np.arange(2001, dtype=np.int64) * 5_000_000
    with Writer.create(found, {"battery": "4Ah"}) as writer:
        source = writer.add_source("x://", "m", "x", channels)
        amps = np.where((times // 250_000_000) % 2, 400, 200) + np.arange(2001) % 2
        writer.append(source, times, np.stack([np.full(2001, 5000), amps], axis=1))
        for i in range(18):
            start = (2 * i + 1) * 250_000_000
            writer.add_event(Event("infer" if i % 2 else LONG, start, start + 250_000_000, uid=i + 1))
    return found


def test_it_agrees_with_the_analysis(path):
    tail = Tail(path, "x")
    tail.look()
    with Recording.open(path) as recording:
        a = analyse(recording)
    totals = tail.main
    assert totals.energy_j == pytest.approx(a.energy.value, rel=5e-3)
    assert totals.charge_c == pytest.approx(a.charge.value, rel=5e-3)
    assert (totals.low_w, totals.high_w) == pytest.approx((1.0, 2.005))
    infer = next(row for row in a.rows if row.label == "infer")
    assert tail.labels["infer"].events == infer.events == 9
    assert tail.labels["infer"].mean_j == pytest.approx(infer.energy_per_item.value, rel=0.03)
    assert tail.labels["infer"].rate_hz == pytest.approx(1.0, rel=1e-6)


def test_an_event_of_several_items_has_its_energy_shared_among_them(tmp_path):
    """2 W for 1 s are 2 J; of an event of 8 items each used 0.25 J."""
    path = tmp_path / "y.power"
    times = np.arange(1001, dtype=np.int64) * 10_000_000
    with Writer.create(path) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("VDD_IN")),))
        writer.append(source, times, np.full(1001, 2000))
        for i in range(4):
            start = (2 * i + 1) * 1_000_000_000
            writer.add_event(Event("batch", start, start + 1_000_000_000, uid=i + 1, count=8))
    tail = Tail(path, "y")
    tail.look()
    assert tail.labels["batch"].mean_j == pytest.approx(0.25)
    assert tail.labels["batch"].rate_hz == pytest.approx(0.5)  # four ends, 2 s apart
    assert tail.main.energy_j == pytest.approx(20.0) and tail.elapsed_s == 10.0


def test_what_was_missing_before_the_tail_began_is_in_no_total(tmp_path):
    """A long recording is taken over from its overview, whose means leave missing readings out."""
    path = tmp_path / "long.power"
    seconds = np.arange(400, dtype=np.int64)
    codes = np.full(400, 2000)
    codes[50:60] = MISSING
    with Writer.create(path, {}) as writer:
        source = writer.add_source("x://", "m", "x", (Channel("p", Quantity.POWER, 1e-3, Rail("VDD_IN")),))
        writer.append(source, seconds * 10**9, codes[:, None])
    tail = Tail(path, "x")
    tail.look()
    assert 0.9 * 800 < tail.main.energy_j < 1.01 * 800
