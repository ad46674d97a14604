"""Where figures for a paper draw a number: each mark's position, worked out from the number and the unit of its axis."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from powermeter.comparison.verdict import Verdict
from powermeter.errors import DataError
from powermeter.result import Grade, Result

pytest.importorskip("matplotlib")

from powermeter.reports import figure_data, power_curve
from powermeter.reports.paper import convergence as convergence_module
from powermeter.reports.paper.burn_down import burn_down
from powermeter.reports.paper.canvas import sheet
from powermeter.reports.paper.comparison import comparison
from powermeter.reports.paper.label_energies import label_energies
from powermeter.reports.paper.trace import trace


def drawn(function, data, columns: int = 1):
    with sheet() as maker:
        figure = function(maker, data, columns)
        figure.draw_without_rendering()
    return figure


def result(value: float, low: float, high: float, unit: str = "J", grade: Grade = Grade.MEASURED) -> Result:
    return Result(value, unit, low, high, grade)


def data(**more):
    return SimpleNamespace(path=Path("run.power"), grade=Grade.MEASURED, **more)


# The power ------------------------------------------------------------------------------------------


def test_power_is_drawn_in_the_units_of_its_axes_with_its_gaps(monkeypatch) -> None:
    """1 to 4 mW over ten minutes, from 1 min to 3 min nobody looked: minutes and milliwatts."""
    before = power_curve.PowerCurve(np.array([0.0, 60.0]), np.array([1e-3, 2e-3]), None, None)
    low, high = np.array([2e-3, 1e-3]), np.array([4e-3, 3e-3])
    behind = power_curve.PowerCurve(np.array([180.0, 600.0]), np.array([3e-3, 2e-3]), low, high)
    gaps = ((60.0, 180.0, "missed"),)
    panel = figure_data.Panel(0.0, 600.0, (before, behind), (), gaps, (), (), 4e-3, -1e-3)
    monkeypatch.setattr(figure_data, "run_panel", lambda *_: panel)
    line = SimpleNamespace(rail=SimpleNamespace(name="VDD"))
    found = data(analysis=SimpleNamespace(line=line, energy=result(1.0, 0.9, 1.1)))
    axes, below = drawn(trace, found).axes
    assert [drawn_line.get_xydata().tolist() for drawn_line in axes.lines] == [
        [[0, 1], [1, 2]],
        [[3, pytest.approx(3)], [10, 2]],
    ]
    band = axes.collections[0].get_datalim(axes.transData).extents
    assert band.tolist() == pytest.approx([3, 1, 10, 4])
    (gap,) = axes.patches
    assert gap.get_extents().transformed(axes.transData.inverted()).extents[[0, 2]] == pytest.approx([1, 3])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["gap, bridged"]
    assert (axes.get_xlim(), axes.get_ylim()) == (pytest.approx((0, 10)), pytest.approx((-1.06, 4.24)))
    assert axes.get_ylabel() == "power on VDD (mW)"
    assert below.get_xlabel() == "time since the first sample (min)"


# What is left of a battery --------------------------------------------------------------------------


def battery(hours: Result, used: float, seconds: float):
    budget = SimpleNamespace(
        hours=hours, share_used=result(used, used * 0.9, used * 1.1, "1", Grade.SIMULATED)
    )
    analysis = SimpleNamespace(duration=result(seconds, seconds, seconds, "s"))
    return data(budget=budget, analysis=analysis, battery_name="cell")


@pytest.mark.parametrize(
    ("hours", "step", "unit"),
    [
        ((10.0, 8.0, 14.0), 1.0, "h"),
        ((40.0, 30.0, 48.0), 24.0, "days"),
        ((30.0, 20.0, 47.9), 1.0, "h"),  # from two days on in days
        ((1.5, 1.0, 1.9), 1 / 60, "min"),
        ((20_000.0, 15_000.0, 18_000.0), 8766.0, "years"),  # 2 × 365.25 × 24 h = 17 532 h
    ],
)
def test_a_battery_falls_from_full_to_empty_at_its_hours(hours, step: float, unit: str) -> None:
    """A run of two hours that took 15 %: from 100 at 0 to 85 at two hours; empty between both ends of the interval."""
    (axes,) = drawn(burn_down, battery(result(*hours, "h"), 0.15, 7200.0)).axes
    mean, run = axes.lines
    assert mean.get_xydata() == pytest.approx(np.array([[0, 100], [hours[0] / step, 0]]))
    assert run.get_xydata() == pytest.approx(np.array([[0, 100], [2 / step, 85]]))
    band = axes.patches[0].get_xy()
    assert band[:3] == pytest.approx(np.array([[0, 100], [hours[1] / step, 0], [hours[2] / step, 0]]))
    assert axes.get_xlabel() == f"time ({unit})" and axes.get_ylabel() == "left of cell (%)"
    assert run.get_label() == f"this run, {Grade.SIMULATED.value}"  # not `measured`, whatever it rests on
    assert axes.get_xlim() == pytest.approx((0, 1.08 * hours[2] / step)) and axes.get_ylim() == (0, 104)


def test_a_battery_of_which_one_end_is_known_is_drawn_from_its_hours() -> None:
    (axes,) = drawn(burn_down, battery(result(10.0, -math.inf, math.inf, "h"), 0.15, 7200.0)).axes
    assert axes.patches[0].get_xy()[1:3] == pytest.approx(np.array([[10, 0], [10, 0]]))
    assert len(axes.texts) == 1


# Energies of labels ---------------------------------------------------------------------------------


def row(title: str, per_item: Result | None, energy: float = 1.0):
    return SimpleNamespace(title=title, per_item=per_item, energy=result(energy, energy, energy))


def labels(*rows):
    return data(analysis=SimpleNamespace(rows=rows))


def test_a_bar_ends_at_its_energy_and_its_whiskers_at_the_interval() -> None:
    """Up to 4.5 mJ the axis is in mJ: 4 (3.5 to 4.5) and 0.5 (0.4 to 0.9)."""
    found = labels(row("a", result(4e-3, 3.5e-3, 4.5e-3)), row("b", result(5e-4, 4e-4, 9e-4)))
    (axes,) = drawn(label_energies, found).axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([4.0, 0.5])
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == pytest.approx([0.0, 1.0])
    (first, second) = (
        container.lines[2][0].get_segments()[0]
        for container in axes.containers
        if hasattr(container, "lines")
    )
    assert first == pytest.approx(np.array([[3.5, 0], [4.5, 0]]))
    assert second == pytest.approx(np.array([[0.4, 1], [0.9, 1]]))
    assert axes.get_xlabel() == "energy per item (mJ), 95 % interval"
    assert axes.get_xlim() == pytest.approx((0.0, 1.45 * 4.5))
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in axes.texts] == [
        row.per_item.show().text for row in found.analysis.rows
    ]
    assert [text.get_position()[0] for text in axes.texts] == pytest.approx([4.5 + 0.09, 0.9 + 0.09])


def test_a_bound_is_drawn_to_the_end_that_is_known_without_whiskers() -> None:
    (axes,) = drawn(
        label_energies, labels(row("a", result(1.0, 0.0, 2.0)), row("b", result(3.0, 1.0, 4.0)))
    ).axes
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx([2.0, 3.0])  # an interval that reaches 0 is "at most 2 J"
    assert sum(hasattr(container, "lines") for container in axes.containers) == 1


def test_an_energy_below_zero_opens_the_axis_to_the_left() -> None:
    (axes,) = drawn(
        label_energies, labels(row("a", result(2.0, 1.0, 3.0)), row("b", result(-1.0, -1.5, -0.5)))
    ).axes
    assert axes.get_xlim() == pytest.approx((-1.5, 1.45 * 3.0))


def test_of_more_than_24_labels_those_that_used_most_are_drawn_in_their_order() -> None:
    """30 labels whose energies rise: the last 24."""
    rows = [row(f"l{i}", result(1.0 + i, 0.9 + i, 1.1 + i), energy=1.0 + i) for i in range(30)]
    (axes,) = drawn(label_energies, labels(*rows)).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [f"l{i}" for i in range(6, 30)]


# How a mean settles ---------------------------------------------------------------------------------


def test_the_mean_so_far_and_its_interval_are_those_of_the_events_until_then(monkeypatch) -> None:
    """Two of warm-up, then 1, 3, 2, 2 J with 0.1 J of the meter: mean and s of the first n, t(n - 1) s ⁄ √n."""
    joules = np.array([9.0, 5.0, 1.0, 3.0, 2.0, 2.0])
    mean = {"mean": 2.0, "low": 0.7, "high": 3.3, "meter": 0.1, "unit": (1.0, "J")}
    items = SimpleNamespace(label="infer", joules=joules, numbers=np.arange(1.0, 7.0), warmup=2, **mean)
    monkeypatch.setattr(figure_data, "items_of", lambda *_: items)
    (axes,) = drawn(convergence_module.convergence, data(headline=object())).axes
    single, mean, printed, ends = axes.lines
    assert printed.get_xydata() == pytest.approx(np.array([[6, 0.7], [6, 3.3]]))
    assert single.get_xydata() == pytest.approx(np.stack([items.numbers, joules], 1))
    assert mean.get_xydata() == pytest.approx(np.array([[3, 1], [4, 2], [5, 2], [6, 2]]))
    assert list(ends.get_xdata()) == [2.5, 2.5]
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    halves = {
        5.0: math.hypot(4.302653 * 1.0 / math.sqrt(3), 0.1),
        6.0: math.hypot(3.182446 * math.sqrt(2 / 3) / 2, 0.1),
    }
    assert {x for x, _ in corners} == set(halves)
    for x, half in halves.items():
        heights = [y for at, y in corners if at == x]
        assert (2 - min(heights), max(heights) - 2) == pytest.approx((half, half), rel=0.002)
    assert axes.get_xlim() == pytest.approx((0, 7.06)) and axes.get_ylabel() == "energy per item (J)"
    assert axes.get_ylim()[0] == 0  # the interval of three reaches below it


def test_the_axis_of_a_settling_mean_states_that_it_does_not_begin_at_0(monkeypatch) -> None:
    joules = np.array([10.0, 10.2, 9.9, 10.1, 10.0])
    mean = {"mean": 10.04, "low": 9.88, "high": 10.2, "meter": 0.1, "unit": (1.0, "J")}
    items = SimpleNamespace(label="infer", joules=joules, numbers=np.arange(1.0, 6.0), warmup=0, **mean)
    monkeypatch.setattr(figure_data, "items_of", lambda *_: items)
    (axes,) = drawn(convergence_module.convergence, data(headline=object())).axes
    assert axes.get_ylim()[0] > 0 and axes.get_ylabel() == "energy per item (J)\naxis not from 0"


def test_a_mean_settles_over_all_events_where_some_are_drawn(monkeypatch) -> None:
    """40 events of 1 J and 3 J by turns: 2 J ± 2.022691 × √(40 ÷ 39) ÷ √40 J, however few are drawn."""
    joules = np.resize([1.0, 3.0], 40)
    mean = {"mean": 2.0, "low": 1.6, "high": 2.4, "meter": 0.0, "unit": (1.0, "J")}
    items = SimpleNamespace(label="infer", joules=joules, numbers=np.arange(1.0, 41.0), warmup=0, **mean)
    asked = []
    monkeypatch.setattr(figure_data, "items_of", lambda *more: asked.append(more[-1]) or items)
    monkeypatch.setattr(figure_data, "MAX_POINTS", 8)
    (axes,) = drawn(convergence_module.convergence, data(headline=object())).axes
    single, mean = axes.lines[:2]
    assert asked[0] > 10**9 and single.get_xdata().size == 8
    assert mean.get_xydata()[-1] == pytest.approx([40, 2])
    heights = [y for x, y in axes.collections[0].get_paths()[0].vertices if x == 40]
    assert max(heights) - 2 == pytest.approx(2.022691 / math.sqrt(39), rel=1e-5)


def test_a_mean_of_which_only_the_lower_end_is_known_does_not_settle(monkeypatch) -> None:
    """Readings at the end of the meter's range: an interval was drawn where the table prints a bound."""
    joules = np.array([6.2, 6.1, 6.2, 6.1, 6.2])
    mean = {"mean": 6.1, "low": 6.1, "high": math.inf, "meter": 0.1, "unit": (1.0, "J")}
    items = SimpleNamespace(label="infer", joules=joules, numbers=np.arange(1.0, 6.0), warmup=0, **mean)
    monkeypatch.setattr(figure_data, "items_of", lambda *_: items)
    with pytest.raises(DataError, match="known from below only"):
        drawn(convergence_module.convergence, data(headline=object()))


