"""What a charge means for a subject that is written down: 180 J and 36 C at 5 V in 360 s, ten events of 18 J and 3.6 C."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.analysis.rail_voltage import ChargeOrigin
from powermeter.analysis.selection import Asked
from powermeter.analysis.subject import Subject, find
from powermeter.battery.assessment import assess
from powermeter.battery.budget_options import BudgetOptions
from powermeter.battery.report import BudgetReport
from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result


def subject(**changed: object) -> Subject:
    found: dict[str, object] = {
        "title": "run",
        "charge": Result.of(36.0, "C"),
        "energy": Result.of(180.0, "J"),
        "current": Result.of(0.1, "A"),
        "power": Result.of(0.5, "W"),
        "per_item": Result.of(18.0, "J"),
        "per_item_charge": Result.of(3.6, "C"),
        "rail_voltage_v": 5.0,
        "events": 10,
        "duration_s": 360.0,
    }
    return Subject(**{**found, **changed})  # type: ignore[arg-type]


def report(battery: str | None = "1Ah", found: Subject | None = None, **wanted: object) -> BudgetReport:
    return assess(found or subject(), BudgetOptions(battery=battery, **wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("battery", "share", "hours", "count"),
    [
        ("1Ah", 36 / 3600, 3600 / 0.1 / 3600, 3600 / 3.6),  # by charge
        ("10Wh", 180 / 36_000, 36_000 / 0.5 / 3600, 36_000 / 18),  # by energy
        (None, 36 / 14_400, 40.0, 4000.0),  # 4 Ah where nothing is said
    ],
)
def test_a_charge_in_numbers(battery, share, hours, count) -> None:
    said = report(battery).record()
    assert said["share_used"]["value"] == pytest.approx(share)
    assert said["remaining"]["value"] == pytest.approx(1 - share)
    assert said["hours"]["value"] == pytest.approx(hours) and said["count"]["value"] == pytest.approx(count)
    text = report(battery).text()
    assert f"{100 * share:.4g}".rstrip("0") in text and f"inferences per charge: {count:,.0f}" in text


def test_the_recordings_own_battery_counts_where_none_is_named() -> None:
    noted = subject(metadata={"battery": "2Ah"})
    assert report(None, noted).record()["count"]["value"] == pytest.approx(2000.0)
    assert report("1Ah", noted).record()["count"]["value"] == pytest.approx(1000.0)
    assert report(None, subject(metadata={"battery": 7})).record()["count"]["value"] == pytest.approx(4000.0)


@pytest.mark.parametrize(
    ("wanted", "factor"),
    [
        ({"usable": "80%"}, 0.8),
        ({"health": "0.9"}, 0.9),
        ({"usable": "50%", "health": "80%"}, 0.4),
        ({"efficiency": "90%"}, 0.9),
    ],
)
@pytest.mark.parametrize("battery", ["1Ah@3.85V", "10Wh"])
def test_what_reduces_a_charge(battery: str, wanted: dict[str, str], factor: float) -> None:
    full, less = report(battery).record(), report(battery, **wanted).record()
    assert less["hours"]["value"] == pytest.approx(factor * full["hours"]["value"], rel=1e-6)
    assert less["count"]["value"] == pytest.approx(factor * full["count"]["value"], rel=1e-6)


def test_a_temperature_needs_a_known_chemistry() -> None:
    with pytest.raises(ConfigurationError, match="preset"):
        report("1Ah", temperature=0.0)


def test_a_charge_that_was_not_measured_says_so() -> None:
    derived = subject(charge=Result.of(36.0, "C", grade=Grade.DERIVED), charge_origin=ChargeOrigin.ENERGY)
    assert "charge derived: energy over 5.00 V of the rail" in report("1Ah", derived).text()
    assert "charge derived" not in report("10Wh", derived).text() and "charge measured" not in report().text()
    assert report("1Ah", derived).record()["charge_grade"] == "derived"
    assert (
        report("10Wh", subject(charge=None, current=None, per_item_charge=None)).record()["charge_grade"]
        is None
    )


def test_the_origin_of_a_charge_is_not_read_from_its_grade() -> None:
    """A simulated current is a current; an energy over a voltage is none, whatever its grade; a typed one neither."""
    simulated = subject(
        charge=Result.of(36.0, "C", grade=Grade.SIMULATED), charge_origin=ChargeOrigin.CURRENT
    )
    text = report("1Ah", simulated).text()
    assert "charge simulated: from the recorded current" in text and "energy over" not in text
    converted = subject(charge=None, current=None, per_item_charge=None, asked=Asked(rail_voltage="5V"))
    assert "charge derived: energy over 5.00 V as given, not a measured" in report("1Ah", converted).text()
    typed = find(None, Asked(current="12uA", duration="365d", rail_voltage="5V"))
    assert typed.charge_origin is ChargeOrigin.TYPED and "energy over" not in report("4Ah", typed).text()


@pytest.mark.parametrize("days", [1, 365])
def test_a_current_typed_with_its_voltage_and_duration_uses_watt_hours(days: int) -> None:
    """12 uA at 3 V are 36 uW: 0.3154 Wh in a year."""
    typed = find(None, Asked(current="12uA", duration=f"{days}d", rail_voltage="3V", items=100))
    said = report("10Wh", typed).record()
    assert said["share_used"]["value"] == pytest.approx(36e-6 * days * 24 / 10)
    assert said["hours"]["value"] == pytest.approx(10 / 36e-6, rel=1e-6)
    assert said["count"]["value"] == pytest.approx(100 / said["share_used"]["value"], rel=1e-6)
    untimed = find(None, Asked(current="12uA", rail_voltage="3V"))
    assert report("10Wh", untimed).record()["share_used"] is None


def test_without_a_charge_ampere_hours_are_met_by_energy_at_the_rails_voltage() -> None:
    """180 J at 5 V are 36 C."""
    found = subject(charge=None, current=None, per_item_charge=None)
    said = report("1Ah", found).record()
    assert said["share_used"]["value"] == pytest.approx(0.01) and said["count"]["value"] == pytest.approx(
        1000
    )


@pytest.mark.parametrize(("battery", "tokens"), [("1Ah", 3600 / (36 / 500)), ("10Wh", 36_000 / (180 / 500))])
def test_tokens_of_a_charge(battery: str, tokens: float) -> None:
    assert report(battery, tokens=500).record()["tokens_per_charge"]["value"] == pytest.approx(tokens)
    carried = report(battery, subject(tokens=500.0))
    assert carried.record()["tokens_per_charge"]["value"] == pytest.approx(tokens)
    assert "generated tokens" in carried.text()
    assert report(battery).record()["tokens_per_charge"] is None
    with pytest.raises(ConfigurationError, match="above zero"):
        report(battery, tokens=0).record()


def test_tokens_of_a_charge_through_a_converter_at_the_power_of_the_run() -> None:
    """0.5 W: 80 % by the curve, where the lightest load has 50 %."""
    said = report("10Wh", tokens=500, efficiency="0.1W:0.5,0.5W:0.8,5W:0.9").record()
    assert said["tokens_per_charge"]["value"] == pytest.approx(0.8 * 36_000 / (180 / 500))


@pytest.mark.parametrize(
    ("label", "rounds", "joules"),
    [(None, None, 180.0), ("infer", None, 18.0), (None, 6, 30.0), ("infer", 6, 30.0)],
)
def test_a_round_is_an_event_of_a_label_or_all_of_a_run(label, rounds, joules) -> None:
    made = report("10Wh", subject(asked=Asked(label=label)), rounds=rounds)
    energy, number = made.rounds()
    assert energy.value == pytest.approx(joules) and number == pytest.approx(180 / joules)


def test_a_round_of_learning_in_numbers() -> None:
    """18 J of training; 1 MB up at 8 Mbit/s and 5 MB down at 40 Mbit/s are 1 s each, at 2 W of radio: 4 J more."""
    made = report("10Wh", subject(asked=Asked(label="infer")), sent="1MB", received="5MB", radio_power="2W")
    said = made.record()["round"]
    assert said["device"]["value"] == pytest.approx(22.0) and said["parts_j"]["radio"] == pytest.approx(4.0)
    assert said["rounds"] == 10 and said["rounds_per_charge"]["value"] == pytest.approx(36_000 / 22)
    one_way = report("10Wh", sent="1MB", link_rate="8Mbit", radio_power="2W").record()["round"]
    assert one_way["device"]["value"] == pytest.approx(180 + 2.0)
    both = report("10Wh", sent="1MB", received="1MB", link_rate="8Mbit", radio_power="2W").record()["round"]
    assert both["parts_j"]["radio"] == pytest.approx(4.0)  # one rate serves both ways
    quiet = report("10Wh", sent="1MB").record()["round"]
    assert quiet["parts_j"]["radio"] == 0.0 and quiet["network"]["by_bytes"]["value"] > 0


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="training"):
        report("10Wh", subject(energy=None, power=None, per_item=None), sent="1MB").record()
    with pytest.raises(ConfigurationError, match="--rounds 0"):
        report("10Wh", sent="1MB", rounds=0.0).record()
    with pytest.raises(ConfigurationError, match="recording with events"):
        report("10Wh", stages=("infer=1Wh",)).record()
    with pytest.raises(ConfigurationError, match="power profile"):
        report("10Wh", subject(power=None, current=None), simulate=True).record()


def test_a_schedule_and_what_if_it_changed(tmp_path: Path) -> None:
    """0.1 W at rest; 12 J in 10 s each 100 s: 0.1 × 0.9 + 0.12 W; twice as often 0.1 × 0.8 + 0.24 W."""
    path = tmp_path / "day.toml"
    path.write_text(
        '[rest]\npower = "0.1W"\n[[state]]\nname = "work"\nenergy = "12J"\nduration = "10s"\nrate = "every 100s"\n',
        encoding="utf-8",
    )
    made = report("10Wh", schedule=path, what_ifs=("work=every 50s",)).record()
    assert made["schedule"]["mean_power"]["value"] == pytest.approx(0.21)
    work, rest = made["schedule"]["states"]
    assert (work["name"], work["time_share"], work["power"]["value"]) == (
        "work",
        pytest.approx(0.1),
        pytest.approx(0.12),
    )
    assert work["energy_share"] == pytest.approx(0.12 / 0.21) and rest["time_share"] == pytest.approx(0.9)
    assert made["what_if"]["work=every 50s"]["mean_power"]["value"] == pytest.approx(0.32)
    with pytest.raises(ConfigurationError, match="STATE=RATE"):
        report("10Wh", schedule=path, what_ifs=("work",)).record()


def test_an_items_charge_is_set_against_charge_and_its_energy_against_energy() -> None:
    """4 C, which at 5 V would be 20 J, beside the 18 J that were measured."""
    found = subject(per_item_charge=Result.of(4.0, "C"))
    assert report("1Ah", found).record()["count"]["value"] == pytest.approx(900.0)
    assert report("10Wh", found).record()["count"]["value"] == pytest.approx(2000.0)
    assert report("1Ah", subject(current=Result.of(0.2, "A"))).record()["hours"]["value"] == pytest.approx(
        5.0
    )
    assert report("10Wh", subject(current=Result.of(0.2, "A"))).record()["hours"]["value"] == pytest.approx(
        20.0
    )
    assert report("1Ah", subject(charge=Result.of(72.0, "C"))).record()["share_used"][
        "value"
    ] == pytest.approx(0.02)
    assert report("10Wh", subject(charge=Result.of(72.0, "C"))).record()["share_used"][
        "value"
    ] == pytest.approx(0.005)
