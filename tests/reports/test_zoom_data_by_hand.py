"""What the page's zoom is handed of a few readings, number by number."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from powermeter.analysis.integral import Integral
from powermeter.channel import Gap, Kind, Quantity
from powermeter.reports import zoom_data as packing
from powermeter.reports.close_ups import AROUND_HIGHEST, close_ups
from powermeter.reports.zoom_data import zoom_data
from powermeter.result import Result
from powermeter.signals.decoding import from_samples
from powermeter.signals.trace import CommonError

NS = 10**9
SINGLE = packing.SINGLE


class _Windows(SimpleNamespace):
    def __len__(self) -> int:
        return self.value.size


def trace(values: Any, kind: Kind = Kind.INSTANT, times: Any = None, **more: Any):
    values = np.asarray(values, float)
    at = np.arange(values.size) if times is None else np.asarray(times)
    quantity = Quantity.ENERGY if kind is Kind.COUNTER else Quantity.POWER
    return from_samples(5 * NS + at.astype(np.int64) * NS, values, quantity, kind=kind, **more)


def row(label: str, index: list[int], energy: float | None = 1.0, resolved: bool = True, warmup: int = 0):
    return SimpleNamespace(
        title=label,
        events=len(index),
        index=np.array(index, np.int64),
        energy=None if energy is None else Result.of(energy, "J"),
        verdict=SimpleNamespace(resolved=resolved),
        warmup=SimpleNamespace(count=warmup),
        expected_per_item=Result.of(1.0, "J") if warmup else None,
    )


def handed(
    found, rows=(), start=(), end=(), beside=(), grade: str = "measured", **energies: Any
) -> dict[str, Any]:
    """Return what is made of a run of this trace, with rows of events and further rails."""
    whole = Integral.of(found)
    n = len(start)
    held = {
        "start_ns": np.array([round((5 + s) * NS) for s in start], np.int64),
        "end_ns": np.array([round((5 + s) * NS) for s in end], np.int64),
        "value": np.arange(1.0, n + 1),
        "known": np.ones(n, bool),
        "gap_s": np.zeros(n),
    }
    windows = _Windows(**{**held, **energies}, half_width=lambda: np.full(n, 0.25))
    line = SimpleNamespace(key="meter/VDD")
    analysis = SimpleNamespace(
        line=line,
        lines=(line, *(SimpleNamespace(key=key, power=lambda t=t: t) for key, t in beside)),
        integral=whole,
        power_trace=whole.trace,
        start_ns=whole.start_ns,
        end_ns=whole.end_ns,
        energy=SimpleNamespace(grade=SimpleNamespace(value=grade)),
        energies=windows,
        rows=tuple(rows),
        health=(),
    )
    headline = rows[0] if rows else None
    closer = close_ups(None, analysis, headline)
    made = zoom_data(SimpleNamespace(analysis=analysis, headline=headline, close_ups=closer))
    assert made is not None
    return made


def unpacked(cells: str | None, kind: str) -> np.ndarray | None:
    return None if cells is None else np.frombuffer(base64.b64decode(cells), kind)


def block(rail: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found = rail["blocks"][number]
    return {
        **found,
        "t": unpacked(found["t"], "<u4"),
        **{k: unpacked(found[k], "<f4") for k in ("low", "high", "e", "v")},
    }


def test_each_reading_with_the_energy_up_to_the_next_and_what_is_open_of_it() -> None:
    """Of an instant a jump J leaves J²/12 of a second, and a bend B (the second difference) B²/6."""
    values = np.array([1.0, 2.0, 4.0, 4.0, 3.0])
    made = handed(trace(values))
    assert made["span_s"] == pytest.approx(4.0) and made["mean_of"] == 1
    (rail,) = made["rails"]
    found = block(rail)
    assert (found["each"], found["n"], found["end"]) == (1, 4, 4.0) and found["high"] is found["r"] is None
    assert found["t"] * made["tick_s"] == pytest.approx([0, 1, 2, 3, 4], abs=1e-6)
    assert found["low"].tolist() == [1, 2, 4, 4] and found["e"].tolist() == [1.5, 3, 4, 3.5]
    jumps = np.diff(values) ** 2 / 12
    bends = np.diff(values, 2) ** 2 / 6
    assert found["v"] == pytest.approx(np.array([bends[0], *bends]) + jumps, rel=1e-6)
    assert (rail["name"], rail["line"], rail["grade"], rail["floor"]) == ("meter/VDD", True, "measured", True)


def test_uneven_readings_leave_as_much_as_their_seconds_up_to_four_usual_ones() -> None:
    times = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    found = block(handed(trace(np.arange(11.0), times=times))["rails"][0])
    jump = 1 / 12
    assert found["v"][[0, 3, 6]] == pytest.approx([jump, 4 * jump, jump], rel=1e-5)


@pytest.mark.parametrize("kind", [Kind.MEAN, Kind.COUNTER])
def test_windows_show_their_level_and_their_noise(kind: Kind) -> None:
    values = [2.0, 4.0, 3.0] if kind is Kind.MEAN else [0.0, 2.0, 6.0, 9.0]
    rail = handed(trace(values, kind, noise=0.1, step=0.6))["rails"][0]
    found = block(rail)
    assert found["low"].tolist() == [2, 4, 3] and found["e"].tolist() == [2, 4, 3] and rail["line"] is False
    assert found["v"] == pytest.approx([0.01] * 3 if kind is Kind.MEAN else [0.0] * 3)
    assert rail["edge"] == pytest.approx(2 * 0.01 + 0.36 / 6 if kind is Kind.COUNTER else 0.0)
    assert rail["step"] == (0.6 if kind is Kind.MEAN else 0.0)


def test_what_all_readings_share() -> None:
    errors = (
        CommonError("gain:a", relative=0.01),
        CommonError("offset:a", absolute=0.05),
        CommonError("x:a"),
    )
    rail = handed(trace([1.0, 2.0, -0.5], errors=errors, clock_ns=3e6, saturated_ns=np.array([6 * NS])))[
        "rails"
    ][0]
    assert rail["errors"] == [[0.01, 0.0], [0.0, 0.05]] and rail["clock_s"] == pytest.approx(3e-3)
    assert rail["floor"] is False and rail["saturated"] == [1.0]
    many = handed(trace(np.ones(9), saturated_ns=5 * NS + np.arange(3001) * 1000))["rails"][0]["saturated"]
    assert len(many) == 2000 and (many[0], many[-1]) == (0.0, pytest.approx(3e-3))


def test_a_hole_is_dark_and_listed() -> None:
    times = [*range(10), *range(14, 24)]
    gap = Gap(14 * NS, 19 * NS, "no answer", "unplugged")
    rail = handed(trace(np.ones(20), times=times, gaps=(gap,)))["rails"][0]
    assert (block(rail)["v"] < 0).tolist() == [k == 9 for k in range(19)]
    assert rail["gaps"] == [[9.0, 14.0, "unplugged"]]


def test_a_long_run_is_in_stretches_with_single_readings_in_places(monkeypatch) -> None:
    """100 intervals as 25 of four; the highest reading and its surroundings one by one."""
    monkeypatch.setattr(packing, "SINGLE", 99)
    monkeypatch.setattr(packing, "STRETCHES", 25)
    values = np.arange(101.0) % 7
    values[60] = 20.0
    rail = handed(trace(values))["rails"][0]
    found = block(rail)
    assert (found["each"], found["n"]) == (4, 25)
    assert found["low"][:2].tolist() == [0, 0] and found["high"][:2].tolist() == [3, 6]
    assert found["high"][15] == 20 and found["e"][0] == pytest.approx(0.5 + 1.5 + 2.5 + 3.5)
    single = block(handed(trace(values[:100]))["rails"][0])
    assert single["each"] == 1  # 99 intervals fit
    v = block(handed(trace(values[:99]))["rails"][0])["v"]
    assert found["v"][0] == pytest.approx(v[:4].sum(), rel=1e-5)


def test_single_readings_are_kept_around_the_highest(monkeypatch) -> None:
    monkeypatch.setattr(packing, "SINGLE", 1000)
    monkeypatch.setattr(packing, "STRETCHES", 500)
    values = np.zeros(5001)
    values[3000] = 9.0
    made = handed(trace(values))
    assert [place["name"] for place in made["places"]] == ["the highest reading"]
    (place,) = made["places"]
    assert (place["start"], place["end"]) == (3000 - AROUND_HIGHEST, 3000 + AROUND_HIGHEST)
    patch = block(made["rails"][0], 1)
    assert patch["each"] == 1 and patch["low"].max() == 9.0
    assert patch["n"] <= 2 * AROUND_HIGHEST + 2 and patch["t"][0] * made["tick_s"] == pytest.approx(
        2749, abs=1.1
    )


def test_places_are_a_typical_event_the_first_and_the_highest() -> None:
    """Nine tenths of an event on either side, inside the run; the median of 1 … 5 J is the third."""
    start = [10.0, 30.0, 50.0, 70.0, 90.0]
    made = handed(trace(np.arange(120.0)), [row("a", [0, 1, 2, 3, 4])], start, [s + 6 for s in start])
    found = [(p["name"], round(p["start"], 6), round(p["end"], 6), p["event"]) for p in made["places"]]
    assert found[:3] == [
        ("a typical event", 44.6, 61.4, True),
        ("the first event", 4.6, 21.4, True),
        ("the highest reading", 0.0, 119.0, False),
    ]
    assert not found[3:], "all readings are there: no other events are looked for"
    warm = handed(
        trace(np.arange(120.0)), [row("a", [0, 1, 2, 3, 4], warmup=2)], start, [s + 6 for s in start]
    )
    assert warm["places"][0]["start"] == pytest.approx(64.6), "of 3 … 5 J, after the warm-up, the fourth"
    unknown = handed(
        trace(np.arange(120.0)), [row("a", [0, 1])], start[:2], [16.0, 36.0], known=np.zeros(2, bool)
    )
    assert [place["name"] for place in unknown["places"]] == ["the first event", "the highest reading"]
    counted = handed(trace(np.arange(120.0), Kind.COUNTER))
    assert counted["places"] == []


def test_further_rails_are_drawn_where_they_have_three_readings() -> None:
    beside = [("meter/CPU", trace([1.0, 1.0, 1.0])), ("meter/two", trace([1.0, 1.0])), ("meter/none", None)]
    made = handed(trace(np.ones(9)), beside=beside, grade="simulated")
    assert [rail["name"] for rail in made["rails"]] == ["meter/VDD", "meter/CPU"] and made[
        "simulated"
    ] is True
    many = [(f"meter/{k}", trace([1.0, 1.0, 1.0])) for k in range(9)]
    assert len(handed(trace(np.ones(9)), beside=many)["rails"]) == packing.RAILS


def label(made: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found = made["labels"][number]
    ends = {k: unpacked(found[k], "<u4") * made["tick_s"] for k in ("start", "end")}
    return {**found, **ends, **{k: unpacked(found[k], "<f4") for k in ("e", "half")}}


def test_events_of_a_label_in_order_with_their_energies() -> None:
    rows = [row("a", [2, 0, 1], warmup=1)]
    made = handed(
        trace(np.ones(60)), rows, [20.0, 30.0, 10.0], [22.0, 33.0, 11.0], known=np.array([True, False, True])
    )
    found = label(made)
    assert (found["name"], found["n"], found["of"], found["warmup"], found["why"]) == ("a", 3, 3, 1, "")
    assert found["start"] == pytest.approx([10, 20, 30], abs=1e-6) and found["end"] == pytest.approx(
        [11, 22, 33], abs=1e-6
    )
    assert found["e"][:2].tolist() == [3.0, 1.0] and np.isnan(found["e"]).tolist() == [False, False, True]
    assert found["half"][:2].tolist() == [0.25, 0.25] and np.isnan(found["half"][2])


def test_events_too_short_have_no_energy_and_say_why() -> None:
    found = label(handed(trace(np.ones(60)), [row("a", [0], resolved=False)], [20.0], [22.0]))
    assert np.isnan(found["e"]).all() and "too short" in found["why"]


def test_of_many_events_half_of_what_is_left_is_kept(monkeypatch) -> None:
    """Twelve may be kept: six of ten of the first label, evenly, and its typical one, then two of ten of the second."""
    monkeypatch.setattr(packing, "EVENTS", 12)
    start = np.arange(20.0) * 2
    rows = [row("a", list(range(10)), 5.0, warmup=2), row("b", list(range(10, 20)), 1.0)]
    made = handed(trace(np.ones(60)), rows, start.tolist(), (start + 1).tolist())
    first, second = label(made), label(made, 1)
    assert (first["n"], first["of"], first["warmup"]) == (7, 10, 0) and (second["n"], second["of"]) == (2, 10)
    assert first["start"][[0, -1]] == pytest.approx([0.0, 18.0], abs=1e-6)


def test_a_run_without_a_length_has_no_zoom() -> None:
    a = SimpleNamespace(start_ns=5, end_ns=5)
    assert zoom_data(SimpleNamespace(analysis=a, headline=None, close_ups=())) is None


def test_single_readings_are_kept_of_twelve_events_and_of_the_highest_reading(monkeypatch) -> None:
    """40 events of 6 s in 20 000 s: a typical one, the first and twelve; the highest reading lies behind them all."""
    monkeypatch.setattr(packing, "SINGLE", 1000)
    monkeypatch.setattr(packing, "STRETCHES", 500)
    values = np.ones(20_001)
    values[19_900] = 9.0
    start = [100.0 + 450 * k for k in range(40)]
    made = handed(trace(values), [row("a", list(range(40)))], start, [s + 6 for s in start])
    rail = made["rails"][0]
    kept = [block(rail, k) for k in range(1, len(rail["blocks"]))]
    assert any(one["each"] == 1 and one["low"].max() == 9.0 for one in kept)
    assert [one["each"] for one in kept] == [1] * 15


def test_the_event_of_each_named_place_is_drawn_also_where_few_are(monkeypatch) -> None:
    """Three of 41 are picked evenly; the typical event, whose single readings are kept, was not among them."""
    monkeypatch.setattr(packing, "EVENTS", 6)
    start = [100.0 + 450 * k for k in range(41)]
    made = handed(trace(np.ones(20_001)), [row("a", list(range(41)))], start, [s + 6 for s in start])
    drawn = label(made)["start"]
    assert {100.0, 9_100.0, 18_100.0} <= set(np.round(drawn, 3).tolist())
    for place in made["places"][:2]:
        assert any(place["start"] <= at <= place["end"] for at in drawn), place


def test_a_place_names_the_label_whose_event_it_is_of() -> None:
    """Inside each event of the headline lies a shorter one: the button's event is the headline's."""
    start = [100.0, 300.0, 500.0, 102.0, 302.0, 502.0]
    end = [160.0, 360.0, 560.0, 150.0, 350.0, 550.0]
    made = handed(trace(np.arange(1000.0)), [row("infer", [0, 1, 2]), row("decode", [3, 4, 5])], start, end)
    assert [(one["event"], one["of"]) for one in made["places"][:3]] == [
        (True, "infer"),
        (True, "infer"),
        (False, ""),
    ]
    assert {"infer", "decode"} == {one["name"] for one in made["labels"]}
