"""The energy section of a model card: front matter that YAML reads, no claim from a simulation."""

from __future__ import annotations

from powermeter.recording import Recording
from powermeter.reports.model_card import ModelCard
from powermeter.reports.report_data import gather
from powermeter.reports.report_options import ReportOptions
from powermeter.result import Grade
from tests.reports.conftest import infer


def card(path, **options):
    with Recording.open(path) as recording:
        data = gather(recording, ReportOptions(**options))
        return ModelCard().render(data), data


def test_front_matter_states_grams_and_their_origin(make, twenty):
    text, data = card(make(events=twenty, metadata={"host": {"board": 'Pi "5"\n---'}}), place="FRA")
    head, fields, rest = text.split("---\n", 2)
    assert head == "" and rest.strip().startswith("## Energy")
    lines = dict(line.strip().split(": ", 1) for line in fields.splitlines()[1:])
    assert float(lines["emissions"]) == float(f"{data.footprint.carbon.value:.3g}")
    assert lines["source"] == '"powermeter, energy measured"' and lines["geographical_location"] == '"France"'
    assert "125.0 ± " in rest


def test_a_simulation_claims_no_emissions(make, twenty):
    text, _ = card(make(events=twenty, grade=Grade.SIMULATED))
    assert "co2_eq" not in text and "no device drew this power" in text


def test_the_charge_beside_the_energy_of_one_is_that_of_one(make, twenty):
    text, data = card(make(events=twenty))
    row = next(line for line in text.splitlines() if line.startswith("| infer"))
    assert "125.0 ± " in row and "6.944 ± " in row and "µAh" in row  # 125 mJ at 5 V is 25 mC
    assert data.headline.items == 80


def test_a_place_that_is_not_known_leaves_one_digit_and_its_range(make, twenty):
    text, data = card(make(events=twenty))
    lines = dict(line.strip().split(": ", 1) for line in text.split("---\n")[1].splitlines()[1:])
    assert float(lines["emissions"]) == float(f"{data.footprint.carbon.value:.1g}")
    assert "place not known: " in lines["source"] and " to " in lines["source"]


def test_the_carbon_stands_with_its_place_its_grade_and_its_sources(make, twenty):
    text = card(make(events=twenty), place="FRA")[0]
    assert "from measured energy; grid: France." in text and "- grid.carbon FRA: 56.039 g/kWh" in text


def test_the_time_of_events_of_several_items_is_called_so(make, twenty):
    assert "| mean time of an event |" in card(make(events=twenty))[0]  # four items each
    assert "| mean time |" in card(make("one.power", events=[infer(i, 0.5, uid=i + 1) for i in range(8)]))[0]
