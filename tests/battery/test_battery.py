"""Battery arithmetic, from the course's rows and from the definitions."""

from __future__ import annotations

import math

import pytest

from powermeter.battery.battery import Battery
from powermeter.battery.converter import EfficiencyCurve
from powermeter.battery.preset_or_capacity import parse_battery
from powermeter.errors import ConfigurationError
from powermeter.result import Grade, Result


def amps(value: float, relative: float = 0.01) -> Result:
    return Result.of(value, "A", {"gain:rail.current": value * relative})


@pytest.mark.parametrize(("current_a", "hours"), [(2.0, 2), (0.571, 7), (0.154, 26)])
def test_course_rows(current_a: float, hours: int) -> None:
    assert round(Battery("4Ah").hours(amps(current_a)).value) == hours


def test_charge_convention_counts_charge_on_the_rail() -> None:
    battery = Battery("4Ah")
    assert battery.convention == "charge"
    share = battery.share_used(Result.of(3600.0, "C", {"gain:x": 36.0}))
    assert share.value == pytest.approx(0.25)
    assert share.parts["gain:x"] == pytest.approx(0.0025)
    left = battery.remaining(Result.of(3600.0, "C", {"gain:x": 36.0}))
    assert left.value == pytest.approx(0.75)
    assert (left.low, left.high) == pytest.approx((1 - share.high, 1 - share.low))


def test_energy_convention_goes_through_the_converter() -> None:
    battery = Battery("4Ah@3.85V", efficiency=0.9)
    assert battery.convention == "energy"
    assert battery.available() == (pytest.approx(4 * 3.85 * 3600 * 0.9), "J")
    power = Result.of(2.0, "W", {"gain:x": 0.02})
    assert battery.hours(power).value == pytest.approx(4 * 3.85 * 0.9 / 2)


def test_watt_hours_are_an_energy_convention() -> None:
    assert Battery("15.4Wh").available() == (pytest.approx(15.4 * 3600), "J")
    with pytest.raises(ConfigurationError, match="charge is not known"):
        _ = Battery("15.4Wh").charge_c


def test_interval_of_hours_is_turned_round() -> None:
    hours = Battery("4Ah").hours(Result.of(2.0, "A", {"noise:x": 0.1}))
    assert hours.low == pytest.approx(4 / (2 + 1.959963984540054 * 0.1))
    assert hours.high == pytest.approx(4 / (2 - 1.959963984540054 * 0.1))
    assert hours.parts["noise:x"] == pytest.approx(-4 / 2**2 * 0.1, rel=1e-6)


def test_power_that_may_be_nothing_has_no_upper_limit() -> None:
    assert math.isinf(Battery("4Ah").hours(Result.of(0.01, "A", {"noise:x": 0.01})).high)


def test_count_per_charge() -> None:
    count = Battery("4Ah").count(Result.of(0.1, "C", {"gain:x": 0.001}))
    assert count.value == pytest.approx(144_000)


def test_energy_on_a_charge_budget_needs_the_rail_voltage() -> None:
    battery, energy = Battery("4Ah"), Result.of(3600.0, "J", {"gain:x": 36.0})
    with pytest.raises(ConfigurationError, match="rail's voltage"):
        battery.share_used(energy)
    share = battery.share_used(energy, rail_voltage_v=5.0)
    assert share.value == pytest.approx(3600 / 5 / 14400)
    assert share.grade is Grade.DERIVED


def test_battery_without_voltage_where_energy_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="has no voltage"):
        _ = Battery("4Ah").energy_j


def test_efficiency_on_a_charge_budget_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="needs its voltage"):
        Battery("4Ah", efficiency=0.9)


@pytest.mark.parametrize("spec", ["4", "-4Ah", "0Ah", "4Ah@", "4Ah@-3V", "four", "4W", "1e999Ah", "4Ah@3.85"])
def test_bad_specifications(spec: str) -> None:
    with pytest.raises(ConfigurationError):
        Battery(spec)


