"""Making, its allocation, battery wear, SCI, break-even, minerals, equivalents."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError, DataError
from powermeter.footprint import footprint, given, intensity_of, to_text
from powermeter.footprint.allocation import battery_wear, break_even, by_time, by_use
from powermeter.footprint.assessment import Rates
from powermeter.footprint.bill import bill, read_bill
from powermeter.footprint.embodied import battery, chip, device, memory, part, tinyml, water_of_die
from powermeter.footprint.equivalent import equivalent, names, of_footprint
from powermeter.footprint.formula import total
from powermeter.footprint.minerals import adpe_of, as_rows, cathode, characterisation, composition
from powermeter.footprint.place import parse_place
from powermeter.footprint.place_ranking import best_here_worst, standing
from powermeter.footprint.sci import sci, sci_of
from powermeter.result import Result

KWH = Result.of(3.6e6, "J", {"gain:x": 3.6e4})
FIVE_YEARS = given("life", 5, "y")


def test_old_processes_stand_in_as_28_nm() -> None:
    assert chip(10, 90).value == pytest.approx(chip(10, 28).value)


def test_mean_gas_abatement_is_between_both_columns() -> None:
    low, mean, high = (chip(100, 7, abatement=a, packages=0).value for a in ("99", "mean", "95"))
    assert mean == pytest.approx((low + high) / 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda: chip(-1, 28),
        lambda: chip(10, 4),
        lambda: chip(10, 28, fab="mars"),
        lambda: chip(10, 28, abatement="97"),
        lambda: memory("ddr9", 4),
        lambda: memory("lpddr4", 0),
        lambda: battery(10, "lead"),
        lambda: battery(-1),
        lambda: device("toaster"),
        lambda: tinyml({"cpu": "low"}),
        lambda: tinyml({"board": "medium"}),
        lambda: composition("board"),
        lambda: cathode("lto", 10),
        lambda: cathode("lco", 0),
        lambda: characterisation("Xx"),
        lambda: equivalent(KWH, "elephant"),
    ],
)
def test_unknown_things_are_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        call()


def test_time_share() -> None:
    """12 kg over 5 years, one day: 12 000 / (5 × 365) g."""
    line = by_time(part("board", given("board", 12, "kg")), 86400, FIVE_YEARS)
    assert line.value == pytest.approx(12_000 / (5 * 365.25))
    assert by_time(device("board"), 86400, FIVE_YEARS, 0.5).value == pytest.approx(line.value / 2)


@pytest.mark.parametrize(
    ("used", "life", "share"),
    [
        (-1.0, FIVE_YEARS, 1.0),
        (1.0, given("life", -5, "y"), 1.0),
        (1.0, given("life", 0, "y"), 1.0),
        (1.0, FIVE_YEARS, 0.0),
        (1.0, FIVE_YEARS, 1.5),
        (1.0, given("life", 5, "kg"), 1.0),
    ],
)
def test_impossible_allocations_are_refused(used: float, life, share: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigurationError):
        by_time(device("board"), used, life, share)


def test_share_by_use() -> None:
    assert by_use(device("mcu"), 10, 1000).value == pytest.approx(27)
    with pytest.raises(ConfigurationError):
        by_use(device("mcu"), 1, 0)


def test_battery_wear_adds_a_quarter_to_a_world_average_kwh() -> None:
    """109 g/kWh beside 475: 23 %."""
    wear = battery_wear(KWH)
    assert wear.value / 475 == pytest.approx(0.23, abs=0.005)
    assert battery_wear(KWH, 0.5).value == pytest.approx(2 * wear.value)


def test_break_even_counts_items_until_use_equals_making() -> None:
    use = footprint(KWH, losses=False, rates=Rates(carbon=intensity_of(500))).accounts["carbon"].lines[0]
    found = break_even(part("board", given("board", 12, "kg", low=7, high=23)), use).result()
    assert found.value == pytest.approx(24)
    assert found.low < 24 * 0.7 and found.high > 24 * 1.5
    free = (
        footprint(Result.of(0.0, "J"), losses=False, rates=Rates(carbon=intensity_of(500)))
        .accounts["carbon"]
        .lines[0]
    )
    with pytest.raises(ConfigurationError, match="no break-even"):
        break_even(part("board", given("board", 12, "kg")), free)


def test_sci_discloses_what_it_must() -> None:
    making = by_time(device("server"), 3600, given("life.server", 4, "y"))
    whole = footprint(KWH, "FRA", making=[("carbon", making)])
    score = sci_of(whole, 100, "inference", "measured at the 5 V input")
    assert score.score.value == pytest.approx(whole.carbon.value / 100)
    text = score.disclosure()
    for word in (
        "functional unit R: inference",
        "software boundary",
        "method",
        "E × I",
        "M:",
        "no offsets",
        "source",
    ):
        assert word in text
    assert "WARNING" not in text
    alone = footprint(KWH, "FRA")
    assert "not a complete SCI" in sci_of(alone, 1, "inference", "measured").disclosure()
    with pytest.raises(ConfigurationError):
        sci(alone.accounts["carbon"].lines[0], [], 0, "inference", boundary="b", method="m")
    with pytest.raises(ConfigurationError):
        sci(alone.accounts["carbon"].lines[0], [], 1, " ", boundary="b", method="m")


BILL = """
[[part]]
name = "microcontroller"
kind = "chip"
area_mm2 = 10
node_nm = 40

