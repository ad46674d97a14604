"""Making, its allocation, battery wear, SCI, break-even, minerals, equivalents."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import footprint, given, intensity_of, to_text
from powermeter.footprint.account_lines import total
from powermeter.footprint.allocation import break_even, by_time, by_use
from powermeter.footprint.bill import bill, read_parts
from powermeter.footprint.embodied import battery, chip, device, memory, part, tinyml, water_of_die
from powermeter.footprint.equivalent import equivalent
from powermeter.footprint.factors import RECORDED, USER, Factor
from powermeter.footprint.footprint_of_energy import Rates
from powermeter.footprint.minerals import cathode, characterisation, composition
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


def test_a_reserved_time_states_where_it_is_from() -> None:
    board = device("board")
    typed, recorded = (
        by_time(board, 60, FIVE_YEARS, source=source).inputs["T_used"] for source in (USER, RECORDED)
    )
    assert isinstance(typed, Factor) and isinstance(recorded, Factor)
    assert typed.describe() == "T_used: 60 s, given"
    assert recorded.describe() == "T_used: 60 s, measured: the time of what is counted"
    assert recorded.record()["source"] == RECORDED.title
    weighed = given("mass", 2, "kg", note="measured with a scale")
    assert weighed.describe() == "mass: 2 kg, given; measured with a scale"


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
    lines = bill(read_parts(path), path.name)
    expected = chip(10, 28).value + 2 * memory("lpddr4", 2).value + battery(3.7).value + 900 + 40
    assert total(lines).value == pytest.approx(expected)


def test_fab_water_is_not_added_to_consumption() -> None:
    """3 cm2 at 12 L/cm2."""
    line = water_of_die(300)
    assert line.value == pytest.approx(36)
    whole = footprint(KWH, "FRA", making=[("water_of_making", line)])
    assert whole.water.value == pytest.approx(footprint(KWH, "FRA").water.value)
    assert whole.accounts["water_of_making"].result.value == pytest.approx(36)


def test_equivalents_only_when_asked() -> None:
    assert "phone" not in to_text(footprint(KWH, "FRA"))


def test_the_mean_of_two_gas_abatements_has_the_mean_of_their_limits() -> None:
    from powermeter.footprint.embodied import chip as made

    def limits(abatement: str) -> tuple[float, float, float]:
        gas = made(100, 7, abatement=abatement).inputs["GPA"]
        return gas.low, gas.central, gas.high

    low, mean, high = (limits(abatement) for abatement in ("99", "mean", "95"))
    assert mean == pytest.approx([(a + b) / 2 for a, b in zip(low, high, strict=True)])
