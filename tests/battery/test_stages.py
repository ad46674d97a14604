"""Stages of the course: labels with a budget, passed, failed or unclear."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.stages import Stage, StageOutcome, StageVerdict, check, parse_stage
from powermeter.channel import Boundary, Rail
from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result

BUDGET = Battery("4Ah")


SENSED, DERIVED = (SimpleNamespace(direct=lambda of, found=found: found) for found in ("a current", None))


def analysis(coulombs: float, uncertainty: float = 10.0) -> SimpleNamespace:
    charge = Result.of(coulombs, "C", {"gain:m": uncertainty})
    row = SimpleNamespace(
        label="infer",
        title="infer",
        group={},
        charge=charge,
        energy=charge.scaled(5, "J"),
        charge_per_item=charge.scaled(0.01),
        energy_per_item=charge.scaled(0.05, "J"),
        per_item=charge.scaled(0.05, "J"),
        expected_per_item=charge.scaled(0.05, "J"),
        share=None,
        power=Result.of(2.0, "W"),
    )
    return SimpleNamespace(rows=(row,), charge=charge, energy=row.energy, power=row.power, line=SENSED)


@pytest.mark.parametrize(
    ("coulombs", "verdict", "passed"),
    [
        (14_000, StageVerdict.PASS, True),
        (15_000, StageVerdict.FAIL, False),
        (14_395, StageVerdict.UNCLEAR, True),
        (14_405, StageVerdict.UNCLEAR, False),
    ],
)
def test_verdicts(coulombs: float, verdict: StageVerdict, passed: bool) -> None:
    outcome = check(Stage("infer", BUDGET), analysis(coulombs))
    assert (outcome.verdict, outcome.passed) == (verdict, passed)
    assert verdict.value in outcome.line()


def test_planned_items_are_counted_without_the_warm_up_and_with_the_scatter_between_events() -> None:
    """What these 100 events used holds a warm-up of a tenth; 1000 more will use a tenth less, ± the scatter too."""
    found = analysis(14_000, 0.0)
    row = found.rows[0]
    row.per_item = replace(row.energy_per_item.scaled(0.9), low=0.0, parts={"repeats:infer": 10.0})
    outcome = check(Stage("infer", BUDGET, 1000), found)
    plain = check(Stage("infer", BUDGET, 1000), analysis(14_000, 0.0))
    assert outcome.share.value == pytest.approx(0.9 * plain.share.value)
    assert outcome.share.half_width > plain.share.half_width


def test_a_number_of_items() -> None:
    """144 C over 100 items: 10 000 of them are 14 400 C, the whole of 4 Ah."""
    outcome = check(parse_stage("infer:10000=4Ah", BUDGET), analysis(144.0, 0.0))
    assert outcome.share.value == pytest.approx(1.0)


def test_whole_recording_and_energy_budget() -> None:
    outcome = check(parse_stage("*=20Wh", BUDGET), analysis(7200.0))
    assert outcome.share.value == pytest.approx(0.5)


def test_a_charge_derived_with_another_voltage_is_counted_again() -> None:
    """14 400 C at a nominal 5 V are 72 kJ; at the 10 V the user names they are half the charge."""
    derived = analysis(14_400.0)
    derived.charge, derived.line = replace(derived.charge, grade=Grade.DERIVED), DERIVED
    assert check(Stage("*", BUDGET), derived, 5.0).share.value == pytest.approx(1.0)
    assert check(Stage("*", BUDGET), derived, 10.0).share.value == pytest.approx(0.5)
    assert check(Stage("*", BUDGET), analysis(14_400.0), 10.0).share.value == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["=4Ah", "infer:x=4Ah", "infer:0=4Ah", "infer=4"])
def test_bad_stages(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_stage(text, BUDGET)


def test_unknown_label_names_the_known() -> None:
    with pytest.raises(ConfigurationError, match="there is infer"):
        check(Stage("train", BUDGET), analysis(1.0))
    with pytest.raises(ConfigurationError, match="no number of items"):
        check(Stage("*", BUDGET, 5), analysis(1.0))


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict", "passed"),
    [
        (1.0, 0.9, 1.0, StageVerdict.PASS, True),  # all of it is still within
        (1.0, 0.9, 1.1, StageVerdict.UNCLEAR, True),
        (1.05, 1.0, 1.1, StageVerdict.UNCLEAR, False),
        (1.05, 1.01, 1.1, StageVerdict.FAIL, False),
        (0.5, 0.4, 0.6, StageVerdict.PASS, True),
    ],
)
def test_a_whole_charge_is_within_its_budget(value, low, high, verdict, passed) -> None:
    outcome = StageOutcome(Stage("infer", Battery("4Ah"), 1200), Result(value, "1", low, high))
    assert (outcome.verdict, outcome.passed) == (verdict, passed)
    assert outcome.line().startswith("infer for 1,200 items: ") and outcome.line().endswith(
        f": {verdict.value}"
    )


@pytest.mark.parametrize("voltage", [None, 12.0])
def test_of_what_no_battery_of_five_volts_feeds_the_voltage_is_asked_for(voltage: float | None) -> None:
    """346 W for 300 s: at 12 V 8650 C, six tenths of 4 Ah; at the 5 V once advised it would have been 1.4 of it."""
    card = SimpleNamespace(
        charge=None,
        energy=Result(103_800.0, "J", 102_000.0, 105_600.0, Grade.MEASURED),
        power=Result(346.0, "W", 340.0, 352.0, Grade.MEASURED),
        line=SimpleNamespace(
            rail=Rail("gpu0", covers="a graphics card", boundary=Boundary.DEVICE), direct=lambda _: None
        ),
    )
    stage = Stage("*", BUDGET)
    if voltage is not None:
        assert check(stage, card, voltage).share.value == pytest.approx(103_800 / 12 / 14_400)
        return
    with pytest.raises(ConfigurationError, match=r"graphics card.*--rail-voltage 12V.*\(\*=20Wh\)"):
        check(stage, card)
