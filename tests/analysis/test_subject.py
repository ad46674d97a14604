"""What a budget, a footprint or a lifetime is asked of."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated_day import simulate_day

from powermeter.analysis.rail_voltage import ChargeOrigin
from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import find, find_all
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.result import Grade
from powermeter.testing.boards import NS, START_NS, Run, simulate_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("subjects")
    for seed in (1, 2):
        simulate_run(folder / f"{seed}.power", "pi-4", run=Run(inferences=30, batch=4, seed=seed))
    return folder


@pytest.mark.parametrize("items", [1, 0.5, 119])
def test_a_contradictory_count_is_used_and_reported(runs: Path, items: float) -> None:
    found = find(runs / "1.power", Asked(label="infer", items=items))
    own = find(runs / "1.power", Asked(label="infer"))  # 120 items
    assert own.per_item is not None and found.per_item is not None
    assert found.per_item.value == pytest.approx(own.per_item.value * 120 / items)
    (note,) = [note for note in found.notes if "--items" in note]
    assert f"--items {items:g} contradicts" in note
    assert "30 events of 'infer' count 120 items" in note


def test_the_same_count_is_no_contradiction(runs: Path) -> None:
    found = find(runs / "1.power", Asked(label="infer", items=120))
    assert not [note for note in found.notes if "--items" in note]


@pytest.mark.parametrize("items", [0, -3, float("inf"), float("nan")])
def test_impossible_counts(runs: Path, items: float) -> None:
    for paths in ([runs / "1.power"], [runs / "1.power", runs / "2.power"]):
        with pytest.raises(ConfigurationError, match="above zero"):
            find_all(paths, Asked(label="infer", items=items))


def test_several_recordings_take_one_count_between_them(runs: Path) -> None:
    paths = [runs / "1.power", runs / "2.power"]
    found = find_all(paths, Asked(label="infer"))
    assert (found.items, found.events) == (240, 60)
    assert found.energy is not None and found.per_item is not None
    assert found.per_item.value == pytest.approx(found.energy.value / 240)
    counted = find_all(paths, Asked(label="infer", items=60))
    assert counted.items == 60
    (note,) = [note for note in counted.notes if "--items" in note]
    assert "60 events of 'infer' count 240 items" in note
    unlabelled = find_all(paths, Asked(items=10))
    assert unlabelled.energy is not None and unlabelled.per_item is not None
    assert unlabelled.per_item.value == pytest.approx(unlabelled.energy.value / 10)


def test_the_same_recording_twice_is_refused(runs: Path) -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        find_all([runs / "1.power", runs / "1.power"], Asked())


@pytest.mark.parametrize(
    ("asked", "watts", "joules", "coulombs"),
    [
        (Asked(energy="10J", duration="5s"), 2.0, 10.0, None),
        (Asked(power="2W", duration="1h"), 2.0, 7200.0, None),
        (Asked(energy="10J", power="3W", duration="5s"), 3.0, 10.0, None),  # what is typed stays
        (Asked(power="2W"), 2.0, None, None),
        (Asked(current="100mA", duration="10s"), None, None, 1.0),
        (Asked(current="100mA", duration="10s", rail_voltage=5.0), 0.5, 5.0, 1.0),
        (Asked(current="100mA", rail_voltage=5.0), 0.5, None, None),
        (Asked(current="100mA", power="2W", rail_voltage=5.0), 2.0, None, None),
        (Asked(current="100mA", energy="8J", rail_voltage=5.0), None, 8.0, None),
    ],
)
def test_what_follows_from_typed_numbers(asked, watts, joules, coulombs) -> None:
    found = find(None, asked)
    values = [None if one is None else one.value for one in (found.power, found.energy, found.charge)]
    for value, expected in zip(values, (watts, joules, coulombs), strict=True):
        assert value is None if expected is None else value == pytest.approx(expected)
    assert (found.charge_origin is ChargeOrigin.TYPED) is (coulombs is not None)


def test_typed_numbers_are_divided_by_what_they_are_of() -> None:
    found = find(None, Asked(current="100mA", duration="10s", rail_voltage=5.0, items=4, per="frame"))
    assert found.item == "frame" and found.items == 4
    assert found.per_item is not None and found.per_item.value == pytest.approx(1.25)
    assert found.per_item_charge is not None and found.per_item_charge.value == pytest.approx(0.25)
    with pytest.raises(ConfigurationError, match="--items"):
        find(None, Asked(energy="10J", per="frame"))


def test_typed_numbers_are_assumed_and_above_zero() -> None:
    found = find(None, Asked(power="2W", duration="1h", items=10))
    assert found.energy is not None and found.per_item is not None
    assert (found.energy.value, found.energy.grade) == (7200, Grade.ASSUMED)
    assert found.per_item.value == 720
    for asked in (Asked(energy="0J"), Asked(energy="-3J"), Asked(power="-1W", duration="1h")):
        with pytest.raises(ConfigurationError, match="above zero"):
            find(None, asked)
    with pytest.raises(ConfigurationError, match="name a recording"):
        find(None, Asked())


def generated(path: Path, attributes: list[dict[str, object]]) -> Path:
    """Write 2 W, with an event of ten seconds for each of these attributes."""
    events = [
        Event(
            "generate",
            START_NS + 10 * index * NS,
            START_NS + 10 * (index + 1) * NS,
            process=1,
            thread=1,
            uid=index + 1,
            attributes=each,
        )
        for index, each in enumerate(attributes)
    ]
    samples = [2.0] * (10 * len(events) + 1)
    return simulate_day(path, samples, seconds_per_sample=1.0, events=events)


def test_tokens_are_those_the_events_carry(tmp_path: Path) -> None:
    one = {"generated_tokens": 100, "prompt_tokens": 20}
    path = generated(tmp_path / "g.power", [one, {**one, "generated_tokens": 60}])
    found = find(path, Asked(label="generate"))
    assert (found.tokens, found.prompt_tokens, found.events) == (160, 40, 2)
    twice = find_all([path, generated(tmp_path / "h.power", [one])], Asked(label="generate"))
    assert (twice.tokens, twice.prompt_tokens) == (260, 60)


@pytest.mark.parametrize(
    "attributes",
    [
        [{"generated_tokens": 100}, {}],
        [{"generated_tokens": "many"}],
        [{"generated_tokens": True}],
        [{"generated_tokens": 0}],
        [{"generated_tokens": float("nan")}],
        [{}],
    ],
)
def test_a_count_that_not_every_event_carries_is_none(
    tmp_path: Path, attributes: list[dict[str, object]]
) -> None:
    path = generated(tmp_path / "g.power", attributes)
    assert find(path, Asked(label="generate")).tokens is None
