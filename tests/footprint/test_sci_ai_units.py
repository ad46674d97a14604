"""The units of SCI for AI from the command line's options: hand-made sums for the consumer and the provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermeter import cli
from powermeter.analysis.subject import Subject
from powermeter.errors import ConfigurationError
from powermeter.footprint.footprint_options import FootprintOptions
from powermeter.footprint.sci_ai_units import ai_scores
from powermeter.result import Result


def grams(value: float) -> Result:
    return Result(value, "g", value / 2, value * 2)


def asked(**options: Any) -> Any:
    return ai_scores(FootprintOptions(**options), Subject("x", items=8, tokens=200), grams(75e6))[0]


@pytest.mark.parametrize(
    ("options", "per_unit", "shown"),
    [
        # 75 t over 2.5e9 parameters: 30 t per 1e9
        (
            {"ai": "parameter", "units": 2.5e9, "counted": "gross: all weights"},
            0.03,
            "30 t CO2e per billion parameters",
        ),
        # 75 t over 3e21 FLOP: 25 g per 1e15
        (
            {"ai": "flop", "units": 3e21, "counted": "effective: useful ones"},
            2.5e-14,
            "25 g CO2e per 10^15 FLOPs",
        ),
        # 75 t over 5e10 training tokens: 1.5 t per 1e9
        (
            {"ai": "training-token", "units": 5e10, "counted": "gross: with padding"},
            1.5e-3,
            "1.5 t CO2e per billion training tokens",
        ),
    ],
)
def test_a_providers_units(options: dict[str, Any], per_unit: float, shown: str) -> None:
    score = asked(**options)
    assert score.score.value == pytest.approx(per_unit)
    assert score.persona == "provider"
    text = "\n".join(score.lines())
    assert shown in text or shown.replace(" t ", " Mg ") in text
    assert f"units counted: {options['counted']}" in text


def test_training_tokens_may_be_what_the_events_carry() -> None:
    assert asked(ai="training_token", counted="gross: x").units == 200
    assert asked(ai="training_token", counted="gross: x", tokens=50).units == 50


@pytest.mark.parametrize(("kind", "units"), [("inference", 8), ("image", 8), ("agent", 8), ("llm", 200)])
def test_a_consumers_units_are_what_was_counted(kind: str, units: float) -> None:
    score = asked(ai=kind)
    assert (score.persona, score.units, score.score.value) == ("consumer", units, pytest.approx(75e6 / units))
    assert asked(ai=kind, units=4).units == 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"ai": "flop", "counted": "gross: x"}, "how many FLOP"),
        ({"ai": "flop", "units": 1e15}, "--counted"),
        ({"ai": "parameter", "units": 1e9, "counted": "about"}, "gross or effective"),
        ({"ai": "parameter", "units": -1.0, "counted": "gross: x"}, "above zero"),
        ({"ai": "image", "counted": "gross: x"}, "--counted is for"),
        ({"ai": "poem"}, "no such kind"),
    ],
)
def test_what_is_missing_is_asked_for(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        asked(**options)


def test_boundary_and_period_are_the_users() -> None:
    score = asked(ai="image", boundary="inference servers, caches", whole_period=True)
    assert score.boundary == ("inference servers", "caches")
    assert score.lines()[0].startswith("SCI for AI (consumer)")
    assert asked(ai="image").boundary == ("client devices",)
    assert asked(ai="image", pue="1.2").boundary == ("inference servers",)


def test_the_command_divides_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """10 kWh × 400 g/kWh without losses = 4 kg; over 2e9 training tokens 2 g per million, 2 kg per billion."""
    command = "footprint --energy 10kWh --intensity 400 --no-losses --ai training-token --units 2e9 --json"
    assert cli.run([*command.split(), "--counted", "gross: every token read"]) == 0
    (score,) = json.loads(capsys.readouterr().out)["sci_ai"]
    assert score["score"]["value"] == pytest.approx(2e-6)
    assert (score["persona"], score["unit"]) == ("provider", "training token")
    assert (score["units"], score["counted"]) == (2e9, "gross: every token read")
