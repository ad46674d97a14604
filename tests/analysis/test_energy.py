"""From a recording to an analysis: known loads, several rails, baselines, bad events, gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from powermeter.analysis.energy import analyse
from powermeter.channel import Accuracy, Boundary, Channel, Kind, Quantity, Rail
from powermeter.errors import ConfigurationError, DataError
from powermeter.events import Event
from powermeter.recording import Samples, SourceInfo
from powermeter.result import Grade
from powermeter.source import REPEAT, Gap
from powermeter.testing.simulation import (
    NS,
    SimulatedPowerMeter,
    SimulatedRecording,
    Truth,
    bursts,
)


def recording(
    channels: list[Channel], columns: list[np.ndarray], period_s: float = 0.01, **more
) -> SimulatedRecording:
    times = np.rint(np.arange(columns[0].size) * period_s * NS).astype(np.int64)
    codes = {c.name: column.astype(np.int64) for c, column in zip(channels, columns, strict=True)}
    flags = more.pop("flags", np.zeros(times.size, np.uint8))
    source = SourceInfo(1, "virtual://x", "meter", "virtual", {}, tuple(channels))
    return SimulatedRecording([source], {1: Samples(times, codes, flags)}, **more)


def power(name: str, rail: Rail, **how) -> Channel:
    return Channel(f"{name}.power", Quantity.POWER, 0.001, rail, **how)


def steps(*levels: float, each: int = 100) -> np.ndarray:
    return np.rint(np.repeat(np.array(levels), each) * 1000)


def event(name: str, start_s: float, end_s: float, **more) -> Event:
    return Event(name, round(start_s * NS), round(end_s * NS), **more)


def test_a_constant_load_is_power_times_time_everywhere() -> None:
    rec = recording([power("in", Rail("VDD_IN", nominal_v=5.0))], [steps(2.0, each=1001)])
    rec.happened = [
        event("infer", 1.0, 1.5, count=5, peak_memory=1000),
        event("infer", 2.0, 2.7, count=7, peak_memory=2000),
    ]
    a = analyse(rec)
    assert a.energy.value == pytest.approx(20.0) and a.power.value == pytest.approx(2.0)
    assert a.duration.value == pytest.approx(10.0) and a.peak_w == pytest.approx(2.0)
    assert a.charge is not None and a.charge.value == pytest.approx(4.0) and a.charge.grade is Grade.DERIVED
    row = a.row("infer")
    assert (row.events, row.items) == (2, 12)
    assert row.energy is not None and row.energy.value == pytest.approx(2.4)
    assert row.energy_per_item is not None and row.energy_per_item.value == pytest.approx(0.2)
    assert row.energy_median is not None and row.energy_median.value == pytest.approx(0.2)
    assert row.power is not None and row.power.value == pytest.approx(2.0)
    assert row.latency_mean == pytest.approx(0.6) and row.latency_p50 == pytest.approx(0.6)
    assert row.peak_memory == 2000
    assert row.sample_power == pytest.approx(2.0) and row.plain_energy == pytest.approx(2.4)
    assert a.window(NS, 3 * NS)[0].value == pytest.approx(4.0)


@pytest.mark.parametrize("watts", [2.0, -2.0])
def test_a_window_that_no_reading_shows_may_hold_less_than_nothing_where_a_reading_does(watts: float) -> None:
    """20 ms between readings of 100 ms, of a load or of a battery that is charged."""
    codes = steps(watts, each=200) + np.random.default_rng(1).integers(-50, 50, 200)
    energy, _ = analyse(recording([power("in", Rail("in"))], [codes], 0.1)).window(
        round(1.51 * NS), round(1.53 * NS)
    )
    assert energy.low <= 0.02 * watts <= energy.high and energy.low <= energy.value
    assert energy.low == (0 if watts > 0 else -np.inf)


def test_events_are_grouped_by_their_attributes_and_the_runs() -> None:
    rec = recording([power("in", Rail("VDD_IN"))], [steps(1.0, each=1000)])
    rec.metadata = {"attributes": {"model": "tiny"}}
    rec.happened = [event("infer", i, i + 0.5, attributes={"batch": 1 + i % 2}) for i in range(1, 7)]
    a = analyse(rec, by=("model", "batch"))
    assert [(r.group["model"], r.group["batch"], r.events) for r in a.rows] == [
        ("tiny", 2, 3),
        ("tiny", 1, 3),
    ]
    assert a.row("infer", batch=1).title == "infer (model=tiny, batch=1)"
    with pytest.raises(KeyError):
        a.row("infer")


@pytest.mark.parametrize("baseline", ["idle", "1W", 1.0, (0, round(0.8 * NS))])
def test_each_kind_of_baseline_subtracts_the_same(baseline: object) -> None:
    rec = recording(
        [power("in", Rail("VDD_IN"), accuracy=Accuracy(offset=0.1, gain=0.01))], [steps(1.0, 5.0, 1.0)]
    )
    rec.happened = [event("idle", 0.0, 0.8), event("infer", 1.2, 1.8)]
    a = analyse(rec, baseline=baseline)
    row = a.row("infer")
    assert row.above is not None and row.above.value == pytest.approx(0.6 * 4)
    assert row.above_power is not None and row.above_power.value == pytest.approx(4.0)
    measured = not isinstance(baseline, float) and baseline != "1W"
    offset = row.above.parts.get("offset:meter/in.power", 0.0)
    assert (abs(offset) < 1e-12) is measured  # a measured baseline takes the offset along
    assert a.above is not None and a.above.value == pytest.approx(a.energy.value - a.duration.value)


@pytest.mark.parametrize(
    ("baseline", "message"), [("nap", "neither"), (-1.0, "not usable"), ((10**12, 2 * 10**12), "outside")]
)
def test_a_baseline_that_is_not_there_is_refused(baseline: object, message: str) -> None:
    rec = recording([power("in", Rail("VDD_IN"))], [steps(1.0)])
    with pytest.raises(ConfigurationError, match=message):
        analyse(rec, baseline=baseline)


def test_a_step_at_an_events_edges_is_not_lost_between_samples() -> None:
    rng = np.random.default_rng(1)
    truth, events = bursts(rng, 60, idle_w=2.0, busy_w=6.0, length_s=(0.03, 0.05))
    a = analyse(SimulatedPowerMeter(100, accuracy=Accuracy(noise=0.001)).record(truth, events, rng))
    row = a.row("infer")
    want = np.mean([truth.energy(e.start_ns / NS, (e.end_ns or 0) / NS) for e in events])
    assert row.energy_per_item is not None and row.energy_per_item.value == pytest.approx(want, rel=0.002)
    assert row.plain_energy is not None and row.plain_energy / 60 < want * 0.96  # the bare trapezoid


def test_the_order_of_events_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    truth, events = bursts(rng, 20)
    rec = SimulatedPowerMeter(100, accuracy=Accuracy(noise=0.01)).record(truth, events, rng)
    there = analyse(rec).row("infer")
    rec.happened = events[::-1]
    back = analyse(rec).row("infer")
    assert there.energy is not None and back.energy is not None
    assert there.energy.value == pytest.approx(back.energy.value, rel=1e-12)
    assert there.energy.high == pytest.approx(back.energy.high, rel=1e-9)


def test_events_outside_unfinished_or_overlapping_are_said_and_never_zero() -> None:
    rec = recording([power("in", Rail("VDD_IN"))], [steps(3.0)])
    rec.happened = [
        event("late", 50, 51),
        event("infer", 0.2, 0.5),
        event("infer", 0.4, 0.6),
        Event("open", 10**8, None),
    ]
    a = analyse(rec)
    assert a.row("late").energy is None and a.row("late").outside == 1
    assert a.row("infer").overlapping
    said = " ".join(a.notes)
    assert "never ended" in said and "outside" in said and "overlap" in said
    assert np.isnan(a.energies.value[0])


def test_items_that_are_not_known_are_not_0_where_no_energy_is_known_either() -> None:
    rec = recording([power("in", Rail("VDD_IN"))], [steps(3.0)])
    rec.happened = [replace(event("late", 50, 51), count=None), event("infer", 0.2, 0.5)]
    a = analyse(rec)
    assert a.row("late").items is None and a.row("infer").items == 1


def test_an_instant_has_no_energy() -> None:
    rec = recording([power("in", Rail("VDD_IN"))], [steps(3.0)])
    rec.happened = [event("epoch", 0.5, 0.5)]
    row = analyse(rec).row("epoch")
    assert row.energy is None and row.latency_mean is None and row.events == 1


def test_a_gap_widens_the_interval_and_a_large_one_lowers_the_grade() -> None:
    rng = np.random.default_rng(3)
    truth = Truth.steps(np.arange(0, 41) * 0.25, rng.uniform(1, 6, 40))
    meter = SimulatedPowerMeter(100, accuracy=Accuracy(noise=0.01))
    whole = analyse(meter.record(truth, [event("run", 0.5, 9.5)], np.random.default_rng(4)))
    holed = analyse(
        meter.record(truth, [event("run", 0.5, 9.5)], np.random.default_rng(4), gaps_s=[(3.0, 5.0)])
    )
    assert holed.gap_s == pytest.approx(2.0, abs=0.05)
    assert holed.energy.high - holed.energy.low > 5 * (whole.energy.high - whole.energy.low)
    assert holed.energy.low <= truth.energy(holed.start_ns / NS, holed.end_ns / NS) <= holed.energy.high
    assert whole.energy.grade is Grade.MEASURED and holed.energy.grade is Grade.ESTIMATED
    assert any("gaps are bridged" in note for note in holed.notes)


def test_health_counts_repeats_misses_and_gaps() -> None:
    flags = np.zeros(200, np.uint8)
    flags[10:20] = REPEAT
    rec = recording([power("in", Rail("VDD_IN"))], [steps(1.0, 2.0)], flags=flags)
    rec.holes[1] = [Gap(0, NS // 10, "missed", lost=3)]
    (health,) = analyse(rec).health
    assert (health.samples, health.repeats, health.missed) == (200, 10, 3)
    assert health.rate_hz == pytest.approx(100)


def test_one_sample_is_an_error_and_so_is_a_recording_without_power() -> None:
    with pytest.raises(DataError, match="cannot be integrated"):
        analyse(recording([power("in", Rail("VDD_IN"))], [steps(1.0, each=1)]))
    heat = Channel("die.temperature", Quantity.TEMPERATURE, 0.1)
    with pytest.raises(DataError, match="nothing in this recording measures power"):
        analyse(recording([heat], [steps(1.0)]))


def test_a_recording_whose_meter_has_sent_nothing_yet_names_that() -> None:
    """Asked for right after its beginning, it measures power all the same."""
    with pytest.raises(DataError, match=r"no reading of .* is in this recording"):
        analyse(recording([power("in", Rail("VDD_IN"))], [steps(1.0, each=0)]))


def test_two_instruments_on_one_board_are_compared() -> None:
    one = Channel("a.power", Quantity.POWER, 0.001, Rail("VIN"), accuracy=Accuracy(gain=0.001))
    two = Channel("b.power", Quantity.POWER, 0.001, Rail("INPUT"), accuracy=Accuracy(gain=0.001))
    rec = recording([one], [steps(5.0)])
    rec.sources.append(SourceInfo(2, "virtual://y", "other", "virtual", {}, (two,)))
    rec.data[2] = Samples(rec.data[1].times_ns, {"b.power": steps(5.5).astype(np.int64)}, rec.data[1].flags)
    a = analyse(rec, rail="VIN")
    (found,) = a.disagreements
    assert found.ratio == pytest.approx(5.0 / 5.5) and not found.agree
    assert any("disagree" in note for note in a.notes)
    assert a.energy.value == pytest.approx(5.0 * 0.99)  # and never added


@pytest.mark.parametrize("kind", list(Kind))
def test_results_of_single_events_agree_with_the_arrays(kind: Kind) -> None:
    rng = np.random.default_rng(6)
    truth, events = bursts(rng, 15, length_s=(0.2, 0.3), pause_s=(0.2, 0.3))
    accuracy = Accuracy(gain=0.01, offset=0.0 if kind is Kind.COUNTER else 0.02, noise=0.001, step=0.001)
    a = analyse(SimulatedPowerMeter(50, kind, accuracy=accuracy).record(truth, events, rng))
    half = a.energies.half_width()
    for i in (0, 7, 14):
        result = a.energies.result(i)
        assert result.value == pytest.approx(a.energies.value[i])
        assert (result.high - result.low) / 2 == pytest.approx(half[i], rel=0.02)


def test_a_part_of_the_board_is_labelled_a_part() -> None:
    rec = recording([power("cpu", Rail("CPU", boundary=Boundary.PART))], [steps(1.0)])
    assert "part" in analyse(rec).covers


def test_an_attribute_that_no_event_carries_is_refused_with_the_nearest() -> None:
    rec = recording([power("in", Rail("VDD_IN", nominal_v=5.0))], [steps(2.0, each=1001)])
    rec.happened = [event("infer", 1.0, 1.5, attributes={"model": "a"})]
    with pytest.raises(ConfigurationError, match=r"'modle'; did you mean model\?"):
        analyse(rec, by="modle")
    with pytest.raises(ConfigurationError, match="there is model"):
        analyse(rec, by="zzz")
