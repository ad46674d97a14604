"""What a kilowatt-hour of the grid brings with it: carbon, losses, water, by place: what it promises."""

from __future__ import annotations

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint.factors import given
from powermeter.footprint.generation_mix import check_mix, mix_of, water_of_mix
from powermeter.footprint.grid_of_place import PLACE_UNKNOWN, grid
from powermeter.footprint.place import parse_place


def test_mix_that_does_not_sum_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="sum to"):
        check_mix({"coal": 0.5, "gas": 0.3})
    with pytest.raises(ConfigurationError, match="no fuel"):
        check_mix({"lignite": 1.0})
    with pytest.raises(ConfigurationError, match="negative"):
        check_mix({"coal": 1.5, "gas": -0.5})


def test_water_by_mix_and_technology() -> None:
    """Half coal, half wind: half of 476 gal/MWh."""
    found = water_of_mix({"coal": 0.5, "wind": 0.5}, "test")
    assert found.central == pytest.approx(0.5 * 476 * 3.785411784 / 1000)
    assert found.high / found.central == pytest.approx(2)
    assert water_of_mix({"hydro": 1.0}, "test").high == pytest.approx(4 * 4491 * 3.785411784 / 1000)
    assert sum(mix_of("FRA").values()) == pytest.approx(1)


def test_withdrawal_names_every_fuel_whose_cooling_is_missing() -> None:
    from powermeter.footprint.generation_mix import withdrawal_of_mix

    mix = {"coal": 0.4, "gas": 0.3, "nuclear": 0.2, "wind": 0.1}
    with pytest.raises(ConfigurationError) as caught:
        withdrawal_of_mix(mix, {"gas": {"tower": 1.0}}, "XXX")
    for wanted in ("coal (40.0 %)", "nuclear (20.0 %)", "coal = { tower = 1.0 }", "once_through"):
        assert wanted in str(caught.value)
    assert "gas (" not in str(caught.value)


def test_what_is_not_known_of_a_place_is_a_warning_each() -> None:
    """No place: everything is the world's range. An own intensity without a place: losses and water still are."""
    assert [note.code for note in grid(None).warnings] == [PLACE_UNKNOWN]
    own = given("grid.carbon", 50.0, "g/kWh", low=40.0, high=60.0)
    found = grid(None, own)
    assert [note.code for note in found.warnings] == ["losses-unknown"] and found.carbon is own
    assert found.losses.geography == "WLD"
    france = grid(parse_place("FR"))
    assert (
        "losses-unknown" not in [note.code for note in france.warnings] and france.losses.geography == "FRA"
    )


def test_carbon_rebuilt_from_a_mix_has_its_spread_on_both_sides() -> None:
    """Half wind, half nuclear: 11 and 12 g/kWh, the medians of AR5 (Annex III, table A.III.2); times and over 1.28."""
    from powermeter.footprint.generation_mix import MIX_SPREAD, carbon_of_mix

    found = carbon_of_mix({"wind": 0.5, "nuclear": 0.5})
    assert found.central == pytest.approx(11.5) and MIX_SPREAD == 1.28
    assert (found.low, found.high) == pytest.approx((11.5 / 1.28, 11.5 * 1.28))
    nearly = carbon_of_mix(
        {"wind": 0.495, "nuclear": 0.495}
    )  # shares within 2 % of the whole are brought to it
    assert nearly.central == pytest.approx(11.5)


@pytest.mark.parametrize(("share", "refused"), [(0.489, True), (0.491, False), (0.509, False), (0.511, True)])
def test_shares_are_within_two_percent_of_the_whole(share: float, refused: bool) -> None:
    if refused:
        with pytest.raises(ConfigurationError, match="sum to"):
            check_mix({"wind": share, "nuclear": share})
    else:
        assert sum(check_mix({"wind": share, "nuclear": share}).values()) == pytest.approx(1.0)


def test_factors_made_of_a_mix_name_the_year_and_the_grade_of_their_source() -> None:
    """NREL/TP-6A20-50900 (March 2011) for water; AR5 of working group III (2014) for carbon."""
    from powermeter.footprint.generation_mix import carbon_of_mix

    water, carbon = water_of_mix({"wind": 1.0}, "test"), carbon_of_mix({"wind": 1.0})
    assert (water.year, water.unit, water.basis) == (2011, "L/kWh", "consumption")
    assert (carbon.year, carbon.unit, carbon.basis) == (2014, "g/kWh", "lifecycle")
    assert water.provenance == carbon.provenance == "D"


@pytest.mark.parametrize(("hydro", "spread"), [(0.08, 2.0), (0.4, 4.0)])
def test_where_most_water_is_charged_to_reservoirs_it_is_known_to_a_factor_of_four(
    hydro: float, spread: float
) -> None:
    """4491 gallons per MWh of hydro, 687 of coal: the half is at 13 % of hydro."""
    found = water_of_mix({"hydro": hydro, "coal": 1 - hydro}, "test")
    assert found.high / found.central == pytest.approx(spread) and found.central / found.low == pytest.approx(
        spread
    )