@pytest.mark.parametrize("fields", [{"usable": 0}, {"health": 1.2}, {"self_discharge": -0.1}, {"peukert": 3}])
def test_bad_shares(fields: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Battery("4Ah", **fields)


def test_estimate_stays_an_estimate_and_an_efficiency_is_assumed() -> None:
    estimated = Result.of(3600.0, "J", grade=Grade.ESTIMATED)
    assert Battery("4Ah@3.85V").share_used(estimated).grade is Grade.ESTIMATED
    assert Battery("4Ah@3.85V", efficiency=0.9).share_used(estimated).grade is Grade.ASSUMED


def test_self_discharge_is_a_drain_beside_the_load() -> None:
    battery = Battery("1Ah", self_discharge=0.5)
    month_h = 30.4375 * 24
    assert battery.hours(amps(1e-9)).value == pytest.approx(2 * month_h, rel=1e-5)


def test_peukert() -> None:
    """t = H (C / (I H))^k: 7 Ah at 20 h, k = 1.15, at 7 A."""
    battery = Battery("7Ah", peukert=1.15, rated_hours=20)
    assert battery.hours(amps(7.0)).value == pytest.approx(20 * (7 / (7 * 20)) ** 1.15)
    assert battery.hours(amps(0.35)).value == pytest.approx(20)


def test_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigurationError, match="18650"):
        parse_battery("phon")


def test_the_convention_is_in_every_budget() -> None:
    rate = Result.of(2.0, "A", {"gain:x": 0.02})
    lines = Battery("4Ah").budget(Result.of(1800.0, "C", {}), rate, Result.of(0.1, "C", {})).lines()
    assert "charge on the measured rail" in lines[0]
    assert any("inferences per charge" in line for line in lines)


def test_what_is_kept_is_the_product_of_three_shares() -> None:
    """Of 4 Ah: 90 % usable, 80 % left by age, 50 % in the cold, 1.44 Ah: 1.44 h at 1 A, 5184 C."""
    cold = Battery("4Ah", usable=0.9, health=0.8, derating=0.5)
    assert cold.kept == pytest.approx(0.36)
    assert cold.available() == (pytest.approx(5184.0), "C")
    assert cold.hours(amps(1.0)).value == pytest.approx(1.44)
    for one in ("usable", "health", "derating"):
        assert Battery("4Ah", **{one: 0.5}).available()[0] == pytest.approx(7200.0), one


def test_a_cell_s_energy_is_its_charge_times_its_voltage_and_back() -> None:
    """3 Ah at 3.6 V: 10 800 C, 38 880 J; 10.8 Wh at 3.6 V is 3 Ah."""
    cell = Battery("3Ah@3.6V")
    assert (cell.charge_c, cell.energy_j) == (pytest.approx(10_800.0), pytest.approx(38_880.0))
    same = Battery("10.8Wh@3.6V")
    assert (same.charge_c, same.energy_j) == (pytest.approx(10_800.0), pytest.approx(38_880.0))
    with pytest.raises(ConfigurationError, match="no voltage"):
        _ = Battery("3Ah").energy_j
    with pytest.raises(ConfigurationError, match="no voltage"):
        _ = Battery("10.8Wh").charge_c


def test_what_is_left_is_the_rest_with_its_ends_in_order() -> None:
    """25 ± 1 % used leave 75 ± 1 %."""
    used = Result(3600.0, "C", 3456.0, 3744.0, Grade.MEASURED, {"gain:x": 73.0})
    left = Battery("4Ah").remaining(used)
    assert (left.low, left.value, left.high) == pytest.approx((0.74, 0.75, 0.76))
    assert left.parts["gain:x"] == pytest.approx(-73.0 / 14_400)


def test_self_discharge_drains_beside_the_load() -> None:
    """1 Wh leaks 20 % a month of 730.5 h (0.274 mW): at a load as large it lasts half as long."""
    leak_w = 0.2 * 3600 / (365.25 * 86400 / 12)
    leaking = Battery("1Wh", self_discharge=0.2)
    alone = Battery("1Wh").hours(Result.of(leak_w, "W", {})).value
    assert alone == pytest.approx(1.0 / leak_w, rel=1e-3)
    assert leaking.hours(Result.of(leak_w, "W", {})).value == pytest.approx(alone / 2, rel=1e-3)


