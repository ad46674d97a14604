"""The footprint of a measured energy: values, intervals, places, loudness."""

from __future__ import annotations

import math

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint, given, intensity_of, parse_place, to_text
from powermeter.footprint.account_lines import split_variance
from powermeter.footprint.footprint_of_energy import DataCentre, Rates
from powermeter.result import Grade, Result

KWH = Result.of(3.6e6, "J", {"gain:rail": 3.6e4})


def test_france_as_metered_is_the_table_value() -> None:
    """footprint.md section 8, example 12: FRA 0.056039 kg per kWh."""
    assert footprint(KWH, "FRA", losses=False).carbon.value == pytest.approx(56.039, rel=1e-6)


@pytest.mark.parametrize(("place", "grams"), [("USA", 369.473), ("USA-CA", 179.06420631253)])
def test_usa_and_california(place: str, grams: float) -> None:
    assert footprint(KWH, place, losses=False).carbon.value == pytest.approx(grams, rel=1e-6)


def test_phone_at_the_wall() -> None:
    """Example 17: 1 J in the device, charging 0.75, losses 5.5 %, USA."""
    joule = Result.of(1.0, "J", {})
    found = footprint(joule, "USA", chain=0.75)
    assert found.carbon.value == pytest.approx(1.4109347 / 3.6e6 * 369.473, rel=1e-7)
    assert found.carbon.value == pytest.approx(1.4480619e-4, rel=1e-7)


def test_water_of_a_data_centre() -> None:
    """Example 11, Li et al.: 1287 MWh, WUE 0.55, PUE 1.17, EWIF 3.142 L/kWh (USA as printed by WRI)."""
    energy = Result.of(1287e3 * 3.6e6, "J", {})
    found = footprint(
        energy,
        "USA",
        losses=False,
        centre=DataCentre(pue=given("datacentre.pue", 1.17, "1"), wue=given("datacentre.wue", 0.55, "L/kWh")),
    )
    assert found.water_on_site is not None
    assert found.water_on_site.value == pytest.approx(707_850)
    assert found.water.value == pytest.approx(1287e3 * 1.17 * 3.142, rel=1e-4)


def test_unknown_place_is_loud_and_rounded() -> None:
    found = footprint(KWH)
    assert any("place unknown" in text for text in found.warnings)
    assert found.place is None
    text = to_text(found)
    assert text.startswith("WARNING: place unknown")
    assert "carbon: 500 g CO2e (" in text
    assert found.carbon.value == pytest.approx(475 / 0.93)


def test_known_place_has_two_digits() -> None:
    assert "carbon: 56 g CO2e" in to_text(footprint(KWH, "FRA", losses=False))


def test_country_without_a_usable_factor_is_loud() -> None:
    """The Central African Republic stands at 0 g in the sources: a rounding artefact, not a grid."""
    found = footprint(KWH, "CAF", losses=False)
    assert found.carbon.value == pytest.approx(475)
    assert any("no usable carbon factor for CAF" in text for text in found.warnings)


def test_every_kind_has_low_central_high_and_factors() -> None:
    found = footprint(KWH, "DEU", chain="wired")
    for result in (found.carbon, found.water, found.adpe):
        assert 0 < result.low < result.value < result.high
    assert [item.name for item in found.factors_used] == [
        "chain.wired",
        "grid.losses",
        "grid.carbon",
        "grid.water",
        "electricity.adpe",
    ]
    for item in found.factors_used:
        for word in (item.source.title, item.source.licence, str(item.year)):
            assert word in item.describe()


def test_water_on_site_and_withdrawal_are_told_apart() -> None:
    found = footprint(KWH, "FRA")
    assert found.water_on_site is not None and found.water_on_site.value == 0
    assert found.water_withdrawal is None
    cooling = {
        fuel: {"once_through": 0.5, "tower": 0.5} for fuel in ("coal", "gas", "oil", "nuclear", "bioenergy")
    }
    found = footprint(KWH, "FRA", cooling=cooling)
    assert found.water_withdrawal is not None
    assert found.water_withdrawal.value > 10 * found.water.value


