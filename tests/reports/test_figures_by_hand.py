"""Panels of readings a second apart: which pixel each reading comes to, where steps and gaps lie, what is joined."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.channel import Gap, Kind, Quantity
from powermeter.events import Event
from powermeter.recording.event_columns import EventColumns
from powermeter.reports import figure_data, power_curve
from powermeter.result import Result
from powermeter.signals.decoding import from_samples
from powermeter.signals.kept_readings import Kept

NS = 1_000_000_000
ORIGIN = 5 * NS
COLUMNS, MAX_DOTS, MAX_LANES, MAX_POINTS = (
    power_curve.COLUMNS,
    power_curve.MAX_DOTS,
    figure_data.MAX_LANES,
    figure_data.MAX_POINTS,
)


def trace(
    values: list[float] | np.ndarray,
    kind: Kind = Kind.INSTANT,
    step_ns: int = NS,
    gaps=(),
    start: int = ORIGIN,
):
    values = np.asarray(values, float)
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    times = start + np.arange(values.size, dtype=np.int64) * step_ns
    return from_samples(times, values, quantity, kind=kind, gaps=gaps)


def drawn(found, start_s: float, end_s: float, gaps=()):
    span = ORIGIN + round(start_s * NS), ORIGIN + round(end_s * NS)
    return power_curve.curves_of(
        found, *span, [(ORIGIN + a * NS, ORIGIN + b * NS, "x") for a, b in gaps], ORIGIN
    )


def test_a_window_is_drawn_to_its_edges_and_its_readings_are_those_inside() -> None:
    """From 2.5 s to 6.5 s: one reading more on either side for the line, none of them marked."""
    (curve,), samples = drawn(trace(np.arange(10.0)), 2.5, 6.5)
    assert curve.seconds.tolist() == [2, 3, 4, 5, 6, 7] and curve.watts.tolist() == [2, 3, 4, 5, 6, 7]
    assert (
        samples == tuple((float(k), float(k)) for k in range(3, 7))
        and curve.low is None
        and curve.high is None
    )


def test_at_a_gap_the_line_ends_with_the_readings_beside_it() -> None:
    left, right = drawn(trace(np.arange(10.0)), 0, 9, [(3, 6)])[0]
    assert left.seconds.tolist() == [0, 1, 2, 3] and right.seconds.tolist() == [6, 7, 8, 9]


def test_means_and_counters_are_steps_that_end_at_their_stamps() -> None:
    (curve,), samples = drawn(trace([1.0, 4.0, 2.0], Kind.MEAN), 0, 2)
    assert curve.seconds.tolist() == [0, 0, 1, 1, 2] and curve.watts.tolist() == [1, 4, 4, 2, 2]
    assert samples == ((0.0, 1.0), (1.0, 4.0), (2.0, 2.0))
    (counted,), _ = drawn(trace([0.0, 4.0, 5.0, 5.0], Kind.COUNTER), 0, 3)
    assert counted.seconds.tolist() == [1, 1, 2, 2, 3] and counted.watts.tolist() == [4, 1, 1, 0, 0]
    assert drawn(trace([1.0], Kind.COUNTER), 0, 3)[0] == []


@pytest.mark.parametrize(("n", "marked"), [(MAX_DOTS, True), (MAX_DOTS + 1, False)])
def test_so_many_readings_are_marked_one_by_one(n: int, marked: bool) -> None:
    (_,), samples = drawn(trace(np.ones(n)), 0, n - 1)
    assert len(samples) == (n if marked else 0)


@pytest.mark.parametrize(("n", "envelope"), [(int(2.5 * COLUMNS), False), (int(2.5 * COLUMNS) + 1, True)])
def test_two_and_a_half_readings_to_a_pixel_make_an_envelope(n: int, envelope: bool) -> None:
    (curve,), _ = drawn(trace(np.ones(n)), 0, n - 1)
    assert (curve.low is not None) is envelope


def test_a_column_holds_the_lowest_the_mean_and_the_highest_of_its_readings() -> None:
    """9000 s in 900 columns of 10 s: readings 0 … 9 in the first, whose middle is at 5 s; the last one is in the last."""
    values = np.arange(9001.0)
    (curve,), _ = drawn(trace(values), 0, 9000)
    assert curve.low is not None and curve.high is not None and curve.seconds.size == COLUMNS
    assert curve.seconds[:3] == pytest.approx([5, 15, 25]) and curve.seconds[-1] == pytest.approx(8995)
    assert curve.low[:2].tolist() == [0, 10] and curve.high[:2].tolist() == [9, 19]
    assert curve.watts[:2].tolist() == [4.5, 14.5]
    assert (curve.low[-1], curve.high[-1]) == (8990, 9000) and curve.watts[-1] == pytest.approx(8995)


@pytest.mark.parametrize(
    ("span", "most", "found"),
    [
        ((0, 10), 6, [0, 2, 4, 6, 8, 10]),
        ((0, 10), 10, list(range(11))),
        ((0, 10), 4, [0, 2.5, 5, 7.5, 10]),
        ((0, 10), 2, [0, 5, 10]),
        ((0, 10), 1, [0, 10]),
        ((-3, 3), 6, [-3, -2, -1, 0, 1, 2, 3]),
        ((0.1, 0.95), 5, [0.2, 0.4, 0.6, 0.8]),
        ((3, 3), 5, [3]),
        ((5, 3), 5, [5]),
        ((0, 1e-6), 5, [0, 2e-7, 4e-7, 6e-7, 8e-7, 1e-6]),
    ],
)
def test_ticks(span: tuple[float, float], most: int, found: list[float]) -> None:
    assert figure_data.ticks(*span, most) == pytest.approx(found)
    assert not any(math.copysign(1.0, tick) < 0 and tick == 0 for tick in figure_data.ticks(*span, most))


def gaps(found: Integral, start_s: float, end_s: float) -> list[tuple[float, float, str]]:
    listed = figure_data.gaps_of(found, ORIGIN + round(start_s * NS), ORIGIN + round(end_s * NS))
    return [((a - ORIGIN) / NS, (b - ORIGIN) / NS, why) for a, b, why in listed]


def with_hole(first: int, last: int, noted: tuple[Gap, ...] = ()) -> Integral:
    values, times = np.ones(40), ORIGIN + np.arange(40, dtype=np.int64) * NS
    keep = (np.arange(40) <= first) | (np.arange(40) >= last)
    return Integral.of(from_samples(times[keep], values[keep], gaps=noted))


def test_gaps_are_longer_than_two_intervals_and_cut_at_the_window() -> None:
    noted = Gap(ORIGIN + 10 * NS, ORIGIN + 15 * NS, "unplugged")
    found = with_hole(10, 15, (noted,))
    assert gaps(found, 0, 39) == [(10, 15, "unplugged")]
    assert gaps(found, 12, 13) == [(12, 13, "unplugged")]
    assert gaps(found, 15, 20) == [] and gaps(found, 0, 10) == []
    detailed = Gap(ORIGIN + 10 * NS, ORIGIN + 15 * NS, "lost", "cable pulled")
    assert gaps(with_hole(10, 15, (detailed,)), 0, 39) == [(10, 15, "cable pulled")]
    short = Gap(ORIGIN + 10 * NS, ORIGIN + 12 * NS, "missed")
    assert gaps(with_hole(10, 12, (short,)), 0, 39) == []
    three = Gap(ORIGIN + 10 * NS, ORIGIN + 13 * NS, "missed")
    assert gaps(with_hole(10, 13, (three,)), 0, 39) == [(10, 13, "missed")]


def test_what_nobody_noted_is_a_gap_too_and_only_once() -> None:
    assert gaps(with_hole(20, 27), 0, 39) == [(20, 27, "no readings")]
    noted = Gap(ORIGIN + 21 * NS, ORIGIN + 26 * NS, "unplugged")
    assert gaps(with_hole(20, 27, (noted,)), 0, 39) == [(21, 26, "unplugged")]


def row(label: str, index: list[int], energy: float | None = 1.0, **more: object) -> SimpleNamespace:
    found = {
        "label": label,
        "title": label,
        "group": {},
        "events": len(index),
        "index": np.array(index, np.int64),
        "energy": None if energy is None else Result.of(energy, "J"),
        "verdict": SimpleNamespace(resolved=True),
        "warmup": SimpleNamespace(count=0),
        "expected_per_item": None,
        "per_item": Result.of(1.0, "J", {"repeats:a": 0.3, "gain:b": 0.04}),
    }
    return SimpleNamespace(**{**found, **more})


def data(
    rows: list[SimpleNamespace],
    start: list[float],
    end: list[float],
    watts: np.ndarray | None = None,
    **more: object,
) -> SimpleNamespace:
    values = np.ones(101) if watts is None else watts
    whole = Integral.of(trace(values, start=0))
    n = len(start)
    energies = {
        "start_ns": np.array([round(s * NS) for s in start], np.int64),
        "end_ns": np.array([round(s * NS) for s in end], np.int64),
        "value": np.arange(1.0, n + 1),
        "known": np.ones(n, bool),
        "gap_s": np.zeros(n),
        "noise": np.full(n, 0.3),
        "edges": np.zeros(n),
        "gaps": np.full(n, 0.4),
    }
    given = {k: v for k, v in more.items() if k in energies}
    analysis = SimpleNamespace(
        integral=whole,
        power_trace=whole.trace,
        rows=tuple(rows),
        energies=SimpleNamespace(**{**energies, **given}),
        start_ns=0,
        end_ns=whole.end_ns,
        events=EventColumns.of([Event("infer", 0, 1, count=c) for c in more.get("counts", [1] * n)]),
        divided=np.arange(1.0, n + 1),
        shares=more.get("shares"),
    )
    return SimpleNamespace(
        analysis=analysis, headline=more.get("headline", rows[0]), against=None, close_ups=()
    )


def test_bars_stand_at_their_events_and_marks_at_theirs() -> None:
    """Four events, of which one is an instant and one reaches beyond the window."""
    made = data([row("a", [3, 0, 1, 2])], [10, 30, 95, 2], [20, 30, 105, 5])
    panel = figure_data.panel(made, 4 * NS, 100 * NS, 4 * NS)
    (lane,) = panel.lanes
    assert [(bar.start, bar.end, bar.events, bar.joules) for bar in lane.bars] == [
        (0.0, 1.0, 1, 4.0),
        (6.0, 16.0, 1, 1.0),
        (91.0, 96.0, 1, 3.0),
    ]
    assert lane.marks == (26.0,) and (panel.start, panel.end) == (0.0, 96.0)
    assert (lane.label, lane.name, lane.colour) == ("a", "a", 0)


def test_an_energy_that_is_not_known_is_not_shown() -> None:
    made = data([row("a", [0, 1])], [10, 30], [20, 40], known=np.array([True, False]))
    assert [bar.joules for bar in figure_data.run_panel(made).lanes[0].bars] == [1.0, None]


@pytest.mark.parametrize(("n", "bars"), [(COLUMNS // 4, COLUMNS // 4), (COLUMNS // 4 + 1, 1)])
def test_more_events_than_a_quarter_of_the_pixels_are_joined_where_none_parts_them(n: int, bars: int) -> None:
    """Each of 0.3 s, 0.05 s apart: less than the pixel of 100 s in 900."""
    start = 1 + 0.35 * np.arange(n)
    made = data([row("a", list(range(n)))], start.tolist(), (start + 0.3).tolist())
    (lane,) = figure_data.run_panel(made).lanes
    assert len(lane.bars) == bars and sum(bar.events for bar in lane.bars) == n
    if bars == 1:
        (bar,) = lane.bars
        assert (bar.start, bar.end) == pytest.approx((1.0, 1 + 0.35 * (n - 1) + 0.3)) and bar.joules is None


@pytest.mark.parametrize(("pause", "bars"), [(100 / COLUMNS - 1e-3, 1), (100 / COLUMNS + 1e-3, 2)])
def test_a_pause_of_a_pixel_parts_bars(pause: float, bars: int) -> None:
    n = 300
    start = 1 + 0.1 * np.arange(n)
    start[150:] += 0.05 + pause - 0.05
    made = data([row("a", list(range(n)))], start.tolist(), (start + 0.1).tolist())
    assert len(figure_data.run_panel(made).lanes[0].bars) == bars


def test_more_marks_than_pixels_are_joined_too() -> None:
    n = COLUMNS + 1
    at = np.linspace(1, 2, n)
    made = data([row("a", list(range(n)))], at.tolist(), at.tolist())
    marks = figure_data.run_panel(made).lanes[0].marks
    pixel = 100 / COLUMNS
    assert len(marks) == len({math.floor(a / pixel) for a in at.tolist()})
    few = data([row("a", list(range(n - 1)))], at[:-1].tolist(), at[:-1].tolist())
    assert len(figure_data.run_panel(few).lanes[0].marks) == n - 1


def test_the_headline_and_what_uses_most_have_lanes_in_order_of_appearance() -> None:
    names = [f"l{k}" for k in range(MAX_LANES + 2)]
    rows = [row(name, [k], energy=float(k)) for k, name in enumerate(names)]
    start = (1 + 5.0 * np.arange(len(rows))).tolist()
    panel = figure_data.run_panel(data(rows, start, [s + 2 for s in start]))
    assert [lane.label for lane in panel.lanes] == ["l0", *names[3:]] and panel.hidden == ("l1", "l2")
    assert [lane.colour for lane in panel.lanes] == list(range(MAX_LANES))
    nothing = [*rows[:2], row("none", [], energy=None)]
    assert [
        lane.label
        for lane in figure_data.run_panel(data(nothing, start[:2], [s + 2 for s in start[:2]])).lanes
    ] == ["l0", "l1"]


def test_a_group_is_in_its_lanes_name() -> None:
    made = data([row("a", [0], group={"model": "m", "batch": None, "size": 3})], [10], [20])
    assert figure_data.run_panel(made).lanes[0].name == "a m 3"


def test_the_frame_holds_the_largest_value_and_the_smallest_below_zero() -> None:
    watts = np.ones(101)
    watts[50], watts[60] = 7.0, -3.0
    panel = figure_data.run_panel(data([row("a", [0])], [10], [20], watts))
    assert (panel.top_w, panel.bottom_w) == (7.0, -3.0)
    above = figure_data.run_panel(data([row("a", [0])], [10], [20], np.full(101, 2.0)))
    assert (above.top_w, above.bottom_w) == (2.0, 0.0)


def test_the_closer_look_is_at_the_event_with_the_median_energy() -> None:
    """Of 1 … 5 J the third, from 50 s for 4 s, and 0.9 of the longest of it and four readings on either side."""
    start = [10.0, 30.0, 50.0, 70.0, 90.0]
    made = data([row("a", [0, 1, 2, 3, 4])], start, [s + 4 for s in start])
    close = figure_data.close_panel(made)
    assert close is not None and (close.start, close.end) == pytest.approx((-3.6, 7.6))
    short = data([row("a", [0, 1, 2, 3, 4])], start, [s + 1 for s in start])
    near = figure_data.close_panel(short)
    assert near is not None and (near.start, near.end) == pytest.approx((-3.6, 4.6))


def test_the_closer_look_leaves_a_warm_up_out_as_the_printed_median_does() -> None:
    """Of 3 … 5 J the fourth event, which lasts 4 s; of all five it was the third, which lasts 3 s."""
    start = [10.0, 30.0, 50.0, 70.0, 90.0]
    end = [s + 1 + k for k, s in enumerate(start)]
    warm = {"warmup": SimpleNamespace(count=2), "expected_per_item": Result.of(4.0, "J")}
    close = figure_data.close_panel(data([row("a", [4, 3, 2, 1, 0], **warm)], start, end))
    assert close is not None and (close.start, close.end) == pytest.approx((-3.6, 7.6))


def test_no_closer_look_is_drawn_over_readings_that_are_not_held() -> None:
    """Of 101 readings every tenth is held, and beside the event those at 49 and 55 s."""
    made = data([row("a", [0])], [50], [54])
    place = np.unique([*range(0, 101, 10), 49, 55])
    held = made.analysis.power_trace
    made.analysis.power_trace = replace(
        held, times_ns=held.times_ns[place], values=held.values[place], kept=Kept(place)
    )
    assert figure_data.close_panel(made) is None


@pytest.mark.parametrize(("length", "close"), [(10.7, True), (10.8, False)])
def test_a_closer_look_covers_at_most_three_tenths(length: float, close: bool) -> None:
    """2.8 times the event of 100 s."""
    made = data([row("a", [0])], [40], [40 + length])
    assert (figure_data.close_panel(made) is not None) is close


def test_no_closer_look_at_what_is_not_known_or_resolved_or_has_a_gap() -> None:
    for more in ({"known": np.array([False])}, {"gap_s": np.array([0.1])}):
        assert figure_data.close_panel(data([row("a", [0])], [40], [44], **more)) is None
    unresolved = row("a", [0], verdict=SimpleNamespace(resolved=False))
    assert figure_data.close_panel(data([unresolved], [40], [44])) is None
    made = data([row("a", [0])], [40], [44])
    made.headline = None
    assert figure_data.close_panel(made) is None


def items(n: int, **more: object):
    start = (1 + 90 / n * np.arange(n)).tolist()
    made_row = row("a", list(range(n)), **more.pop("row", {}))
    made = data([made_row], start, [s + 0.01 for s in start], **more)
    return figure_data.items_of(made, made_row)


@pytest.mark.parametrize(("n", "shown"), [(2, False), (3, True)])
def test_three_events_make_a_figure_of_their_energies(n: int, shown: bool) -> None:
    assert (items(n) is not None) is shown


def test_what_is_not_resolved_or_has_no_number_is_no_figure() -> None:
    assert items(4, row={"verdict": SimpleNamespace(resolved=False)}) is None
    assert items(4, row={"per_item": None}) is None


def test_energies_are_per_item_with_their_own_half_width() -> None:
    """√(0.3² + 0.4²) = 0.5 J: 0.98 J an event, over its items; the meter's part of the mean is all but the repeats."""
    found = items(4, counts=[1, 2, 4, 0])
    assert found is not None and found.numbers.tolist() == [1, 2, 3, 4] and found.events == 4
    assert found.joules == pytest.approx([1.0, 1.0, 0.75, 4.0])
    assert found.half == pytest.approx(1.959964 * 0.5 / np.array([1, 2, 4, 1]))
    assert found.meter == pytest.approx(1.959964 * 0.04, rel=1e-5) and found.warmup == 0
    whole = row("a", [0]).per_item
    assert (found.mean, found.low, found.high) == (whole.value, whole.low, whole.high)


