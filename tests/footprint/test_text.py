"""A footprint in words: units, intervals, what is given and what is not, and the arithmetic line by line."""

from __future__ import annotations

import math

import pytest

from powermeter.footprint import footprint, text
from powermeter.footprint.place import parse_place
from powermeter.result import Grade, Result

KWH = Result.of(3.6e6, "J", {"gain:m": 3.6e4})


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0123, "g", "12 mg CO2e"),
        (1234.0, "g", "1.2 kg CO2e"),
        (2.5, "L", "2.5 L"),
        (1.5e-9, "kg Sb eq", "1.5 µg Sb eq"),
        (0.4, "kg", "400 g"),
        (None, "g", "–"),
    ],
)
def test_an_amount_is_in_the_unit_that_people_use(value, unit, words) -> None:
    assert text.amount(value, unit) == words


def test_an_interval_is_in_the_same_unit_as_its_value() -> None:
    assert text.interval(Result(1.9e-4, "g", 1.5e-4, 2.5e-4)) == "190 µg CO2e (150 to 250)"
    assert text.ranged(2e-9, 1e-9, 4e-9, "kg Sb eq").text == "2.0 µg Sb eq (1.0 to 4.0)"
    assert text.ranged(3.0, 2.0, 5.0, "L", 1).text == "3 L (2 to 5)"


def test_every_line_of_a_kilowatt_hour_in_france() -> None:
    whole = footprint(KWH, place="FR")
    lines = text.summary_lines(whole)
    assert lines[0].startswith("energy: ") and ", measured; " in lines[0]
    assert lines[1].startswith("place: France (FRA") and lines[1].endswith(", location-based")
    (carbon,) = [line for line in lines if line.startswith("carbon: ")]
    assert carbon == f"carbon: {text.interval(whole.carbon, whole.digits('carbon'))}"
    assert "water on site: none at a device" in lines
    assert "water withdrawn: – (needs the cooling systems; never added to consumption)" in lines
    assert lines[-2:] == [text.SCOPES, text.CANNOT_SEE]
    measured, factors = (
        0.01,
        math.sqrt(sum(part**2 for name, part in whole.carbon.parts.items() if name.startswith("factor:")))
        / whole.carbon.value,
    )
    (unsure,) = [line for line in lines if "standard uncertainty" in line]
    assert unsure.startswith(
        f"  standard uncertainty: {100 * measured:.1f} % from the measurement, {100 * factors:.0f} % from factors"
    )
    assert not any(line.startswith("WARNING") for line in lines)


def test_without_a_place_that_is_warned_of_first() -> None:
    whole = footprint(KWH)
    lines = text.summary_lines(whole)
    assert lines[0].startswith("WARNING: ") and "place: unknown; carbon" in "\n".join(lines)
    named = footprint(KWH, place=parse_place("DE"))
    assert any("Germany (DEU" in line for line in text.summary_lines(named))


def test_an_energy_that_nobody_measured_says_so_beside_each_number() -> None:
    guessed = Result(3.6e6, "J", 3.4e6, 3.8e6, Grade.ASSUMED)
    lines = text.summary_lines(footprint(guessed, place="FR"))
    assert any(line.startswith("carbon: ") and line.endswith(", of assumed energy") for line in lines)


def test_the_arithmetic_is_printed_with_its_numbers() -> None:
    whole = footprint(KWH, place="FR")
    lines = text.explained(whole)
    assert lines[0] == "the arithmetic (central values, 1 kWh = 3.6e6 J):"
    assert lines[1].startswith("carbon, ") and " = " in lines[1]
    assert "    energy = 3600000 J" in lines or any("= 3600000 J" in line for line in lines)
    account = whole.accounts["carbon"]
    assert f"    = {account.lines[0].value:.9g} g" in lines
    full = text.to_text(whole, explain=True).splitlines()
    assert full[-len(lines) :] == lines and "factors used:" in full
    assert "the arithmetic" not in text.to_text(whole)
    assert sum(line.startswith("  ") for line in full[full.index("factors used:") + 1 :]) >= len(
        whole.factors_used
    )
