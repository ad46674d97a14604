"""What a figure shows is what was recorded: extremes kept, gaps empty, events where they were."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermeter.channel import Kind, Quantity
from powermeter.events import Event
from powermeter.recording import Recording
from powermeter.reports import figure_data, power_curve, svg
from powermeter.reports.report_data import gather
from powermeter.result import Result
from powermeter.signals.decoding import from_samples


def story_of(path):
    with Recording.open(path) as recording:
        return gather(recording)


def curves_of(times, values, kind=Kind.INSTANT, gaps=(), quantity=Quantity.POWER):
    trace = from_samples(np.array(times, np.int64), np.array(values, float), quantity, kind=kind)
    return power_curve.curves_of(trace, trace.start_ns, trace.end_ns, gaps, trace.start_ns)


def test_an_envelope_keeps_the_one_sample_that_stands_out():
    times = np.arange(100_000) * 1_000_000
    values = np.ones(times.size)
    values[54_321], values[12_345] = 9.0, 0.1
    (curve,), points = curves_of(times, values)
    assert curve.seconds.size <= figure_data.COLUMNS + 1
    assert curve.high.max() == 9.0 and curve.low.min() == pytest.approx(0.1)
    assert curve.seconds[curve.high.argmax()] == pytest.approx(54.321, abs=0.12)
    assert points == ()


@given(st.integers(3_000, 20_000), st.integers(1, 10**9))
def test_the_mean_line_stays_inside_its_band(count, seed):
    values = np.random.default_rng(seed).uniform(0, 5, count)
    (curve,), _ = curves_of(np.arange(count) * 1_000_000, values)
    assert (curve.low <= curve.watts + 1e-12).all() and (curve.watts <= curve.high + 1e-12).all()
    assert curve.low.min() == values.min() and curve.high.max() == values.max()


def test_few_samples_are_drawn_one_by_one():
    (curve,), points = curves_of([0, 10**9, 2 * 10**9], [1.0, 2.0, 3.0])
    assert curve.low is None and list(curve.watts) == [1.0, 2.0, 3.0]
    assert points == ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))


def test_a_mean_is_drawn_as_steps_over_its_interval():
    (curve,), _ = curves_of([0, 10**9, 2 * 10**9], [1.0, 2.0, 3.0], Kind.MEAN)
    at_half = [w for s, w in zip(curve.seconds, curve.watts, strict=True) if s == 1.0]
    assert at_half == [2.0, 3.0]  # the step lies at the stamp: 2 W before it, 3 W after it


def test_a_counter_is_drawn_as_its_slope():
    (curve,), _ = curves_of([0, 10**9, 2 * 10**9], [0.0, 4.0, 5.0], Kind.COUNTER, quantity=Quantity.ENERGY)
    assert set(curve.watts.tolist()) == {4.0, 1.0}


def test_a_gap_parts_the_curve(make):
    panel = figure_data.run_panel(story_of(make(gap_s=(4.0, 6.0))))
    assert len(panel.curves) == 2
    assert panel.curves[0].seconds[-1] <= 4.0 + 1e-9 and panel.curves[1].seconds[0] >= 6.0 - 1e-9
    assert panel.gaps == ((4.0, 6.0, "unplugged"),)
    drawn = svg.power_figure(panel, "x")
    assert 'class="gap"' in drawn and drawn.count('class="trace"') == 2


def test_events_stand_where_they_were(make, twenty):
    panel = figure_data.run_panel(story_of(make(events=twenty)))
    (lane,) = panel.lanes
    assert lane.label == "infer" and len(lane.bars) == 20
    assert lane.bars[3].start == pytest.approx(1.5) and lane.bars[3].end == pytest.approx(1.75)
    assert lane.bars[3].joules == pytest.approx(0.5)


def test_many_events_are_joined_where_a_pixel_cannot_part_them(make):
    events = [
        Event("e", 5_000_000_000 + i * 1_000_000, 5_000_500_000 + i * 1_000_000, uid=i + 1)
        for i in range(9_000)
    ]
    (lane,) = figure_data.run_panel(story_of(make(events=events))).lanes
    assert len(lane.bars) <= figure_data.COLUMNS
    assert sum(bar.events for bar in lane.bars) == 9_000


def test_the_closer_look_counts_from_its_event(make, twenty):
    panel = figure_data.close_panel(story_of(make(events=twenty)))
    assert panel.start < 0 < panel.end
    assert any(
        bar.start == pytest.approx(0.0, abs=1e-6) and bar.end == pytest.approx(0.25)
        for bar in panel.lanes[0].bars
    )


def test_no_closer_look_at_what_the_sampling_does_not_resolve(make):
    events = [
        Event("infer", 6 * 10**9 + i * 10**8, 6 * 10**9 + i * 10**8 + 10**6, uid=i + 1) for i in range(9)
    ]
    assert figure_data.close_panel(story_of(make(events=events))) is None


def test_items_are_in_the_order_of_the_run(make, twenty):
    story = story_of(make(events=twenty))
    items = figure_data.items_of(story, story.headline)
    assert items.numbers.tolist() == list(range(1, 21))
    assert items.joules == pytest.approx(0.125)
    assert items.low < items.mean < items.high


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_round_inside_and_few(low, span, most):
    found = figure_data.ticks(low, low + span, most)
    assert len(found) <= most + 1
    off = 1e-6 * span + np.spacing(max(abs(low), abs(low + span)))  # what a float far from zero can hold
    assert all(low - off <= tick <= low + span + off for tick in found)
    if len(found) > 2:
        steps = np.diff(found)
        assert steps == pytest.approx(steps[0], rel=1e-6, abs=1e-9 * abs(low))


def test_more_labels_than_lanes_keep_the_headline_and_the_greediest(make):
    events = [
        Event(f"label {i}", 5_000_000_000 + i * 10**8, 5_000_000_000 + i * 10**8 + i * 8 * 10**6, uid=i + 1)
        for i in range(1, 13)
    ]
    story = story_of(make(events=events))
    panel = figure_data.run_panel(story)
    assert len(panel.lanes) == figure_data.MAX_LANES
    assert story.headline is not None and story.headline.label == "label 2"
    assert set(panel.hidden) == {f"label {i}" for i in (1, 3, 4, 5)}


def test_power_that_flows_back_stays_inside_the_frame(make):
    panel = figure_data.run_panel(story_of(make(watts=-0.5)))
    assert panel.bottom_w == pytest.approx(-0.5) and panel.top_w <= 0
    heights = [float(y) for y in re.findall(r"(?:M|L)[\d.]+ ([\d.]+)", svg.power_figure(panel, "x"))]
    assert heights and max(heights) <= svg.TOP + svg.TRACE_HEIGHT


def test_bands_that_reach_below_the_axis_end_at_it():
    """Four events of 1 J from 0 up: a band from -5 J to 2 J ends where 0 J stands, at the foot of the figure."""
    result = Result(0.9, "J", -5.0, 1.5)
    items = figure_data.Items(
        "infer",
        4,
        np.arange(1.0, 5.0),
        np.ones(4),
        np.full(4, 0.1),
        mean=1.0,
        low=-5.0,
        high=2.0,
        meter=3.0,
        warmup=0,
        before=result,
    )
    drawn = svg.items_figure(items, "x", 0)
    boxes = {
        kind: (float(y), float(height))
        for kind, y, height in re.findall(
            r'<rect class="(within|meter|before)" x="[\d.]+" y="([-\d.]+)" width="[\d.]+" height="([-\d.]+)"',
            drawn,
        )
    }
    assert sorted(boxes) == ["before", "meter", "within"]
    feet = {kind: y + height for kind, (y, height) in boxes.items()}
    assert feet["within"] == pytest.approx(feet["meter"], abs=0.2)
    assert feet["before"] == pytest.approx(feet["meter"], abs=0.2)
    scale = (feet["within"] - boxes["within"][0]) / 2.0  # from 0 to 2 J
    assert boxes["before"][1] == pytest.approx(1.5 * scale, abs=0.3)  # from 0 to 1.5 J


def test_a_long_envelope_is_the_same_in_pieces_and_takes_little_memory(monkeypatch):
    times = np.cumsum(np.random.default_rng(3).integers(1, 2_000_000, 200_000))
    whole = np.sin(np.arange(times.size))
    monkeypatch.setattr(power_curve, "PIECE", times.size)
    (at_once,), _ = curves_of(times, whole)
    monkeypatch.setattr(power_curve, "PIECE", 777)
    (in_pieces,), _ = curves_of(times, whole)
    for name in ("seconds", "watts", "low", "high"):
        assert np.array_equal(getattr(at_once, name), getattr(in_pieces, name)), name
