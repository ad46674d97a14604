"""A benchmark's plain values, one by one, and what is null of one that knows too little."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.analysis.inner_events import Inner
from powermeter.analysis.stopping import Settled
from powermeter.comparison.benchmark import Benchmark
from powermeter.reports.benchmark import convergence, record, to_text
from powermeter.result import Result

INF = float("inf")


def benchmark(settled: Settled | None, per_run: Result | None, **changed: Any) -> Benchmark:
    """Return eight and twelve repeats of 1 s and 3 s, looked at twice."""
    stopping = SimpleNamespace(precision=0.05, looks=[(8, INF), (12, 0.2)], advice=lambda: "more repeats")
    kept = {
        "settled": settled,
        "latencies": np.array([1.0, 3.0]),
        "energies": np.array([7.5, float("nan")]),
        "reason": "repeats",
        "reached": False,
        "stopping": stopping,
        "ended": lambda: "the end",
    }
    loop: Any = SimpleNamespace(**{**kept, **changed})
    inner = (Inner("infer", Result.of(0.25, "J", {"noise:m": 0.01}), 20, 4), Inner("load", None, None, 2))
    return Benchmark("matmul", loop, 4, per_run, inner if changed.get("inner_events") else ())


SETTLED = Settled(8.0, 7.0, 9.0, 0.125, 12, 3, 6.25, 0.25, 0.01, 0.6, 0.2, 40)
RUN = Result.of(8.0, "J", {"repeats:m": 0.4})


def test_every_value_of_a_benchmark() -> None:
    found = record(benchmark(SETTLED, RUN))
    energy, item = found.pop("energy_per_run"), found.pop("per_item")
    assert energy["value"] == 8.0 and item["value"] == pytest.approx(2.0)
    assert item["high"] - item["value"] == pytest.approx((energy["high"] - 8.0) / 4)
    assert found == {
        "title": "matmul",
        "inner": [],
        "relative_half_width": 0.125,
        "precision": 0.05,
        "reached": False,
        "repeats": 2,
        "warm_up": 3,
        "effective_repeats": 6.25,
        "correlation": 0.25,
        "drift_per_repeat": 0.01,
        "latency_mean_s": 2.0,
        "failed_runs": 0,
        "ended_because": "repeats",
        "looks": [[8, None], [12, 0.2]],
        "energies_j": [7.5, None],
        "narrower_by": "more repeats",
    }


def test_what_is_not_known_is_null() -> None:
    found = record(benchmark(None, None, latencies=np.zeros(0), energies=np.zeros(0), reason="failed"))
    unknown = {name for name, value in found.items() if value is None}
    assert unknown == {
        "energy_per_run",
        "per_item",
        "relative_half_width",
        "warm_up",
        "effective_repeats",
        "correlation",
        "drift_per_repeat",
        "latency_mean_s",
    }
    assert (found["repeats"], found["energies_j"], found["ended_because"]) == (0, [], "a run failed")
    assert found["failed_runs"] == 1
    open_ = record(benchmark(Settled(8.0, -INF, INF, INF, 2, 0, 2.0, 0.0, 0.0, 0.6, 0.2), None))
    assert open_["relative_half_width"] is None and open_["effective_repeats"] == 2.0


def test_items_that_the_command_marked_take_the_place_of_the_stated_ones() -> None:
    made = benchmark(SETTLED, RUN, inner_events=True)
    found = record(made)
    assert found["per_item"] is None
    first, second = found["inner"]
    assert (first["label"], first["items"], first["events"]) == ("infer", 20, 4)
    assert first["per_item"]["value"] == 0.25
    assert second == {"label": "load", "items": None, "events": 2, "per_item": None}
    text = to_text(made)
    first, each, inner = text.splitlines()[:3]
    assert first == "matmul: 8.00 ± 0.78 J a run (95 %, measured), 2.000 s each"  # 1.96 × 0.4 J
    assert each == "  2.00 ± 0.20 J for each of 4 items, start-up included"
    assert inner == (
        "  infer: 250 ± 20 mJ for each of 20 items that the command marked, start-up not counted"
    )
    assert "load: not known for each of 2 events that the command marked" in text
    assert "12 repeats, 3 of warm-up left out, worth 6 independent ones" in text
    assert "narrower by: more repeats" in text and text.endswith("matmul: the end")
    assert "narrower by:" not in to_text(benchmark(SETTLED, RUN, reached=True))


def test_bars_reach_as_far_as_half_widths_and_the_mark_stands_at_the_precision() -> None:
    """The widest of 20 % is 40 marks long: 10 % is 20, and the precision of 5 % is the tenth."""
    first, second = convergence([(4, INF), (8, 0.2), (12, 0.1)], 0.05)
    assert first == "     8 repeats " + "#" * 10 + "|" + "#" * 29 + "  ± 20 %"
    assert second == "    12 repeats " + "#" * 10 + "|" + "#" * 9 + " " * 21 + " ± 10 %"
    assert convergence([(4, INF)], 0.05) == []


def test_a_bar_is_no_longer_than_a_narrow_terminal_has_room_for() -> None:
    """Of 40 cells 14 are left: a half-width of 200 % takes all of them, and no line is folded."""
    (line,) = convergence([(3, 2.0)], 0.05, 14)
    assert line == "     3 repeats |" + "#" * 13 + "  ± 200 %"
    text = to_text(benchmark(SETTLED, RUN, reached=True), 40)
    assert all(len(found) <= 40 for found in text.splitlines() if "|" in found)


@pytest.mark.parametrize(("width", "most"), [(40, 10), (100, 24)])
def test_of_a_hundred_labels_that_a_command_marked_those_that_used_most_are_printed(width, most):
    made = benchmark(SETTLED, RUN)
    many = tuple(Inner(f"l{i:03d}", Result.of(1.0 + i, "J"), 1, 1) for i in range(100))
    text = to_text(replace(made, inner=many), width)
    assert [i for i in range(100) if f"l{i:03d}: " in text] == [*range(100 - most, 100)]
    assert f"  {100 - most} more labels, which used less each: --json lists all" in text
