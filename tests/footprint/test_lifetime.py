"""Years on the device against years in the cloud: the illustration's terms, break-even, tornado."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from powermeter.errors import ConfigurationError
from powermeter.footprint import given, parse_place
from powermeter.footprint.account_lines import Measured
from powermeter.footprint.break_even import break_even
from powermeter.footprint.embodied import part
from powermeter.footprint.lifetime import Scenario, sides
from powermeter.footprint.tornado import tornado
from powermeter.result import Result


def coffee_maker(**changes: Any) -> Scenario:
    """20 queries a day for 4 years: 29 220 queries, 35 064 h, 100 kB each."""
    fields: dict[str, Any] = {
        "requests_per_day": 20,
        "years": 4,
        "device_request": given("e_dev", 0.001, "Wh"),
        "listen": given("listen", 0.010, "W", low=0.001, high=0.1),
        "making": part("chip", given("chip", 0.3, "kg")),
        "cloud_request": given("e_inf", 0.047, "Wh", low=0.002, high=0.24),
        "request_b": 1e5,
        "network": given("network", 0.00375, "kWh/GB", low=0.001, high=0.06),
        "pue": given("pue", 1.2, "1"),
        "link": given("link", 0.5, "W", low=0.2, high=1.0),
    }
    return Scenario(**{**fields, **changes})


def test_terms_of_the_illustration() -> None:
    """footprint.md section 5.1: 1.65 kWh inference, 0.011 network, 17.5 link, 0.35 listening."""
    scenario = coffee_maker()
    assert (scenario.requests, scenario.hours) == (pytest.approx(29_220), pytest.approx(35_064))
    device, cloud = sides(scenario)
    kwh = {line.name: line.value for side in (device, cloud) for line in side.accounts["energy"]}
    assert kwh["requests in the data centre"] == pytest.approx(1.65, rel=0.005)
    assert kwh["network"] == pytest.approx(0.011, rel=0.005)
    assert kwh["link kept up"] == pytest.approx(17.5, rel=0.005)
    assert kwh["listening"] == pytest.approx(0.35, rel=0.005)


def test_each_side_uses_the_grid_of_its_place() -> None:
    scenario = coffee_maker(home=parse_place("FRA"), away=parse_place("POL"), losses=False)
    device, cloud = sides(scenario)
    grams = {line.name: line.value for side in (device, cloud) for line in side.accounts["carbon"]}
    assert grams["listening"] == pytest.approx(0.35064 * 56.039)
    poland = grams["requests in the data centre"] / (29_220 * 0.047e-3 * 1.2)
    assert poland == pytest.approx(662.6, rel=0.2) and poland > 500


def test_break_even_by_the_formula() -> None:
    """N* = (M + (P_listen - P_link) T CI) / (g_cloud - g_device), link off otherwise."""
    scenario = coffee_maker(
        home=parse_place("FRA"),
        away=parse_place("FRA"),
        losses=False,
        link=given("link", 0, "W"),
        server_share=given("server", 0, "g"),
    )
    standing = 300 + 0.010 * 35_064 / 1000 * 56.039
    per_request = (0.047e-3 * 1.2 + 1e-4 * 0.00375 - 0.001e-3) * 56.039
    found = break_even(scenario)
    assert found.requests == pytest.approx(standing / per_request, rel=1e-9)
    assert found.low_per_day is not None and found.per_day is not None and found.high_per_day is not None
    assert found.low_per_day < found.per_day < found.high_per_day
    assert found.per_day == pytest.approx(standing / per_request / 1461)  # four years


def test_break_even_never_and_always() -> None:
    hungry = coffee_maker(link=given("link", 0, "W"), device_request=given("e_dev", 5, "Wh"))
    assert break_even(hungry).requests is None
    assert break_even(hungry).text.startswith("never") and "from never" not in break_even(hungry).text
    linked = coffee_maker()
    assert break_even(linked).requests == 0
    both = replace(linked, device_request=given("e_dev", 5, "Wh"))
    assert "below a number" in break_even(both).text


def test_money_breaks_even_where_the_chip_is_paid() -> None:
    scenario = coffee_maker(link=given("link", 0, "W"), price_request=0.002, price_chip=1.0, tariff_kwh=0.0)
    found = break_even(scenario, "money")
    assert found.requests == pytest.approx(1.0 / 0.002, rel=1e-9)
    assert "requests a day on" in found.text
    free = coffee_maker(price_request=0.0, price_chip=1.0, tariff_kwh=0.0)
    assert break_even(free, "money").text.startswith("never: a request on the device costs")


def test_a_break_even_that_the_interval_leaves_open_is_said() -> None:
    link = given("link", 0.02, "W", low=0.002, high=0.2)
    linked = coffee_maker(
        link=link, making=part("chip", given("chip", 0.01, "kg")), listen=given("listen", 0.01, "W")
    )
    found = break_even(linked)
    assert (found.requests, found.low_per_day) == (0, 0)
    assert found.high_per_day is not None
    assert found.high_per_day > 0
    assert "from the first request (95 %: from 0 to " in found.text


def test_a_measured_request_in_joule_equals_one_in_watt_hours() -> None:
    joule = coffee_maker(device_request=Measured("request", Result.of(3.6, "J", {"gain:m": 0.036})))
    assert sides(joule)[0].result("energy").value == pytest.approx(
        sides(coffee_maker())[0].result("energy").value
    )
    assert "gain:m" in sides(joule)[0].result("carbon").parts


def test_tornado_ranks_what_decides() -> None:
    swings = tornado(coffee_maker())
    widths = [abs(high - low) for _, low, high in swings]
    assert widths == sorted(widths, reverse=True)
    assert swings[0][0].name in {"link", "grid.carbon", "e_inf"}
    assert all(math.isfinite(width) for width in widths)
    money = tornado(coffee_maker(price_request=0.001, tariff_kwh=0.3), "money")
    assert money[0][0].name == "link"
    with pytest.raises(ConfigurationError):
        tornado(coffee_maker(), "joy")


def test_a_tornado_is_of_cloud_minus_device_and_a_measured_request_from_5_to_95_percent() -> None:
    """3.6 J ± 0.36 J of standard uncertainty: 1.645 of them on either side."""
    request = Measured("request", Result.of(3.6, "J", {"gain:m": 0.36}))
    swings = {
        factor.name: (factor, low, high)
        for factor, low, high in tornado(coffee_maker(device_request=request), most=99)
    }
    _, low, high = swings["link"]
    assert low < high  # the link is there for the cloud
    measured, low, high = swings["request, measured"]
    assert low > high
    assert (measured.low, measured.high) == pytest.approx((3.6 - 1.645 * 0.36, 3.6 + 1.645 * 0.36), rel=1e-3)


def test_water_counts_the_cooling_on_site() -> None:
    cloud = sides(coffee_maker(wue=given("wue", 1.0, "L/kWh")))[1]
    assert {line.name: line.value for line in cloud.accounts["water"]}["cooling on site"] == pytest.approx(
        29_220 * 0.047e-3
    )


def test_money() -> None:
    device, cloud = sides(coffee_maker(price_request=0.001, connectivity_year=10, price_chip=0.9))
    assert device.result("money").value == pytest.approx(0.9)
    assert cloud.result("money").value == pytest.approx(29.22 + 40)


@pytest.mark.parametrize(
    "changes",
    [
        {"years": -4},
        {"years": 0},
        {"requests_per_day": 0},
        {"requests_per_day": float("nan")},
        {"request_b": -1},
        {"price_chip": -1},
        {"pue": given("pue", 0.9, "1")},
        {"link": given("link", -1, "W")},
        {"device_request": Measured("r", Result.of(1.0, "W"))},
    ],
)
def test_impossible_lives_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        coffee_maker(**changes)


def carbon_of(scenario: Scenario) -> tuple[dict[str, float], dict[str, float]]:
    device, cloud = sides(scenario)
    found = [{line.name: line.value for line in side.accounts["carbon"]} for side in (device, cloud)]
    return found[0], found[1]


def test_what_is_lost_on_the_way_to_the_device_is_added() -> None:
    """Half lost between plug and device: twice the energy for requests and listening, and no more for the data centre."""
    plain, _ = sides(coffee_maker())
    lossy, cloud = sides(coffee_maker(chain=given("chain", 0.5, "1")))
    here = {line.name: line.value for line in plain.accounts["energy"]}
    there = {line.name: line.value for line in lossy.accounts["energy"]}
    # 29 220 × 1 mWh = 29.22 Wh; 10 mW × 35 064 h = 350.64 Wh
    assert here["requests on the device"] == pytest.approx(0.02922)
    assert there["requests on the device"] == pytest.approx(0.05844)
    assert there["listening"] == pytest.approx(2 * 0.35064)
    in_cloud = {line.name: line.value for line in cloud.accounts["energy"]}
    assert in_cloud["requests in the data centre"] == pytest.approx(29_220 * 0.047e-3 * 1.2)


def test_what_the_grid_loses_is_added() -> None:
    """France loses 7 % of what is generated: a kWh at the plug is 1/0.93 kWh made, never 0.93."""
    places = {"home": parse_place("FRA"), "away": parse_place("FRA")}
    without, _ = carbon_of(coffee_maker(**places, losses=False))
    with_them, cloud = carbon_of(coffee_maker(**places))
    assert with_them["listening"] == pytest.approx(without["listening"] / 0.93)
    assert with_them["listening"] == pytest.approx(0.35064 * 56.039 / 0.93)
    assert cloud["requests in the data centre"] == pytest.approx(29_220 * 0.047e-3 * 1.2 * 56.039 / 0.93)


def test_a_break_even_is_json_though_its_interval_ends_at_never() -> None:
    scenario = coffee_maker(
        link=given("link", 0, "W"), device_request=given("e_dev", 0.05, "Wh", low=0.005, high=0.5)
    )
    found = break_even(scenario)
    assert found.high_per_day == math.inf
    assert found.record()["high_per_day"] is None
    assert "never)" in found.text


def test_the_interval_of_a_break_even_is_that_of_the_one_input_in_doubt() -> None:
    """Of energy alone: listening over what a request saves.  With listening from 5 to 20 mW about 10 it is from about half to about twice."""
    exact = {
        "cloud_request": given("e_inf", 0.047, "Wh"),
        "network": given("network", 0.00375, "kWh/GB"),
        "link": given("link", 0, "W"),
        "losses": False,
    }
    found = break_even(
        coffee_maker(listen=given("listen", 0.010, "W", low=0.005, high=0.020), **exact), "energy"
    )
    assert found.per_day is not None and found.low_per_day is not None and found.high_per_day is not None
    # 5 and 95 % are 1.645 deviations away, 2.5 and 97.5 % 1.960.
    times = 2 ** (1.960 / 1.645)
    assert found.low_per_day == pytest.approx(found.per_day / times, rel=0.08)
    assert found.high_per_day == pytest.approx(found.per_day * times, rel=0.08)