# Two sides ------------------------------------------------------------------------------------------


def contrast(left: Result, right: Result, ratio: Result | None, margin: float | None = None):
    difference = result(right.value - left.value, -1.0, 1.0)
    found = {
        "mean_left": left,
        "mean_right": right,
        "ratio": ratio,
        "margin": margin,
        "difference": difference,
    }
    found |= {"found": Verdict.LESS, "within": None, "these_runs": None}
    return SimpleNamespace(title="infer", contrast=SimpleNamespace(**found))


def test_both_sides_and_the_change_are_drawn_where_they_are() -> None:
    """4 (3 to 5) mJ against 3 (2.5 to 3.5) mJ: 0.75 (0.6 to 0.9) is -25 (-40 to -10) %, beside a margin of ±5 %."""
    one = contrast(result(4e-3, 3e-3, 5e-3), result(3e-3, 2.5e-3, 3.5e-3), result(0.75, 0.6, 0.9, "1"), 0.05)
    found = SimpleNamespace(rows=(one,), of="energy", left="a.power", right="b.power")
    values, changes = drawn(comparison, found).axes
    assert [bar.get_width() for bar in values.patches] == pytest.approx([4.0, 3.0])
    assert values.get_xlabel() == "energy per item (mJ)"
    segments = [
        c.lines[2][0].get_segments()[0][:, 0].tolist() for c in values.containers if hasattr(c, "lines")
    ]
    assert segments == [pytest.approx([3.0, 5.0]), pytest.approx([2.5, 3.5])]
    (change,) = changes.containers[-1:]
    assert change.lines[0].get_xydata()[0] == pytest.approx((-25.0, 0))
    assert change.lines[2][0].get_segments()[0][:, 0] == pytest.approx([-40.0, -10.0])
    (margin,) = changes.patches
    assert (margin.get_x(), margin.get_width()) == pytest.approx((-5.0, 10.0))
    assert changes.get_xlim() == pytest.approx((-1.3 * 40, 1.3 * 8)) and "(%)" in changes.get_xlabel()
    assert values.get_legend_handles_labels()[1] == ["A: a.power", "B: b.power"]


def test_a_change_that_is_not_known_is_its_verdict_in_words() -> None:
    one = contrast(result(4.0, 3.0, 5.0), result(3.0, -math.inf, math.inf), None)
    values, changes = drawn(comparison, SimpleNamespace(rows=(one,), of="power", left="a", right="b")).axes
    assert [text.get_text().strip() for text in changes.texts] == ["less"]
    assert values.get_xlabel() == "mean power (W)" and values.get_xlim()[1] == pytest.approx(1.08 * 5.0)
    assert sum(hasattr(c, "lines") for c in values.containers) == 1