def test_a_data_centre_without_wue_has_no_figure_on_site() -> None:
    found = footprint(KWH, "USA", centre=DataCentre(pue=given("datacentre.pue", 1.2, "1")))
    assert found.water_on_site is None
    assert "state its WUE" in to_text(found)


def test_analytic_interval_of_a_product() -> None:
    """sigma² adds in the logarithm; the meter's 1 % counts beside the factor's range."""
    found = footprint(KWH, "FRA", losses=False).carbon
    factor_sigma = math.log(67.2468 / 44.1791) / 3.289707
    assert math.log(found.high / found.low) == pytest.approx(
        2 * 1.959964 * math.hypot(factor_sigma, 0.01), rel=1e-4
    )
    measured, factors = split_variance(found)
    assert measured == pytest.approx(0.01, rel=1e-3)
    assert factors == pytest.approx(factor_sigma, rel=1e-3)


@pytest.mark.parametrize("joule", [-1.0, float("nan"), float("inf")])
def test_a_negative_or_unknown_energy_has_no_footprint(joule: float) -> None:
    with pytest.raises(ConfigurationError, match="no footprint"):
        footprint(Result(joule, "J", -2.0, 2.0), "FRA")


def test_an_energy_whose_interval_reaches_zero_is_a_bound() -> None:
    found = footprint(Result.of(1.0, "J", {"baseline:x": 2.0}), "FRA")
    assert found.carbon.low == 0 < found.carbon.value
    assert "carbon: at most" in to_text(found)


@pytest.mark.parametrize(
    "energy",
    [
        Result.of(0.0765, "J", {"repeats:infer": 0.06}),
        Result(0.0765, "J", 0.0, 0.13, parts={"repeats:infer": 0.03}),
        Result(0.0765, "J", 0.0, 0.5, parts={"repeats:infer": 0.03}),
        Result.at_most(0.13, "J"),
        Result.of(0.0, "J", {"repeats:infer": 0.06}),
    ],
)
def test_a_footprint_of_what_may_be_nothing_is_not_negative_nor_surer_than_of_its_value(
    energy: Result,
) -> None:
    """No account ends below 0; the upper end is at least the exact value's, and the energy's own times the factor."""
    exact = footprint(Result(energy.value, "J", energy.value, energy.value), None)
    top = footprint(Result(energy.high, "J", energy.high, energy.high), None)
    for name, account in footprint(energy, None).accounts.items():
        found = account.result
        assert found.low == 0, name
        assert found.high >= 0.99 * exact.accounts[name].result.high, name
        assert found.high >= 0.99 * top.accounts[name].result.value, name
        assert found.high <= 1.1 * top.accounts[name].result.high, name


def test_a_bound_of_energy_stays_a_bound_of_carbon() -> None:
    least = footprint(Result.at_least(2.0, "J"), "FRA").carbon
    exact = footprint(Result(2.0, "J", 2.0, 2.0), "FRA").carbon
    assert least.low == pytest.approx(exact.low, rel=0.05)
    assert math.isinf(least.high)
    most = footprint(Result.at_most(2.0, "J"), "FRA").carbon
    assert most.low == 0
    assert most.high == pytest.approx(exact.high, rel=0.05)


@pytest.mark.parametrize("grade", list(Grade))
def test_the_energys_grade_is_on_every_account(grade: Grade) -> None:
    found = footprint(Result.of(1.0, "J", {}, grade), "FRA")
    accounts = [
        line for line in to_text(found).splitlines() if line.startswith(("carbon: ", "water c", "min"))
    ]
    seen = grade in (Grade.MEASURED, Grade.DERIVED)
    assert len(accounts) == 3
    assert [f"of {grade.value} energy" in line for line in accounts] == [not seen] * 3
    assert found.record()["energy_grade"] == grade.value
    assert found.carbon.grade.rank >= grade.rank