[[part]]
name = "memory"
kind = "memory"
type = "lpddr4"
gigabytes = 2
count = 2

[[part]]
name = "cell"
kind = "battery"
capacity_wh = 3.7

[[part]]
name = "board"
kind = "part"
kg = 0.9
low_kg = 0.5
high_kg = 1.6
source = "own estimate"

[[part]]
kind = "tinyml"
component = "casing"
level = "low"
"""


def test_bill_of_materials(tmp_path: Path) -> None:
    path = tmp_path / "bill.toml"
    path.write_text(BILL)
    lines = read_bill(path)
    expected = chip(10, 28).value + 2 * memory("lpddr4", 2).value + battery(3.7).value + 900 + 40
    assert total(lines).value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "x", "kind": "chop"}, "did you mean chip"),
        ({"name": "x", "kind": "chip", "area_mm2": 10}, "node_nm"),
        ({"name": "x", "kind": "chip", "area_mm2": 10, "node_nm": 28, "volts": 3}, "no field 'volts'"),
        ({"name": "x", "kind": "part", "kg": -1}, "-1 kg"),
        ({"name": "x", "kind": "part", "kg": 1, "count": 0}, "count"),
        ({"name": "x", "kind": "chip", "area_mm2": "big", "node_nm": 28}, "big"),
    ],
)
def test_unusable_parts_are_named(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        bill([entry])


def test_unusable_bills(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_bill(tmp_path / "none.toml")
    for text, said in (("part = 1", r"\[\[part\]\]"), ("[[part", "TOML")):
        path = tmp_path / "bad.toml"
        path.write_text(text)
        with pytest.raises(DataError, match=said):
            read_bill(path)


def test_fab_water_is_not_added_to_consumption() -> None:
    """3 cm2 at 12 L/cm2."""
    line = water_of_die(300)
    assert line.value == pytest.approx(36)
    whole = footprint(KWH, "FRA", making=[("water_of_making", line)])
    assert whole.water.value == pytest.approx(footprint(KWH, "FRA").water.value)
    assert whole.accounts["water_of_making"].result.value == pytest.approx(36)


def test_phone_minerals_and_what_the_indicator_cannot_see() -> None:
    found = {item.symbol: item for item in composition("phone")}
    assert found["Nd"].factor is None and found["Nd"].adpe_kg is None and found["Nd"].critical
    assert not found["Au"].critical and not found["Au"].strategic
    assert found["Co"].strategic and found["Co"].critical
    gold = found["Au"].adpe_kg
    assert gold is not None and gold / adpe_of(composition("phone")).value > 0.7
    assert "Nd" in adpe_of(composition("phone")).note
    rows = as_rows(composition("phone"))
    assert any("no factor" in row[3] for row in rows)
    assert any("critical and strategic" in row[2] for row in rows)
    assert "rare earths" in to_text(footprint(KWH, "FRA"))


def test_cathode_metals() -> None:
    """A 15 Wh LCO pack holds 14 g of cobalt by Olivetti's table, 5.4 to 8 g by assays."""
    cobalt = next(item for item in cathode("lco", 15) if item.symbol == "Co")
    assert cobalt.mass.central == pytest.approx(14.4, rel=0.01)
    assert cobalt.mass.low < 8
    assert cobalt.mass.provenance == "D"


def test_places_are_ranked_within_one_basis_only() -> None:
    world = standing()
    assert world.basis == "lifecycle" and len(world.ranked) > 200
    assert all(place.region is None for place, _ in world.ranked)
    california = standing(parse_place("USA-CA"))
    assert california.basis == "direct_co2e" and california.here is not None
    assert {place.country for place, _ in california.ranked} == {"USA"}
    best, here, worst = (
        item.carbon.value for _, item in best_here_worst(KWH, parse_place("DEU"), losses=False)
    )
    assert best < here < worst
    assert here == pytest.approx(380.95)


def test_equivalents_carry_their_assumption() -> None:
    grams = Result.of(124.0, "g", {})
    charge = equivalent(grams, "phone_charge")
    assert charge.count.value == pytest.approx(10)
    assert "12.4 g" in charge.line() and "EPA" in charge.line() and "7.1" in charge.line()
    assert equivalent(Result.of(1.0, "L", {}), "drop").count.value == pytest.approx(20_000)
    with pytest.raises(ConfigurationError):
        equivalent(grams, "drop")
    assert len(of_footprint(footprint(KWH, "FRA"))) == 4
    assert "tree_year" in names()


def test_equivalents_only_when_asked() -> None:
    assert "phone" not in to_text(footprint(KWH, "FRA"))
