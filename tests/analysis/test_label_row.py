"""A row of a label whose events are few: what stands in it is stated once, and withheld where it informs nobody."""

from __future__ import annotations

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.analysis.energy_quantiles import energy_quantile
from powermeter.analysis.label_rows import stated_singly
from powermeter.analysis.single_events import scatter
from powermeter.channel import Channel, Quantity, Rail
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.reports import export_columns
from powermeter.result import Result
from powermeter.testing.simulation import NS, SimulatedRecording


def analysed(*events: Event):
    """Idle at 0.1 W, bursts of 8 W from 1 to 2 s and from 3 to 4 s, a reading each 10 ms."""
    times = np.arange(500, dtype=np.int64) * (NS // 100)
    codes = np.where((times // NS) % 2 == 1, 8000, 100) + np.arange(500) % 3
    channel = Channel("in.power", Quantity.POWER, 0.001, Rail("in"))
    source = SourceInfo(1, "virtual://x", "meter", "virtual", {}, (channel,))
    samples = {1: Samples(times, {"in.power": codes}, np.zeros(500, np.uint8))}
    rec = SimulatedRecording([source], samples)
    rec.happened = list(events)
    return analyse(rec)


@pytest.mark.parametrize(("events", "has_p95", "has_p99"), [(19, 0, 0), (20, 1, 0), (99, 1, 0), (100, 1, 1)])
def test_a_tail_needs_events_beyond_it(events: int, has_p95: int, has_p99: int) -> None:
    """The 95th of a hundred of seven events is the largest of them or an extrapolation: it is not stated."""
    row = analysed(
        *(
            Event("tiny", round((0.5 + 0.04 * i) * NS), round((0.525 + 0.04 * i) * NS), uid=i + 1)
            for i in range(events)
        )
    ).row("tiny")
    assert row.events == events and row.energy_median is not None and row.latency_p50 is not None
    assert (row.energy_p95 is not None, row.latency_p95 is not None) == (bool(has_p95),) * 2
    assert (row.latency_p99 is not None) == bool(has_p99)


def test_equal_energies_do_not_scatter() -> None:
    """Sums over a long run round to 1e-15 of it; a tenth of a joule, eight times the same, has a deviation of 0, not of pJ."""
    equal = 0.1 + np.array([0.0, 1.2e-15, -3e-15, 5e-15, 0.0, 8e-15, 1e-14, 0.0])
    assert equal.std(ddof=1) > 0 and scatter(equal) == 0.0 == scatter(np.zeros(3))
    assert scatter(np.array([1.0, 2.0, 3.0])) == 1.0
    assert scatter(0.1 * (1 + np.array([0.0, 1e-8]))) == pytest.approx(1e-9 / np.sqrt(2))


@pytest.mark.parametrize("start_s, length_s", [(0.504, 0.002), (1.2, 0.4), (0.9, 0.5)])
def test_one_event_is_its_own_median(start_s: float, length_s: float) -> None:
    one = Event("load", round(start_s * NS), round((start_s + length_s) * NS), count=2)
    row = analysed(one).row("load")
    mean = row.energy_per_item
    assert mean is not None
    quantile = row.energy_median
    assert quantile is not None and row.energy_p95 is None
    assert (quantile.value, quantile.low, quantile.high) == (mean.value, mean.low, mean.high)


def test_events_shorter_than_the_sampling_have_no_energy_of_their_own() -> None:
    """A reading each 10 ms shows what 40 events of 12 ms used together; of each 1 or 2 readings would be passed off as its energy."""
    short = [
        Event("short", round((1.105 + 0.02 * i) * NS), round((1.117 + 0.02 * i) * NS), uid=i)
        for i in range(40)
    ]
    long = [
        Event("long", round((3.1 + 0.1 * i) * NS), round((3.15 + 0.1 * i) * NS), uid=50 + i) for i in range(8)
    ]
    a = analysed(*short, *long)
    row = a.row("short")
    assert row.per_item is not None and row.per_item.value == pytest.approx(8.0 * 0.012, rel=0.02)
    assert row.energy_median is row.energy_p95 is row.spread_j is row.next_event_per_item is None
    assert (known := a.row("long").energy_median) is not None and known.value == pytest.approx(0.4, rel=0.02)
    assert stated_singly(a.rows, a.energies).tolist() == [False] * 40 + [True] * 8
    table = export_columns.events(a)
    for name in ("energy_j", "energy_low_j", "energy_high_j", "energy_per_item_j"):
        assert np.isnan(table[name]).tolist() == [True] * 40 + [False] * 8, name
    assert export_columns.without_energies(a) == ["short"]


@pytest.mark.parametrize(("low", "known"), [(0.0, False), (0.25, True)])
def test_a_median_of_which_nothing_is_known_is_no_number(low: float, known: bool) -> None:
    """Of a mean from 0 to infinity the median was 0.0 where the table has a dash: missing is never 0."""
    each = np.full(30, 0.25)
    found = energy_quantile(None, np.arange(30), each, np.ones(30), 0.5, Result.at_least(low, "J"))  # type: ignore[arg-type]
    assert (found is not None) == known and (found is None or found.low == pytest.approx(low))


def test_a_bound_of_power_above_all_that_was_ever_read_is_withheld() -> None:
    """No reading fell into 2 ms: their energy is bounded by half as much again as was seen, their power by nothing new."""
    hidden = Event("hidden", round(0.504 * NS), round(0.506 * NS))
    seen = Event("seen", round(1.2 * NS), round(1.6 * NS))
    a = analysed(hidden, seen)
    row = a.row("hidden")
    assert row.energy is not None and row.energy.high > a.peak_w * 0.002
    assert row.power is None
    known = a.row("seen").power
    assert known is not None and known.value == pytest.approx(8.0, rel=0.01)