def test_charge_and_energy_turn_into_each_other_at_the_rail_s_voltage() -> None:
    by_charge, by_energy = Battery("4Ah"), Battery("14.4Wh")
    assert by_charge.counted(Result.of(10.0, "J", {}), 5.0).value == pytest.approx(2.0)  # J ÷ V
    assert by_charge.counted(Result.of(10.0, "W", {}), 5.0).unit == "A"
    assert by_energy.counted(Result.of(10.0, "C", {}), 5.0).value == pytest.approx(50.0)  # C × V
    assert by_energy.counted(Result.of(10.0, "A", {}), 5.0).unit == "W"
    assert by_charge.counted(Result.of(10.0, "J", {}), 5.0).grade is Grade.DERIVED


def test_what_packs_hold_widens_use_and_hours_to_opposite_sides() -> None:
    """Packs hold 50 to 110 % of what is stated, 5 and 95 % of a log-normal: its 95 % reach 1.96/1.645 as far.

    With 110 % a charge lasts longer and a use is a smaller share of it; with 50 % it is twice the share.
    """
    battery, k = Battery("1Ah", spread=(0.5, 1.1)), 1.959964 / 1.644854
    used = battery.share_used(Result.of(1800.0, "C", {"gain:x": 0.0}))
    assert used.value == 0.5
    assert (used.low, used.high) == (
        pytest.approx(0.5 * 1.1**-k, rel=1e-4),
        pytest.approx(0.5 * 2**k, rel=1e-4),
    )
    hours = battery.hours(Result.of(0.5, "A", {}))
    assert (hours.value, hours.low, hours.high) == (
        pytest.approx(2.0),
        pytest.approx(2.0 * 2**-k, rel=1e-4),
        pytest.approx(2.0 * 1.1**k, rel=1e-4),
    )
    count = battery.count(Result.of(3.6, "C", {}))
    assert (count.value, count.low, count.high) == (
        pytest.approx(1000.0),
        pytest.approx(1000 * 2**-k, rel=1e-4),
        pytest.approx(1000 * 1.1**k, rel=1e-4),
    )
    part = math.log(1.1 / 0.5) / (2 * 1.644854)
    assert used.parts["factor:battery.capacity"] == pytest.approx(-0.5 * part, rel=1e-4)
    assert hours.parts["factor:battery.capacity"] == pytest.approx(2.0 * part, rel=1e-4)
    assert used.grade is hours.grade is Grade.ASSUMED


def test_what_a_meter_leaves_open_joins_what_packs_hold_in_the_logarithm() -> None:
    battery, k = Battery("1Ah", spread=(0.5, 1.1)), 1.959964 / 1.644854
    used = battery.share_used(Result(1800.0, "C", 1620.0, 2160.0))
    assert used.low == pytest.approx(
        0.5 * math.exp(-math.hypot(k * math.log(1.1), math.log(1 / 0.9))), rel=1e-4
    )
    assert used.high == pytest.approx(0.5 * math.exp(math.hypot(k * math.log(2), math.log(1.2))), rel=1e-4)
    bound = battery.share_used(Result(1800.0, "C", 0.0, math.inf))
    assert bound.low == 0.0 and bound.high == math.inf


def test_a_budget_is_printed_with_its_convention_first() -> None:
    battery = Battery("1Ah", usable=0.8, health=0.5, spread=(0.9, 1.1))
    whole = battery.budget(
        Result.of(144.0, "C", {}), Result.of(0.1, "A", {}), Result.of(1.44, "C", {}), items="pages"
    )
    lines = whole.lines()
    assert lines[0] == (
        "battery: 1 Ah, charge on the measured rail, 40 % of it (usable share, ageing, temperature), "
        "such packs deliver 90 % to 110 % of it"
    )
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "used",
        "remaining",
        "hours at this power",
        "pages per charge",
    ]
    assert whole.share_used.value == pytest.approx(0.1) and whole.remaining.value == pytest.approx(0.9)
    assert whole.hours.value == pytest.approx(4.0) and whole.count.value == pytest.approx(1000)
    assert whole.remaining.parts["factor:battery.capacity"] == pytest.approx(
        -whole.share_used.parts["factor:battery.capacity"]
    )
    assert battery.budget().lines() == lines[:1]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"efficiency": 0.9}, "4 Ah at 3.85 V, energy of the cells, converter efficiency 0.9"),
        (
            {"efficiency": EfficiencyCurve(((1.0, 0.8),))},
            "4 Ah at 3.85 V, energy of the cells, converter efficiency by its curve",
        ),
        (
            {"health": 0.875},
            "4 Ah at 3.85 V, energy of the cells, 88 % of it (usable share, ageing, temperature)",
        ),
        ({}, "4 Ah at 3.85 V, energy of the cells"),
    ],
)
def test_a_convention_in_words(changed, words) -> None:
    assert Battery("4Ah@3.85V", **changed).convention_text == words


