"""Footprint reports: what is asked beside a footprint, from Python as from the command line."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from simulated_day import simulate_day

from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import Subject, find
from powermeter.errors import ConfigurationError
from powermeter.footprint.assessment import assess
from powermeter.footprint.embodied import WORKLOADS, device, tinyml
from powermeter.footprint.factors import given
from powermeter.footprint.footprint_options import FootprintOptions
from powermeter.footprint.minerals import adpe_of, composition, mineral
from powermeter.result import Grade, Result
from powermeter.result.notes import Note

HOUR = 3600 * 10**9
KWH = Asked(energy="1kWh", duration="2h")


# Energy that has a footprint -----------------------------------------------------------------------


@pytest.mark.parametrize("joule", [-1.0, float("nan")])
def test_a_negative_or_unknown_energy_has_no_footprint(joule: float) -> None:
    found = Subject("x", Result(joule, "J", joule, joule))
    with pytest.raises(ConfigurationError, match="no footprint"):
        assess(found, FootprintOptions(place="FRA"))
    with pytest.raises(ConfigurationError, match="needs energy"):
        assess(Subject("x"), FootprintOptions(place="FRA"))


@pytest.mark.parametrize("grade", [Grade.SIMULATED, Grade.ESTIMATED, Grade.ASSUMED])
def test_the_grade_of_the_energy_goes_along(grade: Grade) -> None:
    report = assess(
        Subject("x", Result.of(3600.0, "J", {"gain:m": 36.0}, grade)), FootprintOptions(place="FRA")
    )
    assert report.record()["energy_grade"] == grade.value
    for word in ("carbon: ", "water consumed: ", "minerals (ADPe): "):
        (line,) = [line for line in report.text().splitlines() if line.startswith(word)]
        assert line.endswith(f"of {grade.value} energy"), line
    measured = assess(Subject("x", Result.of(3600.0, "J", {"gain:m": 36.0})), FootprintOptions(place="FRA"))
    assert "of measured energy" not in measured.text()


def test_an_energy_that_may_be_nothing_prints_at_most() -> None:
    report = assess(Subject("x", Result.of(10.0, "J", {"noise:m": 20.0})), FootprintOptions(place="FRA"))
    assert "carbon: at most " in report.text()


# Making ---------------------------------------------------------------------------------------------


def test_a_device_reserved_for_its_whole_life_is_allocated_whole() -> None:
    """One year everywhere: 100 %, not 100.07 %."""
    report = assess(find(None, KWH), FootprintOptions(place="FRA", device="phone", life="4y", reserved="4y"))
    (making,) = [line for line in report.whole.accounts["carbon"].lines if "making" in line.name]
    assert making.value == pytest.approx(device("phone").value, rel=1e-12)


def test_the_minerals_of_a_device_are_counted_where_its_elements_are_known() -> None:
    options = FootprintOptions(place="FRA", device="phone", life="4y", reserved="1y")
    accounts = assess(find(None, KWH), options).whole.accounts
    (line,) = [line for line in accounts["adpe"].lines if "elements in the phone" in line.name]
    whole = adpe_of(composition("phone"), "elements in the phone")
    assert line.value == pytest.approx(whole.value / 4, rel=1e-3)
    laptop = assess(find(None, KWH), replace(options, device="laptop")).whole.accounts
    assert not any("elements in" in line.name for line in laptop["adpe"].lines)


@pytest.mark.parametrize(
    ("workload", "kg"),
    [("keyword_spotting", 2.66), ("anomaly_detection", 2.67), ("image_classification", 3.41)],
)
def test_tinyml_workloads_sum_to_the_study(workload: str, kg: float) -> None:
    assert sum(line.value for line in tinyml(workload=workload)) == pytest.approx(1000 * kg)
    made_and_used = 1000 * kg - 110  # the study's training and use
    assert device(workload).value == pytest.approx(made_and_used)


def test_every_workload_is_a_device() -> None:
    assert set(WORKLOADS) == {
        "keyword_spotting",
        "anomaly_detection",
        "image_classification",
        "person_detection",
    }
    for workload in WORKLOADS:
        report = assess(
            find(None, Asked(energy="1J", items=1)),
            FootprintOptions(place="FRA", device=workload, items_in_life=1e6),
        )
        assert "node" in report.text()


@pytest.mark.parametrize("symbol", ["Nd", "Pr", "Tb", "Dy", "Ce"])
def test_magnets_are_critical_and_strategic(symbol: str) -> None:
    found = mineral(symbol, given("m", 1.0, "g"))
    assert (found.critical, found.strategic) == (True, True)


# Hours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (FootprintOptions(place="FRA", device="phone", life="4y", reserved="5y"), "5 years are longer than"),
        (FootprintOptions(place="FRA", device="phone", items_in_life=5), "10 items are more than the 5"),
    ],
)
def test_more_than_a_whole_life_is_said(wanted: FootprintOptions, said: str) -> None:
    report = assess(find(None, replace(KWH, items=10)), wanted)
    assert f"WARNING: {said}" in report.text()


# Water, AI and the network beside a footprint ---------------------------------------------------------


def test_own_water_factor_of_electricity() -> None:
    usual = assess(find(None, KWH), FootprintOptions(place="FRA", losses=False)).record()
    own = assess(find(None, KWH), FootprintOptions(place="FRA", losses=False, ewif=1.9)).record()
    assert own["water"]["value"] == pytest.approx(1.9)
    assert usual["water"]["value"] == pytest.approx(3.67185)


def test_tokens_of_a_recording_are_the_unit_of_sci_for_ai() -> None:
    found = Subject("x", Result.of(3.6e6, "J", {}), tokens=2e6, prompt_tokens=1e6)
    report = assess(found, FootprintOptions(place="FRA", losses=False, ai="llm"))
    text = report.text()
    assert "56.04 g CO2e / 3,000,000 tokens" in text
    assert "56.04 g CO2e / 2,000,000 tokens" in text
    assert "per million tokens" in text
    with pytest.raises(ConfigurationError, match="--tokens"):
        assess(Subject("x", Result.of(3.6e6, "J", {})), FootprintOptions(place="FRA", ai="llm")).text()


def test_a_recording_of_two_watts(tmp_path: Path) -> None:
    path = simulate_day(tmp_path / "r.power", [2.0] * 61)
    report = assess(find(path, Asked()), FootprintOptions(place="FRA", losses=False))
    assert report.record()["carbon"]["value"] == pytest.approx(2e-3 * 56.039, rel=1e-6)


def test_water_on_site_is_part_of_a_data_centre_s_water_intensity() -> None:
    """1 kWh at a PUE of 1 and 0.5 L/kWh on site: half a litre an item beside what the power stations took."""
    options = {"place": "FRA", "pue": "1", "losses": False, "swi": "item"}
    dry, wet = (
        assess(find(None, KWH), FootprintOptions(**options, wue=litres)).water_scores()[0]
        for litres in (0.0, 0.5)
    )
    assert wet.used.value - dry.used.value == pytest.approx(0.5)


def test_a_score_names_the_warm_up_that_it_counts() -> None:
    """The figure per item leaves it out: two numbers on one page need a word between them."""
    found = Subject("x", Result.of(3.6e6, "J"), per_item=Result.of(9e4, "J"), items=20)
    wanted = FootprintOptions(place="FRA", sci="inference", swi="inference")
    assert "the warm-up too" not in assess(found, wanted).text()
    found.notes.append(Note.info("warm-up", "infer: the first 4 of 20 events are a warm-up"))
    assert assess(found, wanted).text().count("counted: all that was measured, the warm-up too") == 2


def test_a_further_item_has_a_footprint_where_its_energy_is_known() -> None:
    """25 mWh of 1 kWh at 56.039 g: 1.4 g. None where items are not counted, or what one uses is open or below nothing."""
    wanted = FootprintOptions(place="FRA", losses=False)
    energy, each = Result.of(3.6e6, "J"), Result.of(9e4, "J")
    one = assess(Subject("x", energy, per_item=each, items=20), wanted).one
    assert one is not None and one.carbon.value == pytest.approx(0.025 * 56.039, rel=1e-6)
    for per_item, items in (
        (None, 20),
        (each, None),
        (Result(9e4, "J", 0.0, math.inf), 20),
        (Result.of(-1.0, "J"), 20),
    ):
        assert assess(Subject("x", energy, per_item=per_item, items=items), wanted).one is None