def test_energies_known_from_below_only_are_drawn_at_their_lower_ends() -> None:
    """At least 1.8 J where the clipped readings add up to 2 J: each event is drawn a tenth lower, and so is their mean."""
    found = items(4, row={"per_item": Result(2.0, "J", 1.8, math.inf)})
    assert found is not None and found.mean == 1.8
    assert found.joules == pytest.approx([0.9, 1.8, 2.7, 3.6])


def test_unknown_events_keep_their_number_and_shared_ones_their_part() -> None:
    found = items(
        5, known=np.array([True, False, True, True, True]), shares=SimpleNamespace(whole=np.full(5, 0.5))
    )
    assert found is not None and found.numbers.tolist() == [1, 3, 4, 5] and found.events == 4
    assert found.half == pytest.approx(np.full(4, 1.959964 * 0.25))


def test_a_warm_up_is_hollow_where_it_is_left_out_of_the_mean() -> None:
    warm = SimpleNamespace(count=2)
    assert items(5, row={"warmup": warm}).warmup == 0
    assert items(5, row={"warmup": warm, "expected_per_item": Result.of(1.0, "J")}).warmup == 2


@pytest.mark.parametrize(("n", "shown"), [(MAX_POINTS, MAX_POINTS), (MAX_POINTS + 500, MAX_POINTS)])
def test_more_events_than_points_are_picked_evenly(n: int, shown: int) -> None:
    found = items(n)
    assert found is not None and found.numbers.size == shown and found.events == n
    assert (found.numbers[0], found.numbers[-1]) == (1, n) and np.diff(found.numbers).max() <= 2
    assert found.joules.size == found.half.size == shown