def test_any_share_that_is_typed_in_makes_it_assumed() -> None:
    assert Battery("4Ah").grade is Grade.DERIVED
    for changed in (
        {"usable": 0.9},
        {"health": 0.9},
        {"derating": 0.9},
        {"self_discharge": 0.01},
        {"peukert": 1.1},
        {"spread": (0.9, 1.1)},
    ):
        assert Battery("4Ah", **changed).grade is Grade.ASSUMED, changed


def test_peukerts_law_begins_at_the_rated_current() -> None:
    """2 Ah rated at 20 h: up to 0.1 A the stated capacity; at 0.4 A it is 4^-0.25 of it."""
    battery = Battery("2Ah", peukert=1.25, rated_hours=20.0)
    assert battery.hours(Result.of(0.1, "A", {})).value == pytest.approx(20.0)
    assert battery.hours(Result.of(0.05, "A", {})).value == pytest.approx(40.0)
    assert battery.hours(Result.of(0.4, "A", {})).value == pytest.approx(5.0 * 4**-0.25)


def test_hours_carry_the_parts_of_the_rate_by_their_slope() -> None:
    """H = 2 Ah / I: dH/dI = −H/I."""
    hours = Battery("2Ah").hours(Result.of(0.5, "A", {"gain:x": 0.01}))
    assert hours.parts["gain:x"] == pytest.approx(-4.0 / 0.5 * 0.01, rel=1e-6)


def test_hours_and_items_that_differ_by_the_load_say_by_how_much() -> None:
    """At 16 times the rated current an exponent of 1.25 leaves half: the hours count it, the items do not."""
    cell = Battery("1Ah@3V", peukert=1.25, rated_hours=16.0)
    power = Result.of(3.0, "W")
    loaded = cell.budget(Result.of(3.0, "J"), power, Result.of(3.0, "J"))
    assert loaded.hours is not None and loaded.count is not None
    assert loaded.delivered == pytest.approx(0.5)
    assert loaded.hours.value * 3600 == pytest.approx(loaded.delivered * loaded.count.value)
    assert "leaves 50 % of the capacity" in loaded.lines()[-1] and "Peukert" in cell.convention_text
    light = cell.budget(rate=Result.of(0.01, "W"))
    assert light.delivered == 1 and "Peukert" not in "".join(light.lines()[1:])
    assert "Peukert" not in Battery("1Ah@3V").convention_text


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("4AH", "battery '4AH': 'AH' is not a unit of charge (C, Ah, mAh); write"),
        ("4,5Ah", "battery '4,5Ah': write a decimal point, 4.5Ah; write"),
    ],
)
def test_a_capacity_that_is_none_is_named_once(typed, error):
    with pytest.raises(ConfigurationError) as refused:
        parse_battery(typed)
    assert str(refused.value).startswith(error)
    assert parse_battery("4Ah").budget(None, None).lines()[0] == "battery: 4 Ah, charge on the measured rail"


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("4Ah", "4 Ah"),
        (" 2500 mAh ", "2500 mAh"),
        ("4Ah@3.85V", "4 Ah at 3.85 V"),
        ("15.4Wh", "15.4 Wh"),
        ("1e3mAh", "1e3 mAh"),
    ],
)
def test_a_printed_capacity_parts_units_from_numbers(typed, printed):
    assert parse_battery(typed).capacity == printed
