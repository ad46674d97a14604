"""What a battery says of a recording: rounds, tokens, stages and what packs of one name differ by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulated_day import simulate_day

from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import find
from powermeter.battery.assessment import assess
from powermeter.battery.budget_options import BudgetOptions
from powermeter.battery.cell import Cell, derating_at
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.battery.presets import presets
from powermeter.battery.simulated_discharge import discharge
from powermeter.errors import ConfigurationError
from powermeter.events import Event
from powermeter.result import Grade, Result
from powermeter.testing.boards import NS, START_NS

WATTS = 0.1956
"""Ten seconds of it are 1.956 J, 6.5 mJ for each of 300 samples."""


def recorded(
    path: Path, label: str, each: list[dict[str, Any]], count: int = 1, watts: float = WATTS
) -> Path:
    events = [
        Event(
            label,
            START_NS + 10 * index * NS,
            START_NS + 10 * (index + 1) * NS,
            process=1,
            thread=1,
            uid=index + 1,
            count=count,
            attributes=attributes,
        )
        for index, attributes in enumerate(each)
    ]
    samples = [watts] * (10 * len(each) + 1)
    return simulate_day(path, samples, seconds_per_sample=1.0, events=events)


@pytest.mark.parametrize("rounds", [1, 4])
def test_a_federated_round_is_an_event_not_a_sample(tmp_path: Path, rounds: int) -> None:
    path = recorded(tmp_path / "r.power", "train", [{}] * rounds, count=300)
    found = find(path, Asked(label="train"))
    report = assess(found, BudgetOptions("4Ah@3.85V", sent="1MB", received="1MB"))
    energy, number = report.rounds()
    assert number == rounds
    assert energy.value == pytest.approx(1.956, rel=1e-6)
    assert report.record()["round"]["parts_j"]["training"] == pytest.approx(1.956, rel=1e-6)
    assert "1.956 J" in report.text()


def test_rounds_may_be_given_and_must_be_some(tmp_path: Path) -> None:
    path = recorded(tmp_path / "r.power", "train", [{}], count=300)
    found = find(path, Asked(label="train"))
    assert assess(found, BudgetOptions(sent="1MB", rounds=3)).rounds()[0].value == pytest.approx(
        0.652, rel=1e-6
    )
    with pytest.raises(ConfigurationError, match="above zero"):
        assess(found, BudgetOptions(sent="1MB", rounds=0)).rounds()
    with pytest.raises(ConfigurationError, match="needs its training"):
        assess(None, BudgetOptions(sent="1MB")).rounds()


def test_a_round_shows_the_network_by_byte_and_by_power(tmp_path: Path) -> None:
    found = find(recorded(tmp_path / "r.power", "train", [{}]), Asked(label="train"))
    report = assess(found, BudgetOptions(sent="5MB", received="5MB"))
    network = report.record()["round"]["network"]
    assert network["by_bytes"]["value"] != pytest.approx(network["by_power"]["value"], rel=0.1)
    assert "network by the byte" in report.text() and "network by its power" in report.text()


def test_tokens_a_charge_holds(tmp_path: Path) -> None:
    """1.956 J for 100 tokens, of 15.4 Wh: 2.834 million."""
    path = recorded(tmp_path / "g.power", "generate", [{"generated_tokens": 100}] * 3)
    report = assess(find(path, Asked(label="generate")), BudgetOptions("4Ah@3.85V"))
    tokens = report.tokens()
    assert tokens is not None
    assert tokens.value == pytest.approx(4 * 3.85 * 3600 / 0.01956, rel=1e-6)
    assert tokens.low < tokens.value < tokens.high
    assert "a charge holds 2,834,000 ± 27,000 generated tokens" in report.text()
    assert report.record()["tokens_per_charge"]["value"] == pytest.approx(tokens.value)


def test_tokens_typed_in_take_the_place_of_unknown_ones(tmp_path: Path) -> None:
    path = recorded(tmp_path / "g.power", "generate", [{}])
    found = find(path, Asked(label="generate"))
    assert assess(found, BudgetOptions("4Ah@3.85V")).tokens() is None
    tokens = assess(found, BudgetOptions("4Ah@3.85V", tokens=50)).tokens()
    assert tokens is not None and tokens.value == pytest.approx(4 * 3.85 * 3600 / (1.956 / 50), rel=1e-6)
    with pytest.raises(ConfigurationError, match="above zero"):
        assess(found, BudgetOptions(tokens=0)).tokens()


def test_stages_on_one_page(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.power", "infer", [{}] * 2)
    report = assess(
        find(path, Asked(rail_voltage="5V")), BudgetOptions(stages=("infer=1mAh", "*=1uAh", "infer:1e6=4Ah"))
    )
    verdicts = [outcome.verdict.value for outcome in report.outcomes()]
    assert verdicts[0] == "pass" and verdicts[1] == "fail"
    assert report.failed
    text = report.text()
    assert "stages (" in text and "kept" in text and "over" in text


def test_packs_of_one_name_differ_and_every_figure_says_so(tmp_path: Path) -> None:
    found = find(recorded(tmp_path / "r.power", "infer", [{}] * 40, watts=2.0), Asked())
    sure, generic = (
        assess(found, BudgetOptions("10.8Wh")),
        assess(found, BudgetOptions("18650", simulate=True)),
    )
    sure_record, generic_record = sure.record(), generic.record()
    for name in ("share_used", "hours"):
        narrow, wide = sure_record[name], generic_record[name]
        assert wide["high"] / wide["low"] > 1.5 * narrow["high"] / narrow["low"], name
    run = generic_record["discharge"]
    assert run["hours_low"] < run["hours"] < run["hours_high"]
    assert "such packs last" in generic.text()


def test_the_course_is_exact(tmp_path: Path) -> None:
    """4 Ah: 2 h at 2 A, 7 h at 0.571 A, 26 h at 0.154 A."""
    for amperes, hours in ((2.0, 2), (0.571, 7), (0.154, 26)):
        found = find(None, Asked(current=f"{amperes}A", duration="1h"))
        shown = assess(found, BudgetOptions()).record()["hours"]["value"]
        assert round(shown) == hours
        assert shown == pytest.approx(4 / amperes)


def test_the_pack_is_one_shared_doubt_against_use_and_for_its_hours() -> None:
    """More capacity is a smaller share used and more hours; a named pack adds nothing and keeps the grade."""
    generic, own = parse_battery("18650"), parse_battery("3Ah@3.6V")
    energy, power = Result.of(3600.0, "J", {"gain:m": 36.0}), Result.of(1.0, "W", {"gain:m": 0.01})
    share, hours = generic.share_used(energy), generic.hours(power)
    assert share.parts["factor:battery.capacity"] < 0 < hours.parts["factor:battery.capacity"]
    assert share.grade is hours.grade is Grade.ASSUMED
    assert own.share_used(energy).grade is own.hours(power).grade is Grade.DERIVED


def test_a_temperature_counts_in_the_simulation_as_well() -> None:
    """At a temperature that leaves d of the capacity the simulated cell lasts d times as long as at one that leaves all of it."""
    battery, _ = BudgetOptions(battery="18650", temperature=0.0).pack()
    warm, _ = BudgetOptions(battery="18650").pack()
    assert battery.derating == derating_at(presets()["18650"]["chemistry"], 0.0) < 1.0
    ideal = Cell((3.6, 3.6))
    cold_h, warm_h = (discharge(pack, ideal, [1.0], [2.0]).hours for pack in (battery, warm))
    assert cold_h / warm_h == pytest.approx(battery.derating, rel=1e-6)


def test_what_a_coin_cell_cannot_deliver_has_no_hours_and_no_count(tmp_path: Path) -> None:
    """3.1 V behind 20 ohm, down to 2 V: 2 V × 1.1 V / 20 ohm = 0.11 W at most."""
    for watts, can in ((0.1, True), (2.0, False)):
        path = recorded(tmp_path / f"{watts}.power", "infer", [{}] * 30, watts=watts)
        for asked in (Asked(label="infer"), Asked()):
            report = assess(find(path, asked), BudgetOptions("cr2032"))
            record, text = report.record(), report.text()
            assert (record["hours"] is not None) is can and (record["count"] is not None) is can
            assert ("cannot be drawn from CR2032" in text) is not can
            assert (record["overload"] is None) is can
            assert (record["share_used"] is not None) is can and (record["remaining"] is not None) is can
        plain_cell = assess(find(path, Asked()), BudgetOptions("225mAh@3V")).record()
        assert plain_cell["hours"] is not None, "a bare capacity has no cells that could fail"


def test_a_simulation_of_a_label_is_of_that_label(tmp_path: Path) -> None:
    events = [
        Event("infer", START_NS, START_NS + 100 * NS, process=1, thread=1, uid=1, count=1, attributes={})
    ]
    path = simulate_day(tmp_path / "r.power", [4.0] * 11 + [1.0] * 90, seconds_per_sample=10.0, events=events)
    options = BudgetOptions("18650", simulate=True)
    busy, whole = (assess(find(path, asked), options) for asked in (Asked(label="infer"), Asked()))
    alone, mixed = (report.record()["discharge"]["hours"] for report in (busy, whole))
    assert alone < 0.5 * mixed
    assert alone == pytest.approx(busy.record()["hours"]["value"], rel=0.1)
    assert "of infer alone" in busy.text() and "alone" not in whole.text()


def test_more_than_a_charge_is_counted_in_charges() -> None:
    report = assess(find(None, Asked(power="2.85W", duration="168h", rail_voltage=5.0)), BudgetOptions("4Ah"))
    assert ": 23.9 charges" in report.text() and "remaining: none" in report.text()


def test_a_warm_up_is_named_only_where_it_is_left_out(tmp_path: Path) -> None:
    lengths = [30] * 4 + [10] * 20
    starts = [sum(lengths[:i]) for i in range(24)]
    events = [
        Event(
            "infer",
            START_NS + at * NS,
            START_NS + (at + s) * NS,
            process=1,
            thread=1,
            uid=i + 1,
            count=1,
            attributes={},
        )
        for i, (at, s) in enumerate(zip(starts, lengths, strict=True))
    ]
    other = Event(
        "load", START_NS + 340 * NS, START_NS + 350 * NS, process=1, thread=1, uid=99, count=1, attributes={}
    )
    path = simulate_day(tmp_path / "r.power", [2.0] * 351, seconds_per_sample=1.0, events=[*events, other])
    named = {
        label: "warm-up" in assess(find(path, Asked(label=label)), BudgetOptions("4Ah@3.7V")).text()
        for label in ("infer", "load", None)
    }
    assert named == {"infer": True, "load": False, None: False}
