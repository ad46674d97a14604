"""`bench`, `versus` and `sweep` in Python, on the virtual source: who takes turns with whom, and what comes out."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import powermeter
from powermeter.comparison import experiments, taking_turns
from powermeter.comparison.experiments import Setup
from powermeter.comparison.pairs_and_turns import Design
from powermeter.comparison.verdict import Verdict
from powermeter.errors import ConfigurationError
from powermeter.result import Result

# The virtual source draws 3 W whatever runs: what takes twice as long uses twice as much.
SOURCE = "virtual://?rate=500Hz&shape=constant&high=3W"


def setup(path: Path, **how) -> Setup:
    return Setup([SOURCE], path=path, at_least_s=0.02, **how)


def quick() -> None:
    time.sleep(0.02)


def slow() -> None:
    time.sleep(0.04)


@pytest.mark.thorough
def test_two_functions_take_turns_and_the_slower_uses_more(tmp_path: Path) -> None:
    found = powermeter.versus(quick, slow, precision=0.01, most=10, setup=setup(tmp_path / "v.power"))
    row = found.row()
    assert (found.left, found.right) == ("quick", "slow")
    assert f"recorded in {tmp_path / 'v.power'}" in [note.text for note in found.notes]
    # A busy machine may make the first calls of a side look like a warm-up, which is left out.
    assert row.design is Design.TURNS or min(row.repeats_left, row.repeats_right) < 10
    assert 5 <= row.repeats_left <= 10 and 5 <= row.repeats_right <= 10
    with powermeter.Recording.open(tmp_path / "v.power") as recording:
        events = recording.events()
        order = [event.name for event in events]
    lasted = {name: [e.duration_s for e in events if e.name == name] for name in ("quick", "slow")}
    assert (
        min(lasted["quick"]) / max(lasted["slow"])
        < 1 / row.ratio.value
        < max(lasted["quick"]) / min(lasted["slow"])
    )
    if max(lasted["quick"]) < 0.7 * min(lasted["slow"]):  # else the machine made some calls last as it liked
        assert row.verdict is Verdict.MORE
    assert row.verdict is not Verdict.LESS
    assert order.count("quick") == order.count("slow") == 10
    assert order[:8] == ["quick", "slow", "slow", "quick", "quick", "slow", "slow", "quick"]


@pytest.mark.thorough
def test_labels_and_paths_that_cannot_be_encoded_are_compared_as_they_are_recorded(tmp_path: Path) -> None:
    path, names = tmp_path / "caf\udce9.power", ("a \ud800", "b \x1b[31m")
    found = powermeter.versus(quick, slow, most=3, names=names, setup=setup(path))
    assert (found.left, found.right) == ("a \\ud800", "b \x1b[31m") and "\x1b" not in str(found)
    for name in names:
        text = str(powermeter.bench(quick, most=3, name=name, setup=setup(path, force=True)))
        assert " a run (95 %" in text and "\x1b" not in text and text.encode()


@pytest.mark.thorough
def test_turns_end_when_the_change_is_known(tmp_path: Path) -> None:
    found = powermeter.versus(quick, slow, precision=1.0, most=60, setup=setup(tmp_path / "v.power"))
    with powermeter.Recording.open(tmp_path / "v.power") as recording:
        events = recording.events()
    lasted = {name: [e.duration_s for e in events if e.name == name] for name in ("quick", "slow")}
    if max(lasted["quick"]) < 0.7 * min(lasted["slow"]):  # else the machine made some calls last as it liked
        assert found.row().repeats_left < 60


@pytest.mark.thorough
def test_a_sweep_takes_turns_forwards_and_backwards(tmp_path: Path) -> None:
    seen = []

    def call(batch: int) -> None:
        seen.append(batch)
        time.sleep(0.015 * batch)

    found = powermeter.sweep(call, batch=[1, 2], most=8, setup=setup(tmp_path / "s.power"))
    assert found.parameter == "batch" and set(found.per_call) == {1, 2} and set(found.against_first) == {2}
    assert found.per_call[1].repeats == 8 and not found.reached
    assert found.against_first[2].verdict is not Verdict.LESS
    with powermeter.Recording.open(tmp_path / "s.power") as recording:
        order = [event.attributes["batch"] for event in recording.events()]
    assert order == [1, 2, 2, 1] * 4
    for value, settled in found.per_call.items():
        shown = found.energy[value]
        assert shown.value == pytest.approx(settled.mean) and shown.high > settled.high
    assert str(found.energy[1]) in str(found) and ", simulated" in str(found)


@pytest.mark.thorough
def test_bench_counts_calls_and_ends_with_reached_or_not(tmp_path: Path) -> None:
    made = powermeter.bench(
        quick, precision=0.9, most=12, at_least=8, name="quick", setup=setup(tmp_path / "b.power")
    )
    assert made.items == 1 and made.loop.latencies.size <= 12 and made.title == "quick"
    assert made.loop.settled is not None and made.loop.settled.mean > 0
    short = powermeter.bench(
        lambda: None, precision=0.001, most=8, at_least=8, setup=setup(tmp_path / "c.power")
    )
    assert short.items > 100 and not short.reached and "NOT reached" in short.loop.ended()


@pytest.mark.thorough
@pytest.mark.parametrize("budget_j", [1e-6, 1e3])
def test_bench_ends_as_soon_as_it_is_known_whether_a_call_uses_more_than_a_budget(tmp_path, budget_j) -> None:
    """It went on to the precision: 30 s for a call of 50 ms."""
    made = powermeter.bench(
        lambda: time.sleep(0.01),
        precision=0.001,
        most=100,
        at_least=15,
        budget_j=budget_j,
        setup=Setup(sources=(SOURCE,), path=tmp_path / "d.power", at_least_s=0.02),
    )
    assert made.loop.reason == "decided" and 15 <= made.loop.latencies.size < 100
    assert made.per_item is not None and (made.per_item.low > budget_j) is (budget_j < 1)


@pytest.mark.thorough
def test_a_running_meter_is_used(tmp_path: Path) -> None:
    with powermeter.Meter(SOURCE, path=tmp_path / "run.power") as meter:
        powermeter.versus(quick, slow, most=3, names=("x", "y"), setup=Setup(meter=meter, at_least_s=0.01))
        with meter.event("after"):
            time.sleep(0.05)
    names = [row.label for row in meter.analysis().rows]
    assert names == ["x", "y", "after"]


def test_the_calls_that_show_how_long_one_lasts_count_towards_the_time(monkeypatch) -> None:
    clock, seen = [0], []
    for module in (experiments, taking_turns):
        monkeypatch.setattr(module, "now_ns", lambda: clock[0])
    monkeypatch.setattr(experiments, "repeat_until_known", lambda *given: seen.append(given[3].limits))
    powermeter.bench(
        lambda: clock.__setitem__(0, clock[0] + 10**9), at_most="5s", most=9, setup=Setup(meter=object())
    )
    assert (seen[0].spent_s, seen[0].seconds, seen[0].most) == (2.0, 5.0, 9)


class SlowMeter:
    """One that takes three seconds to start."""

    def __init__(self, clock: list[int]) -> None:
        self.clock = clock

    def __enter__(self) -> SlowMeter:
        self.clock[0] += 3 * 10**9
        return self

    def __exit__(self, *error: object) -> None:
        return None


def test_the_start_of_the_recorder_and_as_long_for_its_end_count_towards_the_time(monkeypatch) -> None:
    clock, seen = [0], []
    for module in (experiments, taking_turns):
        monkeypatch.setattr(module, "now_ns", lambda: clock[0])
    monkeypatch.setattr(experiments, "Meter", lambda *sources, **how: SlowMeter(clock))
    monkeypatch.setattr(experiments, "repeat_until_known", lambda *given: seen.append(given[3].limits))
    powermeter.bench(lambda: clock.__setitem__(0, clock[0] + 10**9), at_most="20s", setup=Setup())
    powermeter.bench(lambda: clock.__setitem__(0, clock[0] + 10**9), at_most="5s", setup=Setup())
    assert [limits.spent_s for limits in seen] == [
        3 + 2 + 3,
        3 + 1 + 3,
    ]  # two calls, one where no time is left


@pytest.mark.parametrize("precision", [0, -0.1, 2, float("nan")])
@pytest.mark.parametrize("function", [powermeter.bench, powermeter.versus, powermeter.sweep])
def test_what_cannot_be_measured_is_refused_before_anything_opens(monkeypatch, function, precision) -> None:
    monkeypatch.setattr(experiments, "Meter", lambda *sources, **how: pytest.fail("it was opened"))
    given = {"versus": (quick, slow)}.get(function.__name__, (quick,))
    values = {"batch": [1, 2]} if function is powermeter.sweep else {}
    with pytest.raises(ConfigurationError, match="precision"):
        function(*given, precision=precision, **values)
    with pytest.raises(ConfigurationError, match="cannot be called"):
        function(*(None for _ in given), **values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"a": [1, 2], "b": [1]},
        {"a": [1]},
        {"a": [1, 1]},
        {"a": [1, 1.0]},
        {"a": [1, True]},
        {"a": [[1], [2]]},
        {"a": [1, 2], "name": "x[1]"},
    ],
)
def test_a_sweep_has_one_parameter_of_different_values(values) -> None:
    with pytest.raises(ConfigurationError):
        powermeter.sweep(lambda **_: None, **values)


@pytest.mark.parametrize(
    ("precision", "programs", "known"), [(0.125, True, True), (0.124, True, False), (0.5, False, False)]
)
def test_a_ratio_is_as_precise_as_half_of_its_interval(precision, programs, known) -> None:
    """1.5 (1.375 to 1.625) is known to 12.5 % of A: of programs, and not of what single runs used."""
    row = SimpleNamespace(
        ratio=Result(1.5, "1", 1.375, 1.625), design=SimpleNamespace(about_programs=programs)
    )
    assert experiments.is_precise(row, precision) is known
    assert not experiments.is_precise(SimpleNamespace(ratio=None), precision)
