"""SCI for AI: hand-made sums, also where the published draft's own examples are wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.sci_ai import consumer, of_tokens, provider
from powermeter.result import Result


def grams(value: float) -> Result:
    return Result(value, "g", value / 2, value * 2)


def test_consumer_per_token() -> None:
    """5000 + 1500 kg a week over 50e9 tokens: 130 kg per 1e9, 130 g per 1e6 (the draft prints 0.13 g)."""
    found = consumer(grams(6500e3), 50e9)
    assert found.per(1e9).value == pytest.approx(130e3)
    assert found.per(1e6).value == pytest.approx(130)
    assert "130 g CO2e per million tokens" in found.lines()[0]


def test_provider_per_parameter() -> None:
    """75 000 kg over 2.5e9 parameters: 30 000 kg per 1e9 (the draft prints 3000, and then 30)."""
    found = provider(grams(75e6), 2.5e9, "parameter", "gross: all weights are used")
    assert found.per(1e9).value == pytest.approx(30e6)
    assert "per billion parameters" in found.lines()[0]


@pytest.mark.parametrize("kind", ["translation", "voice"])
def test_characters_are_too_small_to_print_one_by_one(kind: str) -> None:
    """6 g over 3e6 characters: 2 g per 1e6."""
    assert (
        "2.0 g CO2e per million characters (1.0 g CO2e to 4.0 g CO2e, 95 %)"
        in consumer(grams(6), 3e6, kind).lines()[0]
    )


def test_images_are_printed_one_by_one() -> None:
    assert "2.0 g CO2e per image (1.0 g" in consumer(grams(6), 3, "image").lines()[0]


def test_operations_are_printed_by_the_10_to_the_15() -> None:
    """6 g over 3e15 operations: 2 g per 1e15."""
    found = provider(grams(6), 3e15, "flop", "gross: all operations are counted")
    assert "2.0 g CO2e per 10^15 FLOPs" in found.lines()[0]


def test_prompt_and_generated_tokens_are_two_quotients() -> None:
    both, one = of_tokens(grams(10), generated=100, prompt=900)
    assert both.score.value == pytest.approx(0.01)
    assert one.score.value == pytest.approx(0.1)
    assert (both.notes, one.notes) == (("prompt and generated tokens",), ("generated tokens only",))
    assert len(of_tokens(grams(10), 100)) == 1


def test_a_window_is_not_called_a_score() -> None:
    window, period = consumer(grams(1), 1, "image"), consumer(grams(1), 1, "image", whole_period=True)
    assert "carbon of this run" in window.lines()[0] and "not an SCI score" in "\n".join(window.lines())
    assert period.lines()[0].startswith("SCI for AI (consumer)")


def test_the_interval_is_the_carbons() -> None:
    found = consumer(grams(10), 5, "inference").score
    assert (found.low, found.value, found.high) == pytest.approx((1, 2, 4))


@pytest.mark.parametrize(("units", "kind"), [(0, "llm"), (float("nan"), "llm"), (1, "poem")])
def test_impossible_consumers(units: float, kind: str) -> None:
    with pytest.raises(ConfigurationError):
        consumer(grams(1), units, kind)


@pytest.mark.parametrize(("unit", "counted"), [("token", "gross: x"), ("flop", ""), ("flop", "about")])
def test_a_provider_names_one_of_three_units_and_how_it_counted(unit: str, counted: str) -> None:
    with pytest.raises(ConfigurationError):
        provider(grams(1), 1e15, unit, counted)


@pytest.mark.parametrize("prompt", [-2.0, float("nan"), float("inf")])
def test_prompt_tokens_that_cannot_be(prompt: float) -> None:
    with pytest.raises(ConfigurationError, match="prompt tokens"):
        of_tokens(grams(1.0), 4, prompt)


def test_a_carbon_good_to_one_digit_has_one_digit_per_token() -> None:
    found = replace(consumer(grams(384.9e-6), 165), digits=1)
    assert "2 g CO2e per million tokens (1 g CO2e to 5 g CO2e, 95 %)" in found.lines()[0]
    assert found.lines()[1] == "  = 400 µg CO2e / 165 tokens"