def test_user_intensity() -> None:
    found = footprint(KWH, "FRA", losses=False, rates=Rates(carbon=intensity_of(300)))
    assert found.carbon.value == pytest.approx(300)
    for bad in (0, -5, 5000, float("nan")):
        with pytest.raises(ConfigurationError):
            intensity_of(bad)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("FRA", "FRA"),
        ("fr", "FRA"),
        ("France", "FRA"),
        ("USA-CA", "USA-CA"),
        ("US-CA", "USA-CA"),
        ("usa-california", "USA-CA"),
        ("CHN-Beijing", "CHN-BJ"),
    ],
)
def test_spellings_of_places(typed: str, code: str) -> None:
    assert parse_place(typed).code == code


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("FRX", "FRA"), ("Frence", "France"), ("USA-Califrnia", "california"), ("", "there are")],
)
def test_unknown_places_offer_the_nearest(typed: str, offered: str) -> None:
    with pytest.raises(ConfigurationError, match=offered):
        parse_place(typed)


def test_energy_only_in_joule() -> None:
    with pytest.raises(ConfigurationError, match="in J"):
        footprint(Result.of(1.0, "Wh"), "FRA")


def test_pue_and_chain_exclude_each_other() -> None:
    with pytest.raises(ConfigurationError, match="PUE"):
        footprint(KWH, "FRA", chain=0.8, centre=DataCentre(pue=given("datacentre.pue", 1.2, "1")))


@pytest.mark.parametrize("chain", ["0", "1.2", "-1", "cable", "0.5..0.9"])
def test_bad_chains(chain: str) -> None:
    with pytest.raises(ConfigurationError):
        footprint(KWH, "FRA", chain=chain)


def test_the_boundary_states_what_losses_divide_by() -> None:
    """Of 100 kWh generated some are lost: what is left divides, which adds more than their share (footprint of 1 kWh, by both accounts)."""
    found = footprint(KWH, "FRA")
    steps = found.carbon_steps()
    kept = steps["at the meter"] / sum(steps.values())
    assert (
        f"divided by {kept:.3g} ({100 * (1 - kept):.1f} % of what is generated is lost in the grid)"
        in to_text(found)
    )


def test_losses_and_charging_stand_beside_what_was_metered() -> None:
    """The number of other tools for the same kWh stays visible: 56.039 g in France."""
    found = footprint(KWH, "FRA", chain=0.8)
    steps = found.carbon_steps()
    assert steps["at the meter"] == pytest.approx(56.039, rel=1e-6)
    assert sum(steps.values()) == pytest.approx(found.carbon.value)
    assert (
        "electricity: at the meter 56 g CO2e, charging, adapter or site 14 g CO2e, grid losses 5.3 g CO2e"
        in to_text(found)
    )


def test_explain_walks_the_arithmetic() -> None:
    text = to_text(footprint(KWH, "FRA", chain="wired"), explain=True)
    assert "carbon, electricity = energy / chain / (1 - losses) × intensity" in text
    assert "intensity = 56.039 g/kWh" in text


def test_all_water_consumed_is_that_of_the_stations_where_none_evaporates_on_site() -> None:
    """A device evaporates none: all is the stations'.  A data centre does: 1 kWh x 1.17 x (0.55 / 1.17 + 3.142), or nobody knows."""
    device = footprint(KWH, "USA", losses=False)
    assert device.water_consumed is not None and device.water_consumed.value == device.water.value
    assert device.water_on_site is not None and device.water_on_site.value == 0.0
    pue, wue = given("datacentre.pue", 1.17, "1"), given("datacentre.wue", 0.55, "L/kWh")
    known = footprint(KWH, "USA", losses=False, centre=DataCentre(pue=pue, wue=wue)).water_consumed
    assert known is not None and known.value == pytest.approx(0.55 + 1.17 * 3.142, rel=1e-4)
    unknown = footprint(KWH, "USA", losses=False, centre=DataCentre(pue=pue))
    assert unknown.water_consumed is None and unknown.water_on_site is None and unknown.water.value > 3
