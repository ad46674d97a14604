"""Whole footprints against a Monte-Carlo run that knows their published equations and nothing of the code.

Each factor's row is drawn once a round as the log-normal of its low and high; the sums are written out
by hand.  Printed intervals must agree at both ends within 10 %, making included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from powermeter.footprint import footprint
from powermeter.footprint.account_lines import total
from powermeter.footprint.allocation import by_time, by_use
from powermeter.footprint.bill import bill
from powermeter.footprint.embodied import device
from powermeter.footprint.factors import Factor, default, factor, given
from powermeter.footprint.footprint_of_energy import DataCentre, Footprint
from powermeter.result import Result
from powermeter.units import SECONDS_PER_YEAR

DRAWS = 400_000
ENERGY = Result.of(36_000.0, "J", {"gain:meter": 540.0})
DAY = 86_400.0

BILL = [
    {"name": "processor", "kind": "chip", "area_mm2": 46, "node_nm": 28},
    {"name": "memory", "kind": "memory", "type": "lpddr4", "gigabytes": 2},
    {"name": "cell", "kind": "battery", "capacity_wh": 7.4, "chemistry": "nmc"},
    {"name": "casing", "kind": "part", "kg": 0.9},
    {"name": "display", "kind": "part", "kg": 1.5, "low_kg": 0.8, "high_kg": 2.8},
]


class Drawn:
    """Factors drawn once each, by table, name and place."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._found: dict[tuple[str, str, str], Any] = {}
        gain = 1 + 0.015 * self._generator.standard_normal(DRAWS)
        self.kwh = ENERGY.value / 3.6e6 * gain

    def __call__(self, table: str, name: str, place: str = "WLD") -> Any:
        key = (table, name, place)
        if key not in self._found:
            self._found[key] = self.between(factor(table, name, place))
        return self._found[key]

    def between(self, item: Factor) -> Any:
        return self.spread(item.low, item.central, item.high)

    def spread(self, low: float, central: float, high: float) -> Any:
        sigma = math.log(high / low) / (2 * 1.6448536)
        return central * np.exp(sigma * self._generator.standard_normal(DRAWS))


def generated(get: Drawn, place: str, chain: bool = True) -> Any:
    at_plug = get.kwh / (get("defaults", "chain.wired") if chain else 1)
    return at_plug / (1 - get("grid_losses", "grid.losses", place))


def board(get: Drawn) -> Any:
    share = DAY / (get("defaults", "life.board") * SECONDS_PER_YEAR)
    carbon = get("grid_carbon", "grid.carbon", "POL")
    return generated(get, "POL") * carbon + 1000 * get("devices", "device.board") * share


def bill_of_parts(get: Drawn) -> Any:
    gas_low, gas_high = factor("chips", "chip.gpa95.28nm"), factor("chips", "chip.gpa99.28nm")
    gas = get.spread(
        *((getattr(gas_low, end) + getattr(gas_high, end)) / 2 for end in ("low", "central", "high"))
    )
    good, package = get("chips", "chip.yield"), get("chips", "chip.package")
    wafer = get("chips", "fab.carbon.taiwan_2022") * get("chips", "chip.epa.28nm") + gas
    chip = 0.46 * (wafer + get("chips", "chip.mpa.28nm")) / good + package
    memory = 2 * get("chips", "memory.lpddr4") / good + package
    cell = 7.4 * get("chips", "battery.making.nmc")
    doubt = get("defaults", "embodied.method")
    made = (chip + memory + cell + 900) * doubt + 1000 * get.spread(0.8, 1.5, 2.8)
    share = DAY / (get("defaults", "life.board") * SECONDS_PER_YEAR)
    return generated(get, "DEU") * get("grid_carbon", "grid.carbon", "DEU") + made * share


def node(get: Drawn) -> Any:
    """The study's components of an image-classification node, and a millionth of its inferences."""
    names = ("processing", "board", "supply", "casing", "interface", "others", "transport")
    made = sum(get("devices", f"tinyml.{name}") for name in names)
    made = made + get("devices", "tinyml.sensing.image_classification")
    made = 1000 * made * get("defaults", "embodied.method")
    return generated(get, "FRA") * get("grid_carbon", "grid.carbon", "FRA") + made * 1e-3


def data_centre(get: Drawn) -> Any:
    pue, carbon = get.spread(1.1, 1.25, 1.6), get("grid_carbon", "grid.carbon", "IRL")
    return get.kwh * pue / (1 - get("grid_losses", "grid.losses", "IRL")) * carbon


def printed_board() -> Footprint:
    making = by_time(device("board"), DAY, default("life.board"))
    return footprint(ENERGY, "POL", chain="wired", making=[("carbon", making)])


def printed_bill() -> Footprint:
    lines = [by_time(line, DAY, default("life.board")) for line in bill(BILL)]
    return footprint(ENERGY, "DEU", chain="wired", making=[("carbon", line) for line in lines])


def printed_node() -> Footprint:
    making = by_use(device("image_classification"), 1e3, 1e6)
    return footprint(ENERGY, "FRA", chain="wired", making=[("carbon", making)])


def printed_data_centre() -> Footprint:
    return footprint(ENERGY, "IRL", centre=DataCentre(pue=given("pue", 1.25, "1", low=1.1, high=1.6)))


@pytest.mark.parametrize(
    ("printed", "drawn"),
    [
        (printed_board, board),
        (printed_bill, bill_of_parts),
        (printed_node, node),
        (printed_data_centre, data_centre),
    ],
    ids=["board", "bill of parts", "TinyML node", "data centre"],
)
def test_printed_intervals_agree_with_the_draw(
    printed: Callable[[], Footprint], drawn: Callable[[Drawn], Any]
) -> None:
    found = printed().carbon
    low, median, high = np.quantile(drawn(Drawn(20261126)), [0.025, 0.5, 0.975])
    assert found.low == pytest.approx(low, rel=0.10)
    assert found.high == pytest.approx(high, rel=0.10)
    assert found.value == pytest.approx(median, rel=0.10)


def test_a_bill_is_no_surer_than_its_method() -> None:
    """Twenty equal parts do not average the doubt of the database away that they share."""
    one = total(bill([{"name": "p", "kind": "part", "kg": 1.0}]))
    many = total(bill([{"name": f"p{i}", "kind": "part", "kg": 1.0} for i in range(20)]))
    spread_of_one, spread_of_many = one.high / one.low, many.high / many.low
    assert spread_of_many == pytest.approx(spread_of_one, rel=0.02)
    at_90 = math.exp(math.log(spread_of_many) / 2 * 1.645 / 1.96)
    assert at_90 == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("name", ["board", "phone", "laptop", "speaker", "mcu", "server"])
def test_a_single_device_is_as_wide_as_published_footprints_of_equal_devices_differ(name: str) -> None:
    making = device(name).result()
    at_90 = math.exp(math.log(making.high / making.low) / 2 * 1.645 / 1.96)
    assert at_90 >= 1.9
